//! The disk of a store's file, and the space on it that is reserved for revocations: [`Disk`].

use std::fs::{self, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::private_files::{beside, folder};

/// The part of the space to be kept free that a file takes: one in so many.
const PART: u64 = 8;
/// The most bytes of that file.
const MOST: u64 = 16 << 20;

/// The disk that a store's file is on.
///
/// Other programs fill disks too, and heed no limit of ours. So a file beside the store takes some space while there is
/// enough, and is deleted when nothing else is left: revocations have its place then.
pub(super) struct Disk {
    folder: PathBuf,
    reserve: PathBuf,
}

impl Disk {
    /// The disk of the store in this file.
    pub(super) fn of(store: &Path) -> Disk {
        Disk { folder: folder(store).to_owned(), reserve: beside(store, "-reserve") }
    }

    /// Returns how many bytes are free, if the system tells.
    pub(super) fn free_bytes(&self) -> Option<u64> {
        free_bytes(&self.folder)
    }

    /// Deletes the reserve if less than its own size is left beside it.
    pub(super) fn make_room(&self) {
        let Ok(reserve) = self.reserve.metadata() else { return };
        if self.free_bytes().is_some_and(|free| free < reserve.len()) {
            self.give_up_reserve();
        }
    }

    /// Deletes the reserve, so that revocations have its space.
    pub(super) fn give_up_reserve(&self) {
        if fs::remove_file(&self.reserve).is_ok() {
            let file = self.reserve.display();
            tracing::error!(%file, "the disk is full, revocations use the space reserved for them");
        }
    }

    /// Makes the reserve unless it is there, if there is space for twice of it. Returns whether it is there.
    pub(super) fn keep_reserve(&self, to_keep_free: u64) -> bool {
        let bytes = (to_keep_free / PART).min(MOST);
        let Some(free) = self.free_bytes().filter(|_| bytes > 0) else { return true };
        let has_reserve = self.reserve.metadata().is_ok_and(|reserve| reserve.len() >= bytes);
        has_reserve || (free >= 2 * bytes && self.fill_reserve(bytes).is_ok())
    }

    fn fill_reserve(&self, bytes: u64) -> io::Result<()> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let filled = options.open(&self.reserve).and_then(|mut file| {
            io::copy(&mut io::repeat(0).take(bytes), &mut file)?;
            file.sync_all()
        });
        if filled.is_err() {
            // A part of it is no reserve, and takes space from revocations.
            let _ = fs::remove_file(&self.reserve);
        }
        filled
    }
}

#[cfg(unix)]
fn free_bytes(folder: &Path) -> Option<u64> {
    let disk = nix::sys::statvfs::statvfs(folder).ok()?;
    Some(disk.blocks_available() * disk.fragment_size())
}

/// Elsewhere the store learns by its writes that the disk is full.
#[cfg(not(unix))]
fn free_bytes(_: &Path) -> Option<u64> {
    None
}
