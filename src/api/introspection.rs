//! Introspection of tokens (RFC 7662).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::TokenRecord;
use crate::jwt::Confirmation;
use crate::{Grant, OriginPattern, TokenKind};

/// The response of `POST /introspect` (RFC 7662, section 2.2).
///
/// The default is the whole response for a token that is not active. A request with `record=true`
/// gets `active` and `record` alone, of an expired or revoked token too.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct IntrospectionResponse {
    /// Whether the token can be used now.
    pub active: bool,
    /// The scopes that the token has for all of its organization, separated by spaces (RFC 6749,
    /// section 3.3). Scopes that are limited to resources, or to another tenant, are in the grants
    /// alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// The id of the stored token that the token was minted from, or its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// `Bearer`, or `DPoP` for a token that is bound to a key (RFC 9449, section 6.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_type: Option<String>,
    /// When it expires, if ever.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exp: Option<u64>,
    /// When it was issued.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iat: Option<u64>,
    /// When it becomes valid, if that is later than `iat`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nbf: Option<u64>,
    /// The subject: the organization's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub: Option<String>,
    /// The audience: the product.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aud: Option<String>,
    /// The issuer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iss: Option<String>,
    /// The token's own id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jti: Option<String>,
    /// The key that the token is bound to, if any (RFC 9449, section 6.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cnf: Option<Confirmation>,
    /// The kind of a JWT, as it claims.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<TokenKind>,
    /// The grants of a JWT, as it claims.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grants: Vec<Grant>,
    /// The origins of a JWT, as it claims.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub origins: Vec<OriginPattern>,
    /// The visitor whom a temporary token is for. `sub` stays the organization: a server that takes it for the tenant
    /// must not be led to another one by a text that a customer chooses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// What a temporary token says of the visitor.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub claims: BTreeMap<String, String>,
    /// The record of a stored token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<TokenRecord>,
}
