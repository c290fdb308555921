//! Introspection of opaque tokens (RFC 7662).

use serde::{Deserialize, Serialize};

use super::TokenRecord;

/// The response of `POST /introspect`.
///
/// It tells about authentic tokens that are revoked or expired too: the caller is the product's API, which tells the token
/// holder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IntrospectionResponse {
    /// Whether the token can be used now.
    pub active: bool,
    /// The record, if the token is authentic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<TokenRecord>,
}
