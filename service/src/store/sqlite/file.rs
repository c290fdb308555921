//! The file of a store.

use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};

use super::super::FILES;
use super::Failure;
use crate::private_files;

/// How long a file that was in place counts as such, for what is answered from memory.
const SEEN: Duration = Duration::from_millis(10);

/// Creates an empty file that only its owner can read, if there is no file. SQLite gives the files
/// beside it the same mode.
///
/// # Errors
/// When it cannot be created. Also when there was a store that is gone: the file beside it is still there.
pub(in crate::store) fn create(path: &Path) -> anyhow::Result<()> {
    require_no_link(path)?;
    require_not_lost(path)?;
    private_files::require_safe_folder(path)?;
    let context = || match path.exists() {
        true => format!("cannot open the store {}: run this as the user who owns it", path.display()),
        false => format!("cannot create the store {}", path.display()),
    };
    private_files::open_or_create(path).map(drop).with_context(context)
}

/// Takes the permissions of other users away from the files of a store.
///
/// # Errors
/// When that fails, or every user can replace the files.
pub(super) fn protect(path: &Path) -> anyhow::Result<()> {
    require_no_link(path)?;
    private_files::require_safe_folder(path)?;
    FILES.into_iter().try_for_each(|ending| private_files::narrow(&private_files::beside(path, ending)))
}

/// Requires that the files beside the store are beside the file that SQLite opens.
///
/// # Errors
/// When the path is a symbolic link.
pub(in crate::store) fn require_no_link(path: &Path) -> anyhow::Result<()> {
    if let Ok(target) = path.read_link() {
        let target = private_files::folder(path).join(target);
        bail!("the store {} is a symbolic link: name its target, {}", path.display(), target.display());
    }
    Ok(())
}

/// Requires that there is a store, or there was none before.
///
/// SECURITY: a new store would know no revocation, and verifiers would trust other keys.
///
/// # Errors
/// When a store was emptied or removed. The error says what to do.
pub(in crate::store) fn require_not_lost(path: &Path) -> anyhow::Result<()> {
    let beside = |ending| private_files::beside(path, ending);
    let is_empty = |file: &Path| file.metadata().map_or(true, |metadata| metadata.len() == 0);
    let feed = beside("-feed");
    // While a store is created, its first tables are in the log.
    let is_lost = is_empty(path) && is_empty(&beside("-wal")) && !is_empty(&feed);
    ensure!(
        !is_lost,
        "the store {} was emptied or removed: restore a backup of it, or remove {} to begin a new store",
        path.display(),
        feed.display()
    );
    Ok(())
}

/// The file that a store was opened from.
///
/// SQLite keeps using an open file that was moved, removed or replaced, and so would miss what other
/// processes revoke in the file that has its name now.
pub(super) struct File {
    path: PathBuf,
    identity: Identity,
    /// The greatest length that it had.
    longest: AtomicU64,
    /// Before the last time that it was in place.
    seen_at: Mutex<Instant>,
}

impl File {
    pub(super) fn open(path: &Path) -> anyhow::Result<File> {
        let metadata = path.metadata().with_context(|| format!("cannot find the store {}", path.display()))?;
        let (identity, longest) = (identity(&metadata), AtomicU64::new(metadata.len()));
        Ok(File { path: path.to_owned(), identity, longest, seen_at: Mutex::new(Instant::now()) })
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

    /// SECURITY: a file that is no longer the store lets nothing pass, nor one that lost its end: what SQLite has in
    /// memory would hide that.
    pub(super) fn require_in_place(&self) -> Result<(), Failure> {
        let length = self.length()?;
        let longest = self.longest.fetch_max(length, Ordering::Relaxed);
        // It may have grown since its length was read, and another task may have seen that.
        if length < longest && self.length()? < longest { Err(Failure::Truncated) } else { Ok(()) }
    }

    fn length(&self) -> Result<u64, Failure> {
        let metadata = self.path.metadata().ok().filter(|metadata| identity(metadata) == self.identity);
        metadata.map(|metadata| metadata.len()).ok_or(Failure::Moved)
    }
}

#[cfg(unix)]
type Identity = (u64, u64);

#[cfg(unix)]
fn identity(metadata: &Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino())
}

/// Other systems do not let an open file be moved.
#[cfg(not(unix))]
type Identity = ();

#[cfg(not(unix))]
fn identity(_: &Metadata) -> Identity {}
