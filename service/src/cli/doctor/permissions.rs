//! Who may read and write the files of a store.

use std::io;
use std::path::{Path, PathBuf};

use super::{Check, Status};
use crate::private_files::{self, beside};
use crate::store::{FILES, Location};

const NAME: &str = "permissions";

/// A file of the store that others can read or write.
pub(super) struct Exposed {
    file: PathBuf,
    mode: u32,
}

impl Exposed {
    /// Returns the check once the store was opened, which takes the permissions of others away.
    pub(super) fn after_opening(&self, location: &Location) -> Check {
        match find(location) {
            Ok(Check { status: Status::Ok, .. }) => {
                let Exposed { file, mode } = self;
                let text =
                    format!("others could read or write {} (mode {mode:04o}), only its owner can now", file.display());
                Check::warn(
                    NAME,
                    text,
                    "if another user may have read it, see in docs/security.md what a stolen file opens",
                )
            }
            Ok(other) => other,
            Err(still) => still.check(),
        }
    }

    fn check(&self) -> Check {
        let file = self.file.display();
        let text = format!("others can read or write {file} (mode {:04o})", self.mode);
        Check::fail(NAME, text, format!("run `chmod 600 {file}`"))
    }
}

/// Checks the files and their folder.
///
/// # Errors
/// A file that others can read or write.
pub(super) fn find(location: &Location) -> Result<Check, Exposed> {
    let Location::File(path) = location else {
        return Ok(Check::ok(NAME, "the database keeps its files to itself"));
    };
    if let Err(cause) = private_files::require_safe_folder(path) {
        return Ok(Check::fail(NAME, "the folder of the store is open to every user", cause.to_string()));
    }
    let folder = private_files::folder(path);
    let advice = "run this as the user of the service, who must be able to write there";
    for place in [folder, path] {
        match is_writable(place) {
            Ok(()) => {}
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {}
            Err(cause) => {
                let text = format!("this user cannot read and write {}: {cause}", place.display());
                return Ok(Check::fail(NAME, text, advice));
            }
        }
    }
    for ending in FILES.into_iter().chain([".master-key"]) {
        let file = beside(path, ending);
        match private_files::open_to_others(&file) {
            Ok(Some(mode)) => return Err(Exposed { file, mode }),
            Ok(None) => {}
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {}
            Err(cause) => return Ok(Check::fail(NAME, cause.to_string(), advice)),
        }
    }
    if path.exists() {
        return Ok(Check::ok(NAME, "only the owner can read and write the files of the store"));
    }
    Ok(Check::ok(NAME, format!("the folder {} is not open to every user", folder.display())))
}

#[cfg(unix)]
fn is_writable(path: &Path) -> io::Result<()> {
    use nix::unistd::{AccessFlags, access};
    Ok(access(path, AccessFlags::R_OK | AccessFlags::W_OK)?)
}

#[cfg(not(unix))]
fn is_writable(path: &Path) -> io::Result<()> {
    path.metadata().map(drop)
}
