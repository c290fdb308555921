//! The JSON shapes that both halves and the service exchange. Times are Unix time in seconds.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

use crate::{Grant, OriginPattern, Resource, ScopeSet, TokenKind};

/// How long a temporary token lives: what the Space API allows (seed 004), in seconds.
pub mod duration {
    /// The shortest.
    pub const LEAST: u64 = 900;
    /// The longest.
    pub const MOST: u64 = 86_400;
    /// What is given when nothing is asked.
    pub const DEFAULT: u64 = 3600;
}

/// The body of `POST /v2/temporary-access-token/create`, and what a provider is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TemporaryTokenRequest {
    /// The scopes asked for: some of the secret token's.
    pub scopes: ScopeSet,
    /// The life asked for, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_seconds: Option<u64>,
    /// The thumbprint of the browser's public key, which the token is then bound to: [`Confirmation::jkt`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dpop_jkt: Option<String>,
}

/// The answer to it. It holds a token: its `Debug` does not.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TemporaryTokenAnswer {
    /// `Bearer …`, or `DPoP …` of a bound token, to be sent verbatim as the `Authorization` header.
    pub authorization: String,
    /// When it ends.
    pub expires_at: u64,
}

impl fmt::Debug for TemporaryTokenAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TemporaryTokenAnswer").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

/// What a signed token or bundle claims (RFC 9068, and ours). A bundle's parameters stand beside these.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Issuer: the service's URL.
    pub iss: String,
    /// Subject: the organization's id.
    pub sub: String,
    /// Audience: the product.
    pub aud: String,
    /// Issued at.
    pub iat: u64,
    /// Not before.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub nbf: Option<u64>,
    /// Expires at.
    pub exp: u64,
    /// The token's own id.
    pub jti: String,
    /// The client: the id of the stored token that this one was minted from, its parent.
    pub client_id: String,
    /// The parent's [`TokenRecord::serial`]. An id may come to name another token, a serial never does.
    pub parent_serial: u64,
    /// The key without which the token is of no use, where it is bound to one (RFC 7800, section 3.1).
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub cnf: Option<Confirmation>,
    /// The token's kind.
    pub kind: TokenKind,
    /// What it may do.
    pub grants: Vec<Grant>,
    /// Where it may be used; nowhere in particular if empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub origins: Vec<OriginPattern>,
}

/// Something that may be left out. `null` is no way to leave it out: others refuse it.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// The public key that a token is bound to (RFC 9449, section 6.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    /// The key's JWK thumbprint: SHA-256 in base64url (RFC 7638).
    pub jkt: String,
}

/// A stored token, without the token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenRecord {
    /// Its id, by which it is listed and revoked.
    pub id: String,
    /// A number that no other token of the store has or ever had.
    pub serial: u64,
    /// The serial number of the token that a bundle reference was made with, which ends with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_serial: Option<u64>,
    /// Its kind.
    pub kind: TokenKind,
    /// A name that its owner remembers it by.
    pub name: String,
    /// The organization it belongs to.
    pub organization: String,
    /// What it may do.
    pub grants: Vec<Grant>,
    /// Where it may be used.
    pub origins: Vec<OriginPattern>,
    /// When it was made.
    pub created_at: u64,
    /// When it ends, if ever.
    pub expires_at: Option<u64>,
    /// When it was revoked, if it was.
    pub revoked_at: Option<u64>,
    /// Its last four characters.
    pub last_chars: String,
}

/// The body of `POST /v2/access-token`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewToken {
    /// Publishable, secret or application.
    pub kind: TokenKind,
    /// A name to remember it by, 1 to 512 characters.
    pub name: String,
    /// What it may do; the catalogue's publishable scopes, or all of them for a secret token, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes: Option<ScopeSet>,
    /// Where it may be used, as people write origins.
    #[serde(default)]
    pub origins: Vec<String>,
    /// The resources it is limited to.
    #[serde(default)]
    pub resources: Vec<Resource>,
    /// When it ends; never when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<u64>,
    /// The id of an application token; made up when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

/// The answer of `GET /v2/access-token/self`: what the token in the request is, and how the request's origin stands to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenSelf {
    /// Its kind.
    pub kind: TokenKind,
    /// What it may do, over all its grants.
    pub scopes: ScopeSet,
    /// Where it may be used.
    pub origins: Vec<OriginPattern>,
    /// When it ends, if ever.
    pub expires_at: Option<u64>,
    /// Whether it was revoked.
    pub revoked: bool,
    /// The origin that the request came from.
    pub origin_seen: Option<String>,
    /// Whether the token may be used there.
    pub origin_allowed: bool,
}

/// The answer of `POST /introspect` (RFC 7662). What makes a token genuine but unusable is told too: the asker is the
/// product's API, which tells the holder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Introspection {
    /// Whether the token can be used now.
    pub active: bool,
    /// The record, if the token is genuine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<TokenRecord>,
}

/// The body of `POST /v2/bundle/create`; the parameters are read beside it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewBundle<P = crate::Parameters> {
    /// What the embed is opened with.
    pub parameters: P,
    /// Where it opens, as people write origins; anywhere when absent.
    #[serde(default)]
    pub origins: Vec<String>,
    /// How long, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_seconds: Option<u64>,
}

/// The answer to it. It holds a bundle: its `Debug` does not.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BundleAnswer {
    /// The signed document.
    pub bundle: String,
    /// When it ends.
    pub expires_at: u64,
}

impl fmt::Debug for BundleAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BundleAnswer").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

/// One entry of the revocation feed, `GET /v2/revocation`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    /// Its place in the feed. Later entries have greater numbers.
    pub seq: u64,
    /// When it was revoked.
    pub at: u64,
    /// What was revoked.
    #[serde(flatten)]
    pub revoked: Revoked,
}

/// What a revocation ends. Any one is enough.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "level")]
pub enum Revoked {
    /// A stored token, and all that was minted from it.
    Token {
        /// [`TokenRecord::serial`].
        serial: u64,
    },
    /// One signed token.
    Signed {
        /// [`Claims::jti`].
        jti: String,
    },
    /// All tokens of an organization, those to come too.
    Organization {
        /// Its id.
        organization: String,
    },
    /// All tokens of an organization that were issued before a time.
    IssuedBefore {
        /// Its id.
        organization: String,
        /// The first second whose tokens live.
        time: u64,
    },
    /// All that a key signed.
    Key {
        /// The key's name in the JWKS.
        kid: String,
    },
}

/// In words, for logs and people.
impl fmt::Display for Revoked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Revoked::Token { serial } => write!(f, "the stored token with the serial number {serial}"),
            Revoked::Signed { jti } => write!(f, "the signed token {jti}"),
            Revoked::Organization { organization } => write!(f, "all tokens of the organization {organization}"),
            Revoked::IssuedBefore { organization, time } => {
                write!(f, "all tokens of the organization {organization} that were issued before {time}")
            }
            Revoked::Key { kid } => write!(f, "all that the key {kid} has signed"),
        }
    }
}

/// The answer of `GET /v2/revocation?after=` to a client that polls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevocationPage {
    /// The entries after the one that was named, oldest first; all that are kept if there was none of that number yet.
    pub revocations: Vec<Revocation>,
    /// The feed's last number, entries of other organizations counted. A page of fewer than [`RevocationPage::MOST`] has
    /// everything up to it; after a full one, there may be more to ask for after its last entry.
    pub latest: u64,
    /// Which run of the service counts. Another one may go on from an older store, where numbers that are known stand for
    /// other entries: ask for all of them anew.
    pub epoch: String,
}

/// What the event `current` of the feed says: nothing up to this entry is missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Current {
    /// The feed's last number, entries of other organizations counted.
    pub latest: u64,
    /// Which run of the service counts, as in a [`RevocationPage`].
    pub epoch: String,
    /// When that was so: milliseconds after the stream began, by the service's steady clock. An event that took long to
    /// arrive is known by it.
    pub elapsed_milliseconds: u64,
}

impl RevocationPage {
    /// As many entries has a page at most.
    pub const MOST: usize = 1000;
}
