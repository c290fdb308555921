//! What the feed has told: [`RevokedSet`].

use std::collections::{HashMap, HashSet};

use super::super::Standing;
use super::super::token::{AuthenticToken, Form};
use crate::Error;
use crate::api::{Revocation, RevocationTarget};
use crate::jwt::lineage;

/// The entries of each level.
#[derive(Debug, Default)]
pub(super) struct RevokedSet {
    /// The number of the last known entry.
    pub(super) seq: u64,
    /// The number up to which the service keeps no entries of stored tokens and JWTs.
    deleted_up_to: u64,
    /// The only organization whose entries the feed has; `None` if it has those of all.
    organization: Option<Box<str>>,
    /// Serial numbers of opaque tokens, each with the number of its entry.
    serials: HashMap<u64, u64>,
    /// Ids of JWTs, each with the number of its entry.
    jwts: HashMap<Box<str>, u64>,
    organizations: HashSet<Box<str>>,
    /// For each organization, the first second whose tokens stay valid, as earlier versions of the service tell it.
    issued_before: HashMap<Box<str>, u64>,
    /// For each organization, the last tokens that are revoked by their order.
    issued_up_to: HashMap<Box<str>, IssuedUpTo>,
    keys: HashSet<Box<str>>,
    /// Organizations whose tokens are refused until they are resumed, each with the reading of the feed
    /// that told so.
    suspended: HashMap<Box<str>, u64>,
    /// What is known of opaque tokens that were edited, by their serial numbers.
    edits: HashMap<u64, Edit>,
    /// How many times the feed was read from its start, counting the present reading.
    pub(super) readings: u64,
    /// The last reading that was complete.
    complete_reading: u64,
}

/// The tokens of an organization that are revoked by their order.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
struct IssuedUpTo {
    /// The last stored token.
    root_serial: u64,
    /// The first second whose JWTs stay valid, of those that were minted before the entry.
    time: u64,
    /// The number of the entry.
    seq: u64,
}

impl IssuedUpTo {
    /// Returns the tokens that either of two entries revokes.
    fn or(self, other: IssuedUpTo) -> IssuedUpTo {
        IssuedUpTo {
            root_serial: self.root_serial.max(other.root_serial),
            time: self.time.max(other.time),
            seq: self.seq.max(other.seq),
        }
    }

    /// Returns whether the token is among them.
    ///
    /// SECURITY: of a JWT the time counts only if it was minted before the entry. The clock may have been ahead when the
    /// time was given, or behind when the JWT was minted.
    fn includes(self, token: &AuthenticToken) -> bool {
        token.root_serial <= self.root_serial || (token.issued_at < self.time && token.was_minted_before(self.seq))
    }
}

/// The newest edit of an opaque token.
#[derive(Debug)]
struct Edit {
    version: u64,
    /// The number of its entry.
    seq: u64,
    /// The reading of the feed that told of it.
    reading: u64,
}

impl RevokedSet {
    /// Adds an entry. Returns whether it is new.
    pub(super) fn apply(&mut self, Revocation { seq, target, .. }: &Revocation) -> bool {
        self.seq = *seq;
        match target {
            RevocationTarget::Token { serial } => self.serials.insert(*serial, *seq).is_none(),
            RevocationTarget::Jwt { jti } => self.jwts.insert(jti.as_str().into(), *seq).is_none(),
            RevocationTarget::Organization { organization } => self.organizations.insert(organization.as_str().into()),
            RevocationTarget::IssuedBefore { organization, time } => {
                let latest = self.issued_before.entry(organization.as_str().into()).or_default();
                let is_new = *latest < *time;
                *latest = (*latest).max(*time);
                is_new
            }
            RevocationTarget::IssuedUpTo { organization, time, root_serial } => {
                let entry = IssuedUpTo { root_serial: *root_serial, time: *time, seq: *seq };
                let known = self.issued_up_to.entry(organization.as_str().into()).or_default();
                let before = std::mem::replace(known, known.or(entry));
                *known != before
            }
            RevocationTarget::Key { kid } => self.keys.insert(kid.as_str().into()),
            RevocationTarget::Suspended { organization } => {
                self.suspended.insert(organization.as_str().into(), self.readings).is_none()
            }
            RevocationTarget::Resumed { organization } => self.suspended.remove(organization.as_str()).is_some(),
            RevocationTarget::Changed { serial, version } => {
                let (reading, known) = (self.readings, self.edits.get(serial));
                let is_new = known.is_none_or(|edit| edit.version < *version);
                if is_new || known.is_some_and(|edit| edit.reading < reading) {
                    self.edits.insert(*serial, Edit { version: *version, seq: *seq, reading });
                }
                is_new
            }
        }
    }

    /// Forgets suspensions and edits that an earlier reading of the feed told of and the present one,
    /// which is complete, did not.
    ///
    /// A suspension may have ended in an entry that this reader missed, and a backup that was restored
    /// has earlier versions of tokens. A revocation is never forgotten for that.
    pub(super) fn complete_reading(&mut self) {
        let readings = self.readings;
        if self.complete_reading == readings {
            return;
        }
        self.complete_reading = readings;
        self.suspended.retain(|_, reading| *reading == readings);
        self.edits.retain(|_, edit| edit.reading == readings);
    }

    /// Returns whether what the source said of the token still holds.
    ///
    /// A suspension that the feed does not know has ended, or is not in the feed yet.
    pub(super) fn is_current(&self, token: &AuthenticToken) -> bool {
        let is_suspended = self.suspended.contains_key(&token.organization);
        (token.standing != Standing::Suspended || is_suspended) && self.has_latest_version(token)
    }

    /// Returns whether no later version of an opaque token is known than this one.
    pub(super) fn has_latest_version(&self, token: &AuthenticToken) -> bool {
        match &token.form {
            Form::Jwt { .. } => true,
            Form::Opaque { serial, version, .. } => self.edits.get(serial).is_none_or(|edit| edit.version <= *version),
        }
    }

    /// Takes over of which organization the feed has the entries. Returns whether it is another one than before.
    pub(super) fn cover(&mut self, organization: Option<&str>) -> bool {
        let is_another = self.organization.as_deref() != organization;
        if is_another {
            self.organization = organization.map(Into::into);
        }
        is_another
    }

    /// Returns the organization whose entries the feed has, if the token is of another one.
    pub(super) fn lacks(&self, token: &AuthenticToken) -> Option<&str> {
        self.organization.as_deref().filter(|organization| *organization != &*token.organization)
    }

    /// Returns whether a revoked key signed the token.
    pub(super) fn has_key_of(&self, token: &AuthenticToken) -> bool {
        token.key_id.as_ref().is_some_and(|id| self.keys.contains(id))
    }

    /// Checks that no entry revokes or suspends the token.
    ///
    /// # Errors
    /// Like [`Revocations::check`](super::Revocations::check), without [`Error::Unavailable`].
    pub(super) fn check(&self, token: &AuthenticToken) -> Result<(), Error> {
        let is_later = |time: &u64| token.issued_at < *time;
        if self.has_key_of(token) {
            Err(Error::InvalidToken)
        } else if self.serials.contains_key(&token.root_serial)
            || matches!(&token.form, Form::Opaque { serial, .. } if self.serials.contains_key(serial))
            || self.organizations.contains(&token.organization)
            || self.issued_before.get(&token.organization).is_some_and(is_later)
            || self.issued_up_to.get(&token.organization).is_some_and(|end| end.includes(token))
            || (token.key_id.is_some() && lineage(&token.id).any(|jti| self.jwts.contains_key(jti)))
        {
            Err(Error::TokenRevoked)
        } else if token.was_minted_before(self.deleted_up_to) {
            // SECURITY: the JWT was minted before an entry that is no longer kept and may have revoked
            // it. The numbers are signed or in the feed, so that no clock, here or there, can let such
            // a JWT pass.
            Err(Error::TokenExpired)
        } else if self.suspended.contains_key(&token.organization) {
            Err(Error::OrganizationSuspended)
        } else {
            Ok(())
        }
    }

    /// Removes the revocations of single tokens up to this number. Returns whether it is another one
    /// than before.
    ///
    /// What a removed entry revoked was minted before the entry, and is refused for that. An opaque
    /// token was introspected again long ago, and its record says that it is revoked or has its later
    /// version. The entries of organizations and keys are few and kept for good: a key that leaked
    /// could sign new tokens.
    pub(super) fn delete_up_to(&mut self, seq: u64) -> bool {
        if self.deleted_up_to == seq {
            return false;
        }
        self.deleted_up_to = seq;
        self.serials.retain(|_, entry| *entry > seq);
        self.jwts.retain(|_, entry| *entry > seq);
        self.edits.retain(|_, edit| edit.seq > seq);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_revocation_of_a_token_is_kept_as_long_as_by_the_service_and_that_of_a_key_or_an_organization_for_good() {
        let mut revoked = RevokedSet::default();
        let levels = [
            RevocationTarget::Token { serial: 1 },
            RevocationTarget::Jwt { jti: "j".into() },
            RevocationTarget::Organization { organization: "o".into() },
            RevocationTarget::IssuedBefore { organization: "o".into(), time: 5 },
            RevocationTarget::IssuedUpTo { organization: "o".into(), time: 5, root_serial: 1 },
            RevocationTarget::Key { kid: "k".into() },
            RevocationTarget::Changed { serial: 1, version: 2 },
            RevocationTarget::Suspended { organization: "o".into() },
        ];
        for (target, seq) in levels.into_iter().zip(1..) {
            let revocation = Revocation { seq, at: 0, target };
            assert!(revoked.apply(&revocation), "new");
            assert!(!revoked.apply(&revocation), "known");
        }
        for (deleted_up_to, is_another, tokens) in [
            (0, false, [1, 1, 1]),
            (1, true, [0, 1, 1]),
            (1, false, [0, 1, 1]),
            (2, true, [0, 0, 1]),
            (5, true, [0, 0, 1]),
            (8, true, [0, 0, 0]),
        ] {
            assert_eq!(revoked.delete_up_to(deleted_up_to), is_another, "{deleted_up_to}");
            assert_eq!([revoked.serials.len(), revoked.jwts.len(), revoked.edits.len()], tokens, "{deleted_up_to}");
            let others = [&revoked.organizations, &revoked.keys].map(HashSet::len);
            assert_eq!(
                (others, revoked.issued_before.len(), revoked.issued_up_to.len(), revoked.suspended.len()),
                ([1, 1], 1, 1, 1),
                "{deleted_up_to}"
            );
        }
    }

    #[test]
    fn a_complete_reading_of_the_feed_replaces_suspensions_and_edits_and_no_revocation() {
        let mut revoked = RevokedSet::default();
        let organization = || "o".to_owned();
        let apply = |revoked: &mut RevokedSet, seq, target| revoked.apply(&Revocation { seq, at: 0, target });
        apply(&mut revoked, 1, RevocationTarget::Organization { organization: organization() });
        apply(&mut revoked, 2, RevocationTarget::Suspended { organization: organization() });
        apply(&mut revoked, 3, RevocationTarget::Changed { serial: 1, version: 5 });
        apply(&mut revoked, 4, RevocationTarget::Changed { serial: 2, version: 5 });
        revoked.complete_reading();
        assert_eq!((revoked.suspended.len(), revoked.edits.len()), (1, 2));

        // A backup was restored, in which the organization is not suspended.
        revoked.readings += 1;
        assert!(!apply(&mut revoked, 3, RevocationTarget::Changed { serial: 1, version: 5 }), "known");
        assert_eq!((revoked.suspended.len(), revoked.edits.len()), (1, 2), "until the reading is complete");
        revoked.complete_reading();
        assert_eq!((revoked.suspended.len(), revoked.edits.len()), (0, 1));
        assert_eq!(revoked.organizations.len(), 1);
    }
}
