//! An authentic token, opaque or JWT, and the rules that it is evaluated by: [`AuthenticToken`].

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::clock::Moment;
use super::credentials::page::{PageRules, find_page};
use super::sources::{Generation, Key};
use super::{Check, Credentials, MAX_LEEWAY, Page, SealedError, Standing, TokenLocation};
use crate::api::TokenRecord;
use crate::jwt::Claims;
use crate::{Error, Grant, OriginPattern, Parameters, Requirement, Scope, TokenKind, UnknownPage};

/// The longest origin that an error repeats, in characters.
const MAX_SHOWN_ORIGIN: usize = 260;

/// An authentic token, active or not.
///
/// A cache holds many of them. What many have in common is shared, and what few have is boxed.
pub(super) struct AuthenticToken {
    pub(super) id: Box<str>,
    pub(super) shared: Arc<Shared>,
    /// Whether no other token can share that, as a cache had no room for it.
    pub(super) is_apart: bool,
    /// The serial number of the stored token at the root of its chain.
    pub(super) root_serial: u64,
    pub(super) issued_at: u64,
    /// The greatest number if it never expires.
    expires_at: u64,
    pub(super) form: Form,
    pub(super) rare: Option<Box<Rare>>,
    /// What its source said. The revocation feed may revoke or suspend it as well.
    pub(super) standing: Standing,
    /// Until when a cache may return it.
    pub(super) fresh_until: Moment,
    /// The generation of the revocation feed that it was last compared with.
    pub(super) checked_generation: AtomicU64,
}

/// What tokens of the same parent, or of the same purpose, have in common.
#[derive(PartialEq, Eq, Hash)]
pub(super) struct Shared {
    pub(super) kind: TokenKind,
    pub(super) parent: Option<Box<str>>,
    pub(super) organization: Box<str>,
    pub(super) grants: Box<[Grant]>,
    pub(super) origins: Box<[OriginPattern]>,
    /// The id of the key that signed it, of a JWT.
    pub(super) key_id: Option<Box<str>>,
}

/// What only a token of one form has.
pub(super) enum Form {
    Jwt {
        /// The number that the revocation feed had reached when it was minted.
        feed_seq: u64,
        valid_from: u64,
        /// The first second in which it is no longer valid.
        valid_until: u64,
    },
    Opaque {
        /// Its own serial number: not the root's, if it is a bundle reference.
        serial: u64,
        /// The version of its record.
        version: u64,
        /// The generation of its source's responses, if that has any.
        generation: Generation,
    },
}

/// What few tokens have.
pub(super) struct Rare {
    /// The thumbprint of the key that its sender must prove to have (RFC 9449).
    pub(super) bound_to: Option<Box<str>>,
    /// Of a temporary token: the visitor whom it is for, and what it says of them.
    pub(super) subject: Option<Box<str>>,
    pub(super) claims: BTreeMap<String, String>,
    /// Of a bundle with sealed parameters: those, or why they cannot be opened.
    pub(super) sealed: Option<Result<Parameters, SealedError>>,
}

impl Rare {
    /// Boxes it, if the token has any of it.
    fn boxed(self) -> Option<Box<Rare>> {
        let is_empty =
            self.bound_to.is_none() && self.subject.is_none() && self.claims.is_empty() && self.sealed.is_none();
        (!is_empty).then(|| Box::new(self))
    }
}

/// What is shared is read like the token's own.
impl Deref for AuthenticToken {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.shared
    }
}

impl AuthenticToken {
    /// Makes a token from the claims of a JWT that `key` signed, and its parameters, which were `sealed`. Without a key,
    /// the JWT's own end counts.
    pub(super) fn from_claims(
        claims: Claims,
        sealed: Option<Result<Parameters, SealedError>>,
        standing: Standing,
        key: Option<&Key>,
        leeway: u64,
        fresh_until: Moment,
    ) -> AuthenticToken {
        let end = claims.exp.saturating_add(leeway);
        let rare = Rare {
            bound_to: claims.cnf.map(|confirmation| confirmation.jkt.into()),
            subject: claims.subject.map(Into::into),
            claims: claims.claims,
            sealed,
        };
        AuthenticToken {
            id: claims.jti.into(),
            shared: Arc::new(Shared {
                kind: claims.kind,
                parent: Some(claims.client_id.into()),
                organization: claims.sub.into(),
                grants: claims.grants.into(),
                origins: claims.origins.into(),
                key_id: key.map(|key| key.kid.clone()),
            }),
            is_apart: false,
            root_serial: claims.root_serial,
            issued_at: claims.iat,
            expires_at: claims.exp,
            form: Form::Jwt {
                feed_seq: claims.feed_seq,
                valid_from: claims.nbf.unwrap_or_default().max(claims.iat).saturating_sub(leeway),
                valid_until: key.and_then(|key| key.expires_at).map_or(end, |key_end| key_end.min(end)),
            },
            rare: rare.boxed(),
            standing,
            fresh_until,
            checked_generation: AtomicU64::default(),
        }
    }

    /// Makes a token from the record of an opaque one, as its source knew it in this generation.
    pub(super) fn from_record(record: TokenRecord, generation: Generation, fresh_until: Moment) -> AuthenticToken {
        AuthenticToken {
            id: record.id.into(),
            shared: Arc::new(Shared {
                kind: record.kind,
                parent: None,
                organization: record.organization.into(),
                grants: record.grants.into(),
                origins: record.origins.into(),
                key_id: None,
            }),
            is_apart: false,
            root_serial: record.root_serial.unwrap_or(record.serial),
            issued_at: record.created_at,
            expires_at: record.expires_at.unwrap_or(u64::MAX),
            form: Form::Opaque { serial: record.serial, version: record.version, generation },
            rare: None,
            standing: match (record.revoked_at, record.suspended_at) {
                (Some(_), _) => Standing::Revoked,
                (None, Some(_)) => Standing::Suspended,
                (None, None) => Standing::Good,
            },
            fresh_until,
            checked_generation: AtomicU64::default(),
        }
    }

    /// Returns when it expires, in Unix seconds; `None` if it never does.
    pub(super) fn expires_at(&self) -> Option<u64> {
        Some(self.expires_at).filter(|end| *end < u64::MAX)
    }

    /// Returns whether it is a JWT that was minted before the revocation feed had an entry of this number.
    pub(super) fn was_minted_before(&self, entry: u64) -> bool {
        matches!(self.form, Form::Jwt { feed_seq, .. } if feed_seq < entry)
    }

    /// Makes the checks that come before proofs and limits, in their order. `tell` gets each outcome, and returns it to
    /// stop there if it is an error.
    ///
    /// SECURITY: location and page come before the token's state. A page that may not use the token learns nothing about it.
    #[inline]
    pub(super) fn check_in_order<'a>(
        &self,
        location: TokenLocation,
        find_page: impl FnOnce() -> Result<Option<Page<'a>>, Error>,
        withdrawn: Result<(), Error>,
        now: u64,
        mut tell: impl FnMut(Check, Result<(), Error>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        tell(Check::Location, self.check_location(location))?;
        tell(Check::Page, find_page().and_then(|page| self.check_page(page)))?;
        tell(Check::Withdrawal, withdrawn)?;
        tell(Check::Life, self.check_life(now))
    }

    /// Checks that the token's source has neither revoked nor suspended it.
    #[inline]
    pub(super) fn check_standing(&self) -> Result<(), Error> {
        match self.standing {
            Standing::Good => Ok(()),
            Standing::Suspended => Err(Error::OrganizationSuspended),
            Standing::Revoked => Err(Error::TokenRevoked),
        }
    }

    /// Checks that a token of this kind may travel at `location`.
    ///
    /// SECURITY: a secret in a place that logs or histories may keep is refused, whatever else the
    /// token is.
    #[inline]
    pub(super) fn check_location(&self, location: TokenLocation) -> Result<(), Error> {
        if location.carries(self.kind) {
            Ok(())
        } else if location == TokenLocation::Query
            || (location == TokenLocation::AccessTokenId && self.kind.is_backend_only())
        {
            Err(Error::SecretInQuery(self.kind))
        } else {
            Err(Error::KindNotAccepted(self.kind))
        }
    }

    /// Returns the page that sent a request, as far as it counts for this token.
    ///
    /// SECURITY: for another kind than publishable, which may open more than what is public, `Origin` alone counts.
    ///
    /// # Errors
    /// If the token needs a page and none is known, or the header `Origin` is invalid.
    #[inline]
    pub(super) fn page<'a>(
        &self,
        credentials: &Credentials<'a>,
        rules: &'a PageRules,
    ) -> Result<Option<Page<'a>>, Error> {
        if self.kind == TokenKind::Publishable {
            return find_page(credentials.origin, &credentials.page_headers, rules).map(Some);
        }
        match Page::of_origin(credentials.origin) {
            // A backend that passes a bundle on may leave the origin out. A temporary token is for a page.
            Ok(None) if self.kind == TokenKind::Temporary && !self.origins.is_empty() => {
                Err(Error::OriginRequired(UnknownPage::NoOrigin))
            }
            page => page,
        }
    }

    /// Checks that the token may be used by the page that sent the request. A browser sends an origin with every request
    /// of a script to another one. Other programs may leave it out.
    #[inline]
    pub(super) fn check_page(&self, page: Option<Page<'_>>) -> Result<(), Error> {
        let Some(page) = page else { return Ok(()) };
        if self.kind.is_backend_only() {
            return Err(Error::SecretInBrowser(self.kind));
        }
        if self.kind != TokenKind::Publishable && self.origins.is_empty() {
            return Ok(());
        }
        match page.parsed() {
            Some(origin) if self.origins.iter().any(|pattern| pattern.matches(&origin)) => Ok(()),
            _ => {
                let shown = page.origin.chars().filter(|c| !c.is_control()).take(MAX_SHOWN_ORIGIN);
                Err(Error::OriginNotAllowed(shown.collect()))
            }
        }
    }

    /// Checks that `now`, in Unix seconds, is within the token's life.
    #[inline]
    pub(super) fn check_life(&self, now: u64) -> Result<(), Error> {
        let (valid_from, valid_until) = match self.form {
            Form::Jwt { valid_from, valid_until, .. } => (valid_from, valid_until),
            // A verifier whose clock is far behind must not take an expired token for an active one.
            Form::Opaque { .. } => (self.issued_at.saturating_sub(MAX_LEEWAY), self.expires_at),
        };
        if now >= valid_until {
            Err(Error::TokenExpired)
        } else if now < valid_from {
            Err(Error::TokenNotYetValid)
        } else {
            Ok(())
        }
    }

    /// Checks that a grant has the scope, for whatever tenant and resource, and that the token's kind may have it at
    /// all.
    pub(super) fn check_scope(&self, scope: &Scope) -> Result<(), Error> {
        if self.kind.may(scope) && self.grants.iter().any(|grant| grant.has_scope(scope)) {
            return Ok(());
        }
        Err(Error::InsufficientScope { scope: scope.clone(), tenant: None })
    }

    /// Checks that a grant meets the requirement, and that the token's kind may have the scope at all.
    #[inline]
    pub(super) fn check_requirement(&self, requirement: &Requirement<'_>) -> Result<(), Error> {
        if self.kind.may(requirement.scope()) && self.grants.iter().any(|grant| grant.allows(requirement)) {
            return Ok(());
        }
        let tenant = requirement.tenant();
        let has_tenant = self.grants.iter().any(|grant| grant.has_tenant(tenant));
        Err(Error::InsufficientScope {
            scope: requirement.scope().clone(),
            tenant: (!has_tenant).then(|| tenant.to_owned()),
        })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A record for the tests of the modules around this one.
    pub(in crate::verify) fn record(kind: TokenKind, id: &str, organization: &str) -> TokenRecord {
        TokenRecord {
            id: id.into(),
            serial: 1,
            root_serial: None,
            kind,
            name: String::new(),
            organization: organization.into(),
            grants: vec![],
            origins: vec![],
            created_at: 0,
            expires_at: None,
            created_by: None,
            owner: None,
            revoked_at: None,
            suspended_at: None,
            last_used_at: None,
            version: 1,
            last_chars: String::new(),
        }
    }

    #[test]
    fn what_a_token_does_not_share_is_small() {
        assert_eq!(size_of::<AuthenticToken>(), 120);
    }
}
