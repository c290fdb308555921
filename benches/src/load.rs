//! The client of servers: what it is told, and what it returns.

use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

/// What `bench-load` is told on its standard input.
#[derive(Serialize, Deserialize)]
pub struct Task {
    /// How many connections send requests.
    pub connections: usize,
    /// How often each target has its turn.
    pub rounds: usize,
    /// How long a turn is.
    pub seconds: f64,
    /// The targets, which have their turns in this order, and in every second round backwards.
    pub targets: Vec<Target>,
}

/// A server, and the requests that it gets.
#[derive(Clone, Serialize, Deserialize)]
pub struct Target {
    /// Where it listens.
    pub address: SocketAddr,
    /// The requests, each complete. A connection sends one after the other, each connection from another one on.
    pub requests: Vec<String>,
}

/// What a turn was like, in nanoseconds.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub struct Turn {
    /// The time of a request: that of the turn, divided by the number of responses.
    pub request: f64,
    /// The 99th percentile of the time until a response.
    pub p99: f64,
    /// The number of all responses, also of those before the measurement.
    pub responses: usize,
}

/// Runs `bench-load` on a processor, or on any if none is given, and returns its turns by target and round.
///
/// # Errors
/// When it fails: a server refuses or does not answer.
pub fn run(core: Option<usize>, task: &Task) -> Result<Vec<Vec<Turn>>> {
    let program = std::env::current_exe()?.with_file_name("bench-load");
    let mut load = pin(core, &program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    // SECURITY: requests hold tokens, so that they are no arguments, which other users of the machine can see.
    load.stdin.take().context("bench-load takes no input")?.write_all(&serde_json::to_vec(task)?)?;
    let output = load.wait_with_output()?;
    ensure!(output.status.success(), "bench-load failed ({})", output.status);
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// Makes a command that runs a program on one processor, or on any if none is given.
#[must_use]
pub fn pin(core: Option<usize>, program: &Path) -> Command {
    let Some(core) = core else { return Command::new(program) };
    let mut command = Command::new("taskset");
    command.args(["-c", &core.to_string()]).arg(program);
    command
}
