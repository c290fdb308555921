//! The npm tarball, as it is published.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use clap::Args;
use serde::Deserialize;

use crate::package;
use crate::process::{output, run as run_command};
use crate::workspace::target_dir;

#[derive(Args)]
pub(crate) struct Options {
    /// Put the tarball into this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// The files and folders of the tarball. The repository's licenses apply to the package too.
const PARTS: [&str; 6] =
    ["pkg/package.json", "pkg/README.md", "pkg/dist", "pkg/types", "LICENSE-APACHE", "LICENSE-MIT"];

/// A tarball, as `npm pack --json` describes it.
#[derive(Deserialize)]
struct Tarball {
    filename: String,
    size: u64,
    files: Vec<TarballFile>,
}

#[derive(Deserialize)]
struct TarballFile {
    path: String,
    size: u64,
}

/// Builds the package, packs it, and prints the tarball's files and its path.
pub(crate) fn run(options: &Options, from: &Path) -> Result<()> {
    let out = match &options.out {
        Some(folder) => from.join(folder),
        None => target_dir()?.join("package"),
    };
    let tarball = pack(&out)?;
    println!("{}", tarball.display());
    Ok(())
}

/// Builds the package and packs it into the folder `out`; returns the tarball's path.
pub(crate) fn pack(out: &Path) -> Result<PathBuf> {
    package::build()?;

    // From a folder with these parts only, so that nothing else can be in the tarball.
    let work = tempfile::tempdir()?;
    run_command(Command::new("cp").arg("-R").args(PARTS).arg(work.path()))?;
    write_folders(work.path())?;
    fs::create_dir_all(out).with_context(|| format!("could not create {}", out.display()))?;
    let json = output(Command::new("npm").args(["pack", "--json", "--pack-destination"]).arg(out).current_dir(&work))?;
    let [tarball] = serde_json::from_str::<[Tarball; 1]>(&json).context("`npm pack --json` printed unexpected JSON")?;

    println!("{:<28} {:>9}", "file", "bytes");
    for TarballFile { path, size } in &tarball.files {
        println!("{path:<28} {size:>9}");
    }
    println!("{:<28} {:>9}", tarball.filename, tarball.size);
    Ok(out.join(tarball.filename))
}

/// Makes a folder for each entry, for tools that do not read `exports` of package.json, such as Parcel and TypeScript's
/// `moduleResolution: node10`.
///
/// They look for the entry `daypass/host` in the folder `host`, and read the package.json in there.
fn write_folders(package: &Path) -> Result<()> {
    let manifest: Manifest = serde_json::from_slice(&fs::read(package.join("package.json"))?)?;
    for (entry, files) in &manifest.exports {
        // `types` is a folder already: `typesVersions` says where that entry is.
        let Some(name) = entry.strip_prefix("./").filter(|name| *name != "types") else { continue };
        let Some(main) = files["require"]["default"].as_str() else { continue };
        let relative = |key: &str| files[key].as_str().map(|file| format!(".{file}"));
        let manifest = serde_json::json!({
            "main": format!(".{main}"), "module": relative("default"), "types": relative("types"),
        });
        let folder = package.join(name);
        fs::create_dir(&folder)?;
        fs::write(folder.join("package.json"), format!("{manifest:#}\n"))?;
    }
    Ok(())
}

/// The part of package.json that names the entries.
#[derive(Deserialize)]
struct Manifest {
    exports: serde_json::Map<String, serde_json::Value>,
}
