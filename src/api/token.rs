//! Stored tokens: create, list, show, describe.

use serde::{Deserialize, Serialize};

use crate::{Grant, OriginPattern, Resource, ScopeSet, TokenKind};

/// A stored token, without the token itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TokenRecord {
    /// Its id, by which it is listed and revoked. A revoked token's id may come to name another token.
    pub id: String,
    /// A number that no other token of the store has or ever had.
    pub serial: u64,
    /// The serial number of the token at the root of its chain: of the one that a bundle reference was made with, and
    /// whose revocation ends it. Absent where the token is the root itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root_serial: Option<u64>,
    /// Its kind.
    pub kind: TokenKind,
    /// A name by which its owner recognizes it.
    pub name: String,
    /// The organization that it belongs to.
    pub organization: String,
    /// What it may do.
    pub grants: Vec<Grant>,
    /// Where it may be used.
    pub origins: Vec<OriginPattern>,
    /// When it was created.
    pub created_at: u64,
    /// The id of the token that created it; `None` if the command line or the first start did.
    #[serde(default)]
    pub created_by: Option<String>,
    /// The id of the principal that it belongs to, and with which it is revoked; `None` if it belongs to none.
    #[serde(default)]
    pub owner: Option<String>,
    /// When it expires, if ever.
    pub expires_at: Option<u64>,
    /// When it was revoked, if it was.
    pub revoked_at: Option<u64>,
    /// Since when its organization is suspended, if it is. Until that ends, the token is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspended_at: Option<u64>,
    /// When the service last saw it used, to within two minutes; `None` if never.
    #[serde(default)]
    pub last_used_at: Option<u64>,
    /// 1, and 1 more with each edit.
    #[serde(default = "first_version")]
    pub version: u64,
    /// Its last four characters.
    pub last_chars: String,
}

fn first_version() -> u64 {
    1
}

/// The response of `GET /v2/access-token`: a page of an organization's tokens, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TokenPage {
    /// The tokens: at most as many as the request's `limit`. A page can have fewer, or none, and not be the last one.
    pub tokens: Vec<TokenRecord>,
    /// The `cursor` of the request for the next page; `None` after the last one.
    pub next_cursor: Option<String>,
}

impl TokenPage {
    /// The largest `limit`.
    pub const MOST: usize = 1000;
    /// The `limit` of a request without one.
    pub const DEFAULT: usize = 100;
}

/// The body of `POST /v2/access-token`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateTokenRequest {
    /// Publishable, secret, personal or application.
    pub kind: TokenKind,
    /// A name to recognize it by, 1 to 512 characters.
    pub name: String,
    /// What it may do. When absent: the catalogue's publishable scopes, or all of them for a secret token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes: Option<ScopeSet>,
    /// Where it may be used, as people write origins.
    #[serde(default)]
    pub origins: Vec<String>,
    /// The resources that it is limited to.
    #[serde(default)]
    pub resources: Vec<Resource>,
    /// The tenant that it is for, or `*` for all; its own organization when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// What it may do on several tenants, instead of `scopes`, `resources` and `tenant`: a grant for each. Without any, it
    /// opens nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grants: Option<Vec<Grant>>,
    /// When it expires; never when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<u64>,
    /// The id of an application token; generated when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The id of the principal that it belongs to; when absent, the one of the token that creates it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Whether `origins` may have patterns such as `*--shop.netlify.app`, below a suffix that many owners share. Anyone may
    /// take a name there that matches, and use the token.
    #[serde(default, skip_serializing_if = "super::is_false")]
    pub accept_shared_suffix: bool,
}

/// The body of `PATCH /v2/access-token/{id}`. What is absent stays as it is.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateTokenRequest {
    /// Its new name, 1 to 512 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The origins that may use a publishable token from now on, as people write origins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origins: Option<Vec<String>>,
    /// When it expires from now on; `null` for never.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "super::present")]
    pub expires_at: Option<Option<u64>>,
    /// Whether `origins` may have more patterns below a suffix that many owners share than the token has: see
    /// [`CreateTokenRequest::accept_shared_suffix`].
    #[serde(default, skip_serializing_if = "super::is_false")]
    pub accept_shared_suffix: bool,
}

/// The response of `GET /v2/access-token/self`: the token in the request, and whether the request's origin may use it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TokenDescription {
    /// Its kind.
    pub kind: TokenKind,
    /// What it may do, over all its grants.
    pub scopes: ScopeSet,
    /// Where it may be used.
    pub origins: Vec<OriginPattern>,
    /// When it expires, if ever.
    pub expires_at: Option<u64>,
    /// Whether it was revoked.
    pub revoked: bool,
    /// Whether its organization is suspended.
    #[serde(default)]
    pub suspended: bool,
    /// The origin that the request came from.
    pub origin_seen: Option<String>,
    /// Whether the token may be used there.
    pub origin_allowed: bool,
}
