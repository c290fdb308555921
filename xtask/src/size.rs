//! What a visitor downloads.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::{package, setup};

/// The files of each entry. `react` comes on top of one of the others.
const ENTRIES: [(&str, &[&str]); 7] = [
    ("default", &["index.js", "daypass_bg.wasm"]),
    ("inline", &["inline.js"]),
    ("global", &["global.js"]),
    ("node", &["node.js", "daypass_bg.wasm"]),
    ("nowasm", &["nowasm.js"]),
    ("host", &["host.js"]),
    ("react", &["react.js"]),
];

/// What the default entry may cost, in bytes after gzip.
pub(crate) const MOST: usize = 28_000;

/// Builds the package and prints a table of bytes. More than may be is a failure.
pub(crate) fn run() -> Result<ExitCode> {
    setup::wasm_target()?;
    setup::npm()?;
    package::build()?;

    let mut default = 0;
    println!("{:<10} {:<18} {:>9} {:>9}", "entry", "file", "bytes", "gzip -9");
    for (entry, files) in ENTRIES {
        let mut total = 0;
        for file in files {
            let (raw, packed) = measure(&Path::new(package::FOLDER).join(file))?;
            println!("{entry:<10} {file:<18} {raw:>9} {packed:>9}");
            total += packed;
        }
        if entry == "default" {
            default = total;
        }
    }
    let is_over = default > MOST;
    println!("default entry: {default} of at most {MOST} bytes, gzip -9{}", if is_over { ": OVER" } else { "" });
    Ok(ExitCode::from(u8::from(is_over)))
}

/// Bytes of the default entry, gzip -9.
pub(crate) fn default_entry() -> Result<usize> {
    let [(_, files), ..] = ENTRIES;
    files.iter().map(|file| Ok(measure(&Path::new(package::FOLDER).join(file))?.1)).sum()
}

/// Bytes of a file, and after gzip -9.
pub(crate) fn measure(file: &Path) -> Result<(usize, usize)> {
    let bytes = fs::read(file).with_context(|| format!("could not read {}", file.display()))?;
    Ok((bytes.len(), gzip(&bytes)?))
}

fn gzip(bytes: &[u8]) -> Result<usize> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?.len())
}
