//! Whether the disk of a store has room.

use super::Check;
use crate::store::Location;

const NAME: &str = "disk";

#[cfg(unix)]
#[allow(clippy::useless_conversion, reason = "on other systems these numbers are shorter")]
pub(super) fn check(location: &Location) -> Check {
    use crate::private_files::folder;

    /// Below this much free space writes fail soon.
    const LEAST: u64 = 128 << 20;
    const LOW: u64 = 1 << 30;
    let Location::File(path) = location else {
        return Check::ok(NAME, "the disk of the database server is not visible from here");
    };
    let folder = folder(path);
    let free = match nix::sys::statvfs::statvfs(folder) {
        Ok(disk) => u64::from(disk.blocks_available()) * u64::from(disk.fragment_size()),
        Err(cause) => return Check::fail(NAME, format!("{}: {cause}", folder.display()), "create the folder"),
    };
    let text = format!("{} MiB are free in {}", free >> 20, folder.display());
    let advice = "free some space: without it the service cannot even revoke";
    match free {
        ..LEAST => Check::fail(NAME, text, advice),
        LEAST..LOW => Check::warn(NAME, text, advice),
        LOW.. => Check::ok(NAME, text),
    }
}

#[cfg(not(unix))]
pub(super) fn check(_: &Location) -> Check {
    Check::ok(NAME, "not checked on this system")
}
