//! What a backup has, and how its file comes to be.

use std::path::Path;
use std::{fs, io};

use anyhow::{Context, ensure};

use crate::private_files::{self, beside};

/// What is in a backup.
pub(crate) struct Contents {
    pub(crate) organizations: u64,
    pub(crate) tokens: u64,
    /// How many signing keys are not sealed, because the store was made by an earlier version.
    pub(crate) unsealed_keys: u64,
}

/// How far a copy is.
#[derive(Clone, Copy)]
pub(crate) enum Progress {
    /// So many percent are copied.
    Copied(u64),
    /// The copy is being checked.
    Checking,
}

/// Called while a copy is made.
pub(crate) type OnProgress = dyn Fn(Progress) + Send + Sync;

/// Writes a file that only its owner can read under another name, and gives it its own once it is complete. An existing
/// file is left as it is.
pub(super) fn write_new<T>(file: &Path, write: impl FnOnce(&Path) -> anyhow::Result<T>) -> anyhow::Result<T> {
    require_absent(file)?;
    private_files::require_safe_folder(file)?;
    let part = beside(file, ".part");
    let create = |cause: &io::Error| match cause.kind() {
        io::ErrorKind::AlreadyExists => {
            format!("cannot create {}: remove it if no other backup is being written", part.display())
        }
        io::ErrorKind::NotFound => {
            let folder = private_files::folder(file).display();
            format!("cannot create {}: create the folder {folder} first", file.display())
        }
        _ => format!("cannot create {}", part.display()),
    };
    private_files::create_new(&part).map(drop).map_err(|cause| {
        let context = create(&cause);
        anyhow::Error::new(cause).context(context)
    })?;
    let written = write(&part).and_then(|written| {
        publish(&part, file).with_context(|| format!("cannot create {}", file.display()))?;
        Ok(written)
    });
    if written.is_err() {
        for ending in ["", "-journal", "-wal", "-shm"] {
            let _ = fs::remove_file(beside(&part, ending));
        }
    }
    written
}

/// Requires that there is no file of this name.
pub(super) fn require_absent(file: &Path) -> anyhow::Result<()> {
    ensure!(
        fs::symlink_metadata(file).is_err(),
        "{} exists already: choose another name, or move it away",
        file.display()
    );
    Ok(())
}

/// Gives a file its name, unless another file has it meanwhile.
fn publish(part: &Path, file: &Path) -> anyhow::Result<()> {
    fs::File::open(part)?.sync_all()?;
    if fs::hard_link(part, file).is_ok() {
        fs::remove_file(part)?;
    } else {
        // A file system without such links.
        require_absent(file)?;
        fs::rename(part, file)?;
    }
    Ok(private_files::sync_folder(file)?)
}
