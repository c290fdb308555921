//! Temporary tokens: what a backend asks the service for, and what a browser asks its provider for.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

use crate::ScopeSet;

/// The lifetime of a temporary token, in seconds, as the Space API allows it.
pub mod duration {
    /// The shortest lifetime.
    pub const LEAST: u64 = 900;
    /// The longest lifetime.
    pub const MOST: u64 = 86_400;
    /// The lifetime of a token whose request names none.
    pub const DEFAULT: u64 = 3600;
}

/// The body of a request to a token provider: what a page asks its backend for.
///
/// SECURITY: it has no field that says who the visitor is or where the token may be used. Those are the backend's to
/// decide: [`CreateTemporaryTokenRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TemporaryTokenRequest {
    /// The requested scopes: a subset of the secret token's.
    pub scopes: ScopeSet,
    /// The requested lifetime, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_seconds: Option<u64>,
    /// The thumbprint of the browser's public key, to which the token is then bound: [`Confirmation::jkt`].
    ///
    /// [`Confirmation::jkt`]: crate::jwt::Confirmation::jkt
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dpop_jkt: Option<String>,
}

/// The body of `POST /v2/temporary-access-token/create`: what a backend asks the service for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateTemporaryTokenRequest {
    /// The requested scopes: a subset of the secret token's.
    pub scopes: ScopeSet,
    /// The requested lifetime, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_seconds: Option<u64>,
    /// The thumbprint of the browser's public key, to which the token is then bound: [`Confirmation::jkt`].
    ///
    /// [`Confirmation::jkt`]: crate::jwt::Confirmation::jkt
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dpop_jkt: Option<String>,
    /// The origins that may use the token, as people write origins; any when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origins: Option<Vec<String>>,
    /// The visitor, 1 to 256 characters: `Access::subject` in the product.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// What the product should know of the visitor, at most 2048 bytes as JSON. It authorizes nothing.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "unique_keys")]
    pub claims: BTreeMap<String, String>,
    /// Whether `origins` may have patterns below a suffix that many owners share: see
    /// [`CreateTokenRequest::accept_shared_suffix`](super::CreateTokenRequest::accept_shared_suffix).
    #[serde(default, skip_serializing_if = "super::is_false")]
    pub accept_shared_suffix: bool,
}

impl From<TemporaryTokenRequest> for CreateTemporaryTokenRequest {
    /// Requests what the page asks for, of no origin, subject or claims.
    fn from(request: TemporaryTokenRequest) -> CreateTemporaryTokenRequest {
        let TemporaryTokenRequest { scopes, duration_seconds, dpop_jkt } = request;
        let (origins, subject, claims) = (None, None, BTreeMap::new());
        let accept_shared_suffix = false;
        CreateTemporaryTokenRequest {
            scopes,
            duration_seconds,
            dpop_jkt,
            origins,
            subject,
            claims,
            accept_shared_suffix,
        }
    }
}

/// Reads an object of texts whose keys must differ.
fn unique_keys<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, String>, D::Error> {
    struct UniqueKeys;

    impl<'de> Visitor<'de> for UniqueKeys {
        type Value = BTreeMap<String, String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a JSON object of strings")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut claims = BTreeMap::new();
            while let Some((key, value)) = map.next_entry::<String, String>()? {
                if claims.contains_key(&key) {
                    return Err(de::Error::custom(format_args!("the key `{key}` is there twice")));
                }
                claims.insert(key, value);
            }
            Ok(claims)
        }
    }

    deserializer.deserialize_map(UniqueKeys)
}

/// The response to a [`CreateTemporaryTokenRequest`], and to a [`TemporaryTokenRequest`]. Its `Debug` does not show the token.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TemporaryTokenResponse {
    /// `Bearer …`, or `DPoP …` for a bound token: the value of the `Authorization` header.
    pub authorization: String,
    /// When the token expires.
    pub expires_at: u64,
}

impl fmt::Debug for TemporaryTokenResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TemporaryTokenResponse").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}
