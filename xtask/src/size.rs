//! The sizes of the files that a visitor downloads.

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, ensure};

use crate::package;

/// The file of each entry. A page loads `react` in addition to one of the others.
const ENTRIES: [(&str, &str); 5] = [
    ("default", "index.js"),
    ("global", "global.js"),
    ("nowasm", "nowasm.js"),
    ("host", "host.js"),
    ("react", "react.js"),
];

/// The most bytes that the default entry may have after gzip.
pub(crate) const MOST: usize = 28_000;

/// Builds the package, prints a table of bytes, and fails if the default entry is over its limit.
pub(crate) fn run() -> Result<ExitCode> {
    package::build()?;

    println!("{:<10} {:<12} {:>9} {:>9}", "entry", "file", "bytes", "gzip -9");
    for (entry, file) in ENTRIES {
        let (raw, packed) = measure(&Path::new(package::FOLDER).join(file))?;
        println!("{entry:<10} {file:<12} {raw:>9} {packed:>9}");
    }
    let default = default_entry()?;
    let is_over = default > MOST;
    println!("default entry: {default} of at most {MOST} bytes, gzip -9{}", if is_over { ": OVER" } else { "" });
    Ok(ExitCode::from(u8::from(is_over)))
}

/// Returns the bytes of the default entry after `gzip -9`.
pub(crate) fn default_entry() -> Result<usize> {
    let [(_, file), ..] = ENTRIES;
    Ok(measure(&Path::new(package::FOLDER).join(file))?.1)
}

/// Returns the bytes of a file, and its bytes after `gzip -9`.
pub(crate) fn measure(file: &Path) -> Result<(usize, usize)> {
    let raw = fs::metadata(file).with_context(|| format!("could not read {}", file.display()))?.len();
    // The gzip program: compression libraries split blocks differently, and their sizes differ by up to 5 %.
    let packed = Command::new("gzip").args(["-9", "--no-name", "--stdout"]).arg(file).output();
    let packed = packed.context("could not run gzip")?;
    ensure!(packed.status.success(), "gzip failed: {}", String::from_utf8_lossy(&packed.stderr).trim());
    Ok((usize::try_from(raw)?, packed.stdout.len()))
}
