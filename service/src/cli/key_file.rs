//! `daypass key sealing` and `daypass key master`: keys in files of their own.

use std::io::{self, Write};
use std::path::Path;

use anyhow::Context;
use serde::Serialize;

use super::options::{Json, print_json};
use crate::crypto::random;
use crate::private_files;

/// What a key is for.
pub(super) enum Purpose {
    /// It seals the parameters of bundles.
    Sealing,
    /// It seals the signing keys.
    Master,
}

/// Writes a key to a file that only its owner can read. An existing file is left as it is.
pub(super) fn run(purpose: &Purpose, file: &Path, output: &Json) -> anyhow::Result<()> {
    #[derive(Serialize)]
    struct Written<'a> {
        file: &'a Path,
    }
    let context = || format!("cannot create {}", file.display());
    let mut out = private_files::create_new(file).with_context(context)?;
    writeln!(out, "{}", random::key()).with_context(context)?;
    out.sync_all().with_context(context)?;
    if output.json {
        return print_json(&Written { file });
    }
    let (name, next) = match purpose {
        Purpose::Sealing => (
            "sealing key",
            "Start the service with --sealing-key-file, and give the API's verifier the same key: `sealing_key`.",
        ),
        Purpose::Master => (
            "master key",
            "Start the service with --master-key-file, and keep a copy apart from the backups of the store.",
        ),
    };
    let mut out = io::stdout().lock();
    writeln!(out, "Wrote the {name} to {}.", file.display())?;
    writeln!(out, "{next}")?;
    Ok(())
}
