//! The service's metadata (RFC 8414).

use serde::{Deserialize, Serialize};

/// The response of `GET /.well-known/oauth-authorization-server`: the issuer, and what is where.
///
/// The response has more members, which are for clients of OAuth.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ServerMetadata {
    /// The issuer, as tokens name it.
    pub issuer: String,
    /// The URL of the public keys.
    pub jwks_uri: String,
    /// The URL of introspection (RFC 7662).
    pub introspection_endpoint: String,
    /// How a caller of it authenticates.
    pub introspection_endpoint_auth_methods_supported: Vec<String>,
    /// The URL of revocation (RFC 7009); empty for a service of an earlier version.
    #[serde(default)]
    pub revocation_endpoint: String,
    /// How a caller of it authenticates.
    #[serde(default)]
    pub revocation_endpoint_auth_methods_supported: Vec<String>,
}
