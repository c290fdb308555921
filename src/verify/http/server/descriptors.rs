//! How many descriptors the process may have: [`raise_descriptor_limit`].

/// The descriptors that are kept for the program itself: its files, its store, its own requests.
const KEPT: usize = 64;
/// The descriptors of a process, where it is not asked.
#[cfg(not(target_os = "linux"))]
const USUAL: usize = 256;

/// Raises the number of descriptors that this process may have to the most that it may set itself, and returns it.
///
/// Call it before [`ServerLimits::new`](super::ServerLimits::new), which goes by that number. Many systems start a process
/// with 1024 or fewer, for the sake of programs that use `select`, and let it have many more.
#[cfg(target_os = "linux")]
pub fn raise_descriptor_limit() -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    // It stays as it was if it cannot be raised.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    descriptors()
}

/// Returns how many descriptors this process may have, which only Linux is asked to raise.
#[cfg(not(target_os = "linux"))]
pub fn raise_descriptor_limit() -> usize {
    descriptors()
}

#[cfg(target_os = "linux")]
fn descriptors() -> usize {
    use rustix::process::{Resource, getrlimit};
    let current = getrlimit(Resource::Nofile).current;
    current.map_or(usize::MAX, |current| usize::try_from(current).unwrap_or(usize::MAX))
}

#[cfg(not(target_os = "linux"))]
fn descriptors() -> usize {
    USUAL
}

/// Returns how many descriptors clients may have.
pub(super) fn free() -> usize {
    descriptors().saturating_sub(KEPT)
}
