//! Servers that xtask starts, waits for and watches.

use std::collections::VecDeque;
use std::io::Read;
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, bail};
use serde::de::DeserializeOwned;

use crate::process::{Interrupted, Process, is_interrupted, read_lines};

/// How often xtask checks the servers and signals.
pub(crate) const TICK: Duration = Duration::from_millis(50);

/// How long a server may take until it listens.
const START: Duration = Duration::from_secs(30);

/// How many lines of a server's output are kept, to show them if it ends by itself.
const TAIL: usize = 40;

/// A process that prints a line of JSON when it listens.
pub(crate) struct Server {
    name: &'static str,
    process: Process,
    tail: Tail,
}

impl Server {
    /// Starts it and waits for its line.
    pub(crate) fn start<Line: DeserializeOwned>(name: &'static str, command: &mut Command) -> Result<(Self, Line)> {
        let mut process = Process::spawn(command.stdout(Stdio::piped()).stderr(Stdio::piped()))?;
        let tail = Tail::default();
        let (first, line) = mpsc::channel();
        if let Some(stdout) = process.stdout() {
            let tail = tail.clone();
            // SECURITY: the first line may hold a token, so it never reaches the tail, which an error prints.
            thread::spawn(move || {
                let mut first = Some(first);
                read_lines(stdout, |line| match first.take() {
                    Some(first) => drop(first.send(line.to_owned())),
                    None => tail.push(line),
                });
            });
        }
        if let Some(stderr) = process.stderr() {
            tail.read(stderr);
        }
        let mut server = Self { name, process, tail };

        let deadline = Instant::now() + START;
        loop {
            match line.recv_timeout(TICK) {
                Ok(line) => return Ok((server, parse(name, &line)?)),
                Err(RecvTimeoutError::Timeout) if is_interrupted() => bail!(Interrupted),
                Err(RecvTimeoutError::Timeout) if Instant::now() < deadline => server.check()?,
                Err(RecvTimeoutError::Timeout) => {
                    bail!("{name} did not listen within {} seconds{}", START.as_secs(), server.tail.show())
                }
                // A server that closed its output is about to end.
                Err(RecvTimeoutError::Disconnected) => {
                    server.check()?;
                    if is_interrupted() {
                        bail!(Interrupted);
                    }
                    if Instant::now() >= deadline {
                        bail!("{name} closed its output without a line{}", server.tail.show());
                    }
                    thread::sleep(TICK);
                }
            }
        }
    }

    /// Returns an error if it ended.
    pub(crate) fn check(&mut self) -> Result<()> {
        let Some(status) = self.process.try_wait()? else {
            return Ok(());
        };
        // Its last lines may not have been read yet.
        thread::sleep(TICK);
        bail!("{} ended by itself ({status}){}", self.name, self.tail.show())
    }
}

/// The last lines that a server printed.
#[derive(Clone, Default)]
struct Tail(Arc<Mutex<VecDeque<String>>>);

impl Tail {
    fn lines(&self) -> MutexGuard<'_, VecDeque<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, line: &str) {
        let mut lines = self.lines();
        if lines.len() == TAIL {
            lines.pop_front();
        }
        lines.push_back(line.to_owned());
    }

    /// Keeps the last lines of a pipe, in a thread that ends with the pipe.
    fn read(&self, pipe: impl Read + Send + 'static) {
        let tail = self.clone();
        thread::spawn(move || read_lines(pipe, |line| tail.push(line)));
    }

    fn show(&self) -> String {
        let lines = self.lines();
        if lines.is_empty() {
            return ", without a word".into();
        }
        lines.iter().fold(":".into(), |text, line| text + "\n    " + line)
    }
}

/// Parses JSON. SECURITY: it may hold a token, so the error does not quote it.
pub(crate) fn parse<T: DeserializeOwned>(from: &str, json: &str) -> Result<T> {
    serde_json::from_str(json).map_err(|_| anyhow!("what {from} printed is not the JSON that xtask expects"))
}
