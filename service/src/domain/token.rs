//! Stored tokens: when one may be added, and when it is active.

use daypass::api::TokenRecord;
use daypass::verify::TokenHash;
use daypass::{Error, Grant, OpaqueToken, TokenKind};
use serde::Deserialize;

use super::organization::Organization;

/// How many active publishable tokens an organization may have, and how many secret ones.
///
/// The Space API has the same limit.
const MOST_ACTIVE: usize = 100;

/// A token to be stored: its record, and the hash of the token itself.
#[derive(Clone)]
pub(crate) struct NewToken {
    /// Its record. The store gives the serial number.
    pub(crate) record: TokenRecord,
    /// The hash by which the token is found.
    pub(crate) hash: TokenHash,
}

impl NewToken {
    /// A token that is created now, never expires and has no origins and no root.
    pub(crate) fn new(
        token: &OpaqueToken,
        id: String,
        name: String,
        organization: String,
        grants: Vec<Grant>,
        now: u64,
    ) -> NewToken {
        let record = TokenRecord {
            id,
            serial: 0,
            root_serial: None,
            kind: token.kind(),
            name,
            organization,
            grants,
            origins: vec![],
            created_at: now,
            expires_at: None,
            revoked_at: None,
            last_chars: token.last_chars().to_owned(),
        };
        NewToken { record, hash: TokenHash::of(token) }
    }
}

/// What decides whether a stored token can be used.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TokenState {
    /// When it expires, if ever.
    pub(crate) expires_at: Option<u64>,
    /// When it was revoked, at whichever level.
    pub(crate) revoked_at: Option<u64>,
}

impl TokenState {
    /// Returns whether the token can be used at this time.
    pub(crate) fn status(self, now: u64) -> TokenStatus {
        if self.revoked_at.is_some() {
            TokenStatus::Revoked
        } else if self.expires_at.is_some_and(|end| end <= now) {
            TokenStatus::Expired
        } else {
            TokenStatus::Active
        }
    }

    /// Requires that the token is active at this time.
    ///
    /// # Errors
    /// [`Error::TokenRevoked`], or else [`Error::TokenExpired`].
    fn require_active(self, now: u64) -> Result<(), Error> {
        match self.status(now) {
            TokenStatus::Active => Ok(()),
            TokenStatus::Expired => Err(Error::TokenExpired),
            TokenStatus::Revoked => Err(Error::TokenRevoked),
        }
    }
}

/// Whether a stored token can be used, as lists name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum TokenStatus {
    /// It can be used.
    Active,
    /// Its time is over, and it was not revoked.
    Expired,
    /// It was revoked, at whichever level.
    Revoked,
}

impl TokenStatus {
    /// Every status.
    pub(crate) const ALL: [TokenStatus; 3] = [TokenStatus::Active, TokenStatus::Expired, TokenStatus::Revoked];

    /// Returns the name on the wire.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            TokenStatus::Active => "active",
            TokenStatus::Expired => "expired",
            TokenStatus::Revoked => "revoked",
        }
    }
}

/// Returns whether a stored token can be used at this time.
pub(crate) fn status(record: &TokenRecord, now: u64) -> TokenStatus {
    TokenState { expires_at: record.expires_at, revoked_at: record.revoked_at }.status(now)
}

/// Returns whether a stored token is active at this time.
pub(crate) fn is_active(record: &TokenRecord, now: u64) -> bool {
    status(record, now) == TokenStatus::Active
}

/// Requires that the store has the parent, and that it is active at this time.
///
/// # Errors
/// [`Error::InvalidToken`] if the store lacks it, [`Error::TokenRevoked`] or [`Error::TokenExpired`].
pub(crate) fn require_active_parent(parent: Option<TokenState>, now: u64) -> Result<(), Error> {
    parent.ok_or(Error::InvalidToken)?.require_active(now)
}

/// What the store knows when a token is to be added.
pub(crate) struct AddFacts {
    /// The token's organization, if the store has it.
    pub(crate) organization: Option<Organization>,
    /// How many active tokens of the organization have the new token's id.
    pub(crate) active_of_id: usize,
    /// How many active tokens of the organization are of the new token's kind, counted up to [`most_active`].
    pub(crate) active_of_kind: usize,
}

/// Returns how many active tokens of this kind an organization may have, if there is a limit.
pub(crate) fn most_active(kind: TokenKind) -> Option<usize> {
    matches!(kind, TokenKind::Publishable | TokenKind::Secret).then_some(MOST_ACTIVE)
}

/// Requires that a token of this kind may be added.
///
/// # Errors
/// When the organization does not exist or was revoked, when the id is taken, or when a limit is reached.
pub(crate) fn may_add(kind: TokenKind, facts: &AddFacts) -> Result<(), Error> {
    if facts.organization.as_ref().ok_or(Error::NotFound)?.revoked_at.is_some() {
        let why = "The organization was revoked, permanently: it has no active tokens.";
        return Err(Error::InvalidRequest(why.into()));
    }
    if facts.active_of_id > 0 {
        return Err(Error::AlreadyExists);
    }
    match most_active(kind) {
        Some(most) if facts.active_of_kind >= most => Err(Error::LimitReached { most, kind }),
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_added_while_its_organization_stands_its_id_is_free_and_the_limit_is_not_reached() {
        let with = |revoked_at| Organization { revoked_at, ..Organization::new("o".into(), "O".into(), 1) };
        let (stands, revoked) = (Some(with(None)), Some(with(Some(7))));
        for (organization, active_of_id, active_of_kind, kind, code) in [
            (&stands, 0, 99, TokenKind::Secret, None),
            (&stands, 0, 100, TokenKind::Secret, Some("limit_reached")),
            (&stands, 0, 100, TokenKind::Publishable, Some("limit_reached")),
            (&stands, 0, 100, TokenKind::Application, None),
            (&stands, 1, 100, TokenKind::Secret, Some("already_exists")),
            (&revoked, 1, 100, TokenKind::Secret, Some("invalid_request")),
            (&None, 0, 0, TokenKind::Secret, Some("not_found")),
        ] {
            let facts = AddFacts { organization: organization.clone(), active_of_id, active_of_kind };
            let refused = may_add(kind, &facts).err().map(|error| error.code().as_str());
            assert_eq!(refused, code, "{organization:?} {active_of_id} {active_of_kind} {kind}");
        }
    }

    #[test]
    fn a_token_is_active_until_it_is_revoked_or_expires() {
        let state = |expires_at, revoked_at| Some(TokenState { expires_at, revoked_at });
        for (parent, expected) in [
            (state(None, None), Ok(())),
            (state(Some(101), None), Ok(())),
            (state(Some(100), None), Err(Error::TokenExpired)),
            (state(None, Some(200)), Err(Error::TokenRevoked)),
            (state(Some(100), Some(1)), Err(Error::TokenRevoked)),
            (None, Err(Error::InvalidToken)),
        ] {
            assert_eq!(require_active_parent(parent, 100), expected, "{parent:?}");
        }
    }
}
