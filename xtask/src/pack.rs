//! The npm tarball, as it is published.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use clap::Args;
use serde::Deserialize;

use crate::process::{output, run as run_command};
use crate::{package, setup, target_dir};

#[derive(Args)]
pub(crate) struct Options {
    /// Put the tarball into this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// What the tarball is made of. The repository's licenses are the package's too.
const PARTS: [&str; 6] =
    ["pkg/package.json", "pkg/README.md", "pkg/dist", "pkg/types", "LICENSE-APACHE", "LICENSE-MIT"];

/// What npm says of a tarball.
#[derive(Deserialize)]
struct Packed {
    filename: String,
    size: u64,
    files: Vec<PackedFile>,
}

#[derive(Deserialize)]
struct PackedFile {
    path: String,
    size: u64,
}

/// Builds the package, packs it, and prints what is in the tarball.
pub(crate) fn run(options: &Options, from: &Path) -> Result<()> {
    let out = match &options.out {
        Some(folder) => from.join(folder),
        None => target_dir()?.join("package"),
    };
    let tarball = pack(&out)?;
    println!("{}", tarball.display());
    Ok(())
}

/// The tarball, in the folder `out`.
pub(crate) fn pack(out: &Path) -> Result<PathBuf> {
    setup::wasm_target()?;
    setup::npm()?;
    package::build()?;

    // From a folder that holds nothing else, so that nothing else can be packed.
    let work = tempfile::tempdir()?;
    run_command(Command::new("cp").arg("-R").args(PARTS).arg(work.path()))?;
    fs::create_dir_all(out).with_context(|| format!("could not make {}", out.display()))?;
    let said = output(Command::new("npm").args(["pack", "--json", "--pack-destination"]).arg(out).current_dir(&work))?;
    let [packed] =
        serde_json::from_str::<[Packed; 1]>(&said).context("`npm pack` said something else than expected")?;

    println!("{:<28} {:>9}", "file", "bytes");
    for PackedFile { path, size } in &packed.files {
        println!("{path:<28} {size:>9}");
    }
    println!("{:<28} {:>9}", packed.filename, packed.size);
    Ok(out.join(packed.filename))
}
