//! Looks for inputs that break what the fuzz targets in `fuzz/` hold.
//!
//! The targets are safe Rust, so no sanitizer is asked for, and a stable toolchain can build them.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::process::{Interrupted, output, run as run_command};
use crate::{target_dir, tool};

const VERSION: &str = "0.13.2";

#[derive(Args)]
pub(crate) struct Options {
    /// How long to run each target
    #[arg(long, default_value_t = 20)]
    seconds: u32,
    /// Run these targets only
    #[arg(long, value_delimiter = ',', value_name = "TARGET,…")]
    only: Vec<String>,
}

/// Runs every target for a while, and prints a line for each.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let fuzz = Fuzz { program: tool::built("cargo-fuzz", VERSION)?, builds: target_dir()?.join("fuzz") };
    let all = output(Command::new(&fuzz.program).arg("list"))?;
    let mut targets: Vec<&str> = all.lines().collect();
    for name in &options.only {
        ensure!(targets.contains(&name.as_str()), "there is no target `{name}`, only {}", targets.join(", "));
    }
    targets.retain(|target| options.only.is_empty() || options.only.iter().any(|name| name == target));

    println!("building the fuzz targets");
    run_command(&mut fuzz.command("build"))
        .context("libFuzzer needs a C++ compiler: on Debian `apt-get install g++`")?;
    let mut failed = 0;
    for target in targets {
        match fuzz.run(target, options.seconds) {
            Ok(inputs) => println!("ok      {target}: {inputs} inputs in {} s", options.seconds),
            Err(error) if error.is::<Interrupted>() => return Err(error),
            Err(error) => {
                println!("failed  {target}: {error:#}");
                failed += 1;
            }
        }
    }
    Ok(ExitCode::from(u8::from(failed > 0)))
}

struct Fuzz {
    program: PathBuf,
    builds: PathBuf,
}

impl Fuzz {
    fn command(&self, what: &str) -> Command {
        let mut command = Command::new(&self.program);
        command.args([what, "--sanitizer", "none", "--target-dir"]).arg(&self.builds);
        command
    }

    /// How many inputs were tried.
    fn run(&self, target: &str, seconds: u32) -> Result<String> {
        let log = self.builds.join(format!("{target}.log"));
        // Where what it finds goes, and what it starts from.
        let [found, seeds] = ["corpus", "seeds"].map(|folder| Path::new("fuzz").join(folder).join(target));
        fs::create_dir_all(&found)?;
        let result = run_command(
            self.command("run")
                .arg(target)
                .arg(found)
                .args(seeds.is_dir().then_some(seeds))
                .args(["--", "-dict=fuzz/words.dict", "-verbosity=0", "-print_final_stats=1"])
                .arg(format!("-max_total_time={seconds}"))
                .stdout(File::create(&log)?)
                .stderr(File::options().append(true).open(&log)?),
        );
        let said = String::from_utf8_lossy(&fs::read(&log)?).into_owned();
        let after = |what: &str| said.lines().find_map(|line| Some(line.split_once(what)?.1.trim().to_owned()));
        if let (Err(error), Some(input)) = (&result, after("Test unit written to ")) {
            ensure!(error.is::<Interrupted>(), "the input is {input}, what it did is in {}", log.display());
        }
        result.with_context(|| format!("see {}", log.display()))?;
        after("number_of_executed_units:").with_context(|| format!("no count of inputs in {}", log.display()))
    }
}
