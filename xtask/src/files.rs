//! Build outputs as files: when they were written, and how a folder of them is replaced.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::SystemTime;

use anyhow::{Context, Result};
use tempfile::TempDir;

/// Returns when a file was last written.
pub(crate) fn modified(file: &Path) -> io::Result<SystemTime> {
    fs::metadata(file)?.modified()
}

/// Makes a hidden folder in another one, in which a build puts its outputs until they are complete.
pub(crate) fn work_folder(within: &str, prefix: &str) -> Result<TempDir> {
    let mode = fs::Permissions::from_mode(0o755);
    tempfile::Builder::new()
        .prefix(prefix)
        .permissions(mode)
        .tempdir_in(within)
        .with_context(|| format!("could not make a folder in {within}"))
}

/// Puts a complete folder in the place of another.
pub(crate) fn replace(folder: &str, complete: &Path) -> Result<()> {
    if let Err(error) = fs::remove_dir_all(folder)
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(error).with_context(|| format!("could not replace {folder}"));
    }
    fs::rename(complete, folder).with_context(|| format!("could not replace {folder}"))
}
