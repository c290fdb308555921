//! The WebAssembly of the console's origin field, from `service/origins` to `service/origins/dist`.

use std::ffi::OsString;
use std::path::Path;

use anyhow::{Context, Result};

use crate::files::{modified, replace, work_folder};
use crate::wasm;
use crate::workspace::program;

/// The folder that the service embeds.
const FOLDER: &str = "service/origins/dist";
/// The name of the files.
const NAME: &str = "origins-wasm";

/// Builds the module and the script that starts it, unless they are newer than their sources.
pub(crate) fn build() -> Result<()> {
    let compiled = wasm::compile_small("daypass-console-origins", &[])?;
    let built = modified(&Path::new(FOLDER).join(NAME).with_extension("js")).ok();
    if built > Some(modified(&compiled)?.max(modified(&program("xtask")?)?)) {
        return Ok(());
    }
    let work = work_folder("service/origins", ".dist-")?;
    let line = ["wasm-bindgen", "--target", "web", "--out-name", NAME, "--no-typescript", "--out-dir"];
    let line = line.into_iter().map(OsString::from).chain([work.path().into(), compiled.into()]);
    wasm_bindgen_cli::wasm_bindgen::run_cli_with_args(line).context("wasm-bindgen failed")?;
    let module = work.path().join(format!("{NAME}_bg.wasm"));
    wasm::optimize(&module, &["--strip-producers", "--strip-target-features"], &[])?;
    replace(FOLDER, work.path())
}
