//! Revocations: which entries of the feed one makes, and what they end.

use daypass::api::{RevocationTarget, TokenRecord};
use daypass::jwt::Claims;
use daypass::verify::Standing;
use daypass::{Error, TokenKind};

use super::retention::is_older_than_entries;

/// Returns the number after which a subscriber reads the feed whose last number is `latest`.
///
/// A number that the feed has not reached is from before a backup was restored: that subscriber reads
/// everything.
pub(crate) fn read_after(after: u64, latest: u64) -> u64 {
    if after > latest { 0 } else { after }
}

/// What the store knows of a target that is to be revoked.
pub(crate) struct RevocationFacts {
    /// Whether the store has the target. A JWT needs no record: its signature makes it known.
    pub(crate) exists: bool,
    /// When the target itself was revoked. Of [`RevocationTarget::IssuedBefore`]: the time that is in
    /// force.
    pub(crate) mark: Option<u64>,
    /// Of [`RevocationTarget::IssuedBefore`].
    pub(crate) order: IssueOrder,
    /// Of [`RevocationTarget::Organization`]: whether no other one may administer the service.
    pub(crate) is_last_operator: bool,
}

/// In which order an organization's tokens were created, as far as a time before which they are revoked needs it. Bundle
/// references are left out, because each ends with its parent.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct IssueOrder {
    /// The serial number up to which they are revoked already.
    pub(crate) revoked_up_to: Option<u64>,
    /// The last one that is not revoked itself and whose own time is before the time, or later than now: then a clock
    /// was ahead when it was created, or is behind now.
    pub(crate) last_before: Option<u64>,
}

/// Returns the entries that a revocation adds to the feed; none if it changes nothing.
///
/// The first revocation counts. Of two times before which tokens are revoked, the later one does.
///
/// SECURITY: a time revokes by the order in which tokens were created, up to the last one that may be from before it:
/// clocks may have been wrong in either direction, and a token that was created before that one was issued before the
/// time too. A subscriber knows a JWT's root, and no entry for each token is needed.
///
/// # Errors
/// [`Error::NotFound`] if the store lacks the target, [`Error::InvalidRequest`] if it is the last organization that may
/// administer the service.
pub(crate) fn entries(target: &RevocationTarget, facts: &RevocationFacts) -> Result<Vec<RevocationTarget>, Error> {
    if !facts.exists {
        return Err(Error::NotFound);
    }
    if let RevocationTarget::IssuedBefore { organization, time } = target {
        return Ok(issued_up_to(organization, *time, facts).into_iter().collect());
    }
    if facts.mark.is_some() {
        return Ok(vec![]);
    }
    if facts.is_last_operator {
        let why = "It is the last organization whose tokens may administer the service: without it, none could.";
        return Err(Error::InvalidRequest(why.into()));
    }
    Ok(vec![target.clone()])
}

/// Returns the entry that revokes what was issued before a time; none if as much is revoked already.
fn issued_up_to(organization: &str, time: u64, facts: &RevocationFacts) -> Option<RevocationTarget> {
    let IssueOrder { revoked_up_to, last_before } = facts.order;
    let root_serial = revoked_up_to.max(last_before).unwrap_or(0);
    let is_in_force = facts.mark.is_some_and(|in_force| in_force >= time) && root_serial <= revoked_up_to.unwrap_or(0);
    let time = facts.mark.unwrap_or(0).max(time);
    (!is_in_force).then(|| RevocationTarget::IssuedUpTo { organization: organization.to_owned(), time, root_serial })
}

/// Returns the signed bundle that ends with a token: the one that a single-use reference was redeemed for, whose `jti` is the
/// reference's id.
///
/// Single-use references have no grants. Another reference without any only gets an entry that names nothing.
pub(crate) fn redeemed_bundle(record: &TokenRecord) -> Option<RevocationTarget> {
    let is_single_use = record.kind == TokenKind::Bundle && record.grants.is_empty();
    is_single_use.then(|| RevocationTarget::Jwt { jti: record.id.clone() })
}

/// Requires that the time before which tokens are revoked is not in the future.
///
/// # Errors
/// [`Error::InvalidRequest`] if it is.
pub(crate) fn check_issued_before(time: u64, now: u64) -> Result<(), Error> {
    if time <= now {
        return Ok(());
    }
    Err(Error::InvalidRequest(format!("The time {time} is in the future. Give one that is not later than now, {now}.")))
}

/// The stored token at the root of a JWT, as the store knows it.
pub(crate) struct RootFacts {
    /// Its organization.
    pub(crate) organization: String,
    /// When it was revoked, at whichever level.
    pub(crate) revoked_at: Option<u64>,
    /// The time before which the organization's tokens are revoked, if one is in force, and the number of its entry.
    pub(crate) issued_before: Option<(u64, u64)>,
    /// Since when the organization is suspended, if it is.
    pub(crate) suspended_at: Option<u64>,
}

/// What the store knows of a JWT.
pub(crate) struct JwtFacts {
    /// Its root, if the store has it.
    pub(crate) root: Option<RootFacts>,
    /// Whether the feed has an entry for the JWT itself, or for one that it was exchanged for.
    pub(crate) has_entry: bool,
    /// The number up to which entries are no longer kept.
    pub(crate) deleted_up_to: u64,
}

/// Returns whether a JWT with these claims is revoked or suspended. A root that the store lacks is not active, and a
/// JWT whose entry may be gone counts as revoked.
pub(crate) fn jwt_standing(claims: &Claims, facts: &JwtFacts) -> Standing {
    let is_root_active = facts.root.as_ref().is_some_and(|root| {
        root.organization == claims.sub
            && root.revoked_at.is_none()
            // By the order: a clock may have been wrong, when the time was given or when the JWT was minted.
            && root.issued_before.is_none_or(|(time, seq)| time <= claims.iat || seq <= claims.feed_seq)
    });
    if facts.has_entry || !is_root_active || is_older_than_entries(claims.feed_seq, facts.deleted_up_to) {
        Standing::Revoked
    } else if facts.root.as_ref().is_some_and(|root| root.suspended_at.is_some()) {
        Standing::Suspended
    } else {
        Standing::Good
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use daypass::TokenKind;

    use super::*;

    fn facts(exists: bool, mark: Option<u64>, order: IssueOrder) -> RevocationFacts {
        RevocationFacts { exists, mark, order, is_last_operator: false }
    }

    const NO_ORDER: IssueOrder = IssueOrder { revoked_up_to: None, last_before: None };

    #[test]
    fn the_last_organization_that_may_administer_the_service_cannot_be_revoked() {
        let target = RevocationTarget::Organization { organization: "o".into() };
        let last = |mark| RevocationFacts { is_last_operator: true, ..facts(true, mark, NO_ORDER) };
        assert!(matches!(entries(&target, &last(None)), Err(Error::InvalidRequest(_))));
        assert_eq!(entries(&target, &last(Some(9))), Ok(vec![]), "as long as it was revoked by an earlier version");
        assert_eq!(entries(&target, &facts(true, None, NO_ORDER)), Ok(vec![target.clone()]));
    }

    #[test]
    fn the_first_revocation_counts_and_of_two_times_the_later() {
        let token = RevocationTarget::Token { serial: 3 };
        let before = RevocationTarget::IssuedBefore { organization: "o".into(), time: 10 };
        let up_to =
            |time, root_serial| Ok(vec![RevocationTarget::IssuedUpTo { organization: "o".into(), time, root_serial }]);
        let order = |revoked_up_to, last_before| IssueOrder { revoked_up_to, last_before };
        for (target, facts, added) in [
            (&token, facts(true, None, NO_ORDER), Ok(vec![token.clone()])),
            (&token, facts(true, Some(9), NO_ORDER), Ok(vec![])),
            (&token, facts(false, None, NO_ORDER), Err(Error::NotFound)),
            (&before, facts(false, None, order(None, Some(3))), Err(Error::NotFound)),
            (&before, facts(true, None, NO_ORDER), up_to(10, 0)),
            (&before, facts(true, None, order(None, Some(3))), up_to(10, 3)),
            (&before, facts(true, Some(9), order(Some(2), Some(3))), up_to(10, 3)),
            (&before, facts(true, Some(9), order(Some(4), Some(3))), up_to(10, 4)),
            (&before, facts(true, Some(10), order(Some(3), Some(3))), Ok(vec![])),
            (&before, facts(true, Some(11), order(Some(3), None)), Ok(vec![])),
            // By an earlier version, which marked each token.
            (&before, facts(true, Some(10), NO_ORDER), Ok(vec![])),
            // The clock was ahead when the later time was given: tokens that were created since then count.
            (&before, facts(true, Some(99), order(Some(3), Some(7))), up_to(99, 7)),
        ] {
            assert_eq!(entries(target, &facts), added, "{target}, {:?}", facts.mark);
        }
    }

    #[test]
    fn a_jwt_is_revoked_by_its_own_entry_its_root_or_a_time_after_it_was_issued() {
        let claims = Claims {
            iss: "i".into(),
            sub: "o".into(),
            aud: "a".into(),
            iat: 100,
            nbf: None,
            exp: 1000,
            jti: "j".into(),
            client_id: "c".into(),
            root_serial: 3,
            feed_seq: 5,
            cnf: None,
            kind: TokenKind::Temporary,
            grants: vec![],
            origins: vec![],
            subject: None,
            claims: BTreeMap::new(),
            sealed: None,
        };
        let root = |organization: &str, revoked_at, time: Option<u64>| {
            // Its entry came after the JWT.
            let issued_before = time.map(|time| (time, 6));
            Some(RootFacts { organization: organization.into(), revoked_at, issued_before, suspended_at: None })
        };
        for (root, has_entry, is_revoked) in [
            (root("o", None, None), false, false),
            (root("o", None, Some(100)), false, false),
            (root("o", None, Some(101)), false, true),
            (root("o", Some(1), None), false, true),
            (root("other", None, None), false, true),
            (root("o", None, None), true, true),
            (None, false, true),
        ] {
            let standing = jwt_standing(&claims, &JwtFacts { root, has_entry, deleted_up_to: 5 });
            assert_eq!(standing, if is_revoked { Standing::Revoked } else { Standing::Good });
        }
        let later = root("o", None, None).map(|root| RootFacts { issued_before: Some((101, 5)), ..root });
        let facts = JwtFacts { root: later, has_entry: false, deleted_up_to: 5 };
        assert_eq!(jwt_standing(&claims, &facts), Standing::Good, "minted after the entry, while the clock was behind");
        let facts = JwtFacts { root: root("o", None, None), has_entry: false, deleted_up_to: 6 };
        assert_eq!(jwt_standing(&claims, &facts), Standing::Revoked, "its entry may be gone");
        for (revoked_at, standing) in [(None, Standing::Suspended), (Some(7), Standing::Revoked)] {
            let root = root("o", revoked_at, None).map(|root| RootFacts { suspended_at: Some(6), ..root });
            assert_eq!(jwt_standing(&claims, &JwtFacts { root, has_entry: false, deleted_up_to: 5 }), standing);
        }
    }
}
