//! Programs that Cargo builds from the registry, each in one version, among the build outputs.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::process::{cargo, output, run};
use crate::target_dir;

/// The program of the crate of this name, built if it is not there.
pub(crate) fn built(name: &str, version: &str) -> Result<PathBuf> {
    let tools = target_dir()?.join("tools");
    let program = tools.join("bin").join(name);
    let is_right = output(Command::new(&program).arg("--version")).is_ok_and(|text| text.contains(version));
    if !is_right {
        println!("building {name} {version}, which takes some minutes");
        // Unoptimized: such a program starts others and waits for them.
        run(cargo()
            .args(["install", "--quiet", "--locked", "--force", "--debug", name, "--version", version, "--root"])
            .arg(&tools))
        .with_context(|| format!("{} must hold {name} {version}", program.display()))?;
    }
    Ok(program)
}
