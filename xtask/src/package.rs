//! The npm package: its entries, from `pkg/src` and `pkg/wasm` to `pkg/dist`.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

use anyhow::{Context, Result};

use crate::process::run;
use crate::program;
use crate::wasm::{self, modified};

/// What visitors and bundlers load.
pub(crate) const FOLDER: &str = "pkg/dist";

/// Each entry of the package: its name, and how it differs from a module.
const ENTRIES: [(&str, &[&str]); 6] = [
    ("index", &["--loader:.deflate=base64"]),
    ("global", &["--loader:.deflate=base64", "--format=iife", "--global-name=daypass"]),
    ("nowasm", &[]),
    ("host", &[]),
    ("react", &["--external:react", "--external:daypass"]),
    ("types", &[]),
];

/// The same for all: what browsers of 2024 know, in as few bytes as can be.
const COMMON: [&str; 5] = ["--bundle", "--minify", "--format=esm", "--target=es2022", "--log-level=warning"];

/// Builds the WebAssembly and the entries. What is newer than what it comes from stays, as the service is built from it.
pub(crate) fn build() -> Result<()> {
    wasm::build()?;
    let last = Path::new(FOLDER).join("daypass_bg.wasm");
    if modified(&last).ok() > Some(newest_source()?) {
        return Ok(());
    }
    println!("building the package");
    // In a folder beside it, so that `pkg/dist` is always a whole result.
    let work =
        tempfile::Builder::new().prefix(".dist-").permissions(fs::Permissions::from_mode(0o755)).tempdir_in("pkg")?;
    for (name, own) in ENTRIES {
        let source = if name == "global" { "index" } else { name };
        bundle(Path::new(&format!("pkg/src/{source}.js")), own, &work.path().join(format!("{name}.js")))?;
    }
    fs::copy(Path::new(wasm::FOLDER).join("daypass_bg.wasm"), work.path().join("daypass_bg.wasm"))?;
    replace(FOLDER, work.path())
}

/// When what the entries come from was last written.
fn newest_source() -> Result<SystemTime> {
    let mut newest = modified(&program("xtask")?)?;
    for folder in ["pkg/src", wasm::FOLDER] {
        for entry in fs::read_dir(folder)? {
            newest = newest.max(modified(&entry?.path())?);
        }
    }
    Ok(newest)
}

/// Makes one minified file of a module and all that it imports.
pub(crate) fn bundle(source: &Path, own: &[&str], to: &Path) -> Result<()> {
    let to = format!("--outfile={}", to.display());
    run(Command::new("node_modules/.bin/esbuild").arg(source).args(COMMON).args(own).arg(to))
}

/// Puts a whole folder in the place of another.
pub(crate) fn replace(folder: &str, by: &Path) -> Result<()> {
    if let Err(error) = fs::remove_dir_all(folder)
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(error).with_context(|| format!("could not replace {folder}"));
    }
    fs::rename(by, folder).with_context(|| format!("could not replace {folder}"))
}
