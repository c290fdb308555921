//! Node's tests: the packed package, the documentation, the description of the API, and the demo.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use clap::ValueEnum;

use super::outcome::Outcome;
use super::runner::{Reader, attempt, run_side_by_side, run_tests, run_tests_as};
use crate::browser::Engine;
use crate::build::build;
use crate::demo::{Demo, System};
use crate::process::run;
use crate::workspace::{program, target_dir};
use crate::{browser, pack, rust_app, setup};

/// Tests the packed package, which is installed as a user would, in a temporary folder; also the guide to loaders, and the
/// examples in JavaScript.
pub(super) fn package() -> Result<Outcome> {
    let chromium = browser::chromium()?;
    setup::package_tests()?;
    setup::npm_in(Path::new(setup::OTHER_LANGUAGES))?;
    build()?;
    let tarball = pack::pack(&target_dir()?.join("package"))?;

    // Below the bundlers and frameworks of the tests, so that Node finds them from there.
    let folder = Path::new(setup::PACKAGE_TESTS);
    let work = tempfile::Builder::new().prefix(".site-").tempdir_in(folder)?;
    let site = work.path().canonicalize()?;
    run(Command::new("cp").arg("-R").arg(folder.join("site/.")).arg(&site))?;
    let install = ["install", "--offline", "--no-save", "--no-package-lock", "--loglevel=error"];
    run(Command::new("npm").args(install).arg(&tarball).current_dir(&site))?;

    let temporary = tempfile::tempdir()?;
    run_tests::<NodeReader>(
        node_test(&[folder, Path::new(setup::LOADER_TESTS), Path::new("tests/examples")])?
            .env("DAYPASS_TARBALL", tarball)
            .env("DAYPASS_TARGET", target_dir()?)
            .env("DAYPASS_SITE", site)
            // The browser's temporary files are removed with the folder.
            .env("TMPDIR", temporary.path())
            .env("CHROMIUM", chromium),
    )
}

/// Tests the documentation: runs every snippet as printed, with the programs of this workspace.
pub(super) fn docs() -> Result<Outcome> {
    let chromium = browser::chromium()?;
    setup::package_tests()?;
    let python = setup::other_languages()?;
    build()?;
    run_tests::<NodeReader>(
        node_test(&[Path::new("tests/docs"), Path::new(setup::OTHER_LANGUAGES)])?
            .env("DAYPASS_TARGET", target_dir()?)
            .env("DAYPASS_OTHER_PYTHON", python)
            .env("CHROMIUM", chromium),
    )
}

/// Tests what `service/deploy` has, with Debian's nginx and systemd, and the built service.
pub(super) fn deploy() -> Result<Outcome> {
    if !cfg!(target_os = "linux") {
        println!("skipped: systemd and mounts are of Linux");
        return Ok(Outcome { skipped: 1, ..Outcome::default() });
    }
    let nginx = browser::deployment()?;
    setup::system_clients()?;
    build()?;
    run_tests::<NodeReader>(
        node_test(&[Path::new("tests/deploy")])?.env("DAYPASS_TARGET", target_dir()?).env("DAYPASS_NGINX", nginx),
    )
}

/// Tests the running service beside its description, with schemathesis.
pub(super) fn openapi() -> Result<Outcome> {
    let python = setup::python(setup::OPENAPI_TESTS)?;
    build()?;
    run_tests::<NodeReader>(
        node_test(&[Path::new(setup::OPENAPI_TESTS)])?
            .env("DAYPASS_SERVICE", program("daypass")?)
            .env("DAYPASS_PYTHON", python),
    )
}

/// Tests the demo, driven by each browser and by clients.
pub(super) fn e2e() -> Result<Outcome> {
    let engines = browser::engines()?;
    setup::system_clients()?;
    setup::npm_in(Path::new(setup::LIGHTHOUSE))?;
    let specklepy = setup::python(setup::SPECKLEPY_TESTS)?;
    build()?;
    let rust_app = rust_app::build()?;
    let programs = [("DAYPASS_RUST_APP", rust_app), ("DAYPASS_SPECKLEPY", specklepy)];
    run_side_by_side(engines.map(|engine| (engine.name, engine)), |label, engine| e2e_in(label, engine, &programs))
}

/// Tests a demo of each system in one browser: the files of `tests/e2e` that of Space API, and `systems/NAME.test.mjs`
/// in it that of another system.
fn e2e_in(label: &str, engine: Engine, programs: &[(&str, PathBuf)]) -> Result<Outcome> {
    let programs = || programs.iter().map(|(name, program)| (name, program));
    let folder = Path::new("tests/e2e");
    let mut outcome = demo_in(label, &engine, System::SpaceApi, node_test(&[folder])?.envs(programs()))?;
    for system in System::value_variants() {
        let file = Path::new(setup::SYSTEM_CLIENTS).join(system.name()).with_extension("test.mjs");
        if file.exists() {
            outcome += demo_in(label, &engine, *system, node_command().arg(file).envs(programs()))?;
        }
    }
    Ok(outcome)
}

/// Runs a command of Node's tests with a demo of its own.
fn demo_in(label: &str, engine: &Engine, system: System, tests: &mut Command) -> Result<Outcome> {
    let mut demo = Demo::start(system, 0)?;
    let folder = tempfile::tempdir()?;
    let info = demo.info.write(&folder.path().join("demo.json"))?;
    let outcome = run_tests_as::<NodeReader>(
        label,
        tests
            .env("DAYPASS_DEMO", &info)
            // The browser's files are removed with the folder; some are in the home folder.
            .env("TMPDIR", folder.path())
            .env("HOME", folder.path())
            .env("DAYPASS_ENGINE", engine.name)
            .env(engine.variable, &engine.program),
    )?;
    let servers = attempt(demo.check().map(|()| Outcome::default()))?.or_name("a server of the demo");
    Ok([outcome, servers].into_iter().sum())
}

/// Makes the command that tests the files of folders one after the other, since they share the demo and the machine: one
/// visitor's "Revoke now" revokes the token of all.
fn node_test(folders: &[&Path]) -> Result<Command> {
    let mut command = node_command();
    for folder in folders {
        command.args(test_files(folder)?);
    }
    Ok(command)
}

fn node_command() -> Command {
    let mut command = Command::new("node");
    command.args(["--test", "--test-concurrency=1", "--test-reporter=spec", "--test-reporter-destination=stdout"]);
    command
}

/// Lists the files `*.test.mjs` of a folder, in order.
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

/// Reads the counts and the failed tests from the end of Node's report, as its reporter `spec` prints it.
#[derive(Default)]
struct NodeReader {
    outcome: Outcome,
    /// Whether the report has come to the failed tests.
    is_list: bool,
    /// The file of the test whose name follows, without `.test.mjs`.
    suite: String,
}

impl Reader for NodeReader {
    fn read(&mut self, line: &str) {
        if let Some(counts) = parse_count(line) {
            self.outcome += counts;
        } else if line == "✖ failing tests:" {
            self.is_list = true;
        } else if let Some(file) = line.strip_prefix("test at ").filter(|_| self.is_list) {
            let (file, _) = file.split_once(".test.mjs").unwrap_or((file, ""));
            self.suite = file.rsplit('/').next().unwrap_or_default().to_owned();
        } else if let Some(name) = parse_failed(line).filter(|_| self.is_list) {
            // A file that did not run to its end stands for its tests.
            let is_file = name.ends_with(".test.mjs");
            let suite = &self.suite;
            self.outcome.failures.push(if is_file { suite.clone() } else { format!("{suite}: {name}") });
        }
    }

    fn finish(self) -> Outcome {
        self.outcome
    }
}

/// Reads one of the lines `ℹ pass 5`, `ℹ fail 0`, `ℹ cancelled 0`, … at the end of Node's tests.
fn parse_count(line: &str) -> Option<Outcome> {
    let (what, count) = line.strip_prefix("ℹ ")?.split_once(' ')?;
    let count = count.parse().ok()?;
    let mut outcome = Outcome::default();
    match what {
        "pass" => outcome.passed = count,
        "fail" | "cancelled" => outcome.failed = count,
        "skipped" | "todo" => outcome.skipped = count,
        _ => return None,
    }
    Some(outcome)
}

/// Reads the test's name from `✖ NAME (12.5ms)`. A failure marked `# TODO` does not count.
fn parse_failed(line: &str) -> Option<&str> {
    let (name, time) = line.strip_prefix("✖ ")?.rsplit_once(" (")?;
    time.ends_with("ms)").then_some(name)
}

#[cfg(test)]
mod tests {
    use super::{NodeReader, Outcome, Reader, parse_count};

    #[test]
    fn counts_come_from_the_end_of_the_report() {
        let counts = |passed, failed, skipped| Some(Outcome { passed, failed, skipped, failures: Vec::new() });
        let cases = [
            ("ℹ pass 7", counts(7, 0, 0)),
            ("ℹ fail 2", counts(0, 2, 0)),
            ("ℹ cancelled 1", counts(0, 1, 0)),
            ("ℹ skipped 3", counts(0, 0, 3)),
            ("ℹ duration_ms 12.5", None),
            ("ℹ tests 9", None),
            ("✔ pass 7", None),
        ];
        for (line, expected) in cases {
            assert_eq!(parse_count(line), expected, "{line}");
        }
    }

    #[test]
    fn each_failed_test_is_named_inside_its_file() {
        let mut reader = NodeReader::default();
        include_str!("samples/node.txt").lines().for_each(|line| reader.read(line));
        let outcome = reader.finish();
        assert_eq!((outcome.passed, outcome.failed, outcome.skipped), (3, 9, 2));
        let names = [
            "a: top fails",
            "a: inner fails",
            "a: deep fails ✖ (12ms)",
            "a: sub fails",
            "a: hangs",
            "a: never ends",
            "b",
            "c",
        ];
        assert_eq!(outcome.failures, names);
    }
}
