//! Every check and every test. A failing step does not hide the others, and the last line says how many passed.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::iter::Sum;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use crate::demo::Demo;
use crate::process::{Interrupted, cargo, run as run_command, run_reading};
use crate::{CHECKED, PRODUCT, browser, build, pack, package, program, setup, target_dir};

#[derive(Args)]
pub(crate) struct Options {
    /// Run these steps only
    #[arg(long, value_delimiter = ',', value_name = "STEP,…")]
    only: Vec<Step>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
enum Step {
    /// Whether the machine has what the steps need
    Setup,
    /// rustfmt
    Fmt,
    /// clippy, native and for WebAssembly
    Clippy,
    /// rustdoc
    Doc,
    /// The native tests
    Native,
    /// The native tests that want a million cases, optimized
    Million,
    /// The verifier beside other JWT libraries, in Node and in Python
    Differential,
    /// The WebAssembly tests, in headless Chromium and those of the package in headless Firefox
    Wasm,
    /// The package's type declarations
    Types,
    /// The packed npm package, installed and used: bundlers, Next.js, React, workers, Node, types
    Package,
    /// The demo, driven by a browser and by clients
    E2e,
}

/// Counts. A step that counts nothing itself is one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tally {
    passed: u32,
    failed: u32,
    skipped: u32,
}

const PASSED: Tally = Tally { passed: 1, failed: 0, skipped: 0 };
const FAILED: Tally = Tally { passed: 0, failed: 1, skipped: 0 };

impl Sum for Tally {
    fn sum<I: Iterator<Item = Self>>(tallies: I) -> Self {
        tallies.fold(Self::default(), |a, b| Self {
            passed: a.passed + b.passed,
            failed: a.failed + b.failed,
            skipped: a.skipped + b.skipped,
        })
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)?;
        match self.skipped {
            0 => Ok(()),
            skipped => write!(f, ", {skipped} skipped"),
        }
    }
}

/// Runs the steps and prints the sum.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let chosen: BTreeSet<Step> = match options.only.as_slice() {
        [] => Step::value_variants().iter().copied().collect(),
        only => only.iter().copied().collect(),
    };
    let mut tallies = Vec::new();
    for step in chosen {
        let name = format!("{step:?}").to_lowercase();
        println!("\n== {name}");
        let start = Instant::now();
        let tally = match step.run() {
            Err(error) if error.is::<Interrupted>() => return Err(error),
            Err(error) => {
                println!("{error:#}");
                FAILED
            }
            Ok(tally) => tally,
        };
        println!("-- {name}: {tally} in {:.1} s", start.elapsed().as_secs_f32());
        tallies.push(tally);
    }
    let sum: Tally = tallies.into_iter().sum();
    println!("\n{sum}");
    Ok(ExitCode::from(u8::from(sum.failed > 0)))
}

impl Step {
    fn run(self) -> Result<Tally> {
        match self {
            Self::Setup => setup::all().map(|()| PASSED),
            Self::Fmt => fmt(),
            Self::Clippy => clippy(),
            Self::Doc => check(cargo().args(["doc", "--no-deps"]).args(CHECKED).env("RUSTDOCFLAGS", "-Dwarnings")),
            Self::Native => native(),
            Self::Million => cargo_test(cargo().args(["test", "--profile", "million", "-p", "daypass-million"])),
            Self::Differential => differential(),
            Self::Wasm => wasm(),
            Self::Types => types(),
            Self::Package => package(),
            Self::E2e => e2e(),
        }
    }
}

/// Runs a command that counts as one.
fn check(command: &mut Command) -> Result<Tally> {
    run_command(command).map(|()| PASSED)
}

fn fmt() -> Result<Tally> {
    [["--all"].as_slice(), &["--manifest-path", "fuzz/Cargo.toml"]]
        .into_iter()
        .map(|what| fallible(check(cargo().arg("fmt").args(what).arg("--check"))))
        .sum()
}

fn clippy() -> Result<Tally> {
    setup::wasm_target()?;
    // `tests/browser.rs` does not compile without it.
    setup::npm()?;
    package::build()?;
    let native = [CHECKED.as_slice(), &["--all-targets"]].concat();
    let wasm = ["-p", "daypass", "--target", "wasm32-unknown-unknown", "--tests"].to_vec();
    // A workspace of its own, here without libFuzzer itself, which takes a minute to compile.
    let targets = target_dir()?.to_string_lossy().into_owned();
    let fuzz =
        ["--manifest-path", "fuzz/Cargo.toml", "--locked", "--no-default-features", "--target-dir", &targets].to_vec();
    [native, wasm, fuzz]
        .into_iter()
        .map(|what| fallible(check(cargo().arg("clippy").args(what).args(["--", "-D", "warnings"]))))
        .sum()
}

fn native() -> Result<Tally> {
    [PRODUCT.as_slice(), &["-p", "xtask"]]
        .into_iter()
        .map(|what| fallible(cargo_test(cargo().args(["test", "--no-fail-fast"]).args(what))))
        .sum()
}

fn differential() -> Result<Tally> {
    setup::npm()?;
    let python = setup::python()?;
    // With the packages of the native tests, so that nothing is compiled again.
    let packages = ["--workspace", "--exclude", "xtask", "--exclude", "daypass-million"];
    cargo_test(cargo().arg("test").args(packages).args(["--test", "differential"]).env("DAYPASS_PYTHON", python))
}

/// The WebAssembly tests, in one browser after the other.
fn wasm() -> Result<Tally> {
    setup::wasm_target()?;
    let browsers = browser::all()?;
    // `tests/browser.rs` runs what is in it.
    setup::npm()?;
    package::build()?;
    let arguments = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ];
    let chromium = json!({ "goog:chromeOptions": { "binary": browsers.chromium, "args": arguments } });
    let firefox = json!({ "moz:firefoxOptions": { "binary": browsers.firefox, "args": ["-headless"] } });
    // Firefox takes some seconds to start, once for each file: there it is the package and the engine within it.
    let few = ["--test", "browser", "--test", "refresh", "--test", "tabs"];
    let tallies = [
        fallible(wasm_in("CHROMEDRIVER", &browsers.chromedriver, &chromium, &["--tests"]))?,
        fallible(wasm_in("GECKODRIVER", &browsers.geckodriver, &firefox, &few))?,
    ];
    Ok(tallies.into_iter().sum())
}

/// These WebAssembly tests in the browser whose driver this variable names: Cargo hands each test file to [`wasm_test_runner`].
fn wasm_in(variable: &str, driver: &Path, capabilities: &Value, tests: &[&str]) -> Result<Tally> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("webdriver.json");
    fs::write(&file, capabilities.to_string())?;

    // An array, since Cargo splits a plain text at the spaces of a path.
    let runner = json!([program("xtask")?, "wasm-test-runner"]);
    cargo_test(
        cargo()
            .arg("--config")
            .arg(format!("target.wasm32-unknown-unknown.runner={runner}"))
            .args(["test", "-p", "daypass", "--target", "wasm32-unknown-unknown", "--no-fail-fast"])
            .args(tests)
            .env("WASM_BINDGEN_TEST_WEBDRIVER_JSON", file)
            // What a browser leaves there goes with the folder.
            .env("TMPDIR", folder.path())
            .env("WASM_BINDGEN_TEST_TIMEOUT", "120")
            .env("WASM_BINDGEN_USE_BROWSER", "1")
            // These would take precedence.
            .env_remove("CHROMEDRIVER_REMOTE")
            .env_remove("GECKODRIVER_REMOTE")
            .env_remove("GECKODRIVER")
            .env(variable, driver),
    )
}

/// Runs one WebAssembly test file; Cargo calls it with the file and the arguments after `--`.
pub(crate) fn wasm_test_runner(args: Vec<OsString>) -> Result<()> {
    let line = std::iter::once("wasm-bindgen-test-runner".into()).chain(args);
    wasm_bindgen_cli::wasm_bindgen_test_runner::run_cli_with_args(line)
}

fn types() -> Result<Tally> {
    setup::npm()?;
    ensure!(Path::new("tests/types").is_dir(), "tests/types is missing");
    check(Command::new("node_modules/.bin/tsc").args(["-p", "tests/types"]))
}

/// The tests of the packed package, which is installed as a user would, in a folder that goes afterwards.
fn package() -> Result<Tally> {
    let chromium = browser::chromium()?;
    setup::package_tests()?;
    let tarball = pack::pack(&target_dir()?.join("package"))?;

    // Below the bundlers and the frameworks that it is used with, so that they are found from there.
    let folder = Path::new(setup::PACKAGE_TESTS);
    let work = tempfile::Builder::new().prefix(".site-").tempdir_in(folder)?;
    let site = work.path().canonicalize()?;
    run_command(Command::new("cp").arg("-R").arg(folder.join("site/.")).arg(&site))?;
    let install = ["install", "--offline", "--no-save", "--no-package-lock", "--loglevel=error"];
    run_command(Command::new("npm").args(install).arg(&tarball).current_dir(&site))?;

    let temporary = tempfile::tempdir()?;
    counted(
        node_test(folder)?
            .env("DAYPASS_TARBALL", tarball)
            .env("DAYPASS_SITE", site)
            // What a browser leaves there goes with the folder.
            .env("TMPDIR", temporary.path())
            .env("CHROMIUM", chromium),
        node_count,
    )
}

fn e2e() -> Result<Tally> {
    let chromium = browser::chromium()?;
    let mut tests = node_test(Path::new("tests/e2e"))?;
    build()?;
    let mut demo = Demo::start(0)?;
    let folder = tempfile::tempdir()?;
    let info = demo.info.write(&folder.path().join("demo.json"))?;
    let tally = counted(
        tests
            .env("DAYPASS_DEMO", &info)
            // What a browser leaves there goes with the folder.
            .env("TMPDIR", folder.path())
            .env("CHROMIUM", chromium),
        node_count,
    )?;
    Ok([tally, fallible(demo.check().map(|()| Tally::default()))?].into_iter().sum())
}

/// Node's tests of a folder, one file after the other: they share a demo, or the machine with browsers and bundlers.
fn node_test(folder: &Path) -> Result<Command> {
    let mut command = Command::new("node");
    command
        .args(["--test", "--test-concurrency=1", "--test-reporter=spec", "--test-reporter-destination=stdout"])
        .args(test_files(folder)?);
    Ok(command)
}

/// The files `*.test.mjs` of a folder, in order.
fn test_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("{} is missing", folder.display()))? {
        let path = entry?.path();
        if path.to_string_lossy().ends_with(".test.mjs") {
            files.push(path);
        }
    }
    ensure!(!files.is_empty(), "{} holds no file *.test.mjs", folder.display());
    files.sort();
    Ok(files)
}

/// Runs Cargo's tests and sums what each test program says.
fn cargo_test(command: &mut Command) -> Result<Tally> {
    counted(command, cargo_count)
}

/// Runs a command that counts its tests, shows its output as it comes, and sums the counts.
fn counted(command: &mut Command, count: fn(&str) -> Option<Tally>) -> Result<Tally> {
    let mut tallies = Vec::new();
    let status = run_reading(command, |line| {
        println!("{line}");
        tallies.extend(count(line));
    })?;
    let tally: Tally = tallies.into_iter().sum();
    if !status.success() && tally.failed == 0 {
        // It did not compile, or died before it counted.
        println!("failed ({status}) without a count of failures");
        return Ok([tally, FAILED].into_iter().sum());
    }
    if tally.passed + tally.failed == 0 {
        bail!("no test ran");
    }
    Ok(tally)
}

/// Turns a failure into a count and its message into a line, so that what follows still runs.
fn fallible(result: Result<Tally>) -> Result<Tally> {
    match result {
        Err(error) if !error.is::<Interrupted>() => {
            println!("{error:#}");
            Ok(FAILED)
        }
        other => other,
    }
}

/// Reads `test result: ok. 5 passed; 0 failed; 1 ignored; …`, the last line of a Rust test program.
fn cargo_count(line: &str) -> Option<Tally> {
    let (_, counts) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let count = |what| {
        let part = counts.split("; ").find_map(|part| part.strip_suffix(what))?;
        part.trim().parse().ok()
    };
    Some(Tally { passed: count("passed")?, failed: count("failed")?, skipped: count("ignored")? })
}

/// Reads one of the lines `ℹ pass 5`, `ℹ fail 0`, `ℹ cancelled 0`, … at the end of Node's tests.
fn node_count(line: &str) -> Option<Tally> {
    let (what, count) = line.strip_prefix("ℹ ")?.split_once(' ')?;
    let count = count.parse().ok()?;
    let mut tally = Tally::default();
    match what {
        "pass" => tally.passed = count,
        "fail" | "cancelled" => tally.failed = count,
        "skipped" | "todo" => tally.skipped = count,
        _ => return None,
    }
    Some(tally)
}

#[cfg(test)]
mod tests {
    use super::{Tally, cargo_count, node_count};

    fn tally(passed: u32, failed: u32, skipped: u32) -> Option<Tally> {
        Some(Tally { passed, failed, skipped })
    }

    #[test]
    fn counts_are_read_from_the_last_lines_of_the_runners() {
        let cases = [
            (
                "test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; finished in 0.01s",
                tally(5, 0, 1),
            ),
            ("test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out", tally(1, 2, 0)),
            ("test result: odd", None),
            ("test token::result: ok", None),
        ];
        for (line, expected) in cases {
            assert_eq!(cargo_count(line), expected, "{line}");
        }
        let cases = [
            ("ℹ pass 7", tally(7, 0, 0)),
            ("ℹ fail 2", tally(0, 2, 0)),
            ("ℹ cancelled 1", tally(0, 1, 0)),
            ("ℹ skipped 3", tally(0, 0, 3)),
            ("ℹ duration_ms 12.5", None),
            ("ℹ tests 9", None),
            ("✔ pass 7", None),
        ];
        for (line, expected) in cases {
            assert_eq!(node_count(line), expected, "{line}");
        }
    }

    #[test]
    fn the_sum_is_one_line() {
        let sum: Tally = [tally(5, 0, 0), tally(1, 2, 0)].into_iter().flatten().sum();
        assert_eq!(sum.to_string(), "6 passed, 2 failed");
        assert_eq!(tally(1, 0, 4).map(|tally| tally.to_string()), Some("1 passed, 0 failed, 4 skipped".into()));
    }
}
