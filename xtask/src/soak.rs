//! Searches for rare failures: inputs that break a property of a fuzz target, moments at which a tab that freezes or
//! dies breaks the others, and moments at which a killed service or database loses what it acknowledged.

use std::process::{Command, ExitCode};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Result, ensure};
use clap::Args;

use crate::browser;
use crate::build::build;
use crate::demo::{Demo, System};
use crate::fuzz::Fuzz;
use crate::process::{Interrupted, cargo, run as run_command};

/// The name of the rounds of tabs, beside the names of fuzz targets.
const TABS: &str = "tabs";
/// The name of the tests of the stores that take long, and what their names begin with.
const STORES: &str = "stores";
const STORES_TESTS: &str = "soak_";

#[derive(Args)]
pub(crate) struct Options {
    /// How long to run each fuzz target
    #[arg(long, default_value_t = 20)]
    seconds: u32,
    /// How many rounds of tabs to play; in each some tabs freeze or die
    #[arg(long, default_value_t = 1_000)]
    rounds: u32,
    /// The seed of the first round; the following rounds count up from it [default: from the clock]
    #[arg(long)]
    seed: Option<u32>,
    /// Run these fuzz targets only, or `tabs`, or `stores`
    #[arg(long, value_delimiter = ',', value_name = "TARGET,…")]
    only: Vec<String>,
}

/// Runs the fuzz targets and the rounds of tabs, and prints a line for each.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let is_all = options.only.is_empty();
    let mut failed = 0;
    if is_all || options.only.iter().any(|name| ![TABS, STORES].contains(&&**name)) {
        failed += fuzz(options)?;
    }
    if is_all || options.only.iter().any(|name| name == TABS) {
        failed += report(TABS, tabs(options))?;
    }
    if is_all || options.only.iter().any(|name| name == STORES) {
        failed += report(STORES, stores())?;
    }
    Ok(ExitCode::from(u8::from(failed > 0)))
}

/// Runs the fuzz targets and returns how many failed.
fn fuzz(options: &Options) -> Result<u32> {
    let fuzz = Fuzz::find()?;
    let mut targets = fuzz.targets()?;
    for name in options.only.iter().filter(|name| ![TABS, STORES].contains(&&***name)) {
        ensure!(
            targets.contains(name),
            "no fuzz target is named `{name}`: choose from {}, {TABS}, {STORES}",
            targets.join(", ")
        );
    }
    targets.retain(|target| options.only.is_empty() || options.only.contains(target));

    fuzz.build()?;
    targets
        .iter()
        .map(|target| {
            let inputs = fuzz.run(target, options.seconds);
            report(target, inputs.map(|inputs| format!("{inputs} inputs in {} s", options.seconds)))
        })
        .sum()
}

/// Plays the rounds in Chromium and returns a summary.
fn tabs(options: &Options) -> Result<String> {
    let chromium = browser::chromium()?;
    build()?;
    let mut demo = Demo::start(System::SpaceApi, 0)?;
    let folder = tempfile::tempdir()?;
    let info = demo.info.write(&folder.path().join("demo.json"))?;
    let seed = options.seed.unwrap_or_else(clock_seed);
    run_command(
        Command::new("node")
            // The modules that it imports from the end-to-end tests would start a test report.
            .args(["--test-reporter=dot", "--test-reporter-destination=/dev/null"])
            .arg("tests/soak/tabs.mjs")
            .arg(format!("--rounds={}", options.rounds))
            .arg(format!("--seed={seed}"))
            .env("DAYPASS_DEMO", &info)
            // The browser's temporary files are removed with the folder.
            .env("TMPDIR", folder.path())
            .env("CHROMIUM", chromium),
    )?;
    demo.check()?;
    Ok(format!("{} rounds from seed {seed}", options.rounds))
}

/// Kills services and databases, and races revocations, many times.
fn stores() -> Result<String> {
    browser::postgres()?;
    let tests = ["test", "--package", "daypass-service", "--", "--ignored", "--test-threads=1", STORES_TESTS];
    run_command(cargo().args(tests))?;
    Ok("every kill, failover and race".to_owned())
}

fn clock_seed() -> u32 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.subsec_nanos())
}

/// Prints the result of one target; returns 1 if it failed, else 0.
fn report(name: &str, result: Result<String>) -> Result<u32> {
    match result {
        Ok(summary) => println!("ok      {name}: {summary}"),
        Err(error) if error.is::<Interrupted>() => return Err(error),
        Err(error) => {
            println!("FAILED  {name}: {error:#}");
            return Ok(1);
        }
    }
    Ok(0)
}
