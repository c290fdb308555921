//! Whether anything was committed to a store's file: [`Commits`].

use std::fs::File;
use std::io;
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};

/// What the index of the log has at its start: two copies of its header.
const HEADER: usize = 96;

/// The byte that a process locks while it writes.
const WRITE_LOCK: i64 = 120;

/// The header of the log's index, which every commit changes.
#[derive(PartialEq, Eq, Clone, Copy)]
pub(super) struct LastCommit([u8; HEADER]);

/// Tells whether another commit follows, by one read of memory that all processes share: the start of the file
/// `-shm`, as SQLite documents it ("WAL-mode File Format", section 2).
///
/// SECURITY: a commit is in the header, in both copies, before it is acknowledged or visible, whichever process makes
/// it. SQLite itself begins every transaction with the same comparison. A header that is being written differs from
/// every one before: the comparison fails, and the caller asks SQLite.
pub(super) struct Commits(
    /// SECURITY: never closed. Closing it would end the locks that SQLite holds on the file in this process ("How To
    /// Corrupt An SQLite Database File", section 2.2).
    ManuallyDrop<File>,
);

impl Commits {
    /// Opens the index beside a store's file, which a connection has in use.
    pub(super) fn open(path: &Path) -> io::Result<Commits> {
        let mut index = path.as_os_str().to_owned();
        index.push("-shm");
        File::open(PathBuf::from(index)).map(ManuallyDrop::new).map(Commits)
    }

    /// Returns whether another process is in a transaction that writes: it holds the lock at this byte
    /// ("WAL-mode File Format", section 2.3). One of this process holds the connection that writes.
    pub(super) fn has_foreign_writer(&self) -> bool {
        is_locked(&self.0, WRITE_LOCK)
    }

    /// Returns what the last commit has left.
    pub(super) fn last(&self) -> io::Result<LastCommit> {
        let mut header = [0; HEADER];
        read(&self.0, &mut header)?;
        Ok(LastCommit(header))
    }
}

#[cfg(unix)]
fn is_locked(index: &File, byte: i64) -> bool {
    use nix::fcntl::{FcntlArg, fcntl};
    use nix::libc::{F_UNLCK, F_WRLCK, SEEK_SET, flock};
    let (wanted, whence) = (F_WRLCK as i16, SEEK_SET as i16);
    let mut lock = flock { l_type: wanted, l_whence: whence, l_start: byte, l_len: 1, l_pid: 0 };
    let asked = fcntl(index, FcntlArg::F_GETLK(&mut lock));
    asked.is_err() || lock.l_type != F_UNLCK as i16
}

/// Elsewhere it counts as locked, so that SQLite is asked each time.
#[cfg(not(unix))]
fn is_locked(_: &File, _: i64) -> bool {
    true
}

#[cfg(unix)]
fn read(index: &File, header: &mut [u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(index, header, 0)
}

/// Elsewhere SQLite is asked each time.
#[cfg(not(unix))]
fn read(_: &File, _: &mut [u8]) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
