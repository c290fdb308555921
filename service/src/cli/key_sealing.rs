//! `daypass key sealing`: the key for the sealed parameters of bundles.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;

use anyhow::Context;
use serde::Serialize;

use super::options::{Json, print_json};
use crate::crypto::random;

/// Writes a key to a file that only its owner can read. An existing file is left as it is.
pub(super) fn run(file: &Path, output: &Json) -> anyhow::Result<()> {
    #[derive(Serialize)]
    struct Written<'a> {
        file: &'a Path,
    }

    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let context = || format!("cannot create {}", file.display());
    let mut out = options.open(file).with_context(context)?;
    writeln!(out, "{}", random::sealing_key()).with_context(context)?;
    out.sync_all().with_context(context)?;
    if output.json {
        return print_json(&Written { file });
    }
    let mut out = io::stdout().lock();
    writeln!(out, "Wrote the sealing key to {}.", file.display())?;
    writeln!(
        out,
        "Start the service with --sealing-key-file, and give the API's verifier the same key: `sealing_key`."
    )?;
    Ok(())
}
