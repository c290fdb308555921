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
/// The part of the free memory that the proofs of one organization may take: all its keys together.
const ORGANIZATION_SHARES: usize = 2;

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
    /// How many of the current window are of each organization.
    by_organization: HashMap<Fingerprint, usize, PassThrough>,
    /// Whether the log tells that the current window is full, or a share of it.
    is_full_logged: bool,
}

impl ReplayGuard {
    pub(super) fn new() -> ReplayGuard {
        ReplayGuard { max_proofs: DEFAULT_MAX_PROOFS, fingerprinter: Fingerprinter::new(), used: Mutex::default() }
    }

    pub(super) fn max_proofs(self, max_proofs: usize) -> ReplayGuard {
        ReplayGuard { max_proofs, ..self }
    }

    /// Uses the proof with this id by the key with this thumbprint, of a token of this organization.
    ///
    /// SECURITY: only proofs for authentic tokens get here, so that callers without one cannot fill
    /// the memory. A key may take a part of what is still free, so that a holder who floods is refused
    /// long before the others, and many who flood together still leave room. Shares are by key and not
    /// by token, since a holder gets more tokens for a key by itself, but no key without a token. One who
    /// has a backend mint tokens for very many keys takes no more than the share of its organization.
    pub(super) fn use_once(&self, organization: &str, jkt: &str, jti: &str, now: u64) -> Result<(), Error> {
        let fingerprint = self.fingerprinter.fingerprint([jkt, ".", jti].concat().as_bytes());
        let key = self.fingerprinter.fingerprint(jkt.as_bytes());
        let organization = self.fingerprinter.fingerprint(organization.as_bytes());
        let used = &mut *self.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.turn_to(now / REPLAY_WINDOW);
        if used.current.contains(&fingerprint) || used.previous.contains(&fingerprint) {
            return Err(Error::InvalidDpopProof("The proof was used before."));
        }
        // SECURITY: a proof that is forgotten to make room could be used again.
        let free = self.max_proofs.saturating_sub(used.current.len());
        if free == 0 {
            used.log_full(self.max_proofs, "more proofs than can be remembered, see Dpop::max_proofs");
            return Err(Error::Unavailable);
        }
        // The key and the organization have their shares of the next window.
        let too_many = Err(Error::TooManyRequests(REPLAY_WINDOW - now % REPLAY_WINDOW));
        let is_spent = |shares: &HashMap<_, usize, _>, of, part| {
            shares.get(of).is_some_and(|proofs| *proofs >= free.div_ceil(part))
        };
        if is_spent(&used.by_key, &key, SHARES) {
            return too_many;
        }
        if is_spent(&used.by_organization, &organization, ORGANIZATION_SHARES) {
            used.log_full(self.max_proofs, "an organization's proofs take all that it may, see Dpop::max_proofs");
            return too_many;
        }
        *used.by_key.entry(key).or_default() += 1;
        *used.by_organization.entry(organization).or_default() += 1;
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
    fn log_full(&mut self, max_proofs: usize, what: &str) {
        if !std::mem::replace(&mut self.is_full_logged, true) {
            tracing::error!(max_proofs, "{what}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Uses so many proofs of a key of an organization of its own, and returns how many were accepted and the first error.
    fn flood(guard: &ReplayGuard, key: &str, proofs: usize, now: u64) -> (usize, Option<Error>) {
        let results = (0..proofs).map(|n| guard.use_once(key, key, &format!("{now}-{n}"), now));
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
    fn row_36_the_keys_of_an_organization_leave_two_thirds_to_others() {
        let guard = ReplayGuard::new().max_proofs(1 << 14);
        let use_one = |key: usize| guard.use_once("org", &key.to_string(), "1", 180_000);
        assert!((0..5462).map(use_one).all(|result| result.is_ok()));
        for key in 5462..5470 {
            assert_eq!(use_one(key), Err(Error::TooManyRequests(180)));
        }
        assert_eq!(guard.used.lock().expect("no panic").by_key.len(), 5462, "a refused key takes no memory");
        assert_eq!(flood(&guard, "other", 300, 180_000), (300, None));
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
        let use_all = |now| keys.iter().map(|key| guard.use_once(key, key, "1", now)).collect::<Vec<_>>();
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
