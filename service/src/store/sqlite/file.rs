//! The file of a store.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context;

use super::super::FILES;
use super::Failure;
use crate::private_files;

/// How long a file that was in place counts as such, for what is answered from memory.
const SEEN: Duration = Duration::from_millis(10);

/// Creates an empty file that only its owner can read, if there is no file. SQLite gives the files
/// beside it the same mode.
pub(in crate::store) fn create(path: &Path) -> anyhow::Result<()> {
    private_files::require_safe_folder(path)?;
    private_files::open_or_create(path).map(drop).with_context(|| format!("cannot create the store {}", path.display()))
}

/// Takes the permissions of other users away from the files of a store.
///
/// # Errors
/// When that fails, or every user can replace the files.
pub(super) fn protect(path: &Path) -> anyhow::Result<()> {
    private_files::require_safe_folder(path)?;
    FILES.into_iter().try_for_each(|ending| private_files::narrow(&private_files::beside(path, ending)))
}

/// The file that a store was opened from.
///
/// SQLite keeps using an open file that was moved, removed or replaced, and so would miss what other
/// processes revoke in the file that has its name now.
pub(super) struct File {
    path: PathBuf,
    identity: Identity,
    /// Before the last time that it was in place.
    seen_at: Mutex<Instant>,
}

impl File {
    pub(super) fn open(path: &Path) -> anyhow::Result<File> {
        let identity = identity(path).with_context(|| format!("cannot find the store {}", path.display()))?;
        Ok(File { path: path.to_owned(), identity, seen_at: Mutex::new(Instant::now()) })
    }

    /// Returns whether it was in place a moment ago, or is.
    ///
    /// SECURITY: what was found in memory is as of that moment, and so is not answered any more [`SEEN`] after the file
    /// was moved, which nobody does but the operator.
    pub(super) fn was_in_place(&self) -> bool {
        let now = Instant::now();
        let seen_at = || self.seen_at.lock().unwrap_or_else(PoisonError::into_inner);
        if now.saturating_duration_since(*seen_at()) < SEEN {
            return true;
        }
        let is_in_place = self.require_in_place().is_ok();
        if is_in_place {
            *seen_at() = now;
        }
        is_in_place
    }

    /// SECURITY: a file that is no longer the store lets nothing pass.
    pub(super) fn require_in_place(&self) -> Result<(), Failure> {
        let is_in_place = identity(&self.path).is_ok_and(|identity| identity == self.identity);
        if is_in_place { Ok(()) } else { Err(Failure::Moved) }
    }
}

#[cfg(unix)]
type Identity = (u64, u64);

#[cfg(unix)]
fn identity(path: &Path) -> io::Result<Identity> {
    use std::os::unix::fs::MetadataExt;
    let metadata = path.metadata()?;
    Ok((metadata.dev(), metadata.ino()))
}

/// Other systems do not let an open file be moved.
#[cfg(not(unix))]
type Identity = ();

#[cfg(not(unix))]
fn identity(path: &Path) -> io::Result<Identity> {
    path.metadata().map(drop)
}
