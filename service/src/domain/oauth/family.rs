//! Families of refresh tokens: how long they last, and what a use of one gives.

use daypass::api::TokenRecord;
use daypass::{OpaqueToken, ScopeSet};

use super::client::Client;
use super::refusal::{Refusal, RefusalCode};
use super::scope;
use crate::domain::catalogs::Catalogs;
use crate::domain::principal::Principal;
use crate::domain::token::{NewToken, TokenStatus, status};

/// How long an access token lasts at most, in seconds.
pub(crate) const ACCESS_LIFETIME: u64 = 3600;

/// How long a family lasts without a use, in seconds.
const IDLE: u64 = 30 * 24 * 3600;

/// How long a family lasts in all, in seconds.
const TOTAL: u64 = 365 * 24 * 3600;

/// How many families a user has with a client at once: a new one ends the oldest.
pub(crate) const MOST: usize = 100;

/// How many families a new one ends at most, if there are more after all.
pub(crate) const MOST_ENDED: usize = 10;

/// How many refresh tokens of a family are kept, so that a second use of one is noticed: a client that asks for one after
/// another does not fill the store.
///
/// They are not deleted by their age: a clock that is ahead would delete those that are in use.
///
/// An older one is not known any more, and is refused without an end of the family.
pub(crate) const MOST_KEPT: u64 = 1000;

/// A family to be stored.
#[derive(Clone)]
pub(crate) struct NewFamily {
    /// Its own row, which says what it may do. The store gives the serial number.
    pub(crate) token: NewToken,
    /// The number of the client's principal.
    pub(crate) client: u64,
    /// The user whom its tokens act for.
    pub(crate) owner: Principal,
    /// The first refresh token; without one the family ends with its first access token.
    pub(crate) refresh: Option<OpaqueToken>,
    /// The thumbprint of the key that its refresh tokens are bound to, if any (RFC 9449, section 5).
    pub(crate) jkt: Option<String>,
}

/// Returns when a family ends that was begun at one time and used at another.
pub(super) fn end(created_at: u64, used_at: u64, has_refresh: bool) -> u64 {
    let idle = if has_refresh { IDLE } else { ACCESS_LIFETIME };
    used_at.saturating_add(idle).min(created_at.saturating_add(TOTAL))
}

/// Returns when an access token ends that is minted now from a root with this end.
pub(crate) fn access_end(now: u64, root_end: Option<u64>) -> u64 {
    let end = now.saturating_add(ACCESS_LIFETIME);
    root_end.map_or(end, |root_end| end.min(root_end))
}

/// Returns the end of a family from which on its revocation needs an entry.
///
/// SECURITY: also one that ended in the last day, since the clock may be ahead.
pub(crate) fn revocable_from(now: u64) -> u64 {
    now.saturating_sub(24 * 3600)
}

/// What the store knows of a refresh token.
pub(crate) struct RefreshFacts {
    /// Its family.
    pub(crate) family: TokenRecord,
    /// The client that it was issued to.
    pub(crate) client: Client,
    /// The thumbprint of the key that the family's refresh tokens are bound to, if any.
    pub(crate) jkt: Option<String>,
    /// When it was used, if it was.
    pub(crate) used_at: Option<u64>,
}

impl RefreshFacts {
    /// Returns whether the refresh token can be used at this time.
    pub(crate) fn is_active(&self, now: u64) -> bool {
        self.used_at.is_none() && status(&self.family, now) == TokenStatus::Active
    }
}

/// What a client presents with a refresh token.
#[derive(Clone)]
pub(crate) struct Presented {
    /// The `client_id` as which it is authenticated.
    pub(crate) client: String,
    /// The scopes that it asks for, if it names some.
    pub(crate) scope: Option<String>,
    /// The thumbprint of the key that it proves, if it does.
    pub(crate) jkt: Option<String>,
}

/// What a use of a refresh token does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RefreshUse {
    /// The next refresh token takes its place.
    Rotate {
        /// The family, with its new end.
        family: Box<TokenRecord>,
        /// The scopes of the access token.
        scopes: ScopeSet,
    },
    /// It is a second use: the family is to be revoked.
    Reused {
        /// The organization of the family.
        organization: String,
        /// The serial number of the family.
        serial: u64,
    },
    /// It is refused.
    Refused(Refusal),
}

/// Returns what a use of a refresh token does.
///
/// SECURITY: a second use means that two have the token, and nobody knows which of them stole it: the family ends. Another client
/// cannot use it, and neither can a client without the key that it is bound to: those are refused, and the family stays.
pub(crate) fn refresh(
    facts: Option<&RefreshFacts>,
    presented: &Presented,
    catalogs: &Catalogs,
    now: u64,
) -> RefreshUse {
    let refuse = |why: &str| RefreshUse::Refused(Refusal::new(RefusalCode::InvalidGrant, why));
    let Some(facts) = facts.filter(|facts| facts.client.id() == presented.client) else {
        return refuse("The refresh token is not known, or it was issued to another client.");
    };
    let RefreshFacts { family, client, jkt, used_at } = facts;
    if jkt.is_some() && *jkt != presented.jkt {
        return refuse("The refresh token is bound to a key, of which the request has no proof.");
    }
    let status = status(family, now);
    if status == TokenStatus::Revoked {
        return refuse("The refresh token was revoked.");
    }
    if used_at.is_some() {
        return RefreshUse::Reused { organization: family.organization.clone(), serial: family.serial };
    }
    match status {
        TokenStatus::Active => {}
        TokenStatus::Expired => return refuse("The refresh token has expired."),
        TokenStatus::Suspended | TokenStatus::Revoked => return refuse("The organization is suspended."),
    }
    let granted = family.grants.iter().flat_map(|grant| grant.scopes.iter().cloned()).collect();
    match scope::narrow(presented.scope.as_deref(), &granted, client, catalogs) {
        Ok(scopes) => {
            let expires_at = Some(end(family.created_at, now, true));
            RefreshUse::Rotate { family: Box::new(TokenRecord { expires_at, ..family.clone() }), scopes }
        }
        Err(error) => RefreshUse::Refused(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use daypass::{Catalog, TokenKind};

    use super::super::client::tests::{client, scopes};
    use super::*;

    const YEAR: u64 = 365 * 24 * 3600;

    /// A refresh token of a family that was begun at 100 and ends at 1000.
    fn facts() -> RefreshFacts {
        let token = OpaqueToken::generate(TokenKind::OauthRefresh, |bytes| bytes.fill(1)).expect("an opaque kind");
        let grants = scope::grants("o", scopes("floor:readPrivate floor:readPublic"));
        let token = NewToken::new(&token, "tok_1".into(), "App".into(), "o".into(), grants, 100);
        let family = TokenRecord { serial: 7, expires_at: Some(1000), ..token.record };
        RefreshFacts { family, client: client(), jkt: None, used_at: None }
    }

    fn presented(scope: Option<&str>) -> Presented {
        Presented { client: client().id().to_owned(), scope: scope.map(str::to_owned), jkt: None }
    }

    fn use_at(now: u64, facts: Option<&RefreshFacts>, presented: &Presented) -> Result<String, &'static str> {
        match refresh(facts, presented, &Catalogs::new(Catalog::space_api()), now) {
            RefreshUse::Rotate { scopes, .. } => Ok(scopes.to_string()),
            RefreshUse::Reused { organization, serial } => {
                assert_eq!((&*organization, serial), ("o", 7));
                Err("reused")
            }
            RefreshUse::Refused(Refusal::OAuth(code, _)) => Err(code.as_str()),
            RefreshUse::Refused(Refusal::Service(_)) => Err("unavailable"),
        }
    }

    #[test]
    fn a_refresh_token_is_for_its_client_and_its_key_and_is_used_once() {
        let all = || Ok("floor:readPrivate floor:readPublic".to_owned());
        let with = |change: fn(&mut RefreshFacts)| {
            let mut facts = facts();
            change(&mut facts);
            facts
        };
        let another = Presented { client: "app_2".into(), ..presented(None) };
        let with_key = Presented { jkt: Some("key".into()), ..presented(None) };
        let none = presented(None);
        let bound: fn(&mut RefreshFacts) = |facts| facts.jkt = Some("key".into());
        let used: fn(&mut RefreshFacts) = |facts| facts.used_at = Some(150);
        let suspended: fn(&mut RefreshFacts) = |facts| facts.family.suspended_at = Some(150);
        for (now, facts, presented, expected) in [
            (999, with(|_| {}), &none, all()),
            (200, with(|_| {}), &with_key, all()),
            (200, with(|_| {}), &another, Err("invalid_grant")),
            (1000, with(|_| {}), &none, Err("invalid_grant")),
            (200, with(|facts| facts.family.revoked_at = Some(150)), &none, Err("invalid_grant")),
            (200, with(suspended), &none, Err("invalid_grant")),
            (200, with(bound), &with_key, all()),
            (200, with(bound), &none, Err("invalid_grant")),
            (200, with(bound), &Presented { jkt: Some("other".into()), ..presented(None) }, Err("invalid_grant")),
            (200, with(used), &none, Err("reused")),
            (1000, with(used), &none, Err("reused")),
            (200, with(used), &another, Err("invalid_grant")),
        ] {
            assert_eq!(use_at(now, Some(&facts), presented), expected, "{now} {:?} {:?}", facts.used_at, facts.jkt);
        }
        // Whose family is revoked already needs no other revocation.
        let revoked = RefreshFacts { family: TokenRecord { revoked_at: Some(150), ..facts().family }, ..with(used) };
        assert_eq!(use_at(200, Some(&revoked), &none), Err("invalid_grant"));
        assert_eq!(use_at(200, None, &none), Err("invalid_grant"));
    }

    #[test]
    fn an_access_token_may_have_fewer_scopes_than_its_family_and_never_more() {
        for (scope, expected) in [
            (Some("floor:readPublic"), Ok("floor:readPublic".to_owned())),
            (Some("floor:export"), Err("invalid_scope")),
            (Some("floor:readPublic floor:export"), Err("invalid_scope")),
            (Some("*"), Err("invalid_scope")),
        ] {
            assert_eq!(use_at(200, Some(&facts()), &presented(scope)), expected, "{scope:?}");
        }
        // The family keeps what it has.
        let catalogs = Catalogs::new(Catalog::space_api());
        match refresh(Some(&facts()), &presented(Some("floor:readPublic")), &catalogs, 200) {
            RefreshUse::Rotate { family, .. } => assert_eq!(family.grants, facts().family.grants),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_family_ends_a_month_after_its_last_use_and_after_a_year_in_all() {
        let day = 24 * 3600;
        for (used_at, has_refresh, expected) in [
            (0, true, 30 * day),
            (100 * day, true, 130 * day),
            (340 * day, true, YEAR),
            (400 * day, true, YEAR),
            (0, false, ACCESS_LIFETIME),
        ] {
            assert_eq!(end(0, used_at, has_refresh), expected, "{used_at}");
        }
        for (root_end, expected) in [(None, 3700), (Some(3700), 3700), (Some(200), 200)] {
            assert_eq!(access_end(100, root_end), expected);
        }
    }
}
