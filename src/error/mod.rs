//! Why a request is refused: [`Error`], and the table of all codes: [`ErrorCode`].

mod code;
mod unknown_page;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use code::ErrorCode;
pub use unknown_page::UnknownPage;

use crate::{Scope, TokenKind};

/// Why a request was refused. It has a stable code, an HTTP status, a challenge, a message, and help.
///
/// SECURITY: the holder of an authentic token is told the exact reason. A token that is malformed, mistyped, unknown or signed
/// by another key is [`Error::InvalidToken`], with the same bytes whatever the cause.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The request has no token.
    MissingToken,
    /// The token is not authentic.
    InvalidToken,
    /// The token has expired.
    TokenExpired,
    /// The token is not valid yet.
    TokenNotYetValid,
    /// The token was revoked.
    TokenRevoked,
    /// The token's organization is suspended.
    OrganizationSuspended,
    /// Basic authentication failed; the payload is a sentence that says why.
    InvalidClient(String),
    /// The token is bound to a key, and came without a proof (RFC 9449).
    DpopRequired,
    /// The proof of the token's key is wrong; the payload says what is wrong.
    InvalidDpopProof(&'static str),
    /// The DPoP proof lacks a current nonce; the payload is the nonce to use.
    UseDpopNonce(String),
    /// Requests come too often; the payload is the number of seconds to wait.
    TooManyRequests(u64),
    /// The request itself is wrong: two tokens, two origins, a missing field.
    InvalidRequest(String),
    /// The body is not the expected JSON.
    InvalidBody(String),
    /// The body exceeds the limit, in bytes.
    BodyTooLarge(usize),
    /// The body did not arrive in time.
    TooSlow,
    /// A token that is not publishable came in a query, which logs and histories keep.
    SecretInQuery(TokenKind),
    /// A token for backends came from a browser.
    SecretInBrowser(TokenKind),
    /// A token of this kind cannot be used here.
    KindNotAccepted(TokenKind),
    /// A publishable token, or a temporary one that is bound to origins, came without saying from which page.
    OriginRequired(UnknownPage),
    /// The token does not allow the page's origin; the payload is the origin seen.
    OriginNotAllowed(String),
    /// The token lacks a scope for the tenant or a resource of the request.
    InsufficientScope {
        /// The required scope.
        scope: Scope,
        /// The tenant of the request, if the token has no grant for it.
        tenant: Option<String>,
    },
    /// A requested scope does not exist, or the caller does not have it.
    InvalidScope(String),
    /// A duration in seconds is outside its range.
    DurationOutOfRange {
        /// The shortest allowed.
        least: u64,
        /// The longest allowed.
        most: u64,
    },
    /// The path or the id names nothing.
    NotFound,
    /// The path exists, for other methods.
    MethodNotAllowed,
    /// The id is taken.
    AlreadyExists,
    /// An organization has as much of something as it may have.
    LimitReached {
        /// The most that it may have.
        most: u64,
        /// Of what, such as `active secret tokens`.
        what: &'static str,
    },
    /// A token or the catalogue was edited since the caller read it; the payload is its version.
    VersionConflict(u64),
    /// A new catalogue lacks scopes that active tokens hold; the payload is a sentence with their number.
    ScopesInUse(String),
    /// A token of this kind cannot be edited.
    TokenImmutable(TokenKind),
    /// A single-use bundle reference was redeemed before.
    BundleUsed,
    /// The request has no session, or it has ended; the payload is a sentence that says what needs one.
    NotSignedIn(&'static str),
    /// A sign-in failed; the payload is a sentence that says why.
    SignInFailed(String),
    /// A request with a session does not come from a page of the service.
    CrossSiteRequest,
    /// The signed-in user's role does not allow the request; the payload is the role.
    InsufficientRole(String),
    /// An invitation is unknown, expired, used or replaced.
    InvalidInvitation,
    /// The API lacks a part that the request needs, such as the verifier's layer. Its log names the part.
    Misconfigured,
    /// The store, the keys, introspection or the revocation feed did not answer. Until then everything is refused.
    Unavailable,
}

impl Error {
    /// Returns one error of each code, for tables and tests.
    #[doc(hidden)]
    #[must_use]
    pub fn examples() -> Vec<Error> {
        vec![
            Error::MissingToken,
            Error::InvalidToken,
            Error::TokenExpired,
            Error::TokenNotYetValid,
            Error::TokenRevoked,
            Error::OrganizationSuspended,
            Error::InvalidClient("The token has expired.".into()),
            Error::DpopRequired,
            Error::InvalidDpopProof("The proof was used before."),
            Error::UseDpopNonce("bm9uY2U".into()),
            Error::TooManyRequests(1),
            Error::InvalidRequest("The field `name` is missing.".into()),
            Error::InvalidBody("expected value at line 1 column 1".into()),
            Error::BodyTooLarge(65_536),
            Error::TooSlow,
            Error::SecretInQuery(TokenKind::Secret),
            Error::SecretInBrowser(TokenKind::Secret),
            Error::KindNotAccepted(TokenKind::Temporary),
            Error::OriginRequired(UnknownPage::NoOrigin),
            Error::OriginNotAllowed("https://elsewhere.example".into()),
            Error::InsufficientScope { scope: Scope::literal("floor:readPrivate"), tenant: None },
            Error::InvalidScope("`floor:fly` is not in the catalogue.".into()),
            Error::DurationOutOfRange { least: 900, most: 86_400 },
            Error::NotFound,
            Error::MethodNotAllowed,
            Error::AlreadyExists,
            Error::LimitReached { most: 100, what: "active publishable tokens" },
            Error::VersionConflict(3),
            Error::ScopesInUse("The new catalogue lacks scopes that 2 active tokens hold: floor:fly.".into()),
            Error::TokenImmutable(TokenKind::Application),
            Error::BundleUsed,
            Error::NotSignedIn("The request has no session, or the session has ended."),
            Error::SignInFailed("The email or the password is wrong.".into()),
            Error::CrossSiteRequest,
            Error::InsufficientRole("viewer".into()),
            Error::InvalidInvitation,
            Error::Misconfigured,
            Error::Unavailable,
        ]
    }

    /// Returns the code.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Error::MissingToken => ErrorCode::MissingToken,
            Error::InvalidToken => ErrorCode::InvalidToken,
            Error::TokenExpired => ErrorCode::TokenExpired,
            Error::TokenNotYetValid => ErrorCode::TokenNotYetValid,
            Error::TokenRevoked => ErrorCode::TokenRevoked,
            Error::OrganizationSuspended => ErrorCode::OrganizationSuspended,
            Error::InvalidClient(_) => ErrorCode::InvalidClient,
            Error::DpopRequired => ErrorCode::DpopRequired,
            Error::InvalidDpopProof(_) => ErrorCode::InvalidDpopProof,
            Error::UseDpopNonce(_) => ErrorCode::UseDpopNonce,
            Error::TooManyRequests(_) => ErrorCode::TooManyRequests,
            Error::InvalidRequest(_) => ErrorCode::InvalidRequest,
            Error::InvalidBody(_) => ErrorCode::InvalidBody,
            Error::BodyTooLarge(_) => ErrorCode::BodyTooLarge,
            Error::TooSlow => ErrorCode::TooSlow,
            Error::SecretInQuery(_) => ErrorCode::SecretInQuery,
            Error::SecretInBrowser(_) => ErrorCode::SecretInBrowser,
            Error::KindNotAccepted(_) => ErrorCode::KindNotAccepted,
            Error::OriginRequired(_) => ErrorCode::OriginRequired,
            Error::OriginNotAllowed(_) => ErrorCode::OriginNotAllowed,
            Error::InsufficientScope { .. } => ErrorCode::InsufficientScope,
            Error::InvalidScope(_) => ErrorCode::InvalidScope,
            Error::DurationOutOfRange { .. } => ErrorCode::DurationOutOfRange,
            Error::NotFound => ErrorCode::NotFound,
            Error::MethodNotAllowed => ErrorCode::MethodNotAllowed,
            Error::AlreadyExists => ErrorCode::AlreadyExists,
            Error::LimitReached { .. } => ErrorCode::LimitReached,
            Error::VersionConflict(_) => ErrorCode::VersionConflict,
            Error::ScopesInUse(_) => ErrorCode::ScopesInUse,
            Error::TokenImmutable(_) => ErrorCode::TokenImmutable,
            Error::BundleUsed => ErrorCode::BundleUsed,
            Error::NotSignedIn(_) => ErrorCode::NotSignedIn,
            Error::SignInFailed(_) => ErrorCode::SignInFailed,
            Error::CrossSiteRequest => ErrorCode::CrossSiteRequest,
            Error::InsufficientRole(_) => ErrorCode::InsufficientRole,
            Error::InvalidInvitation => ErrorCode::InvalidInvitation,
            Error::Misconfigured => ErrorCode::Misconfigured,
            Error::Unavailable => ErrorCode::Unavailable,
        }
    }

    /// Returns the HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.code().status()
    }

    /// Returns whether the same request may succeed later without anyone changing anything.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.code().is_retryable()
    }

    /// Returns what to do about it.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Error::OriginRequired(page) => page.help(),
            _ => self.code().help(),
        }
    }

    /// Returns the body of the response.
    #[must_use]
    pub fn body(&self) -> ErrorBody {
        let (scope, tenant) = match self {
            Error::InsufficientScope { scope, tenant } => (Some(scope.clone()), tenant.clone()),
            _ => (None, None),
        };
        ErrorBody {
            error: self.code().as_str().into(),
            message: self.to_string(),
            help: self.help().into(),
            status: self.status(),
            origin: if let Error::OriginNotAllowed(origin) = self { Some(origin.clone()) } else { None },
            scope,
            tenant,
        }
    }
}

/// Says what happened, in a sentence.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let message = self.code().message();
        let (before, after) = message.split_once("{}").unwrap_or((message, ""));
        f.write_str(before)?;
        match self {
            Error::OriginRequired(page) => f.write_str(page.why()),
            Error::InvalidDpopProof(why) | Error::NotSignedIn(why) => f.write_str(why),
            Error::InvalidRequest(why)
            | Error::InvalidScope(why)
            | Error::ScopesInUse(why)
            | Error::InvalidBody(why)
            | Error::InvalidClient(why)
            | Error::SignInFailed(why) => f.write_str(why),
            Error::OriginNotAllowed(text) | Error::InsufficientRole(text) => f.write_str(text),
            Error::InsufficientScope { scope, tenant: None } => write!(f, "{scope} for this tenant or resource"),
            Error::InsufficientScope { scope, tenant: Some(tenant) } => {
                write!(f, "{scope}: it has no grant for the tenant {tenant}")
            }
            Error::BodyTooLarge(most) => write!(f, "{most}"),
            Error::LimitReached { most, what } => write!(f, "{most} {what}"),
            Error::VersionConflict(version) => write!(f, "{version}"),
            Error::SecretInQuery(kind)
            | Error::SecretInBrowser(kind)
            | Error::KindNotAccepted(kind)
            | Error::TokenImmutable(kind) => {
                write!(f, "{kind}")
            }
            Error::DurationOutOfRange { least, most } => write!(f, "{least} to {most}"),
            _ => Ok(()),
        }?;
        f.write_str(after)
    }
}

impl std::error::Error for Error {}

/// The JSON body of a response that refuses a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ErrorBody {
    /// The code's stable name: [`ErrorCode::as_str`].
    #[cfg_attr(feature = "schema", schemars(schema_with = "code::names"))]
    pub error: String,
    /// What happened.
    pub message: String,
    /// What to do about it.
    #[serde(default)]
    pub help: String,
    /// The HTTP status, for logs that keep bodies only.
    #[serde(default)]
    pub status: u16,
    /// The origin that was seen, if it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// The required scope, if the token lacks it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    /// The tenant of the request, if the token has no grant for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
}
