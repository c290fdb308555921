//! Keyed hashes that stand for token texts: [`Fingerprint`].

use std::hash::{BuildHasher, Hash, Hasher};

use highway::{HighwayHash, HighwayHasher, Key};

/// A keyed hash of a text.
///
/// SECURITY: texts with the same fingerprint count as the same text. A fingerprint is 128 bits of a
/// keyed pseudorandom function whose random key never leaves this process, as no fingerprint does:
/// each guess succeeds with probability 2^-128. Without a key, collisions could be computed
/// elsewhere.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::verify) struct Fingerprint([u64; 2]);

/// Takes fingerprints with a random key.
#[derive(Debug, Clone)]
pub(in crate::verify) struct Fingerprinter(HighwayHasher);

impl Fingerprinter {
    /// Makes a fingerprinter with a new key.
    ///
    /// # Panics
    /// If the operating system gives no randomness.
    pub(in crate::verify) fn new() -> Fingerprinter {
        let mut key = [0; 32];
        aws_lc_rs::rand::fill(&mut key).expect("the operating system gives randomness");
        let word = |i: usize| u64::from_le_bytes(std::array::from_fn(|byte| key[8 * i + byte]));
        Fingerprinter(HighwayHasher::new(Key([word(0), word(1), word(2), word(3)])))
    }

    pub(in crate::verify) fn fingerprint(&self, text: &[u8]) -> Fingerprint {
        Fingerprint(self.0.clone().hash128(text))
    }
}

impl Hash for Fingerprint {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0[0]);
    }
}

/// Builds the hasher of a table of fingerprints, which are evenly distributed already.
#[derive(Debug, Clone, Default)]
pub(in crate::verify) struct PassThrough;

/// A hasher that returns the first word of a fingerprint.
pub(in crate::verify) struct PassThroughHasher(u64);

impl BuildHasher for PassThrough {
    type Hasher = PassThroughHasher;

    fn build_hasher(&self) -> PassThroughHasher {
        PassThroughHasher(0)
    }
}

impl Hasher for PassThroughHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        // A fingerprint writes one word. Other keys would still be told apart.
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = word;
    }
}
