//! The binary, as tests run it.

use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Returns the binary, without the settings in the environment of the tests.
pub(crate) fn daypass() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_daypass"));
    let ours = std::env::vars().map(|(name, _)| name).filter(|name| name.starts_with("DAYPASS_") || name == "RUST_LOG");
    ours.for_each(|name| {
        command.env_remove(name);
    });
    command
}

/// Runs a command that must stop by itself within 20 seconds, and returns its output.
pub(crate) fn run_to_end(command: &mut Command) -> Output {
    let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let deadline = Instant::now() + Duration::from_secs(20);
    while process.try_wait().expect("it can be waited for").is_none() {
        if Instant::now() > deadline {
            process.kill().expect("it runs");
            panic!("still running: {command:?}");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    process.wait_with_output().expect("its output")
}
