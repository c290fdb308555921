//! What the tests need to know of a running demo, and the variables of the commands in its page.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Serialize;
use tempfile::{NamedTempFile, TempPath};

use crate::workspace::program;

/// What a test needs to know. It has no `Debug`, because most of it is secret.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Info {
    pub(super) system: &'static str,
    pub(super) site: String,
    pub(super) service: String,
    /// The other origins, by name.
    #[serde(flatten)]
    pub(super) addresses: BTreeMap<&'static str, String>,
    pub(super) organization: String,
    pub(super) data: PathBuf,
    /// A script that sets the environment for the commands in the page.
    pub(super) tokens: PathBuf,
    /// The tokens, by name. The end-to-end tests redact what has `token` or `key` in its name.
    #[serde(flatten)]
    pub(super) secrets: BTreeMap<&'static str, String>,
}

impl Info {
    /// Writes the file, readable by its owner only. Dropping the returned value deletes it.
    pub(crate) fn write(&self, file: &Path) -> Result<TempPath> {
        let folder = file.parent().context("a file lies in a folder")?;
        let write = || -> io::Result<TempPath> {
            // The temporary file has mode 0600, and gets its name when it is complete.
            let mut whole = NamedTempFile::new_in(folder)?;
            serde_json::to_writer_pretty(&mut whole, self)?;
            whole.persist(file)?;
            TempPath::try_from_path(file)
        };
        write().with_context(|| format!("could not write {}", file.display()))
    }
}

/// Writes the shell script [`Info::tokens`], which sets these variables and `DAYPASS_STORE` and puts `daypass` on the
/// path, readable by its owner only.
pub(super) fn write_environment(info: &Info, variables: &[(&str, String)]) -> Result<()> {
    let programs = program("daypass")?;
    let programs = programs.parent().context("a program lies in a folder")?.display();
    let mut script = format!("export PATH=\"{programs}:$PATH\"\nexport DAYPASS_STORE='{}'\n", info.data.display());
    for (name, value) in variables {
        script += &format!("export {name}='{value}'\n");
    }
    let file = &info.tokens;
    let write = || OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?.write_all(script.as_bytes());
    write().with_context(|| format!("could not write {}", file.display()))
}
