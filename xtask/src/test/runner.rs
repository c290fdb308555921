//! Runs a command of a step and reads the outcome from what it prints.

use std::process::Command;

use anyhow::{Result, bail};

use super::outcome::Outcome;
use crate::process::{Interrupted, run, run_lines};

/// Reads the output of a test runner.
pub(super) trait Reader: Default + Send {
    /// Reads the next line.
    fn read(&mut self, line: &str);

    /// Returns the outcome once the output has ended.
    fn finish(self) -> Outcome;
}

/// Runs a command that counts as one check.
pub(super) fn check(command: &mut Command) -> Result<Outcome> {
    run(command).map(|()| Outcome::pass())
}

/// Runs tests, prints their output as it comes, and returns what the reader makes of it.
pub(super) fn run_tests<R: Reader>(command: &mut Command) -> Result<Outcome> {
    let mut reader = R::default();
    let status = run_lines(command, |line| {
        println!("{line}");
        reader.read(line);
    })?;
    let mut outcome = reader.finish();
    if !status.success() && outcome.failed == 0 {
        // It did not compile, or ended before the first test.
        println!("failed ({status}) without a count of failed tests");
        outcome += Outcome::fail();
    }
    if outcome.passed + outcome.failed == 0 {
        bail!("no test ran");
    }
    Ok(outcome)
}

/// Prints an error and counts it as a failure, so that the next steps still run. Only an interruption stays an error.
pub(super) fn attempt(result: Result<Outcome>) -> Result<Outcome> {
    match result {
        Err(error) if !error.is::<Interrupted>() => {
            println!("{error:#}");
            Ok(Outcome::fail())
        }
        other => other,
    }
}
