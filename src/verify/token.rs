//! An authentic token, opaque or JWT, and the rules that it is evaluated by: [`AuthenticToken`].

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::clock::Moment;
use super::sources::{Generation, Key};
use super::{MAX_LEEWAY, OriginHeader, SealedError, Standing, TokenLocation};
use crate::api::TokenRecord;
use crate::jwt::Claims;
use crate::{Error, Grant, Origin, OriginPattern, Parameters, Requirement, Scope, TokenKind};

/// The longest origin that an error repeats, in characters.
const MAX_SHOWN_ORIGIN: usize = 260;

/// An authentic token, active or not.
pub(super) struct AuthenticToken {
    pub(super) kind: TokenKind,
    pub(super) id: Box<str>,
    pub(super) parent: Option<Box<str>>,
    /// The serial number of the stored token at the root of its chain.
    pub(super) root_serial: u64,
    /// The serial number of an opaque token that is not the root: of a bundle reference.
    pub(super) serial: Option<u64>,
    /// The version of an opaque token's record.
    pub(super) version: Option<u64>,
    pub(super) organization: Box<str>,
    pub(super) grants: Arc<[Grant]>,
    pub(super) origins: Box<[OriginPattern]>,
    pub(super) issued_at: u64,
    /// Of a JWT: the number that the revocation feed had reached when it was minted.
    pub(super) feed_seq: Option<u64>,
    pub(super) expires_at: Option<u64>,
    valid_from: u64,
    /// The first second in which it is no longer valid.
    valid_until: Option<u64>,
    /// What its source said. The revocation feed may revoke or suspend it as well.
    pub(super) standing: Standing,
    /// The key that signed it.
    pub(super) key: Option<Arc<Key>>,
    /// The thumbprint of the key that its sender must prove to have (RFC 9449).
    pub(super) bound_to: Option<Box<str>>,
    /// Of a temporary token that names its visitor. Boxed, because few do.
    pub(super) visitor: Option<Box<Visitor>>,
    /// Of a bundle with sealed parameters: those, or why they cannot be opened.
    pub(super) sealed: Option<Box<Result<Parameters, SealedError>>>,
    /// Until when a cache may return it.
    pub(super) fresh_until: Moment,
    /// The generation of its source's responses, if that has any.
    pub(super) generation: Generation,
    /// The generation of the revocation feed that it was last compared with.
    pub(super) checked_generation: AtomicU64,
}

/// What a temporary token says of its visitor.
#[derive(Default)]
pub(super) struct Visitor {
    pub(super) subject: Option<Box<str>>,
    pub(super) claims: BTreeMap<String, String>,
}

impl Visitor {
    /// Makes one of a token's claims; `None` if they name no visitor.
    fn new(subject: Option<String>, claims: BTreeMap<String, String>) -> Option<Box<Visitor>> {
        let names_one = subject.is_some() || !claims.is_empty();
        names_one.then(|| Box::new(Visitor { subject: subject.map(Into::into), claims }))
    }
}

impl AuthenticToken {
    /// Makes a token from the claims of a JWT that `key` signed, without its sealed parameters.
    pub(super) fn from_claims(
        claims: Claims,
        standing: Standing,
        key: Arc<Key>,
        leeway: u64,
        fresh_until: Moment,
    ) -> AuthenticToken {
        let end = claims.exp.saturating_add(leeway);
        AuthenticToken {
            kind: claims.kind,
            id: claims.jti.into(),
            parent: Some(claims.client_id.into()),
            root_serial: claims.root_serial,
            serial: None,
            version: None,
            organization: claims.sub.into(),
            grants: claims.grants.into(),
            origins: claims.origins.into(),
            issued_at: claims.iat,
            feed_seq: Some(claims.feed_seq),
            expires_at: Some(claims.exp),
            valid_from: claims.nbf.unwrap_or_default().max(claims.iat).saturating_sub(leeway),
            valid_until: Some(key.expires_at.map_or(end, |key_end| key_end.min(end))),
            standing,
            key: Some(key),
            bound_to: claims.cnf.map(|confirmation| confirmation.jkt.into()),
            visitor: Visitor::new(claims.subject, claims.claims),
            sealed: None,
            fresh_until,
            generation: Generation::Untracked,
            checked_generation: AtomicU64::default(),
        }
    }

    /// Makes a token from the record of an opaque one.
    pub(super) fn from_record(record: TokenRecord, fresh_until: Moment) -> AuthenticToken {
        AuthenticToken {
            kind: record.kind,
            id: record.id.into(),
            parent: None,
            root_serial: record.root_serial.unwrap_or(record.serial),
            serial: record.root_serial.is_some().then_some(record.serial),
            version: Some(record.version),
            organization: record.organization.into(),
            grants: record.grants.into(),
            origins: record.origins.into(),
            issued_at: record.created_at,
            feed_seq: None,
            expires_at: record.expires_at,
            // A verifier whose clock is far behind must not take an expired token for an active one.
            valid_from: record.created_at.saturating_sub(MAX_LEEWAY),
            valid_until: record.expires_at,
            standing: match (record.revoked_at, record.suspended_at) {
                (Some(_), _) => Standing::Revoked,
                (None, Some(_)) => Standing::Suspended,
                (None, None) => Standing::Good,
            },
            key: None,
            bound_to: None,
            visitor: None,
            sealed: None,
            fresh_until,
            generation: Generation::Untracked,
            checked_generation: AtomicU64::default(),
        }
    }

    /// Checks that a token of this kind may travel at `location`.
    ///
    /// SECURITY: a secret in a place that logs or histories may keep is refused, whatever else the
    /// token is.
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

    /// Checks that the token may be used from this origin.
    pub(super) fn check_origin(&self, header: OriginHeader<'_>) -> Result<(), Error> {
        let must_match = self.kind == TokenKind::Publishable || !self.origins.is_empty();
        // A backend that passes a bundle on may leave the origin out. A temporary token is for a page.
        let is_required = matches!(self.kind, TokenKind::Publishable | TokenKind::Temporary) && must_match;
        match header {
            OriginHeader::Invalid => {
                Err(Error::InvalidRequest("The request has more than one Origin, or one that is not text.".into()))
            }
            // A browser sends an origin with every cross-origin request. Other programs may leave
            // it out.
            OriginHeader::None if is_required => Err(Error::OriginRequired),
            OriginHeader::None => Ok(()),
            OriginHeader::One(_) if self.kind.is_backend_only() => Err(Error::SecretInBrowser(self.kind)),
            OriginHeader::One(_) if !must_match => Ok(()),
            OriginHeader::One(text) => match Origin::parse(text) {
                Ok(origin) if self.origins.iter().any(|pattern| pattern.matches(&origin)) => Ok(()),
                _ => {
                    let shown = text.chars().filter(|c| !c.is_control()).take(MAX_SHOWN_ORIGIN);
                    Err(Error::OriginNotAllowed(shown.collect()))
                }
            },
        }
    }

    /// Checks that `now`, in Unix seconds, is within the token's life.
    pub(super) fn check_life(&self, now: u64) -> Result<(), Error> {
        if self.valid_until.is_some_and(|end| now >= end) {
            Err(Error::TokenExpired)
        } else if now < self.valid_from {
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
