//! Every check and every test. A failing step does not hide the others; the last lines name what failed, and count.

mod cargo;
mod load;
mod node;
mod outcome;
mod runner;
mod step;
mod wasm;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;
use clap::{Args, ValueEnum};

use load::Load;
use outcome::Outcome;
use runner::attempt;
use step::Step;

pub(crate) use wasm::run_wasm_tests;

#[derive(Args)]
pub(crate) struct Options {
    /// Run these steps only
    #[arg(long, value_delimiter = ',', value_name = "STEP,…")]
    only: Vec<Step>,
    /// Run the tests of each step this many times; checks such as `fmt` run once
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    repeat: u32,
    /// Keep this many busy loops running beside the steps
    #[arg(long, value_name = "N", default_value_t = 0)]
    load: usize,
}

/// Runs the steps, then prints the names of what failed and, as the last line, the counts.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let steps: BTreeSet<Step> = match options.only.as_slice() {
        [] => Step::value_variants().iter().copied().collect(),
        only => only.iter().copied().collect(),
    };
    let _load = Load::start(options.load);
    let mut sum = Outcome::default();
    for step in steps {
        let rounds = if step.has_tests() { options.repeat } else { 1 };
        for round in 1..=rounds {
            let title = if rounds > 1 { format!("{step}, round {round} of {rounds}") } else { step.to_string() };
            println!("\n== {title}");
            let start = Instant::now();
            let outcome = attempt(step.run())?.within(&step.to_string());
            println!("-- {title}: {outcome} in {:.1} s", start.elapsed().as_secs_f32());
            sum += outcome;
        }
    }
    println!("\n{}{sum}", list(&sum.failures));
    Ok(ExitCode::from(u8::from(sum.failed > 0)))
}

/// Lists the failures, each once, one per line. A name that repeated rounds hold several times is counted.
fn list(failures: &[String]) -> String {
    let mut counts = BTreeMap::<&str, u32>::new();
    for name in failures {
        *counts.entry(name).or_default() += 1;
    }
    let mut text = String::new();
    for (name, count) in counts {
        let times = if count > 1 { format!(" ({count} times)") } else { String::new() };
        let _ = writeln!(text, "failed: {name}{times}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::list;

    #[test]
    fn failures_are_listed_once_with_their_number() {
        assert_eq!(list(&[]), "");
        let failures = ["wasm: chromium: vocabulary: tabs::one_leads", "fmt", "fmt"].map(str::to_owned);
        assert_eq!(list(&failures), "failed: fmt (2 times)\nfailed: wasm: chromium: vocabulary: tabs::one_leads\n");
    }
}
