//! Temporary tokens: what a backend asks the service for, and what a browser asks its provider for.

use std::fmt;

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

/// The body of `POST /v2/temporary-access-token/create`, and of a request to a token provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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

/// The response to a [`TemporaryTokenRequest`]. Its `Debug` does not show the token.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
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
