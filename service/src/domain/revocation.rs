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
    /// Of [`RevocationTarget::IssuedBefore`]: the serial numbers of the tokens that were issued before
    /// the time and are not revoked themselves. Bundle references are left out, because each ends with
    /// its parent.
    pub(crate) roots: Vec<u64>,
    /// Of [`RevocationTarget::Organization`]: whether no other one may administer the service.
    pub(crate) is_last_operator: bool,
}

/// Returns the entries that a revocation adds to the feed; none if it changes nothing.
///
/// The first revocation counts. Of two times before which tokens are revoked, the later one does.
///
/// SECURITY: every stored token that `IssuedBefore` ends gets an entry of its own. A subscriber knows
/// when a child was issued and what its root is, but not when the root was issued: a child from the
/// time's own second, or a later one, would outlive its root.
///
/// # Errors
/// [`Error::NotFound`] if the store lacks the target, [`Error::InvalidRequest`] if it is the last organization that may
/// administer the service.
pub(crate) fn entries(target: &RevocationTarget, facts: &RevocationFacts) -> Result<Vec<RevocationTarget>, Error> {
    if !facts.exists {
        return Err(Error::NotFound);
    }
    let is_in_force = match target {
        RevocationTarget::IssuedBefore { time, .. } => facts.mark.is_some_and(|in_force| in_force >= *time),
        _ => facts.mark.is_some(),
    };
    if is_in_force {
        return Ok(vec![]);
    }
    if facts.is_last_operator {
        let why = "It is the last organization whose tokens may administer the service: without it, none could.";
        return Err(Error::InvalidRequest(why.into()));
    }
    let roots = facts.roots.iter().map(|serial| RevocationTarget::Token { serial: *serial });
    Ok([target.clone()].into_iter().chain(roots).collect())
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
    /// The time before which the organization's tokens are revoked, if one is in force.
    pub(crate) issued_before: Option<u64>,
    /// Since when the organization is suspended, if it is.
    pub(crate) suspended_at: Option<u64>,
}

/// What the store knows of a JWT.
pub(crate) struct JwtFacts {
    /// Its root, if the store has it.
    pub(crate) root: Option<RootFacts>,
    /// Whether the feed has an entry for the JWT itself.
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
            && root.issued_before.is_none_or(|time| time <= claims.iat)
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

    fn facts(exists: bool, mark: Option<u64>, roots: &[u64]) -> RevocationFacts {
        RevocationFacts { exists, mark, roots: roots.to_vec(), is_last_operator: false }
    }

    #[test]
    fn the_last_organization_that_may_administer_the_service_cannot_be_revoked() {
        let target = RevocationTarget::Organization { organization: "o".into() };
        let last = |mark| RevocationFacts { is_last_operator: true, ..facts(true, mark, &[]) };
        assert!(matches!(entries(&target, &last(None)), Err(Error::InvalidRequest(_))));
        assert_eq!(entries(&target, &last(Some(9))), Ok(vec![]), "as long as it was revoked by an earlier version");
        assert_eq!(entries(&target, &facts(true, None, &[])), Ok(vec![target.clone()]));
    }

    #[test]
    fn the_first_revocation_counts_and_of_two_times_the_later() {
        let token = RevocationTarget::Token { serial: 3 };
        let before = |time| RevocationTarget::IssuedBefore { organization: "o".into(), time };
        for (target, facts, added) in [
            (&token, facts(true, None, &[]), Ok(vec![token.clone()])),
            (&token, facts(true, Some(9), &[]), Ok(vec![])),
            (&token, facts(false, None, &[]), Err(Error::NotFound)),
            (&before(10), facts(true, None, &[3]), Ok(vec![before(10), token.clone()])),
            (&before(10), facts(true, Some(9), &[3]), Ok(vec![before(10), token.clone()])),
            (&before(10), facts(true, Some(10), &[3]), Ok(vec![])),
            (&before(10), facts(true, Some(11), &[3]), Ok(vec![])),
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
        let root = |organization: &str, revoked_at, issued_before| {
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
        let facts = JwtFacts { root: root("o", None, None), has_entry: false, deleted_up_to: 6 };
        assert_eq!(jwt_standing(&claims, &facts), Standing::Revoked, "its entry may be gone");
        for (revoked_at, standing) in [(None, Standing::Suspended), (Some(7), Standing::Revoked)] {
            let root = root("o", revoked_at, None).map(|root| RootFacts { suspended_at: Some(6), ..root });
            assert_eq!(jwt_standing(&claims, &JwtFacts { root, has_entry: false, deleted_up_to: 5 }), standing);
        }
    }
}
