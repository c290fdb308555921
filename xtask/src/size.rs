//! What a visitor downloads.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use anyhow::Result;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::{setup, wasm};

/// Builds the WebAssembly and prints a table of bytes.
pub(crate) fn run() -> Result<()> {
    setup::wasm_target()?;
    setup::npm()?;
    wasm::build()?;

    let mut total = (0, 0);
    println!("{:<26} {:>9} {:>9}", "file", "bytes", "gzip -9");
    for file in files()? {
        let bytes = fs::read(&file)?;
        let (raw, packed) = (bytes.len(), gzip(&bytes)?);
        println!("{:<26} {raw:>9} {packed:>9}", file.display());
        total = (total.0 + raw, total.1 + packed);
    }
    println!("{:<26} {:>9} {:>9}", "together", total.0, total.1);
    Ok(())
}

/// The files of the package that a browser loads.
fn files() -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for folder in [wasm::FOLDER, "pkg"] {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|kind| kind == "js" || kind == "wasm") {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

fn gzip(bytes: &[u8]) -> Result<usize> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?.len())
}
