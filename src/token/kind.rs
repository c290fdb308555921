//! What a token is for: [`TokenKind`].

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Scope;

/// What a token is for. It decides what the token may hold, and where in a request it may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum TokenKind {
    /// May be in a page that anyone can read. It is bound to origins and holds publishable scopes only.
    Publishable,
    /// For a backend. Never in a browser.
    Secret,
    /// Acts for a person. Never in a browser.
    Personal,
    /// For one application or partner, with an id that its creator chooses. Never in a browser.
    Application,
    /// A short-lived JWT, minted from a secret token for a browser.
    Temporary,
    /// A parameter bundle: a reference or a JWT.
    Bundle,
    /// A short-lived JWT from OAuth 2.0.
    OauthAccess,
    /// Gets new OAuth access tokens.
    OauthRefresh,
}

impl TokenKind {
    /// Every kind.
    pub const ALL: [TokenKind; 8] = [
        TokenKind::Publishable,
        TokenKind::Secret,
        TokenKind::Personal,
        TokenKind::Application,
        TokenKind::Temporary,
        TokenKind::Bundle,
        TokenKind::OauthAccess,
        TokenKind::OauthRefresh,
    ];

    /// Returns the prefix of opaque tokens of this kind; `None` for the kinds that are always JWTs.
    #[must_use]
    pub const fn prefix(self) -> Option<&'static str> {
        match self {
            TokenKind::Publishable => Some("dp_pub_"),
            TokenKind::Secret => Some("dp_sec_"),
            TokenKind::Personal => Some("dp_per_"),
            TokenKind::Application => Some("dp_app_"),
            TokenKind::Bundle => Some("dp_bun_"),
            TokenKind::OauthRefresh => Some("dp_ref_"),
            TokenKind::Temporary | TokenKind::OauthAccess => None,
        }
    }

    /// Returns whether only backends may hold tokens of this kind.
    ///
    /// SECURITY: a browser never holds one. The verifier refuses it with an `Origin` header.
    #[must_use]
    pub const fn is_backend_only(self) -> bool {
        matches!(self, TokenKind::Secret | TokenKind::Personal | TokenKind::Application | TokenKind::OauthRefresh)
    }

    /// Returns whether a token of this kind may use `scope` at all.
    ///
    /// SECURITY: whatever its grants say, only a token that stays in a backend creates and revokes tokens, and a personal
    /// token creates no others (as in Speckle). `*` includes these scopes.
    #[must_use]
    pub fn may(self, scope: &Scope) -> bool {
        match self {
            TokenKind::Secret | TokenKind::Application => true,
            TokenKind::Personal => !scope.is_of_daypass() || (scope.resource(), scope.action()) == ("token", "read"),
            _ => !scope.is_of_daypass(),
        }
    }

    /// Returns the name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            TokenKind::Publishable => "publishable",
            TokenKind::Secret => "secret",
            TokenKind::Personal => "personal",
            TokenKind::Application => "application",
            TokenKind::Temporary => "temporary",
            TokenKind::Bundle => "bundle",
            TokenKind::OauthAccess => "oauthAccess",
            TokenKind::OauthRefresh => "oauthRefresh",
        }
    }
}

impl fmt::Display for TokenKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for TokenKind {
    type Err = ParseKindError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        TokenKind::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or(ParseKindError)
    }
}

/// The error for a text that names no token kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParseKindError;

impl fmt::Display for ParseKindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a token kind: expected publishable, secret, personal, application, temporary, bundle, oauthAccess or oauthRefresh")
    }
}

impl std::error::Error for ParseKindError {}
