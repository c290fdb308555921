//! Every reason for which a request is refused: [`Denied`].

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Reason, Scope, TokenKind};

/// Why a request was refused: a stable code, an HTTP status, a challenge, a sentence, and what to do about it.
///
/// A genuine token's holder is told the exact reason. Whatever is not genuine, malformed, mistyped, unknown or wrongly
/// signed, is [`Denied::InvalidToken`], with the same bytes for every cause.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Denied {
    /// There was no token.
    MissingToken,
    /// Not a genuine token.
    InvalidToken,
    /// Genuine, but its time is over.
    TokenExpired,
    /// Genuine, but its time has not come.
    TokenNotYetValid,
    /// Genuine, but revoked.
    TokenRevoked,
    /// Genuine, but bound to a key, and sent as if it were not (RFC 9449).
    DpopRequired,
    /// Genuine and bound to a key, but the proof that the sender has it is not as it should be.
    InvalidDpopProof(&'static str),
    /// The same, for want of the nonce that is given here.
    UseDpopNonce(String),
    /// It comes too often: after so many seconds it may be sent again.
    TooManyRequests(u64),
    /// The request itself is wrong: two tokens, two origins, a field that is missing.
    InvalidRequest(String),
    /// A body that is not the JSON that was expected.
    InvalidBody(String),
    /// A body over the limit, in bytes.
    BodyTooLarge(usize),
    /// A body that did not arrive in time.
    TooSlow,
    /// A token that is not publishable travelled in a query, where logs and histories keep it.
    SecretInQuery(TokenKind),
    /// A token for backends arrived from a browser.
    SecretInBrowser(TokenKind),
    /// A token of this kind cannot be used here.
    KindNotAccepted(TokenKind),
    /// A publishable token came without an `Origin`.
    OriginRequired,
    /// The token does not allow the page's origin, which is given as seen.
    OriginNotAllowed(String),
    /// The token lacks a scope, or lacks it for this tenant or resource.
    InsufficientScope(Scope),
    /// A scope was asked for that does not exist or that the asker does not hold itself.
    InvalidScope(String),
    /// A duration in seconds outside its range.
    DurationOutOfRange {
        /// The shortest allowed.
        least: u64,
        /// The longest allowed.
        most: u64,
    },
    /// Nothing is there.
    NotFound,
    /// The path is there, for other methods.
    MethodNotAllowed,
    /// The id is taken.
    AlreadyExists,
    /// An organization has as many tokens of a kind as it may have.
    LimitReached(usize),
    /// The store, the keys, the look-up or the feed of revocations did not answer. Nothing is let through meanwhile.
    Unavailable,
}

impl Denied {
    /// One of each reason, for tables and tests.
    #[doc(hidden)]
    #[must_use]
    pub fn examples() -> Vec<Denied> {
        vec![
            Denied::MissingToken,
            Denied::InvalidToken,
            Denied::TokenExpired,
            Denied::TokenNotYetValid,
            Denied::TokenRevoked,
            Denied::DpopRequired,
            Denied::InvalidDpopProof("The proof was used before."),
            Denied::UseDpopNonce("bm9uY2U".into()),
            Denied::TooManyRequests(1),
            Denied::InvalidRequest("The field `name` is missing.".into()),
            Denied::InvalidBody("expected value at line 1 column 1".into()),
            Denied::BodyTooLarge(65_536),
            Denied::TooSlow,
            Denied::SecretInQuery(TokenKind::Secret),
            Denied::SecretInBrowser(TokenKind::Secret),
            Denied::KindNotAccepted(TokenKind::Temporary),
            Denied::OriginRequired,
            Denied::OriginNotAllowed("https://elsewhere.example".into()),
            Denied::InsufficientScope(Scope::literal("floor:readPrivate")),
            Denied::InvalidScope("`floor:fly` is not in the catalogue.".into()),
            Denied::DurationOutOfRange { least: 900, most: 86_400 },
            Denied::NotFound,
            Denied::MethodNotAllowed,
            Denied::AlreadyExists,
            Denied::LimitReached(100),
            Denied::Unavailable,
        ]
    }

    /// The stable name of the reason.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Denied::MissingToken => "missing_token",
            Denied::InvalidToken => "invalid_token",
            Denied::TokenExpired => "token_expired",
            Denied::TokenNotYetValid => "token_not_yet_valid",
            Denied::TokenRevoked => "token_revoked",
            Denied::DpopRequired => "dpop_required",
            Denied::InvalidDpopProof(_) => "invalid_dpop_proof",
            Denied::UseDpopNonce(_) => "use_dpop_nonce",
            Denied::TooManyRequests(_) => "too_many_requests",
            Denied::InvalidRequest(_) => "invalid_request",
            Denied::InvalidBody(_) => "invalid_body",
            Denied::BodyTooLarge(_) => "body_too_large",
            Denied::TooSlow => "too_slow",
            Denied::SecretInQuery(_) => "secret_in_query",
            Denied::SecretInBrowser(_) => "secret_in_browser",
            Denied::KindNotAccepted(_) => "kind_not_accepted",
            Denied::OriginRequired => "origin_required",
            Denied::OriginNotAllowed(_) => "origin_not_allowed",
            Denied::InsufficientScope(_) => "insufficient_scope",
            Denied::InvalidScope(_) => "invalid_scope",
            Denied::DurationOutOfRange { .. } => "duration_out_of_range",
            Denied::NotFound => "not_found",
            Denied::MethodNotAllowed => "method_not_allowed",
            Denied::AlreadyExists => "already_exists",
            Denied::LimitReached(_) => "limit_reached",
            Denied::Unavailable => "unavailable",
        }
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.reason().status
    }

    /// Whether the same request may succeed later without anyone changing anything.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.reason().is_retryable
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> &'static str {
        self.reason().help
    }

    /// What every refusal with this code has in common.
    fn reason(&self) -> &'static Reason {
        Reason::find(self.code()).expect("the table has every code")
    }

    /// The `WWW-Authenticate` of the answer (RFC 6750, section 3; RFC 9449, section 7.1), where it has one.
    #[must_use]
    pub fn www_authenticate(&self) -> Option<String> {
        Some(match self {
            Denied::MissingToken => "Bearer".to_owned(),
            Denied::InvalidToken => r#"Bearer error="invalid_token""#.to_owned(),
            Denied::TokenExpired => {
                r#"Bearer error="invalid_token", error_description="The token has expired.""#.to_owned()
            }
            Denied::TokenNotYetValid => {
                r#"Bearer error="invalid_token", error_description="The token is not valid yet.""#.to_owned()
            }
            Denied::TokenRevoked => {
                r#"Bearer error="invalid_token", error_description="The token was revoked.""#.to_owned()
            }
            Denied::DpopRequired => dpop_challenge("invalid_token", self),
            Denied::InvalidDpopProof(_) => dpop_challenge("invalid_dpop_proof", self),
            Denied::UseDpopNonce(_) => dpop_challenge("use_dpop_nonce", self),
            Denied::InvalidRequest(_) | Denied::SecretInQuery(_) => r#"Bearer error="invalid_request""#.to_owned(),
            Denied::InsufficientScope(scope) => format!(r#"Bearer error="insufficient_scope", scope="{scope}""#),
            _ => return None,
        })
    }

    /// The body of the answer.
    #[must_use]
    pub fn refusal(&self) -> Refusal {
        Refusal {
            error: self.code().into(),
            message: self.to_string(),
            help: self.help().into(),
            status: self.status(),
            origin: if let Denied::OriginNotAllowed(origin) = self { Some(origin.clone()) } else { None },
            scope: if let Denied::InsufficientScope(scope) = self { Some(scope.clone()) } else { None },
        }
    }
}

/// What proofs may be signed with, in a challenge (RFC 9449, section 7.1): what browsers' WebCrypto offers.
pub(crate) const DPOP_ALGORITHMS: &str = r#"algs="ES256 EdDSA""#;

fn dpop_challenge(error: &str, denied: &Denied) -> String {
    format!(r#"DPoP error="{error}", error_description="{denied}", {DPOP_ALGORITHMS}"#)
}

/// What happened, in a sentence.
impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (before, after) = self.reason().message.split_once("{}").unwrap_or((self.reason().message, ""));
        f.write_str(before)?;
        match self {
            Denied::InvalidDpopProof(why) => f.write_str(why),
            Denied::InvalidRequest(why) | Denied::InvalidScope(why) | Denied::InvalidBody(why) => f.write_str(why),
            Denied::OriginNotAllowed(origin) => f.write_str(origin),
            Denied::InsufficientScope(scope) => write!(f, "{scope}"),
            Denied::BodyTooLarge(most) | Denied::LimitReached(most) => write!(f, "{most}"),
            Denied::SecretInQuery(kind) | Denied::SecretInBrowser(kind) | Denied::KindNotAccepted(kind) => {
                write!(f, "{kind}")
            }
            Denied::DurationOutOfRange { least, most } => write!(f, "{least} to {most}"),
            _ => Ok(()),
        }?;
        f.write_str(after)
    }
}

impl std::error::Error for Denied {}

/// The JSON body of a refusal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// [`Denied::code`].
    pub error: String,
    /// What happened.
    pub message: String,
    /// What to do about it.
    #[serde(default)]
    pub help: String,
    /// The HTTP status, for logs that keep bodies only.
    #[serde(default)]
    pub status: u16,
    /// The origin that was seen, if it is what was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// The scope that was needed, if it is what was lacking.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
}
