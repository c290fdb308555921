//! Commands and processes. None outlives xtask: each runs in a process group of its own, and the group ends with its
//! [`Process`].

use std::env;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

/// How long a process may take to end by itself.
const RESUME_GRACE: Duration = Duration::from_secs(3);

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// The error of work that Ctrl-C or SIGTERM cut short.
#[derive(Debug)]
pub(crate) struct Interrupted;

impl std::fmt::Display for Interrupted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("interrupted")
    }
}

impl std::error::Error for Interrupted {}

/// Lets Ctrl-C, SIGTERM and SIGHUP end the work in an orderly way: whoever waits returns, and every [`Process`] drops.
pub(crate) fn handle_signals() -> Result<()> {
    ctrlc::set_handler(|| INTERRUPTED.store(true, Ordering::Relaxed)).context("could not handle signals")
}

/// Whether a signal asked xtask to end.
pub(crate) fn interrupted() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}

/// The Cargo that runs xtask.
pub(crate) fn cargo() -> Command {
    Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// A child and all that it starts.
pub(crate) struct Process {
    child: Child,
}

impl Process {
    /// Starts `command` without standard input.
    pub(crate) fn spawn(command: &mut Command) -> Result<Self> {
        let child = command
            .stdin(Stdio::null())
            .process_group(0)
            .spawn()
            .with_context(|| format!("could not start `{}`", describe(command)))?;
        Ok(Self { child })
    }

    /// Standard output, once, where it is piped.
    pub(crate) fn stdout(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    /// Standard error, once, where it is piped.
    pub(crate) fn stderr(&mut self) -> Option<ChildStderr> {
        self.child.stderr.take()
    }

    /// How it ended, if it did.
    pub(crate) fn ended(&mut self) -> Result<Option<ExitStatus>> {
        self.child.try_wait().context("could not wait for a child")
    }

    /// Waits for its end, or for a signal to xtask.
    fn wait(&mut self) -> Result<ExitStatus> {
        loop {
            if let Some(status) = self.ended()? {
                return Ok(status);
            }
            if interrupted() {
                bail!(Interrupted);
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let group = Pid::from_raw(self.child.id().cast_signed());
        if let Ok(None) = self.child.try_wait() {
            let _ = killpg(group, Signal::SIGTERM);
            let deadline = Instant::now() + RESUME_GRACE;
            while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < deadline {
                thread::sleep(Duration::from_millis(10));
            }
        }
        // Whoever is left, the leader too; an error says that nobody is.
        let _ = killpg(group, Signal::SIGKILL);
        let _ = self.child.wait();
    }
}

/// Runs a command to its end, which must be a success.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = Process::spawn(command)?.wait()?;
    ensure!(status.success(), "`{}` failed ({status})", describe(command));
    Ok(())
}

/// Runs a command and hands on each line of its standard output.
pub(crate) fn run_reading(command: &mut Command, on_line: impl FnMut(&str) + Send) -> Result<ExitStatus> {
    let mut process = Process::spawn(command.stdout(Stdio::piped()))?;
    let stdout = process.stdout();
    thread::scope(|scope| {
        scope.spawn(move || stdout.map(|pipe| read_lines(pipe, on_line)));
        let status = process.wait();
        // Ends whoever still holds the pipe, and with that the reading.
        drop(process);
        status
    })
}

/// Runs a short command, which must succeed, and returns its standard output.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output =
        command.stdin(Stdio::null()).output().with_context(|| format!("could not start `{}`", describe(command)))?;
    ensure!(
        output.status.success(),
        "`{}` failed ({}): {}",
        describe(command),
        output.status,
        String::from_utf8_lossy(&output.stderr).trim()
    );
    String::from_utf8(output.stdout).with_context(|| format!("`{}` printed no UTF-8", describe(command)))
}

/// Hands on each line until the pipe closes, whatever bytes it holds.
pub(crate) fn read_lines(pipe: impl Read, mut on_line: impl FnMut(&str)) {
    let mut pipe = BufReader::new(pipe);
    let mut line = Vec::new();
    while matches!(pipe.read_until(b'\n', &mut line), Ok(read) if read > 0) {
        on_line(String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r']));
        line.clear();
    }
}

/// The command as a person would type it. Arguments carry no secrets here, and the environment is not shown.
fn describe(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program.file_name().unwrap_or(command.get_program());
    [name].into_iter().chain(command.get_args()).map(|part| part.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
