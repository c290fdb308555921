//! Looks for what breaks only now and then: inputs that break what the fuzz targets hold, moments at which tabs must not freeze
//! or die.

use std::process::{Command, ExitCode};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Result, ensure};
use clap::Args;

use crate::demo::Demo;
use crate::fuzz::Fuzz;
use crate::process::{Interrupted, run as run_command};
use crate::{browser, build};

/// The name of what is no fuzz target.
const TABS: &str = "tabs";

#[derive(Args)]
pub(crate) struct Options {
    /// How long to run each fuzz target
    #[arg(long, default_value_t = 20)]
    seconds: u32,
    /// How many rounds of tabs to play, in each of which some freeze or die
    #[arg(long, default_value_t = 1_000)]
    rounds: u32,
    /// The seed of the first round, the next ones follow; else it is chosen by the clock
    #[arg(long)]
    seed: Option<u32>,
    /// Run these fuzz targets only, or `tabs`
    #[arg(long, value_delimiter = ',', value_name = "TARGET,…")]
    only: Vec<String>,
}

/// Runs every fuzz target for a while and all rounds of tabs, and prints a line for each.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let is_all = options.only.is_empty();
    let mut failed = 0;
    if is_all || options.only.iter().any(|name| name != TABS) {
        failed += fuzz(options)?;
    }
    if is_all || options.only.iter().any(|name| name == TABS) {
        failed += report(TABS, tabs(options))?;
    }
    Ok(ExitCode::from(u8::from(failed > 0)))
}

/// How many targets failed.
fn fuzz(options: &Options) -> Result<u32> {
    let fuzz = Fuzz::new()?;
    let mut targets = fuzz.targets()?;
    for name in options.only.iter().filter(|name| *name != TABS) {
        ensure!(targets.contains(name), "there is no target `{name}`, only {}, {TABS}", targets.join(", "));
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

/// Plays the rounds in Chromium, and says how many.
fn tabs(options: &Options) -> Result<String> {
    let chromium = browser::chromium()?;
    build()?;
    let mut demo = Demo::start(0)?;
    let folder = tempfile::tempdir()?;
    let info = demo.info.write(&folder.path().join("demo.json"))?;
    let seed = options.seed.unwrap_or_else(by_the_clock);
    run_command(
        Command::new("node")
            // What it takes from the end-to-end tests would begin a report of tests.
            .args(["--test-reporter=dot", "--test-reporter-destination=/dev/null"])
            .arg("tests/soak/tabs.mjs")
            .arg(format!("--rounds={}", options.rounds))
            .arg(format!("--seed={seed}"))
            .env("DAYPASS_DEMO", &info)
            // What a browser leaves there goes with the folder.
            .env("TMPDIR", folder.path())
            .env("CHROMIUM", chromium),
    )?;
    demo.check()?;
    Ok(format!("{} rounds from seed {seed}", options.rounds))
}

fn by_the_clock() -> u32 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.subsec_nanos())
}

/// Prints how something ended; 1 if it failed.
fn report(what: &str, result: Result<String>) -> Result<u32> {
    match result {
        Ok(said) => println!("ok      {what}: {said}"),
        Err(error) if error.is::<Interrupted>() => return Err(error),
        Err(error) => {
            println!("failed  {what}: {error:#}");
            return Ok(1);
        }
    }
    Ok(0)
}
