//! Random ids and bytes.

use aws_lc_rs::rand;
use base64ct::{Base64UrlUnpadded, Encoding};

/// Returns 128 random bits in base64url.
///
/// # Panics
/// If the operating system gives no randomness.
pub(crate) fn id() -> String {
    let mut bytes = [0; 16];
    rand::fill(&mut bytes).expect("the operating system gives randomness");
    Base64UrlUnpadded::encode_string(&bytes)
}

/// Returns a random key of 32 bytes, in base64url.
///
/// # Panics
/// If the operating system gives no randomness.
pub(crate) fn key() -> String {
    let mut bytes = [0; 32];
    fill(&mut bytes);
    Base64UrlUnpadded::encode_string(&bytes)
}

/// Fills a buffer with random bytes.
///
/// # Panics
/// If the operating system gives no randomness.
pub(crate) fn fill(bytes: &mut [u8; 32]) {
    rand::fill(bytes).expect("the operating system gives randomness");
}
