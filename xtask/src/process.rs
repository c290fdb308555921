//! Commands and processes. No process outlives xtask: each runs in its own process group, which ends with its
//! [`Process`].

use std::env;
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

/// How long a process may take to end after SIGTERM.
const END_TIMEOUT: Duration = Duration::from_secs(3);

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// The error of work that Ctrl-C or SIGTERM stopped.
#[derive(Debug)]
pub(crate) struct Interrupted;

impl std::fmt::Display for Interrupted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("interrupted")
    }
}

impl std::error::Error for Interrupted {}

/// Makes Ctrl-C, SIGTERM and SIGHUP end xtask in order: every wait returns an error, so that each [`Process`] drops.
pub(crate) fn handle_signals() -> Result<()> {
    ctrlc::set_handler(|| INTERRUPTED.store(true, Ordering::Relaxed)).context("could not handle signals")
}

/// Returns whether a signal asked xtask to end.
pub(crate) fn is_interrupted() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}

/// Returns a command of the Cargo that runs xtask.
pub(crate) fn cargo() -> Command {
    Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// A child process and all processes that it starts.
pub(crate) struct Process {
    child: Child,
}

impl Process {
    /// Starts a command without standard input.
    pub(crate) fn spawn(command: &mut Command) -> Result<Self> {
        let child = command
            .stdin(Stdio::null())
            .process_group(0)
            .spawn()
            .with_context(|| format!("could not start `{}`", describe(command)))?;
        Ok(Self { child })
    }

    /// Takes the pipe of standard output, if there is one.
    pub(crate) fn stdout(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    /// Takes the pipe of standard error, if there is one.
    pub(crate) fn stderr(&mut self) -> Option<ChildStderr> {
        self.child.stderr.take()
    }

    /// Returns the exit status, if the process has ended.
    pub(crate) fn try_wait(&mut self) -> Result<Option<ExitStatus>> {
        self.child.try_wait().context("could not wait for a child")
    }

    /// Waits until the process ends, or until a signal asks xtask to end.
    fn wait(&mut self) -> Result<ExitStatus> {
        loop {
            if let Some(status) = self.try_wait()? {
                return Ok(status);
            }
            if is_interrupted() {
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
            let deadline = Instant::now() + END_TIMEOUT;
            while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < deadline {
                thread::sleep(Duration::from_millis(10));
            }
        }
        // What still runs of the group, with its leader. An error means that no process is left.
        let _ = killpg(group, Signal::SIGKILL);
        let _ = self.child.wait();
    }
}

/// Runs a command, which must succeed.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = Process::spawn(command)?.wait()?;
    ensure!(status.success(), "`{}` failed ({status})", describe(command));
    Ok(())
}

/// Runs a command and passes on each line of its output.
///
/// Standard output and standard error share one pipe, so that the lines come in the order in which they were written.
pub(crate) fn run_lines(command: &mut Command, on_line: impl FnMut(&str) + Send) -> Result<ExitStatus> {
    let (reader, writer) = io::pipe()?;
    let mut process = Process::spawn(command.stdout(writer.try_clone()?).stderr(writer))?;
    // The command would keep the pipe open.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    thread::scope(|scope| {
        scope.spawn(move || read_lines(reader, on_line));
        let status = process.wait();
        // Ends the processes that still hold the pipe, and so the reader.
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

/// Passes on each line until the pipe closes; bytes that are no UTF-8 are replaced.
pub(crate) fn read_lines(pipe: impl Read, mut on_line: impl FnMut(&str)) {
    let mut pipe = BufReader::new(pipe);
    let mut line = Vec::new();
    while matches!(pipe.read_until(b'\n', &mut line), Ok(read) if read > 0) {
        on_line(String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r']));
        line.clear();
    }
}

/// Returns the command as a person would type it.
///
/// SECURITY: the environment is left out, since it carries tokens; arguments carry none.
fn describe(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program.file_name().unwrap_or(command.get_program());
    [name].into_iter().chain(command.get_args()).map(|part| part.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
