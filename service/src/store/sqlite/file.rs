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
    require_own_disk(path)?;
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
    require_own_disk(path)?;
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

/// Requires that the store is not on a disk of another machine.
///
/// SECURITY: processes of one store share its log in memory, so that a second machine would miss what the first one
/// revokes, and either could damage the file (SQLite, "Write-Ahead Logging", section 1).
///
/// # Errors
/// When it is on a network file system. The error says what to do.
fn require_own_disk(path: &Path) -> anyhow::Result<()> {
    #[cfg(target_os = "linux")]
    if let Ok(disk) = nix::sys::statfs::statfs(private_files::folder(path))
        && let Some(name) = network_file_system(disk.filesystem_type().0)
    {
        bail!(
            "the store {} is on a network file system ({name}), on which SQLite misses what other processes write: keep \
             it on a disk of this machine, or use PostgreSQL for several machines (docs/guides/postgresql.md)",
            path.display()
        );
    }
    Ok(())
}

/// Returns the name of a network or cluster file system by the number that Linux gives its type (statfs(2)).
#[cfg(target_os = "linux")]
fn network_file_system(number: impl TryInto<i64>) -> Option<&'static str> {
    // Some targets have the number with its sign, in 32 bits.
    match number.try_into().ok()? & 0xffff_ffff {
        0x6969 => Some("NFS"),
        0x517b | 0xff53_4d42 | 0xfe53_4d42 => Some("SMB"),
        0x00c3_6400 => Some("Ceph"),
        0x5346_414f | 0x6b41_4653 => Some("AFS"),
        0x0bd0_0bd0 => Some("Lustre"),
        0x4750_4653 => Some("GPFS"),
        0x7461_636f => Some("OCFS2"),
        0x0116_1970 => Some("GFS2"),
        _ => None,
    }
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

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_store_is_on_no_network_file_system() {
        assert_eq!(network_file_system(0x6969_i64), Some("NFS"));
        for smb in [0xff53_4d42_u32, 0xfe53_4d42] {
            assert_eq!(network_file_system(i64::from(smb)), Some("SMB"));
            assert_eq!(network_file_system(smb.cast_signed()), Some("SMB"), "32 bits with a sign");
        }
        for (number, name) in
            [(0x0bd0_0bd0_i64, "Lustre"), (0x4750_4653, "GPFS"), (0x7461_636f, "OCFS2"), (0x0116_1970, "GFS2")]
        {
            assert_eq!(network_file_system(number), Some(name));
        }
        // ext4, and a disk in memory.
        assert_eq!([0xef53_i64, 0x0102_1994].map(network_file_system), [None, None]);
        let folder = tempfile::tempdir().expect("a folder");
        require_own_disk(&folder.path().join("daypass.db")).expect("a disk of this machine");
    }
}
