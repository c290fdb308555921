//! The npm package: its entries, built from `pkg/src` and `pkg/wasm` into `pkg/dist`.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

use anyhow::Result;

use crate::files::{modified, replace, work_folder};
use crate::process::run;
use crate::workspace::program;
use crate::{setup, wasm};

/// The folder that visitors and bundlers load from.
pub(crate) const FOLDER: &str = "pkg/dist";

/// The entries of the package: the name, and the options that differ from those of a plain module.
const ENTRIES: [(&str, &[&str]); 6] = [
    ("index", &["--loader:.deflate=base64"]),
    ("global", &["--loader:.deflate=base64", "--format=iife", "--global-name=daypass"]),
    ("nowasm", &[]),
    ("host", &[]),
    ("react", &["--external:react", "--external:daypass"]),
    ("types", &[]),
];

/// The options of every entry: the syntax that browsers of 2024 support, minified.
const COMMON: [&str; 5] = ["--bundle", "--minify", "--format=esm", "--target=es2022", "--log-level=warning"];

/// Builds the WebAssembly and the entries.
///
/// Outputs that are newer than their sources stay: the service is built from them and would be compiled again.
pub(crate) fn build() -> Result<()> {
    setup::wasm_target()?;
    setup::npm()?;
    wasm::build()?;
    let last = Path::new(FOLDER).join("daypass_bg.wasm");
    if modified(&last).ok() > Some(newest_source()?) {
        return Ok(());
    }
    println!("building the package");
    // Outputs move to `pkg/dist` together, so that it never holds half a build.
    let work = work_folder(".dist-")?;
    for (name, own) in ENTRIES {
        let source = match name {
            "global" | "index" => "index.ts",
            "nowasm" => "nowasm.ts",
            "host" => "host.js",
            "react" => "react.js",
            _ => "types.js",
        };
        bundle(&Path::new("pkg/src").join(source), own, &work.path().join(format!("{name}.js")))?;
    }
    fs::copy(Path::new(wasm::FOLDER).join("daypass_bg.wasm"), work.path().join("daypass_bg.wasm"))?;
    replace(FOLDER, work.path())
}

/// Returns when the newest source of the entries was written.
fn newest_source() -> Result<SystemTime> {
    let mut newest = modified(&program("xtask")?)?;
    for folder in ["pkg/src", wasm::FOLDER] {
        for entry in fs::read_dir(folder)? {
            newest = newest.max(modified(&entry?.path())?);
        }
    }
    Ok(newest)
}

/// Writes a module and all its imports as one minified file.
pub(crate) fn bundle(source: &Path, own: &[&str], to: &Path) -> Result<()> {
    let to = format!("--outfile={}", to.display());
    run(Command::new("node_modules/.bin/esbuild").arg(source).args(COMMON).args(own).arg(to))
}
