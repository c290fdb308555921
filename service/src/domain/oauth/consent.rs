//! What users let clients have, and what ends when they withdraw it.

use daypass::api::{PrincipalKind, RevocationTarget};
use daypass::{Error, ScopeSet};

use super::client::Client;
use super::scope;
use crate::domain::catalogs::Catalogs;
use crate::domain::principal::Principal;
use crate::domain::role;

/// What a user lets a client have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Consent {
    /// The client.
    pub(crate) client: Client,
    /// The scopes, by their names of that time.
    pub(crate) scopes: ScopeSet,
    /// When it was given, or last widened.
    pub(crate) given_at: u64,
}

/// Who gives a consent, and for which client.
#[derive(Debug, Clone)]
pub(crate) struct Parties {
    /// The organization of both.
    pub(crate) organization: String,
    /// The id of the user.
    pub(crate) owner: String,
    /// The `client_id`.
    pub(crate) client: String,
}

/// What the store knows when a user lets a client have something.
pub(crate) struct ConsentFacts {
    /// The client, if the organization has it.
    pub(crate) client: Option<Client>,
    /// The user, if the organization has it.
    pub(crate) owner: Option<Principal>,
    /// What the user lets the client have already.
    pub(crate) given: Option<ScopeSet>,
}

/// Requires that a user may let a client have these scopes of the catalogue.
///
/// SECURITY: a client acts for a user with what the user's role has, and no more.
///
/// # Errors
/// [`Error::NotFound`] without a client or a user, or with one that was removed, [`Error::InvalidRequest`] if one is not
/// active, [`Error::InvalidScope`] for what the client may not ask for or the user does not have.
pub(crate) fn may_give(facts: &ConsentFacts, scopes: &ScopeSet, catalogs: &Catalogs) -> Result<(), Error> {
    let client = facts.client.as_ref().ok_or(Error::NotFound)?;
    if client.require_active().is_err() {
        return Err(Error::InvalidRequest("The client was removed, or its organization is not active.".into()));
    }
    let owner = facts.owner.as_ref().filter(|owner| owner.removed_at.is_none()).ok_or(Error::NotFound)?;
    if scopes.is_empty() || !scope::allowed(client, catalogs).covers_all(scopes) {
        return Err(Error::InvalidScope("This client may not ask for all of these scopes.".into()));
    }
    if has(owner, scopes, catalogs) {
        Ok(())
    } else {
        Err(Error::InvalidScope("Your role does not have all of these scopes.".into()))
    }
}

/// Returns whether a principal is a user whose role has these scopes.
pub(super) fn has(owner: &Principal, scopes: &ScopeSet, catalogs: &Catalogs) -> bool {
    let role = owner.role.filter(|_| owner.kind == PrincipalKind::User && owner.removed_at.is_none());
    role.is_some_and(|role| role::product(role, catalogs).covers_all(scopes))
}

/// Returns what a user lets a client have after a consent to these scopes.
///
/// # Errors
/// Those of [`may_give`].
pub(crate) fn give(facts: &ConsentFacts, scopes: &ScopeSet, catalogs: &Catalogs) -> Result<ScopeSet, Error> {
    may_give(facts, scopes, catalogs)?;
    let given = facts.given.as_ref().map(|given| scope::current(given, catalogs)).unwrap_or_default();
    Ok(given.iter().chain(scopes.iter()).cloned().collect())
}

/// What one transaction of a withdrawal does.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Withdrawal {
    /// The entries of the feed, one for each family that it revokes.
    pub(crate) revoked: Vec<RevocationTarget>,
    /// Whether no other families are left.
    pub(crate) is_last: bool,
}

/// Returns what a transaction of a withdrawal does that revokes so many families at most, given the serial numbers of those
/// that are not revoked.
pub(crate) fn withdraw(families: &[u64], most: usize) -> Withdrawal {
    let revoked = families.iter().take(most).map(|serial| RevocationTarget::Token { serial: *serial });
    Withdrawal { revoked: revoked.collect(), is_last: families.len() <= most }
}

#[cfg(test)]
mod tests {
    use daypass::Catalog;
    use daypass::api::Role;

    use super::super::client::tests::{client, scopes};
    use super::*;
    use crate::domain::principal::tests::{code, principal};

    fn facts(given: Option<&str>) -> ConsentFacts {
        let owner = principal(PrincipalKind::User, Some(Role::Developer), None);
        ConsentFacts { client: Some(client()), owner: Some(owner), given: given.map(scopes) }
    }

    #[test]
    fn a_user_lets_a_client_have_what_the_role_has_and_the_client_may_ask_for() {
        let catalogs = Catalogs::new(Catalog::space_api());
        let user = |role, removed_at| principal(PrincipalKind::User, Some(role), removed_at);
        for (owner, asked, expected) in [
            (Some(user(Role::Developer, None)), "floor:readPrivate", Ok(())),
            (Some(user(Role::Viewer, None)), "floor:readPublic", Ok(())),
            (Some(user(Role::Viewer, None)), "floor:readPrivate", Err("invalid_scope")),
            (Some(user(Role::Owner, None)), "floor:export", Err("invalid_scope")),
            (Some(user(Role::Owner, None)), "", Err("invalid_scope")),
            (Some(user(Role::Owner, Some(7))), "floor:readPublic", Err("not_found")),
            (Some(principal(PrincipalKind::ServiceAccount, None, None)), "floor:readPublic", Err("invalid_scope")),
            (None, "floor:readPublic", Err("not_found")),
        ] {
            let facts = ConsentFacts { owner, ..facts(None) };
            assert_eq!(code(may_give(&facts, &scopes(asked), &catalogs)), expected, "{:?} {asked}", facts.owner);
        }
        let suspended = Client { suspended_at: Some(7), ..client() };
        for (client, expected) in [(None, "not_found"), (Some(suspended), "invalid_request")] {
            let facts = ConsentFacts { client, ..facts(None) };
            assert_eq!(code(may_give(&facts, &scopes("floor:readPublic"), &catalogs)), Err(expected));
        }
    }

    #[test]
    fn a_later_consent_adds_to_the_earlier_one() {
        let catalogs = Catalogs::new(Catalog::space_api());
        for (given, asked, expected) in [
            (None, "floor:readPublic", "floor:readPublic"),
            (Some("floor:readPublic"), "floor:readPrivate", "floor:readPrivate floor:readPublic"),
            (Some("floor:readPublic"), "floor:readPublic", "floor:readPublic"),
        ] {
            let given = give(&facts(given), &scopes(asked), &catalogs).map(|scopes| scopes.to_string());
            assert_eq!(given.as_deref(), Ok(expected));
        }
    }

    #[test]
    fn a_withdrawal_revokes_all_families_in_as_many_transactions_as_it_takes() {
        let target = |serial| RevocationTarget::Token { serial };
        for (families, revoked, is_last) in [
            (&[][..], vec![], true),
            (&[3, 5], vec![target(3), target(5)], true),
            (&[3, 5, 9], vec![target(3), target(5)], false),
        ] {
            assert_eq!(withdraw(families, 2), Withdrawal { revoked, is_last });
        }
    }
}
