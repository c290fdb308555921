//! Runs a command of a step and reads the outcome from what it prints.

use std::process::Command;
use std::thread;

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
    run_tests_as::<R>("", command)
}

/// Like [`run_tests`], but with a label in front of each line, for tests that run beside others.
pub(super) fn run_tests_as<R: Reader>(label: &str, command: &mut Command) -> Result<Outcome> {
    let mut reader = R::default();
    let status = run_lines(command, |line| {
        println!("{label}{line}");
        reader.read(line);
    })?;
    let mut outcome = reader.finish();
    if !status.success() && outcome.failed == 0 {
        // It did not compile, or ended before the first test.
        println!("{label}failed ({status}) without a count of failed tests");
        outcome += Outcome::fail();
    }
    if outcome.passed + outcome.failed == 0 {
        bail!("no test ran");
    }
    Ok(outcome)
}

/// Runs tests in two browsers side by side. Each failure is named by its browser.
pub(super) fn run_side_by_side<T: Send>(
    browsers: [(&str, T); 2],
    tests: impl Fn(&str, T) -> Result<Outcome> + Sync,
) -> Result<Outcome> {
    let run = |(name, browser): (&str, T)| {
        let outcome = attempt(tests(&format!("{name}: "), browser))?.within(name);
        println!("{name}: {outcome}");
        Ok(outcome)
    };
    let [first, second] = browsers;
    thread::scope(|scope| {
        let beside = scope.spawn(|| run(second));
        let outcomes = [run(first), beside.join().unwrap_or_else(|_| bail!("a thread panicked"))];
        outcomes.into_iter().sum()
    })
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

#[cfg(test)]
mod tests {
    use anyhow::bail;

    use super::{Outcome, run_side_by_side};

    #[test]
    fn failures_of_two_browsers_are_named_by_browser() {
        let outcome = run_side_by_side([("chromium", true), ("firefox", false)], |label, has_started| {
            if !has_started {
                bail!("the browser did not start");
            }
            Ok(Outcome { failures: vec![format!("frame, after {label}")], ..Outcome::fail() })
        });
        let outcome = outcome.expect("no interruption");
        assert_eq!(outcome.failures, ["chromium: frame, after chromium: ", "firefox"]);
        assert_eq!(outcome.failed, 2);
    }
}
