//! The fuzz targets in `fuzz/`.
//!
//! They are safe Rust, so that they need no sanitizer, and a stable toolchain can build them.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::process::{Interrupted, output, run};
use crate::tool;
use crate::workspace::target_dir;

/// The version of cargo-fuzz.
const VERSION: &str = "0.13.2";

/// An installed cargo-fuzz.
pub(crate) struct Fuzz {
    program: PathBuf,
    builds: PathBuf,
}

impl Fuzz {
    /// Finds or builds cargo-fuzz.
    pub(crate) fn find() -> Result<Self> {
        Ok(Self { program: tool::build("cargo-fuzz", VERSION)?, builds: target_dir()?.join("fuzz") })
    }

    /// Lists the names of all targets.
    pub(crate) fn targets(&self) -> Result<Vec<String>> {
        Ok(output(Command::new(&self.program).arg("list"))?.lines().map(str::to_owned).collect())
    }

    /// Builds all targets.
    pub(crate) fn build(&self) -> Result<()> {
        println!("building the fuzz targets");
        run(&mut self.command("build")).context("libFuzzer needs a C++ compiler: on Debian `apt-get install g++`")
    }

    fn command(&self, what: &str) -> Command {
        let mut command = Command::new(&self.program);
        command.args([what, "--sanitizer", "none", "--target-dir"]).arg(&self.builds);
        command
    }

    /// Runs a target for some seconds and returns how many inputs it tried.
    pub(crate) fn run(&self, target: &str, seconds: u32) -> Result<String> {
        let log = self.builds.join(format!("{target}.log"));
        // Fuzzing adds its new inputs to the corpus and starts from both folders.
        let [corpus, seeds] = ["corpus", "seeds"].map(|folder| Path::new("fuzz").join(folder).join(target));
        fs::create_dir_all(&corpus)?;
        let result = run(self
            .command("run")
            .arg(target)
            .arg(corpus)
            .args(seeds.is_dir().then_some(seeds))
            .args(["--", "-dict=fuzz/words.dict", "-verbosity=0", "-print_final_stats=1"])
            .arg(format!("-max_total_time={seconds}"))
            .stdout(File::create(&log)?)
            .stderr(File::options().append(true).open(&log)?));
        let text = String::from_utf8_lossy(&fs::read(&log)?).into_owned();
        let after = |what: &str| text.lines().find_map(|line| Some(line.split_once(what)?.1.trim().to_owned()));
        if let (Err(error), Some(input)) = (&result, after("Test unit written to ")) {
            ensure!(error.is::<Interrupted>(), "the failing input is {input}, the log is {}", log.display());
        }
        result.with_context(|| format!("see the log {}", log.display()))?;
        after("number_of_executed_units:").with_context(|| format!("no count of inputs in {}", log.display()))
    }
}
