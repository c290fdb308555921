//! Stored tokens: when one may be added, and when it is active.

use daypass::api::TokenRecord;
use daypass::verify::TokenHash;
use daypass::{Error, ForeignFormat, Grant, OpaqueToken, TokenKind};
use schemars::JsonSchema;
use serde::Deserialize;

use super::organization::{Organization, active_tokens};
use super::principal::{Principal, require_still};
use super::token_owner::{self, OwnerRule};

/// A token to be stored: its record, and the hash of the token itself.
#[derive(Clone)]
pub(crate) struct NewToken {
    /// Its record, whose `owner` is the requested one. The store gives the serial number and the owner.
    pub(crate) record: TokenRecord,
    /// The hash by which the token is found.
    pub(crate) hash: TokenHash,
    /// Whether its text may have been that of an earlier token, which is no longer active.
    pub(crate) may_repeat: bool,
    /// The serial number of the token that creates it, if one does.
    pub(crate) creator: Option<u64>,
}

/// Returns the id that a token has by its own text, if it has one: in Speckle the first ten characters.
pub(crate) fn id_in_text(token: &OpaqueToken) -> Option<&str> {
    (token.format() == Some(ForeignFormat::Speckle)).then(|| &token.expose_secret()[..10])
}

impl NewToken {
    /// A token that is created now, never expires and has no origins, no root and no owner.
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
            created_by: None,
            owner: None,
            expires_at: None,
            revoked_at: None,
            suspended_at: None,
            last_used_at: None,
            version: 1,
            last_chars: token.last_chars().to_owned(),
        };
        NewToken { record, hash: TokenHash::of(token), may_repeat: token.format().is_some(), creator: None }
    }

    /// Returns the token with this end.
    pub(crate) fn expiring(&self, at: u64) -> NewToken {
        NewToken { record: TokenRecord { expires_at: Some(at), ..self.record.clone() }, ..self.clone() }
    }
}

/// What decides whether a stored token can be used.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TokenState {
    /// When it expires, if ever.
    pub(crate) expires_at: Option<u64>,
    /// When it was revoked, at whichever level.
    pub(crate) revoked_at: Option<u64>,
    /// Since when its organization is suspended.
    pub(crate) suspended_at: Option<u64>,
}

impl From<&TokenRecord> for TokenState {
    fn from(record: &TokenRecord) -> TokenState {
        let TokenRecord { expires_at, revoked_at, suspended_at, .. } = *record;
        TokenState { expires_at, revoked_at, suspended_at }
    }
}

impl TokenState {
    /// Returns whether the token can be used at this time.
    pub(crate) fn status(self, now: u64) -> TokenStatus {
        if self.revoked_at.is_some() {
            TokenStatus::Revoked
        } else if self.expires_at.is_some_and(|end| end <= now) {
            TokenStatus::Expired
        } else if self.suspended_at.is_some() {
            TokenStatus::Suspended
        } else {
            TokenStatus::Active
        }
    }

    /// Requires that the token is active at this time.
    ///
    /// # Errors
    /// [`Error::TokenRevoked`], or else [`Error::TokenExpired`], or else [`Error::OrganizationSuspended`].
    fn require_active(self, now: u64) -> Result<(), Error> {
        match self.status(now) {
            TokenStatus::Active => Ok(()),
            TokenStatus::Suspended => Err(Error::OrganizationSuspended),
            TokenStatus::Expired => Err(Error::TokenExpired),
            TokenStatus::Revoked => Err(Error::TokenRevoked),
        }
    }
}

/// Whether a stored token can be used, as lists name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum TokenStatus {
    /// It can be used.
    Active,
    /// It can be used again once its organization is resumed.
    Suspended,
    /// Its time is over, and it was not revoked.
    Expired,
    /// It was revoked, at whichever level.
    Revoked,
}

impl TokenStatus {
    /// Every status.
    pub(crate) const ALL: [TokenStatus; 4] =
        [TokenStatus::Active, TokenStatus::Suspended, TokenStatus::Expired, TokenStatus::Revoked];

    /// Returns the name on the wire.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            TokenStatus::Active => "active",
            TokenStatus::Suspended => "suspended",
            TokenStatus::Expired => "expired",
            TokenStatus::Revoked => "revoked",
        }
    }
}

/// Returns about how many bytes a record has in a response.
pub(crate) fn text_bytes(record: &TokenRecord) -> usize {
    let of_grant = |grant: &Grant| {
        let limits = grant.resources.iter().map(|limit| limit.kind.len() + limit.id.len());
        let scopes = grant.scopes.iter().map(|scope| scope.to_string().len());
        grant.tenant.len() + limits.chain(scopes).map(|bytes| bytes + 16).sum::<usize>()
    };
    256 + record.name.len() + record.grants.iter().map(of_grant).sum::<usize>()
}

/// Returns whether a stored token can be used at this time.
pub(crate) fn status(record: &TokenRecord, now: u64) -> TokenStatus {
    TokenState::from(record).status(now)
}

/// Returns whether a new token cannot have the text that an earlier one has: that can be used, or will be once its
/// organization is resumed, or is another organization's.
///
/// SECURITY: whatever its state is, since clients of that organization may still send the text.
pub(crate) fn is_text_taken(earlier: &TokenRecord, new: &TokenRecord) -> bool {
    earlier.organization != new.organization
        || matches!(status(earlier, new.created_at), TokenStatus::Active | TokenStatus::Suspended)
}

/// Returns whether a stored token is active at this time.
pub(crate) fn is_active(record: &TokenRecord, now: u64) -> bool {
    status(record, now) == TokenStatus::Active
}

/// Requires that the store has the parent, and that it is active at this time. Returns its state.
///
/// # Errors
/// [`Error::InvalidToken`] if the store lacks it, [`Error::TokenRevoked`], [`Error::TokenExpired`] or
/// [`Error::OrganizationSuspended`].
pub(crate) fn require_active_parent(parent: Option<TokenState>, now: u64) -> Result<TokenState, Error> {
    let parent = parent.ok_or(Error::InvalidToken)?;
    parent.require_active(now).map(|()| parent)
}

/// What the store knows when a token is to be added.
pub(crate) struct AddFacts {
    /// The token's organization, if the store has it.
    pub(crate) organization: Option<Organization>,
    /// How many active tokens of the organization have the new token's id.
    pub(crate) active_of_id: usize,
    /// Whether an earlier token has the new token's text, as [`is_text_taken`] decides.
    pub(crate) is_text_taken: bool,
    /// How many active tokens of the organization are of the new token's kind, counted up to [`count_to`].
    pub(crate) active_of_kind: usize,
    /// The principal of the organization that is requested as the owner, if there is one.
    pub(crate) requested_owner: Option<Principal>,
    /// The principal that the creating token belongs to, if there is one.
    pub(crate) creator_owner: Option<Principal>,
    /// The user that creates it without a token, if one does.
    pub(crate) creator: Option<Principal>,
}

/// Returns how many active tokens of a kind decide whether an organization may have one more: its limit, or none if it
/// has no limit.
pub(crate) fn count_to(kind: TokenKind, organization: Option<&Organization>) -> usize {
    organization.and_then(|organization| organization.most_active(kind)).unwrap_or(0)
}

/// Requires that a token of this kind may be added, and returns the principal that it belongs to, if any.
///
/// # Errors
/// When the organization does not exist or was revoked, when the id is taken, when a limit is reached, and those of
/// [`require_still`] and [`token_owner::owner`].
pub(crate) fn may_add(kind: TokenKind, rule: &OwnerRule, facts: &AddFacts) -> Result<Option<Principal>, Error> {
    let organization = facts.organization.as_ref().ok_or(Error::NotFound)?;
    if organization.revoked_at.is_some() {
        let why = "The organization was revoked, permanently: it has no active tokens.";
        return Err(Error::InvalidRequest(why.into()));
    }
    rule.creator_role.map_or(Ok(()), |role| require_still(role, facts.creator.as_ref()))?;
    if facts.active_of_id > 0 || facts.is_text_taken {
        return Err(Error::AlreadyExists);
    }
    match organization.most_active(kind) {
        Some(most) if facts.active_of_kind >= most => {
            Err(Error::LimitReached { most: most as u64, what: active_tokens(kind) })
        }
        Some(_) | None => token_owner::owner(rule, facts),
    }
}

#[cfg(test)]
mod tests {
    use daypass::api::OrganizationLimits;

    use super::*;

    #[test]
    fn a_token_is_added_while_its_organization_stands_its_id_is_free_and_the_limit_is_not_reached() {
        let with = |revoked_at| Organization { revoked_at, ..Organization::new("o".into(), "O".into(), 1) };
        let (stands, revoked) = (Some(with(None)), Some(with(Some(7))));
        let limits = OrganizationLimits { publishable: None, secret: Some(2), application: Some(0), ..<_>::default() };
        let limited = Some(Organization { limits, ..with(None) });
        for (organization, active_of_id, active_of_kind, kind, code) in [
            (&stands, 0, 99, TokenKind::Secret, None),
            (&stands, 0, 100, TokenKind::Secret, Some("limit_reached")),
            (&stands, 0, 100, TokenKind::Publishable, Some("limit_reached")),
            (&stands, 0, 100, TokenKind::Application, None),
            (&stands, 1, 100, TokenKind::Secret, Some("already_exists")),
            (&revoked, 1, 100, TokenKind::Secret, Some("invalid_request")),
            (&limited, 0, 2, TokenKind::Secret, Some("limit_reached")),
            (&limited, 0, 1000, TokenKind::Publishable, None),
            (&limited, 0, 0, TokenKind::Application, Some("limit_reached")),
            (&None, 0, 0, TokenKind::Secret, Some("not_found")),
        ] {
            let facts = AddFacts {
                organization: organization.clone(),
                active_of_id,
                is_text_taken: false,
                active_of_kind,
                requested_owner: None,
                creator_owner: None,
                creator: None,
            };
            let refused = may_add(kind, &OwnerRule::default(), &facts).err().map(|error| error.code().as_str());
            assert_eq!(refused, code, "{organization:?} {active_of_id} {active_of_kind} {kind}");
        }
    }

    #[test]
    fn a_token_is_active_unless_it_is_revoked_expired_or_suspended() {
        let state = |expires_at, revoked_at, suspended_at| Some(TokenState { expires_at, revoked_at, suspended_at });
        for (parent, expected) in [
            (state(None, None, None), Ok(())),
            (state(Some(101), None, None), Ok(())),
            (state(Some(100), None, None), Err(Error::TokenExpired)),
            (state(None, Some(200), None), Err(Error::TokenRevoked)),
            (state(Some(100), Some(1), None), Err(Error::TokenRevoked)),
            (state(Some(101), None, Some(200)), Err(Error::OrganizationSuspended)),
            (state(Some(100), None, Some(1)), Err(Error::TokenExpired)),
            (state(None, Some(1), Some(1)), Err(Error::TokenRevoked)),
            (None, Err(Error::InvalidToken)),
        ] {
            assert_eq!(require_active_parent(parent, 100).map(drop), expected, "{parent:?}");
        }
    }
}
