//! The example of a web app in Rust, `examples/floor-yew`: built as its own users would, and what Daypass adds to it.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::files::modified;
use crate::process::{cargo, run};
use crate::wasm::binaryen;
use crate::workspace::{program, target_dir};

/// The example's manifest. It is a workspace of its own.
pub(crate) const MANIFEST: &str = "examples/floor-yew/Cargo.toml";

/// Builds the app and returns the folder with its page.
pub(crate) fn build() -> Result<PathBuf> {
    println!("building the web app in Rust");
    let site = bind("floor-yew", &compile()?)?;
    fs::copy("examples/floor-yew/index.html", site.join("index.html"))?;
    Ok(site)
}

/// Builds the app as small as it gets, and returns its WebAssembly with and without Daypass.
pub(crate) fn build_small() -> Result<[PathBuf; 2]> {
    println!("building the web app in Rust, with and without Daypass");
    let builds = compile()?;
    let shrink = |name: &str| -> Result<PathBuf> {
        let module = bind(name, &builds)?.join(format!("{}_bg.wasm", name.replace('-', "_")));
        let small = builds.join(format!("{name}-small.wasm"));
        run(&mut binaryen("wasm-opt", &module, &["--all-features", "-Oz"], &small))?;
        Ok(small)
    };
    Ok([shrink("floor-yew")?, shrink("without")?])
}

/// Returns the folder of the outputs, apart from those of this workspace.
pub(crate) fn target() -> Result<PathBuf> {
    Ok(target_dir()?.join("rust-app"))
}

/// Compiles the app with and without Daypass, and returns the folder of the outputs.
fn compile() -> Result<PathBuf> {
    let target = target()?;
    run(cargo()
        .args(["build", "--quiet", "--release", "--locked", "--target", "wasm32-unknown-unknown"])
        .args(["--manifest-path", MANIFEST])
        .env("CARGO_TARGET_DIR", &target))?;
    Ok(target.join("wasm32-unknown-unknown/release"))
}

/// Makes the JavaScript around a compiled program, unless it is newer, and returns the folder with both.
fn bind(name: &str, builds: &Path) -> Result<PathBuf> {
    let compiled = builds.join(format!("{name}.wasm"));
    let site = builds.join(format!("{name}-site"));
    let sources = [compiled.as_path(), &program("xtask")?].map(modified);
    let newest = sources.into_iter().collect::<io::Result<Vec<_>>>()?.into_iter().max();
    let file_name = name.replace('-', "_");
    if modified(&site.join(format!("{file_name}.js"))).ok() > newest {
        return Ok(site);
    }
    let line = ["wasm-bindgen", "--target", "web", "--no-typescript", "--out-name", &file_name, "--out-dir"];
    let line = line.into_iter().map(OsString::from).chain([site.clone().into(), compiled.into()]);
    wasm_bindgen_cli::wasm_bindgen::run_cli_with_args(line).context("wasm-bindgen failed")?;
    Ok(site)
}
