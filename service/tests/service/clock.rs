//! A clock that a test sets for a process and its commands while they run, by libfaketime.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::binary::daypass;

/// A wall clock of its own. The monotonic one goes on as it is, and so does a database server's.
pub(crate) struct Clock {
    /// How far it is ahead, as libfaketime reads it.
    file: PathBuf,
}

impl Clock {
    /// Makes a clock that is right.
    pub(crate) fn new(folder: &Path) -> Clock {
        let clock = Clock { file: folder.join("clock") };
        clock.set_days_ahead(0);
        clock
    }

    /// Sets the clock so many days ahead, or behind.
    pub(crate) fn set_days_ahead(&self, days: i64) {
        // A process may read it at any time.
        let next = self.file.with_extension("next");
        std::fs::write(&next, format!("{days:+}d")).expect("a file");
        std::fs::rename(next, &self.file).expect("the file");
    }
}

/// Returns the binary, whose clock is this one.
pub(crate) fn daypass_by(clock: Option<&Clock>) -> Command {
    let mut command = daypass();
    if let Some(clock) = clock {
        command
            .env("LD_PRELOAD", library())
            .env("FAKETIME_TIMESTAMP_FILE", &clock.file)
            .env("FAKETIME_NO_CACHE", "1")
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
            .env("NO_FAKE_STAT", "1");
    }
    command
}

/// Returns where Debian's package `libfaketime` has the library: in the folder of the machine's architecture.
fn library() -> OsString {
    let folders = std::fs::read_dir("/usr/lib").expect("/usr/lib");
    let libraries = folders.flatten().map(|folder| folder.path().join("faketime/libfaketimeMT.so.1"));
    let library = libraries.into_iter().find(|library| library.is_file());
    library.expect("libfaketime: `cargo xtask setup` installs it").into()
}
