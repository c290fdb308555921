//! Nonces for proofs (RFC 9449, sections 8 and 9): [`DpopNonces`].

use std::fmt;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use base64ct::{Base64UrlUnpadded, Encoding};

/// How long a nonce is given out, in seconds. It is valid for as long again.
pub(super) const NONCE_WINDOW: u64 = 60;
/// The length of a nonce before it is encoded, in bytes.
const NONCE_BYTES: usize = 18;

/// Nonces that are derived from a secret and the time, so that all who have the secret know them and
/// nobody stores them.
#[derive(Clone)]
pub struct DpopNonces(Key);

impl DpopNonces {
    /// Makes the nonces of this secret: 32 random bytes, or what a key derivation made of them.
    #[must_use]
    pub fn new(secret: &[u8; 32]) -> DpopNonces {
        DpopNonces(Key::new(HMAC_SHA256, secret))
    }

    /// Makes nonces that no other process knows.
    pub(super) fn generate() -> DpopNonces {
        let mut secret = [0; 32];
        aws_lc_rs::rand::fill(&mut secret).expect("the operating system gives randomness");
        DpopNonces::new(&secret)
    }

    /// Returns the nonce to give out at this time, in Unix seconds.
    #[must_use]
    pub fn current(&self, now: u64) -> String {
        self.of_window(now / NONCE_WINDOW)
    }

    /// Returns whether a nonce was given out at most two minutes before this time. One of the next
    /// minute counts too: the clock of the process that gave it out may be ahead.
    #[must_use]
    pub fn is_current(&self, nonce: &str, now: u64) -> bool {
        let window = now / NONCE_WINDOW;
        let is_of = |window| verify_slices_are_equal(self.of_window(window).as_bytes(), nonce.as_bytes()).is_ok();
        is_of(window) || is_of(window.saturating_sub(1)) || is_of(window.saturating_add(1))
    }

    fn of_window(&self, window: u64) -> String {
        Base64UrlUnpadded::encode_string(&sign(&self.0, &window.to_be_bytes()).as_ref()[..NONCE_BYTES])
    }
}

impl fmt::Debug for DpopNonces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DpopNonces")
    }
}
