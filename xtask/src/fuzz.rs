//! The fuzz targets in `fuzz/`.
//!
//! They are safe Rust, so no sanitizer is asked for, and a stable toolchain can build them.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::process::{Interrupted, output, run};
use crate::{target_dir, tool};

/// Of cargo-fuzz.
const VERSION: &str = "0.13.2";

pub(crate) struct Fuzz {
    program: PathBuf,
    builds: PathBuf,
}

impl Fuzz {
    pub(crate) fn new() -> Result<Self> {
        Ok(Self { program: tool::built("cargo-fuzz", VERSION)?, builds: target_dir()?.join("fuzz") })
    }

    /// The names of all targets.
    pub(crate) fn targets(&self) -> Result<Vec<String>> {
        Ok(output(Command::new(&self.program).arg("list"))?.lines().map(str::to_owned).collect())
    }

    pub(crate) fn build(&self) -> Result<()> {
        println!("building the fuzz targets");
        run(&mut self.command("build")).context("libFuzzer needs a C++ compiler: on Debian `apt-get install g++`")
    }

    fn command(&self, what: &str) -> Command {
        let mut command = Command::new(&self.program);
        command.args([what, "--sanitizer", "none", "--target-dir"]).arg(&self.builds);
        command
    }

    /// Runs a target for so long, and says how many inputs it tried.
    pub(crate) fn run(&self, target: &str, seconds: u32) -> Result<String> {
        let log = self.builds.join(format!("{target}.log"));
        // Where what it finds goes, and what it starts from.
        let [found, seeds] = ["corpus", "seeds"].map(|folder| Path::new("fuzz").join(folder).join(target));
        fs::create_dir_all(&found)?;
        let result = run(self
            .command("run")
            .arg(target)
            .arg(found)
            .args(seeds.is_dir().then_some(seeds))
            .args(["--", "-dict=fuzz/words.dict", "-verbosity=0", "-print_final_stats=1"])
            .arg(format!("-max_total_time={seconds}"))
            .stdout(File::create(&log)?)
            .stderr(File::options().append(true).open(&log)?));
        let said = String::from_utf8_lossy(&fs::read(&log)?).into_owned();
        let after = |what: &str| said.lines().find_map(|line| Some(line.split_once(what)?.1.trim().to_owned()));
        if let (Err(error), Some(input)) = (&result, after("Test unit written to ")) {
            ensure!(error.is::<Interrupted>(), "the input is {input}, what it did is in {}", log.display());
        }
        result.with_context(|| format!("see {}", log.display()))?;
        after("number_of_executed_units:").with_context(|| format!("no count of inputs in {}", log.display()))
    }
}
