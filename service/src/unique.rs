//! Ids that nobody has had before, and the time.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::rand;
use base64ct::{Base64UrlUnpadded, Encoding};

/// 128 random bits in base64url.
///
/// # Panics
/// If the operating system gives no randomness.
pub(crate) fn id() -> String {
    let mut bytes = [0; 16];
    rand::fill(&mut bytes).expect("the operating system gives randomness");
    Base64UrlUnpadded::encode_string(&bytes)
}

/// Fills a buffer with random bytes.
///
/// # Panics
/// If the operating system gives no randomness.
pub(crate) fn fill(bytes: &mut [u8; 32]) {
    rand::fill(bytes).expect("the operating system gives randomness");
}

/// Unix time in seconds.
pub(crate) fn now() -> u64 {
    // A clock before 1970 is no clock. At time 0 a service makes tokens that have long expired, and none that live on.
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
