//! The output of `cargo test`, whose programs are those of Rust or of wasm-bindgen.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::outcome::Outcome;
use super::runner::{Reader, run_tests_as};

/// Runs tests by Cargo.
pub(super) fn cargo_test(command: &mut Command) -> Result<Outcome> {
    cargo_test_as("", command)
}

/// Like [`cargo_test`], but with a label in front of each line.
pub(super) fn cargo_test_as(label: &str, command: &mut Command) -> Result<Outcome> {
    run_tests_as::<CargoReader>(label, command)
}

/// Counts the tests of each program, and collects the names of those that failed.
#[derive(Default)]
struct CargoReader {
    outcome: Outcome,
    /// The program that is running.
    program: String,
    /// Whether the program has begun tests without printing their result.
    is_pending: bool,
    /// Whether a result of the program counted failed tests.
    has_failed: bool,
    /// The failed tests since the last result: those seen so far, or those of the list before the result.
    names: Vec<String>,
    /// Whether the next lines are that list.
    is_list: bool,
}

impl Reader for CargoReader {
    fn read(&mut self, line: &str) {
        if let Some(program) = parse_program(line) {
            self.end_program();
            self.program = program;
        } else if let Some(counts) = parse_result(line) {
            self.is_pending = false;
            self.has_failed |= counts.failed > 0;
            self.outcome += counts;
            self.add_names();
        } else if line.starts_with("error: test failed") || line.starts_with("error: doctest failed") {
            self.is_pending |= !self.has_failed;
        } else if line.starts_with("running ") && line.trim_end_matches('s').ends_with(" test") {
            self.is_pending = true;
        } else if line == "failures:" {
            // Before the list, a section of the same title shows what the tests printed.
            self.is_list = true;
            self.names.clear();
        } else if let Some(name) = line.strip_prefix("    ").filter(|_| self.is_list) {
            self.names.push(name.to_owned());
        } else if let Some(name) = parse_failed(line) {
            self.names.push(name.to_owned());
        } else if !line.is_empty() {
            self.is_list = false;
        }
    }

    fn finish(mut self) -> Outcome {
        self.end_program();
        self.outcome
    }
}

impl CargoReader {
    /// Moves the names of failed tests to the outcome.
    fn add_names(&mut self) {
        let program = &self.program;
        self.outcome.failures.extend(self.names.drain(..).map(|name| format!("{program}: {name}")));
        self.is_list = false;
    }

    /// Counts a program as failed if it ended without the result of its tests.
    fn end_program(&mut self) {
        if self.is_pending {
            let failed = Outcome { failed: u32::try_from(self.names.len()).unwrap_or(u32::MAX), ..Outcome::fail() };
            self.outcome += failed;
            self.outcome += Outcome { failures: vec![format!("{} (no result)", self.program)], ..Outcome::fail() };
        }
        self.add_names();
        self.is_pending = false;
        self.has_failed = false;
    }
}

/// Reads the program's name from Cargo's line, such as `Running tests/house/main.rs (target/debug/deps/house-0a1b)`.
fn parse_program(line: &str) -> Option<String> {
    let line = line.trim_start();
    if let Some(package) = line.strip_prefix("Doc-tests ") {
        return Some(format!("doc-tests of {package}"));
    }
    let (source, path) = line.strip_prefix("Running ")?.strip_suffix(')')?.split_once(" (")?;
    let (name, _hash) = Path::new(path).file_stem()?.to_str()?.rsplit_once('-')?;
    // The programs of a package's library and of its binary can have one name.
    Some(source.strip_prefix("unittests ").map_or(name.into(), |source| format!("{name} {source}")))
}

/// Reads `test result: ok. 5 passed; 0 failed; 1 ignored; …`, the last line of a program.
fn parse_result(line: &str) -> Option<Outcome> {
    let (_, counts) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let count = |what| {
        let part = counts.split("; ").find_map(|part| part.strip_suffix(what))?;
        part.trim().parse().ok()
    };
    let [passed, failed, skipped] = [count("passed")?, count("failed")?, count("ignored")?];
    Some(Outcome { passed, failed, skipped, ..Outcome::default() })
}

/// Reads the test's name from `test NAME ... FAILED`, or `FAIL` in a browser.
fn parse_failed(line: &str) -> Option<&str> {
    let line = line.strip_prefix("test ")?;
    line.strip_suffix(" ... FAILED").or_else(|| line.strip_suffix(" ... FAIL"))
}

#[cfg(test)]
mod tests {
    use super::{CargoReader, Outcome, Reader, parse_program, parse_result};

    fn read(output: &str) -> Outcome {
        let mut reader = CargoReader::default();
        output.lines().for_each(|line| reader.read(line));
        reader.finish()
    }

    #[test]
    fn a_program_has_the_name_of_its_suite() {
        let cases = [
            ("     Running tests/house/main.rs (target/debug/deps/house-e6daf73c296d6df0)", Some("house")),
            ("     Running tests/a.rs (/t/wasm32-unknown-unknown/debug/deps/a-b-58490.wasm)", Some("a-b")),
            ("     Running unittests src/main.rs (target/debug/deps/xtask-584905fb49)", Some("xtask src/main.rs")),
            ("   Doc-tests daypass", Some("doc-tests of daypass")),
            ("Running headless tests in Chrome on `http://127.0.0.1:40123/`", None),
            ("running 1 test", None),
        ];
        for (line, expected) in cases {
            assert_eq!(parse_program(line).as_deref(), expected, "{line}");
        }
    }

    #[test]
    fn counts_come_from_the_last_line_of_a_program() {
        let counts = |passed, failed, skipped| Some(Outcome { passed, failed, skipped, failures: Vec::new() });
        let cases = [
            (
                "test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; finished in 0.01s",
                counts(5, 0, 1),
            ),
            ("test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 filtered out", counts(1, 2, 0)),
            ("test result: odd", None),
            ("test token::result: ok", None),
        ];
        for (line, expected) in cases {
            assert_eq!(parse_result(line), expected, "{line}");
        }
    }

    #[test]
    fn the_names_of_failed_tests_come_from_the_list_before_the_result() {
        let outcome = read(include_str!("samples/failed.txt"));
        assert_eq!((outcome.passed, outcome.failed, outcome.skipped), (3, 4, 1));
        let names = [
            "good: inner::calm",
            "good: inner::fails",
            "doc-tests of sample: src/lib.rs - f (line 1)",
            "doc-tests of sample: src/lib.rs - f (line 5)",
        ];
        assert_eq!(outcome.failures, names);
    }

    #[test]
    fn a_program_without_a_result_has_failed() {
        let outcome = read(include_str!("samples/no-result.txt"));
        assert_eq!((outcome.passed, outcome.failed), (1, 4));
        assert_eq!(outcome.failures, ["dies (no result)", "exits (no result)", "odd (no result)", "odd: fails"]);
    }

    #[test]
    fn a_browser_prints_its_failures_alike() {
        let outcome = read(include_str!("samples/browser.txt"));
        assert_eq!((outcome.passed, outcome.failed), (13, 2));
        let names = ["browser: the_link_fails", "browser: a_provider_that_fails_is_named_with_its_own_words"];
        assert_eq!(outcome.failures, names);
    }

    #[test]
    fn what_does_not_compile_names_no_test() {
        let outcome =
            read("   Compiling sample v0.1.0\nerror: could not compile `sample` (test \"good\") due to 1 error");
        assert_eq!(outcome, Outcome::default());
    }
}
