//! The proofs that were used lately: [`ReplayGuard`].

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use super::NONCE_WINDOW;
use crate::Error;
use crate::verify::cache::{Fingerprint, Fingerprinter, PassThrough};

/// How long used proofs are remembered at least, in seconds. No proof is valid for longer.
const REPLAY_WINDOW: u64 = 3 * NONCE_WINDOW;
/// How many proofs are remembered for each window, unless another number is set.
const DEFAULT_MAX_PROOFS: usize = 1 << 20;

/// Remembers proofs, so that each is used once.
pub(super) struct ReplayGuard {
    max_proofs: usize,
    fingerprinter: Fingerprinter,
    used: Mutex<UsedProofs>,
}

/// The proofs of the current window and of the one before.
#[derive(Default)]
struct UsedProofs {
    window: u64,
    current: HashSet<Fingerprint, PassThrough>,
    previous: HashSet<Fingerprint, PassThrough>,
}

impl ReplayGuard {
    pub(super) fn new() -> ReplayGuard {
        ReplayGuard { max_proofs: DEFAULT_MAX_PROOFS, fingerprinter: Fingerprinter::new(), used: Mutex::default() }
    }

    pub(super) fn max_proofs(self, max_proofs: usize) -> ReplayGuard {
        ReplayGuard { max_proofs, ..self }
    }

    /// Uses the proof with this id by the key with this thumbprint.
    ///
    /// SECURITY: only proofs for authentic tokens get here, so that callers without one cannot fill
    /// the memory.
    pub(super) fn use_once(&self, jkt: &str, jti: &str, now: u64) -> Result<(), Error> {
        let fingerprint = self.fingerprinter.fingerprint([jkt, ".", jti].concat().as_bytes());
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.turn_to(now / REPLAY_WINDOW);
        if used.current.contains(&fingerprint) || used.previous.contains(&fingerprint) {
            return Err(Error::InvalidDpopProof("The proof was used before."));
        }
        // SECURITY: a proof that is forgotten to make room could be used again.
        if used.current.len() >= self.max_proofs {
            tracing::error!(max_proofs = self.max_proofs, "more proofs than can be remembered, see Dpop::max_proofs");
            return Err(Error::Unavailable);
        }
        used.current.insert(fingerprint);
        Ok(())
    }
}

impl UsedProofs {
    fn turn_to(&mut self, window: u64) {
        if window > self.window {
            let last = std::mem::take(&mut self.current);
            self.previous = if window == self.window + 1 { last } else { HashSet::default() };
            self.window = window;
        }
    }
}
