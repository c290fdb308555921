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

/// How long a refresh token is kept, in seconds, so that a second use of it is noticed: longer than any family lasts.
pub(crate) const KEPT: u64 = TOTAL + 24 * 3600;

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
/// SECURITY: a token that was used before is in two hands, and nobody knows which are the right ones: the family ends. A token
/// that is presented by another client, or without the key that it is bound to, is none of theirs, and the family stays.
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
