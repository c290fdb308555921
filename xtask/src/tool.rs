//! Programs that Cargo builds from the registry, each in a pinned version, among the build outputs.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::process::{cargo, output, run};
use crate::workspace::target_dir;

/// Returns the program of a crate, which is built if it is missing or has another version.
pub(crate) fn build(name: &str, version: &str) -> Result<PathBuf> {
    let tools = target_dir()?.join("tools");
    let program = tools.join("bin").join(name);
    // A command of Cargo's expects its own name first.
    let ask = name.strip_prefix("cargo-").into_iter().chain(["--version"]);
    let is_current = output(Command::new(&program).args(ask)).is_ok_and(|text| text.contains(version));
    if !is_current {
        println!("building {name} {version}, which takes some minutes");
        // Unoptimized is enough: such a program starts others and waits for them.
        run(cargo()
            .args(["install", "--quiet", "--locked", "--force", "--debug", name, "--version", version, "--root"])
            .arg(&tools))
        .with_context(|| format!("{} must hold {name} {version}", program.display()))?;
    }
    Ok(program)
}
