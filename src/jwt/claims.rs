//! What a JWT says: [`Claims`].

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

use super::object::{Object, objects, text, texts_by_name};
use crate::{Grant, OriginPattern, TokenKind};

/// The claims of a signed token or bundle (RFC 9068, and ours). A bundle's parameters stand beside them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The issuer: the service's URL.
    pub iss: String,
    /// The subject: the organization's id.
    pub sub: String,
    /// The audience: the product.
    pub aud: String,
    /// When it was issued.
    pub iat: u64,
    /// When it becomes valid, if that is later than `iat`.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub nbf: Option<u64>,
    /// When it expires.
    pub exp: u64,
    /// The token's own id.
    pub jti: String,
    /// The client: the id of the stored token that this one was minted from, its parent.
    pub client_id: String,
    /// The serial number of the stored token at the root of the chain, here the parent's. Ids may be used again, serial
    /// numbers never are.
    pub root_serial: u64,
    /// The number of the last entry of the revocation feed when the token was minted, or a lower one. A verifier that
    /// follows the feed refuses the token once later entries are no longer kept. 0 if absent.
    #[serde(default)]
    pub feed_seq: u64,
    /// The key that the token is bound to, if any (RFC 7800, section 3.1).
    #[serde(default, deserialize_with = "present_object", skip_serializing_if = "Option::is_none")]
    pub cnf: Option<Confirmation>,
    /// The token's kind.
    #[serde(deserialize_with = "text")]
    pub kind: TokenKind,
    /// What it may do.
    #[serde(deserialize_with = "objects")]
    pub grants: Vec<Grant>,
    /// Where it may be used; anywhere if empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub origins: Vec<OriginPattern>,
    /// The visitor whom a temporary token is for, as the customer's backend names them. It is not `sub`, by which
    /// resource servers find the organization.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// What the customer's backend says of the visitor, for the product. It is an object of its own, so that no name in it
    /// can be mistaken for a claim.
    #[serde(default, deserialize_with = "texts_by_name", skip_serializing_if = "BTreeMap::is_empty")]
    pub claims: BTreeMap<String, String>,
    /// The parameters of a bundle that only the product's backend can read: a JWE.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub sealed: Option<String>,
}

/// Reads a claim that may be absent. `null` is an error, as in other libraries.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Like [`present`], from an object.
fn present_object<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    present(deserializer).map(|value| value.map(|Object(value)| value))
}

/// The public key that a token is bound to (RFC 9449, section 6.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Confirmation {
    /// The key's JWK thumbprint: SHA-256 in base64url (RFC 7638).
    pub jkt: String,
}
