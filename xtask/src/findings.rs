//! The scripts of `findings/`: each shows a surprise of other software, and fails when that software changes.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::process::{Interrupted, run as run_command};

#[derive(Args)]
pub(crate) struct Options {
    /// Run these scripts only, named without `.sh`
    #[arg(value_name = "NAME")]
    names: Vec<String>,
}

/// Runs the scripts one after the other and prints how each ended; the last lines name those that failed.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let mut failed = Vec::new();
    for (name, script) in choose(find()?, &options.names)? {
        println!("\n== {name}");
        let start = Instant::now();
        let result = run_command(Command::new("bash").arg(script));
        let seconds = start.elapsed().as_secs_f32();
        match result {
            Ok(()) => println!("ok      {name} in {seconds:.1} s"),
            Err(error) if error.is::<Interrupted>() => return Err(error),
            Err(error) => {
                println!("FAILED  {name} in {seconds:.1} s: {error:#}");
                failed.push(name);
            }
        }
    }
    println!();
    for name in &failed {
        println!("failed: {name}");
    }
    Ok(ExitCode::from(u8::from(!failed.is_empty())))
}

/// Lists the scripts with their names, in order.
fn find() -> Result<Vec<(String, PathBuf)>> {
    let mut scripts = Vec::new();
    for entry in fs::read_dir("findings").context("the folder findings/ is missing")? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "sh") {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            scripts.push((name, path));
        }
    }
    ensure!(!scripts.is_empty(), "findings/ holds no file *.sh");
    scripts.sort();
    Ok(scripts)
}

/// Keeps the scripts with these names, or all when no name is given.
fn choose(mut scripts: Vec<(String, PathBuf)>, names: &[String]) -> Result<Vec<(String, PathBuf)>> {
    for name in names {
        let is_script = scripts.iter().any(|(script, _)| script == name);
        ensure!(is_script, "no finding is named `{name}`: see the files of findings/");
    }
    scripts.retain(|(script, _)| names.is_empty() || names.contains(script));
    Ok(scripts)
}

#[cfg(test)]
mod tests {
    use super::choose;

    #[test]
    fn only_the_named_scripts_run_and_an_unknown_name_is_an_error() {
        let all = || ["a", "b", "c"].map(|name| (name.to_owned(), format!("findings/{name}.sh").into())).to_vec();
        let names = |names: &[&str]| {
            let names: Vec<_> = names.iter().map(ToString::to_string).collect();
            choose(all(), &names).ok().map(|scripts| scripts.into_iter().map(|(name, _)| name).collect::<String>())
        };
        assert_eq!(names(&[]).as_deref(), Some("abc"));
        assert_eq!(names(&["c", "a"]).as_deref(), Some("ac"));
        assert_eq!(names(&["a", "d"]), None);
    }
}
