//! A token that is ours, whatever form it came in: [`Token`].

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::clock::Moment;
use super::sources::Key;
use super::{MAX_LEEWAY, OriginHeader, TokenLocation};
use crate::api::TokenRecord;
use crate::jwt::Claims;
use crate::{Error, Grant, Origin, OriginPattern, TokenKind};

/// What is known of a genuine token, alive or not.
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) id: Box<str>,
    pub(super) parent: Option<Box<str>>,
    /// The serial number of the stored token at the root of its chain.
    pub(super) root_serial: u64,
    /// The own serial number of an opaque token that is not the root: of a bundle reference.
    pub(super) serial: Option<u64>,
    pub(super) organization: Box<str>,
    pub(super) grants: Arc<[Grant]>,
    pub(super) origins: Box<[OriginPattern]>,
    pub(super) issued_at: u64,
    pub(super) expires_at: Option<u64>,
    valid_from: u64,
    /// The first second in which it is no longer valid.
    valid_until: Option<u64>,
    /// As whoever knew it said. What a feed says comes on top.
    pub(super) is_revoked: bool,
    /// The key that signed it.
    pub(super) key: Option<Arc<Key>>,
    /// The thumbprint of the key that whoever sends it must have.
    pub(super) bound_to: Option<Box<str>>,
    /// Until when a cache may answer with it.
    pub(super) fresh_until: Moment,
    /// How far the feed had come when it was last found not to be revoked by it.
    pub(super) cleared: AtomicU64,
}

impl Token {
    /// A signed token, whose signature was verified with this key.
    pub(super) fn signed(claims: Claims, is_revoked: bool, key: Arc<Key>, leeway: u64, fresh_until: Moment) -> Token {
        let end = claims.exp.saturating_add(leeway);
        Token {
            kind: claims.kind,
            id: claims.jti.into(),
            parent: Some(claims.client_id.into()),
            root_serial: claims.root_serial,
            serial: None,
            organization: claims.sub.into(),
            grants: claims.grants.into(),
            origins: claims.origins.into(),
            issued_at: claims.iat,
            expires_at: Some(claims.exp),
            valid_from: claims.nbf.unwrap_or_default().max(claims.iat).saturating_sub(leeway),
            valid_until: Some(key.ends_at.map_or(end, |window| window.min(end))),
            is_revoked,
            key: Some(key),
            bound_to: claims.cnf.map(|confirmation| confirmation.jkt.into()),
            fresh_until,
            cleared: AtomicU64::default(),
        }
    }

    /// A stored token, as it was looked up.
    pub(super) fn stored(record: TokenRecord, fresh_until: Moment) -> Token {
        Token {
            kind: record.kind,
            id: record.id.into(),
            parent: None,
            root_serial: record.root_serial.unwrap_or(record.serial),
            serial: record.root_serial.is_some().then_some(record.serial),
            organization: record.organization.into(),
            grants: record.grants.into(),
            origins: record.origins.into(),
            issued_at: record.created_at,
            expires_at: record.expires_at,
            // Also where the clock is far off, so that nothing that has ended is taken to be still alive.
            valid_from: record.created_at.saturating_sub(MAX_LEEWAY),
            valid_until: record.expires_at,
            is_revoked: record.revoked_at.is_some(),
            key: None,
            bound_to: None,
            fresh_until,
            cleared: AtomicU64::default(),
        }
    }

    /// Security rule: a secret in a place where it may be read is refused, whatever else it is.
    pub(super) fn check_carrier(&self, location: TokenLocation) -> Result<(), Error> {
        if location.carries(self.kind) {
            Ok(())
        } else if location == TokenLocation::Query {
            Err(Error::SecretInQuery(self.kind))
        } else {
            Err(Error::KindNotAccepted(self.kind))
        }
    }

    pub(super) fn check_origin(&self, seen: OriginHeader<'_>) -> Result<(), Error> {
        let must_match = self.kind == TokenKind::Publishable || !self.origins.is_empty();
        match seen {
            OriginHeader::Odd => {
                Err(Error::InvalidRequest("The request has more than one Origin, or one that is not text.".into()))
            }
            // A browser sends an origin with every cross-origin request; a program outside one may leave it out.
            OriginHeader::None if self.kind == TokenKind::Publishable => Err(Error::OriginRequired),
            OriginHeader::None => Ok(()),
            OriginHeader::One(_) if self.kind.is_backend_only() => Err(Error::SecretInBrowser(self.kind)),
            OriginHeader::One(_) if !must_match => Ok(()),
            OriginHeader::One(text) => match Origin::parse(text) {
                Ok(origin) if self.origins.iter().any(|pattern| pattern.matches(&origin)) => Ok(()),
                _ => Err(Error::OriginNotAllowed(text.chars().filter(|c| !c.is_control()).take(260).collect())),
            },
        }
    }

    /// Whether this moment, in Unix seconds, is within its life.
    pub(super) fn check_life(&self, now: u64) -> Result<(), Error> {
        if self.valid_until.is_some_and(|end| now >= end) {
            Err(Error::TokenExpired)
        } else if now < self.valid_from {
            Err(Error::TokenNotYetValid)
        } else {
            Ok(())
        }
    }
}
