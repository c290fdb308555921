//! The proofs that were used lately: [`ReplayGuard`].

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use super::NONCE_WINDOW;
use crate::Error;
use crate::verify::cache::{Fingerprint, Fingerprinter, PassThrough};

/// How long used proofs are remembered at least, in seconds. No proof is valid for longer.
const REPLAY_WINDOW: u64 = 3 * NONCE_WINDOW;
/// How many proofs are remembered for each window, unless another number is set.
const DEFAULT_MAX_PROOFS: usize = 1 << 20;
/// The part of the free memory that the proofs by one key may take.
const SHARES: usize = 32;

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
    /// How many of the current window are by each key.
    by_key: HashMap<Fingerprint, usize, PassThrough>,
    /// Whether the log tells that the current window is full.
    is_full_logged: bool,
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
    /// the memory. A key may take a part of what is still free, so that a holder who floods is refused
    /// long before the others, and many who flood together still leave room. Shares are by key and not
    /// by token, since a holder gets more tokens for a key by itself, but no key without a token.
    pub(super) fn use_once(&self, jkt: &str, jti: &str, now: u64) -> Result<(), Error> {
        let fingerprint = self.fingerprinter.fingerprint([jkt, ".", jti].concat().as_bytes());
        let key = self.fingerprinter.fingerprint(jkt.as_bytes());
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.turn_to(now / REPLAY_WINDOW);
        if used.current.contains(&fingerprint) || used.previous.contains(&fingerprint) {
            return Err(Error::InvalidDpopProof("The proof was used before."));
        }
        // SECURITY: a proof that is forgotten to make room could be used again.
        let free = self.max_proofs.saturating_sub(used.current.len());
        if free == 0 {
            used.log_full(self.max_proofs);
            return Err(Error::Unavailable);
        }
        let by_key = used.by_key.entry(key).or_default();
        if *by_key >= free.div_ceil(SHARES) {
            // The key has its share of the next window.
            return Err(Error::TooManyRequests(REPLAY_WINDOW - now % REPLAY_WINDOW));
        }
        *by_key += 1;
        used.current.insert(fingerprint);
        Ok(())
    }
}

impl UsedProofs {
    fn turn_to(&mut self, window: u64) {
        if window > self.window {
            let last = std::mem::take(self);
            let previous = if window == last.window + 1 { last.current } else { HashSet::default() };
            *self = UsedProofs { window, previous, ..UsedProofs::default() };
        }
    }

    /// Tells once in each window.
    fn log_full(&mut self, max_proofs: usize) {
        if !std::mem::replace(&mut self.is_full_logged, true) {
            tracing::error!(max_proofs, "more proofs than can be remembered, see Dpop::max_proofs");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Uses so many proofs of a key, and returns how many were accepted and the first error.
    fn flood(guard: &ReplayGuard, key: &str, proofs: usize, now: u64) -> (usize, Option<Error>) {
        let results = (0..proofs).map(|n| guard.use_once(key, &format!("{now}-{n}"), now));
        let (accepted, refused): (Vec<_>, Vec<_>) = results.partition(Result::is_ok);
        (accepted.len(), refused.into_iter().find_map(Result::err))
    }

    #[test]
    fn row_36_a_holder_who_floods_is_refused_and_others_are_not() {
        let guard = ReplayGuard::new().max_proofs(3200);
        let (accepted, error) = flood(&guard, "flooder", 4000, 180_010);
        assert!((90..=100).contains(&accepted), "{accepted}");
        assert_eq!(error, Some(Error::TooManyRequests(170)));
        for visitor in 0..100 {
            assert_eq!(flood(&guard, &format!("visitor-{visitor}"), 20, 180_010), (20, None), "{visitor}");
        }
        assert_eq!(flood(&guard, "flooder", 1, 180_179).1, Some(Error::TooManyRequests(1)));
        assert_eq!(flood(&guard, "flooder", 1, 180_180), (1, None));
    }

    #[test]
    fn a_key_alone_has_the_share_that_the_documents_name() {
        let guard = ReplayGuard::new();
        assert_eq!(flood(&guard, "flooder", 31_777, 180_000), (31_776, Some(Error::TooManyRequests(180))));
    }

    #[test]
    fn row_36_many_holders_who_flood_together_still_leave_room() {
        let guard = ReplayGuard::new().max_proofs(3200);
        for flooder in 0..100 {
            flood(&guard, &format!("flooder-{flooder}"), 120, 180_000);
        }
        for visitor in 0..5 {
            assert_eq!(flood(&guard, &format!("visitor-{visitor}"), 4, 180_000), (4, None), "{visitor}");
        }
    }

    #[test]
    fn the_memory_is_bounded_and_a_proof_is_never_forgotten_within_its_window() {
        let guard = ReplayGuard::new().max_proofs(100);
        let keys: Vec<_> = (0..200).map(|key| key.to_string()).collect();
        let use_all = |now| keys.iter().map(|key| guard.use_once(key, "1", now)).collect::<Vec<_>>();
        let results = use_all(180_000);
        assert!(results[..100].iter().all(Result::is_ok));
        assert!(results[100..].iter().all(|result| *result == Err(Error::Unavailable)));
        let is_replay = |result: &Result<(), Error>| matches!(result, Err(Error::InvalidDpopProof(_)));
        // The last second of the next window.
        assert!(use_all(180_359)[..100].iter().all(is_replay));
        let used = guard.used.lock().expect("no panic");
        assert_eq!((used.previous.len(), used.current.len(), used.by_key.len()), (100, 100, 100));
    }
}
