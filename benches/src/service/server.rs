//! Servers in turns: [`measure`].

use std::fs;

use anyhow::{Context, Result};

use super::Bench;
use crate::Results;
use crate::load::{self, Target, Task};

/// How long a turn is, in seconds.
const TURN: f64 = 0.1;

/// A server, the process that it is in, and the name of its row.
pub(super) struct Server {
    pub(super) row: &'static str,
    pub(super) process: u32,
    pub(super) target: Target,
}

/// Sends requests to each server in turn, some rounds.
pub(super) fn measure(bench: &Bench<'_>, servers: &[Server], results: &mut Results) -> Result<()> {
    (0..bench.rounds(64)).try_for_each(|_| turn(bench, servers, results))
}

/// Sends requests to each server in turn, and adds a figure to three rows of each: the time of a request, the 99th
/// percentile of the wait, and the server's processor time of a request.
pub(super) fn turn(bench: &Bench<'_>, servers: &[Server], results: &mut Results) -> Result<()> {
    for Server { row, process, target } in servers {
        let task = Task { connections: 16, rounds: 1, seconds: TURN, targets: vec![target.clone()] };
        let before = processor_time(*process)?;
        let turns = load::run(bench.options.load_core, &task)?;
        let spent = processor_time(*process)? - before;
        let turn = turns.first().and_then(|turns| turns.first()).context("no turn")?;
        for (row, figure) in [
            ((*row).to_owned(), turn.request),
            (format!("{row}-p99"), turn.p99),
            (format!("{row}-processor"), spent / turn.responses as f64),
        ] {
            results.entry(row).or_default().push(figure);
        }
    }
    Ok(())
}

/// Returns the nanoseconds that the threads of a process have run.
fn processor_time(process: u32) -> Result<f64> {
    let mut time = 0.0;
    for thread in fs::read_dir(format!("/proc/{process}/task")).context("this needs Linux")? {
        // A thread may end meanwhile.
        let text = fs::read_to_string(thread?.path().join("schedstat")).unwrap_or_default();
        time += text.split(' ').next().and_then(|time| time.parse::<f64>().ok()).unwrap_or_default();
    }
    Ok(time)
}
