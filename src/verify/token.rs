//! A token that is ours, whatever form it came in: [`Token`].

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::clock::Moment;
use super::keys::Key;
use super::{Carrier, MAX_LEEWAY, SeenOrigin};
use crate::wire::{Claims, TokenRecord};
use crate::{Denied, Grant, Origin, OriginPattern, TokenKind};

/// What is known of a genuine token, alive or not.
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) id: Box<str>,
    pub(super) parent: Option<Box<str>>,
    pub(super) serial: u64,
    /// Of a stored token, the serial number of the one that it ends with.
    pub(super) parent_serial: Option<u64>,
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
            serial: claims.parent_serial,
            parent_serial: None,
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
            serial: record.serial,
            parent_serial: record.parent_serial,
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
    pub(super) fn check_carrier(&self, carrier: Carrier) -> Result<(), Denied> {
        if carrier.carries(self.kind) {
            Ok(())
        } else if carrier == Carrier::Query {
            Err(Denied::SecretInQuery(self.kind))
        } else {
            Err(Denied::KindNotAccepted(self.kind))
        }
    }

    pub(super) fn check_origin(&self, seen: SeenOrigin<'_>) -> Result<(), Denied> {
        let must_match = self.kind == TokenKind::Publishable || !self.origins.is_empty();
        match seen {
            SeenOrigin::Odd => {
                Err(Denied::InvalidRequest("The request has more than one Origin, or one that is not text.".into()))
            }
            // A browser sends an origin with every cross-origin request; a program outside one may leave it out.
            SeenOrigin::None if self.kind == TokenKind::Publishable => Err(Denied::OriginRequired),
            SeenOrigin::None => Ok(()),
            SeenOrigin::One(_) if self.kind.is_backend_only() => Err(Denied::SecretInBrowser(self.kind)),
            SeenOrigin::One(_) if !must_match => Ok(()),
            SeenOrigin::One(text) => match Origin::parse(text) {
                Ok(origin) if self.origins.iter().any(|pattern| pattern.matches(&origin)) => Ok(()),
                _ => Err(Denied::OriginNotAllowed(text.chars().filter(|c| !c.is_control()).take(260).collect())),
            },
        }
    }

    /// Whether this moment, in Unix seconds, is within its life.
    pub(super) fn check_life(&self, now: u64) -> Result<(), Denied> {
        if self.valid_until.is_some_and(|end| now >= end) {
            Err(Denied::TokenExpired)
        } else if now < self.valid_from {
            Err(Denied::TokenNotYetValid)
        } else {
            Ok(())
        }
    }
}
