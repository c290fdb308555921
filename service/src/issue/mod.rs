//! The rules: what may be made, by whom, for how long. The HTTP surface and the command line both come here.

mod bundle;
mod creator;
mod fields;
mod stored;
mod temporary;

use std::ops::RangeInclusive;

use daypass::api::TokenRecord;
use daypass::jwt::Claims;
use daypass::verify::{Access, TokenHash};
use daypass::{Error, Grant, OpaqueToken, OriginPattern, Scope, TokenKind};

pub(crate) use bundle::{redeem, reference, signed};
pub(crate) use creator::Grantor;
pub(crate) use stored::{Created, create};
pub(crate) use temporary::temporary;

use crate::domain::origins::normalize_origin;
use crate::service::Service;
use crate::unique;

/// The stored token that something is minted from. Only a verified one becomes a parent.
pub(crate) struct Parent<'a> {
    access: &'a Access,
    hash: TokenHash,
}

impl<'a> Parent<'a> {
    /// The token that passed as `access`.
    pub(crate) fn new(access: &'a Access, token: &OpaqueToken) -> Parent<'a> {
        Parent { access, hash: TokenHash::of(&token) }
    }

    /// What a signed document that is minted from it claims, from now to its end. It is bound to no origin.
    fn claims(&self, service: &Service, kind: TokenKind, grants: Vec<Grant>, now: u64, expires_at: u64) -> Claims {
        Claims {
            iss: service.issuer.clone(),
            sub: self.access.organization().to_owned(),
            aud: service.audience.clone(),
            iat: now,
            nbf: None,
            exp: expires_at,
            jti: unique::id(),
            client_id: self.access.id().to_owned(),
            root_serial: self.access.root_serial(),
            cnf: None,
            kind,
            grants,
            origins: vec![],
        }
    }
}

/// Whether a stored token can be used at this time.
pub(crate) fn is_living(record: &TokenRecord, now: u64) -> bool {
    record.revoked_at.is_none() && record.expires_at.is_none_or(|end| now < end)
}

/// The end of something that is asked to live for a time. It never outlives its parent.
fn end(now: u64, duration: u64, range: RangeInclusive<u64>, parent: &Access) -> Result<u64, Error> {
    let out_of_range = Error::DurationOutOfRange { least: *range.start(), most: *range.end() };
    if !range.contains(&duration) {
        return Err(out_of_range);
    }
    let end = now + duration;
    if parent.expires_at().is_some_and(|parent_end| end > parent_end) { Err(out_of_range) } else { Ok(end) }
}

/// Origins as people write them, normalized.
fn normalized(origins: &[String]) -> Result<Vec<OriginPattern>, Error> {
    let normalized = origins.iter().map(|origin| normalize_origin(origin)).collect::<Result<Vec<_>, _>>();
    normalized.map_err(|cause| Error::InvalidRequest(format!("{cause}.")))
}

fn not_held(scope: &Scope) -> Error {
    Error::InvalidScope(format!("Whoever asks does not hold `{scope}`, or not for all that is asked."))
}
