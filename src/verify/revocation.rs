//! What was revoked, and how fresh that knowledge is: [`Revocations`].

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use super::MAX_LEEWAY;
use super::clock::{Moment, SharedMoment};
use super::token::Token;
use crate::Error;
use crate::api::{Revocation, RevocationTarget, duration};

/// How old the knowledge may be unless another limit is set.
const LIMIT: Duration = Duration::from_secs(10);
/// The least limit that can be set.
const LEAST_LIMIT: Duration = Duration::from_secs(1);
/// After so long the revocation of a token has nothing left to end: signed tokens live a day at most, and of a stored one
/// whoever looks it up is told. The clocks of two servers may differ. Organizations and keys are few, and kept for good: a key
/// that leaked would sign what is new.
const KEEP: Duration = Duration::from_secs(duration::MOST + 2 * MAX_LEEWAY);
/// How long between two times of forgetting.
const BETWEEN: Duration = Duration::from_secs(3600);

/// Follows the service's feed of revocations. Whatever it names is refused, and when it has not been heard for longer than
/// the limit, everything is: 503, since nobody knows what was revoked meanwhile.
#[derive(Debug)]
pub struct Revocations {
    limit: Duration,
    /// When the feed last said that nothing was missing.
    heard: SharedMoment,
    /// Grows with every revocation that is learnt. A token that was found not to be revoked need not be looked for again
    /// until it has.
    generation: AtomicU64,
    known: RwLock<Known>,
}

#[derive(Debug, Default)]
struct Known {
    seq: u64,
    /// Stored and signed tokens, with when that was learnt: by the clock here, whatever the service's says.
    stored: HashMap<u64, Moment>,
    signed: HashMap<Box<str>, Moment>,
    organizations: HashSet<Box<str>>,
    /// By organization, the first second whose tokens live.
    issued_before: HashMap<Box<str>, u64>,
    keys: HashSet<Box<str>>,
    forgot_at: Option<Moment>,
}

impl Default for Revocations {
    fn default() -> Revocations {
        Revocations {
            limit: LIMIT,
            heard: SharedMoment::default(),
            // A token that was never compared with the feed has 0.
            generation: AtomicU64::new(1),
            known: RwLock::default(),
        }
    }
}

impl Revocations {
    /// Nothing is known yet, and so nothing is let through. 10 seconds are the limit unless another is set.
    #[must_use]
    pub fn new() -> Revocations {
        Revocations::default()
    }

    /// How old the knowledge may be: a second at least.
    #[must_use]
    pub fn limit(self, limit: Duration) -> Revocations {
        Revocations { limit: limit.max(LEAST_LIMIT), ..self }
    }

    /// Learns of a revocation. One that is known already changes nothing.
    pub fn apply(&self, revocation: &Revocation) {
        let is_new = self.known.write().unwrap_or_else(PoisonError::into_inner).apply(revocation, Moment::now());
        if is_new {
            self.generation.fetch_add(1, Ordering::Release);
        }
    }

    /// Notes that at this moment nothing up to this entry of the feed is missing.
    pub fn heartbeat(&self, seq: u64) {
        self.heartbeat_at(seq, Moment::now());
    }

    /// The same of a moment that is past.
    pub(super) fn heartbeat_at(&self, seq: u64, at: Moment) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.seq = seq;
        known.forget(at);
        drop(known);
        self.heard.set(Some(at));
    }

    /// Notes that nothing will be heard any more, as when the service refuses to tell: as before it was ever heard.
    pub fn reset(&self) {
        self.heard.set(None);
    }

    /// The last entry of the feed that is known: where to go on from.
    #[must_use]
    pub fn seq(&self) -> u64 {
        self.known.read().unwrap_or_else(PoisonError::into_inner).seq
    }

    /// How old the knowledge is; `None` before there was any.
    #[must_use]
    pub fn age(&self) -> Option<Duration> {
        self.age_at(Moment::now())
    }

    /// How old it may be.
    #[must_use]
    pub fn staleness_limit(&self) -> Duration {
        self.limit
    }

    /// Whether it is too old to let anything through.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        self.age().is_none_or(|age| age > self.limit)
    }

    /// Lets a token pass that no level of revocation names, as far as is known at this moment.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when too little is known. [`Error::InvalidToken`] for what a revoked key signed: whoever has
    /// the key may have made it.
    pub(super) fn check(&self, token: &Token, now: Moment) -> Result<(), Error> {
        match self.age_at(now) {
            Some(age) if age <= self.limit => {}
            age => {
                tracing::warn!(?age, "the revocations are not known well enough: nothing is let through");
                let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
                return Err(if known.is_forged(token) { Error::InvalidToken } else { Error::Unavailable });
            }
        }
        // Read before the comparison: what is learnt meanwhile is compared next time.
        let generation = self.generation.load(Ordering::Acquire);
        if token.cleared.load(Ordering::Relaxed) == generation {
            return Ok(());
        }
        self.known.read().unwrap_or_else(PoisonError::into_inner).check(token)?;
        token.cleared.store(generation, Ordering::Relaxed);
        Ok(())
    }

    fn age_at(&self, now: Moment) -> Option<Duration> {
        self.heard.get().map(|heard| now.since(heard))
    }
}

impl Known {
    /// Whether it was not known.
    fn apply(&mut self, Revocation { seq, target, .. }: &Revocation, now: Moment) -> bool {
        self.seq = *seq;
        match target {
            RevocationTarget::Token { serial } => self.stored.insert(*serial, now).is_none(),
            RevocationTarget::Jwt { jti } => self.signed.insert(jti.as_str().into(), now).is_none(),
            RevocationTarget::Organization { organization } => self.organizations.insert(organization.as_str().into()),
            RevocationTarget::IssuedBefore { organization, time } => {
                let standing = self.issued_before.entry(organization.as_str().into()).or_default();
                let is_new = *standing < *time;
                *standing = (*standing).max(*time);
                is_new
            }
            RevocationTarget::Key { kid } => self.keys.insert(kid.as_str().into()),
        }
    }

    /// Whether a revoked key signed it.
    fn is_forged(&self, token: &Token) -> bool {
        token.key.as_ref().is_some_and(|key| self.keys.contains(&key.kid))
    }

    fn check(&self, token: &Token) -> Result<(), Error> {
        let is_early = |time: &u64| token.issued_at < *time;
        if self.is_forged(token) {
            Err(Error::InvalidToken)
        } else if self.stored.contains_key(&token.root_serial)
            || token.serial.is_some_and(|serial| self.stored.contains_key(&serial))
            || self.organizations.contains(&token.organization)
            || self.issued_before.get(&token.organization).is_some_and(is_early)
            || (token.key.is_some() && self.signed.contains_key(&token.id))
        {
            Err(Error::TokenRevoked)
        } else {
            Ok(())
        }
    }

    /// Forgets, once an hour, the tokens that were revoked long ago.
    fn forget(&mut self, now: Moment) {
        let forgot_at = *self.forgot_at.get_or_insert(now);
        if now.since(forgot_at) >= BETWEEN {
            self.forgot_at = Some(now);
            self.stored.retain(|_, learnt| now.since(*learnt) <= KEEP);
            self.signed.retain(|_, learnt| now.since(*learnt) <= KEEP);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_forgotten_once_it_has_ended_by_itself_and_a_key_or_an_organization_never() {
        assert_eq!(KEEP, Duration::from_secs(86_400 + 120), "a day, and a minute for each of two clocks");
        let start = Moment::now();
        let mut known = Known::default();
        let levels = [
            RevocationTarget::Token { serial: 1 },
            RevocationTarget::Jwt { jti: "j".into() },
            RevocationTarget::Organization { organization: "o".into() },
            RevocationTarget::IssuedBefore { organization: "o".into(), time: 5 },
            RevocationTarget::Key { kid: "k".into() },
        ];
        for target in levels {
            let revocation = Revocation { seq: 1, at: 0, target };
            assert!(known.apply(&revocation, start), "new");
            assert!(!known.apply(&revocation, start), "known");
        }
        let counts = |known: &Known| {
            let tokens = [known.stored.len(), known.signed.len()];
            (tokens, known.organizations.len(), known.issued_before.len(), known.keys.len())
        };
        for after in [Duration::ZERO, KEEP - Duration::from_secs(1), KEEP, KEEP + Duration::from_secs(1)] {
            known.forget(start + after);
            assert_eq!(counts(&known), ([1, 1], 1, 1, 1), "{after:?}");
        }
        known.forget(start + KEEP + BETWEEN);
        assert_eq!(counts(&known), ([0, 0], 1, 1, 1));
    }
}
