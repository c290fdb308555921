//! Which tokens were revoked, and how stale that knowledge is: [`Revocations`].

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use super::MAX_LEEWAY;
use super::clock::{Moment, SharedMoment};
use super::token::AuthenticToken;
use crate::Error;
use crate::api::{Revocation, RevocationTarget, duration};

/// How stale the knowledge may be unless another limit is set.
const DEFAULT_MAX_STALENESS: Duration = Duration::from_secs(10);
/// The least limit that can be set.
const LEAST_MAX_STALENESS: Duration = Duration::from_secs(1);
/// How long the revocation of one token is kept: no JWT lives longer than a day, an introspection
/// reports a revoked opaque token, and the clocks of two servers may differ. Revocations of
/// organizations and keys are few and kept for good: a key that leaked could sign new tokens.
const RETENTION: Duration = Duration::from_secs(duration::MOST + 2 * MAX_LEEWAY);
/// How often old revocations are removed.
const PRUNE_INTERVAL: Duration = Duration::from_secs(3600);

/// Follows the service's revocation feed. Tokens that it revokes are refused. While the knowledge
/// is staler than the limit, every token is refused with 503, since it may have been revoked
/// meanwhile.
#[derive(Debug)]
pub struct Revocations {
    max_staleness: Duration,
    /// When the feed last confirmed that no entry is missing.
    confirmed_at: SharedMoment,
    /// Grows with every new revocation. A token that passed the comparison is not compared again
    /// until it has grown.
    generation: AtomicU64,
    revoked: RwLock<RevokedSet>,
    /// Whether a line was logged since the knowledge became stale.
    is_logged: AtomicBool,
}

impl Default for Revocations {
    fn default() -> Revocations {
        Revocations {
            max_staleness: DEFAULT_MAX_STALENESS,
            confirmed_at: SharedMoment::default(),
            // A token that was never compared has 0.
            generation: AtomicU64::new(1),
            revoked: RwLock::default(),
            is_logged: AtomicBool::default(),
        }
    }
}

impl Revocations {
    /// Makes an empty set that refuses every token until its first heartbeat. The limit is 10
    /// seconds unless another is set.
    #[must_use]
    pub fn new() -> Revocations {
        Revocations::default()
    }

    /// Sets how stale the knowledge may be: at least a second.
    #[must_use]
    pub fn max_staleness(self, limit: Duration) -> Revocations {
        Revocations { max_staleness: limit.max(LEAST_MAX_STALENESS), ..self }
    }

    /// Applies a revocation. Applying it again changes nothing.
    pub fn apply(&self, revocation: &Revocation) {
        let is_new = self.write().apply(revocation, Moment::now());
        if is_new {
            self.generation.fetch_add(1, Ordering::Release);
        }
    }

    /// Confirms that at this moment no entry up to number `seq` is missing.
    pub fn heartbeat(&self, seq: u64) {
        self.heartbeat_at(seq, Moment::now());
    }

    /// Like [`heartbeat`](Revocations::heartbeat), for a moment in the past.
    pub(super) fn heartbeat_at(&self, seq: u64, at: Moment) {
        let mut revoked = self.write();
        revoked.seq = seq;
        revoked.prune(at);
        drop(revoked);
        self.confirmed_at.set(Some(at));
        self.is_logged.store(false, Ordering::Relaxed);
    }

    /// Marks the knowledge as stale until the next heartbeat: for when the service refuses to give
    /// the feed.
    pub fn reset(&self) {
        self.confirmed_at.set(None);
    }

    /// Returns the number of the last known entry, after which to continue.
    #[must_use]
    pub fn seq(&self) -> u64 {
        self.read().seq
    }

    /// Returns the time since the last heartbeat. Returns `None` before the first.
    #[must_use]
    pub fn staleness(&self) -> Option<Duration> {
        self.staleness_at(Moment::now())
    }

    /// Returns how stale the knowledge may be.
    #[must_use]
    pub fn staleness_limit(&self) -> Duration {
        self.max_staleness
    }

    /// Returns whether the knowledge is too stale to accept any token.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        self.staleness().is_none_or(|staleness| staleness > self.max_staleness)
    }

    /// Checks that no revocation that is known at this moment revokes the token.
    ///
    /// # Errors
    /// [`Error::Unavailable`] while the knowledge is stale. [`Error::InvalidToken`] for a token
    /// that a revoked key signed, since it may be forged.
    pub(super) fn check(&self, token: &AuthenticToken, now: Moment) -> Result<(), Error> {
        match self.staleness_at(now) {
            Some(staleness) if staleness <= self.max_staleness => {}
            staleness => {
                if !self.is_logged.swap(true, Ordering::Relaxed) {
                    tracing::warn!(?staleness, limit = ?self.max_staleness, "revocations are stale, answering 503");
                }
                let has_revoked_key = self.read().has_key_of(token);
                return Err(if has_revoked_key { Error::InvalidToken } else { Error::Unavailable });
            }
        }
        // Read before the comparison, so that a revocation that arrives meanwhile is compared next
        // time.
        let generation = self.generation.load(Ordering::Acquire);
        if token.checked_generation.load(Ordering::Relaxed) == generation {
            return Ok(());
        }
        self.read().check(token)?;
        token.checked_generation.store(generation, Ordering::Relaxed);
        Ok(())
    }

    fn staleness_at(&self, now: Moment) -> Option<Duration> {
        self.confirmed_at.get().map(|confirmed_at| now.since(confirmed_at))
    }

    fn read(&self) -> RwLockReadGuard<'_, RevokedSet> {
        self.revoked.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, RevokedSet> {
        self.revoked.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The revocations of each level.
#[derive(Debug, Default)]
struct RevokedSet {
    seq: u64,
    /// Serial numbers of opaque tokens, each with the moment it arrived, by this process's clocks.
    serials: HashMap<u64, Moment>,
    /// Ids of JWTs, each with the moment it arrived.
    jwts: HashMap<Box<str>, Moment>,
    organizations: HashSet<Box<str>>,
    /// For each organization, the first second whose tokens stay valid.
    issued_before: HashMap<Box<str>, u64>,
    keys: HashSet<Box<str>>,
    pruned_at: Option<Moment>,
}

impl RevokedSet {
    /// Adds a revocation. Returns whether it is new.
    fn apply(&mut self, Revocation { seq, target, .. }: &Revocation, now: Moment) -> bool {
        self.seq = *seq;
        match target {
            RevocationTarget::Token { serial } => self.serials.insert(*serial, now).is_none(),
            RevocationTarget::Jwt { jti } => self.jwts.insert(jti.as_str().into(), now).is_none(),
            RevocationTarget::Organization { organization } => self.organizations.insert(organization.as_str().into()),
            RevocationTarget::IssuedBefore { organization, time } => {
                let latest = self.issued_before.entry(organization.as_str().into()).or_default();
                let is_new = *latest < *time;
                *latest = (*latest).max(*time);
                is_new
            }
            RevocationTarget::Key { kid } => self.keys.insert(kid.as_str().into()),
        }
    }

    /// Returns whether a revoked key signed the token.
    fn has_key_of(&self, token: &AuthenticToken) -> bool {
        token.key.as_ref().is_some_and(|key| self.keys.contains(&key.kid))
    }

    fn check(&self, token: &AuthenticToken) -> Result<(), Error> {
        let is_later = |time: &u64| token.issued_at < *time;
        if self.has_key_of(token) {
            Err(Error::InvalidToken)
        } else if self.serials.contains_key(&token.root_serial)
            || token.serial.is_some_and(|serial| self.serials.contains_key(&serial))
            || self.organizations.contains(&token.organization)
            || self.issued_before.get(&token.organization).is_some_and(is_later)
            || (token.key.is_some() && self.jwts.contains_key(&token.id))
        {
            Err(Error::TokenRevoked)
        } else {
            Ok(())
        }
    }

    /// Removes, once an hour, the revocations of single tokens that have expired by now.
    fn prune(&mut self, now: Moment) {
        let pruned_at = *self.pruned_at.get_or_insert(now);
        if now.since(pruned_at) >= PRUNE_INTERVAL {
            self.pruned_at = Some(now);
            self.serials.retain(|_, arrived_at| now.since(*arrived_at) <= RETENTION);
            self.jwts.retain(|_, arrived_at| now.since(*arrived_at) <= RETENTION);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_revocation_of_a_token_is_kept_until_it_has_expired_and_that_of_a_key_or_an_organization_for_good() {
        assert_eq!(RETENTION, Duration::from_secs(86_400 + 120), "a day, and a minute for each of two clocks");
        let start = Moment::now();
        let mut revoked = RevokedSet::default();
        let levels = [
            RevocationTarget::Token { serial: 1 },
            RevocationTarget::Jwt { jti: "j".into() },
            RevocationTarget::Organization { organization: "o".into() },
            RevocationTarget::IssuedBefore { organization: "o".into(), time: 5 },
            RevocationTarget::Key { kid: "k".into() },
        ];
        for target in levels {
            let revocation = Revocation { seq: 1, at: 0, target };
            assert!(revoked.apply(&revocation, start), "new");
            assert!(!revoked.apply(&revocation, start), "known");
        }
        let counts = |revoked: &RevokedSet| {
            let tokens = [revoked.serials.len(), revoked.jwts.len()];
            (tokens, revoked.organizations.len(), revoked.issued_before.len(), revoked.keys.len())
        };
        for after in [Duration::ZERO, RETENTION - Duration::from_secs(1), RETENTION, RETENTION + Duration::from_secs(1)]
        {
            revoked.prune(start + after);
            assert_eq!(counts(&revoked), ([1, 1], 1, 1, 1), "{after:?}");
        }
        revoked.prune(start + RETENTION + PRUNE_INTERVAL);
        assert_eq!(counts(&revoked), ([0, 0], 1, 1, 1));
    }
}
