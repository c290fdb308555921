//! The WebAssembly that visitors download, from the crate to `pkg/wasm`.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

use anyhow::{Context, Result};

use crate::process::{cargo, run};
use crate::{program, target_dir};

/// Where the package expects it.
pub(crate) const FOLDER: &str = "pkg/wasm";

/// What rustc uses without being asked; wasm-opt refuses such code unless it is told.
const FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// Builds `pkg/wasm/daypass.js` and `pkg/wasm/daypass_bg.wasm`, unless they are newer than what they come from.
pub(crate) fn build() -> Result<()> {
    println!("building the WebAssembly");
    let wasm32 = ["--target", "wasm32-unknown-unknown", "--profile", "wasm"];
    run(cargo().args(["build", "--quiet", "-p", "daypass", "--lib"]).args(wasm32))?;
    let compiled = target_dir()?.join("wasm32-unknown-unknown/wasm/daypass.wasm");

    let sources = [&compiled, &program("xtask")?, Path::new("package-lock.json")].map(modified);
    let newest = sources.into_iter().collect::<io::Result<Vec<_>>>()?.into_iter().max();
    if modified(&Path::new(FOLDER).join("daypass_bg.wasm")).ok() > newest {
        return Ok(());
    }

    // In a folder beside it, so that `pkg/wasm` is always a whole result.
    let work =
        tempfile::Builder::new().prefix(".wasm-").permissions(fs::Permissions::from_mode(0o755)).tempdir_in("pkg")?;
    let line = ["wasm-bindgen", "--target", "web", "--out-name", "daypass", "--no-typescript", "--out-dir"];
    let line = line.into_iter().map(OsString::from).chain([work.path().into(), compiled.into()]);
    wasm_bindgen_cli::wasm_bindgen::run_cli_with_args(line).context("wasm-bindgen failed")?;

    let module = work.path().join("daypass_bg.wasm");
    run(Command::new("node_modules/.bin/wasm-opt")
        .args(["-Oz", "--strip-producers"])
        .args(FEATURES)
        .arg(&module)
        .arg("-o")
        .arg(&module))?;

    if let Err(error) = fs::remove_dir_all(FOLDER)
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(error).context("could not replace pkg/wasm");
    }
    fs::rename(work.path(), FOLDER).context("could not replace pkg/wasm")
}

fn modified(file: &Path) -> io::Result<SystemTime> {
    fs::metadata(file)?.modified()
}
