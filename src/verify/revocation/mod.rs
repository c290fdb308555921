//! Which tokens were revoked, suspended or edited, and how stale that knowledge is: [`Revocations`].
//!
//! | file | what it has |
//! | --- | --- |
//! | `set` | what the feed has told |

mod set;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use super::clock::{Moment, SharedMoment};
use super::mistake;
use super::token::AuthenticToken;
use crate::Error;
use crate::api::Revocation;
use set::RevokedSet;

/// How stale the knowledge may be unless another limit is set.
const DEFAULT_MAX_STALENESS: Duration = Duration::from_secs(10);
/// The least limit that can be set.
const LEAST_MAX_STALENESS: Duration = Duration::from_secs(1);

/// Follows the service's revocation feed. Tokens that it revokes are refused, and those of an
/// organization while it is suspended; a token that was edited is looked up again. While the
/// knowledge is staler than the limit, every token is refused with 503, since it may have been
/// revoked meanwhile.
#[derive(Debug)]
pub struct Revocations {
    max_staleness: Duration,
    /// When the feed last confirmed that no entry is missing.
    confirmed_at: SharedMoment,
    /// Grows with every new entry. A token that passed the comparison is not compared again
    /// until it has grown.
    generation: AtomicU64,
    revoked: RwLock<RevokedSet>,
    /// Whether a line was logged since the knowledge became stale.
    is_logged: AtomicBool,
    /// What fetches the keys that the feed announces.
    #[cfg(feature = "remote")]
    pub(super) keys: Option<super::RemoteKeys>,
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
            #[cfg(feature = "remote")]
            keys: None,
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

    /// Applies an entry. Applying it again changes nothing.
    pub fn apply(&self, revocation: &Revocation) {
        let is_new = self.write().apply(revocation);
        if is_new {
            self.generation.fetch_add(1, Ordering::Release);
        }
    }

    /// Confirms that at this moment no entry up to number `seq` is missing, except those of stored
    /// tokens and JWTs up to number `deleted_up_to`, which the service no longer keeps. Where the feed has
    /// the entries of one organization alone, name it: the tokens of all others are refused from then on.
    pub fn heartbeat(&self, seq: u64, deleted_up_to: u64, organization: Option<&str>) {
        self.heartbeat_at(seq, deleted_up_to, organization, Moment::now());
    }

    /// Like [`heartbeat`](Revocations::heartbeat), for a moment in the past.
    pub(super) fn heartbeat_at(&self, seq: u64, deleted_up_to: u64, organization: Option<&str>, at: Moment) {
        let mut revoked = self.write();
        revoked.seq = seq;
        revoked.complete_reading();
        let covers_another = revoked.cover(organization);
        if revoked.delete_up_to(deleted_up_to) || covers_another {
            // A token that passed the comparison may be older than a deleted entry, or of an organization
            // that the feed does not cover.
            self.generation.fetch_add(1, Ordering::Release);
        }
        drop(revoked);
        self.confirmed_at.set(Some(at));
        self.is_logged.store(false, Ordering::Relaxed);
    }

    /// Begins to read the feed from its start: what the service says until the next heartbeat is all
    /// that holds of suspensions and edits.
    #[cfg(feature = "remote")]
    pub(super) fn begin_reading(&self) {
        self.write().readings += 1;
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
    /// that a revoked key signed, since it may be forged, and for one of an organization that the feed
    /// does not cover.
    #[inline]
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
        let revoked = self.read();
        // SECURITY: the feed would not tell of its revocation. It is refused as that organization's opaque
        // tokens are, which the service does not show to this verifier.
        if let Some(feed_organization) = revoked.lacks(token) {
            tell_not_covered(&token.organization, feed_organization);
            return Err(Error::InvalidToken);
        }
        revoked.check(token)?;
        // Otherwise an edit that arrived a moment ago would go unseen.
        if revoked.is_current(token) {
            token.checked_generation.store(generation, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Returns whether the feed tells of no later version of an opaque token than this record's.
    pub(super) fn has_latest_version(&self, token: &AuthenticToken) -> bool {
        self.read().has_latest_version(token)
    }

    /// Returns whether what the source said of a token a while ago still holds, as far as the feed tells.
    #[inline]
    pub(super) fn is_current(&self, token: &AuthenticToken) -> bool {
        // A token that was compared since the last entry is current.
        token.checked_generation.load(Ordering::Relaxed) == self.generation.load(Ordering::Acquire)
            || self.read().is_current(token)
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

/// Tells that the verifier's own token is for one organization, and the first other one whose tokens are refused.
fn tell_not_covered(organization: &str, feed_organization: &str) {
    mistake::tell(
        format!(
            "tokens of other organizations than {feed_organization} are refused, the feed does not cover them: the token \
             of this verifier is of that organization"
        ),
        &format!("for {organization} and all others, give it a token with token:introspect for every tenant"),
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::RevocationTarget;
    use crate::verify::Generation;

    #[test]
    fn a_token_that_was_edited_between_its_look_up_and_its_check_stays_to_be_looked_up() {
        let feed = Revocations::new();
        feed.heartbeat(0, 0, None);
        let record = serde_json::json!({
            "id": "t", "serial": 7, "kind": "secret", "name": "n", "organization": "o", "grants": [], "origins": [],
            "createdAt": 1, "expiresAt": null, "revokedAt": null, "version": 1, "lastChars": "abcd",
        });
        let record = serde_json::from_value(record).expect("a record");
        let token = AuthenticToken::from_record(record, Generation::Untracked, Moment::now());
        assert!(feed.has_latest_version(&token));
        feed.apply(&Revocation { seq: 1, at: 0, target: RevocationTarget::Changed { serial: 7, version: 2 } });
        assert_eq!(feed.check(&token, Moment::now()), Ok(()), "an edit revokes nothing");
        assert!(!feed.has_latest_version(&token));
    }
}
