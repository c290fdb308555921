//! A short stand-in for a text: [`Fingerprint`].

use std::hash::{BuildHasher, Hash, Hasher};

use highway::{HighwayHash, HighwayHasher, Key};

/// A keyed hash of a text.
///
/// Security rule: what has the same fingerprint counts as the same. It is 128 bits of a keyed pseudorandom function whose
/// key is random and known to this process alone, and no fingerprint ever leaves it: who guesses has 2^-128 a try. A hash
/// without a key would let collisions be searched for elsewhere.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::verify) struct Fingerprint([u64; 2]);

/// Takes fingerprints with a key of its own.
#[derive(Debug, Clone)]
pub(in crate::verify) struct Fingerprints(HighwayHasher);

impl Fingerprints {
    /// With a new key.
    ///
    /// # Panics
    /// If the operating system gives no randomness.
    pub(in crate::verify) fn new() -> Fingerprints {
        let mut key = [0; 32];
        aws_lc_rs::rand::fill(&mut key).expect("the operating system gives randomness");
        let word = |i: usize| u64::from_le_bytes(std::array::from_fn(|byte| key[8 * i + byte]));
        Fingerprints(HighwayHasher::new(Key([word(0), word(1), word(2), word(3)])))
    }

    pub(in crate::verify) fn of(&self, text: &[u8]) -> Fingerprint {
        Fingerprint(self.0.clone().hash128(text))
    }
}

impl Hash for Fingerprint {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0[0]);
    }
}

/// The hash of a table of fingerprints: they are as evenly spread as a hash can be.
#[derive(Debug, Clone, Default)]
pub(in crate::verify) struct AsItIs;

/// The first word of a fingerprint.
pub(in crate::verify) struct FirstWord(u64);

impl BuildHasher for AsItIs {
    type Hasher = FirstWord;

    fn build_hasher(&self) -> FirstWord {
        FirstWord(0)
    }
}

impl Hasher for FirstWord {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        // A fingerprint writes a word. Whatever else came would still count.
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = word;
    }
}
