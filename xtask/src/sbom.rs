//! The bill of materials of the service, in CycloneDX's JSON: the crates that it is built from.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::process::{output, run};
use crate::{tool, workspace};

/// The program that writes it, of the makers of the format.
const CYCLONEDX: (&str, &str) = ("cargo-cyclonedx", "0.5.9");

/// The file that the program writes beside the manifest of each package, without `.json`.
const FILE: &str = ".release.cdx";

/// Returns the program, which is built if it is missing.
pub(crate) fn program() -> Result<PathBuf> {
    tool::build(CYCLONEDX.0, CYCLONEDX.1)
}

/// Returns the bill of materials for a kind of machine.
pub(crate) fn of_service(machine: &str) -> Result<String> {
    // With this variable the file has the time of the newest commit, and no number of its own.
    let time = output(Command::new("git").args(["log", "-1", "--format=%ct"]))?;
    let what = ["cyclonedx", "--manifest-path", "service/Cargo.toml", "--target", machine];
    let form = ["--format", "json", "--spec-version", "1.5", "--override-filename", FILE, "--quiet"];
    let written = run(Command::new(program()?).args(what).args(form).env("SOURCE_DATE_EPOCH", time.trim()));
    let text = take_written();
    written?;
    // Without the folder of the build, which differs from machine to machine.
    Ok(text?.replace(&workspace::root().display().to_string(), ""))
}

/// Reads the file of the service, and removes those of all packages.
fn take_written() -> Result<String> {
    let name = format!("{FILE}.json");
    let text = fs::read_to_string(format!("service/{name}")).context("cargo-cyclonedx wrote no file for the service");
    for manifest in workspace::manifests()? {
        let file = manifest.with_file_name(&name);
        if file.exists() {
            fs::remove_file(file)?;
        }
    }
    text
}
