//! Every reason for which a request is refused: [`Denied`].

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Scope, TokenKind};

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
        self.row().0
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.row().1
    }

    /// Whether the same request may succeed later without anyone changing anything.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self, Denied::TokenNotYetValid | Denied::TooManyRequests(_) | Denied::TooSlow | Denied::Unavailable)
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> &'static str {
        self.row().2
    }

    /// One row a reason: code, status, help.
    fn row(&self) -> (&'static str, u16, &'static str) {
        match self {
            Denied::MissingToken => (
                "missing_token",
                401,
                "Send a token: a publishable one as ?pubtoken=, any other as Authorization: Bearer.",
            ),
            Denied::InvalidToken => {
                ("invalid_token", 401, "Check that the whole token was copied and that it is from this service.")
            }
            Denied::TokenExpired => ("token_expired", 401, "Get a new token and send the request again."),
            Denied::TokenNotYetValid => (
                "token_not_yet_valid",
                401,
                "Check the clocks of the servers, or wait until the token's time has come.",
            ),
            Denied::TokenRevoked => ("token_revoked", 401, "Ask whoever issued the token for a new one."),
            Denied::DpopRequired => {
                ("dpop_required", 401, "Send it as Authorization: DPoP, with a proof made by the token's key.")
            }
            Denied::InvalidDpopProof(_) => {
                ("invalid_dpop_proof", 401, "Make a new proof for each request, as RFC 9449 says.")
            }
            Denied::UseDpopNonce(_) => (
                "use_dpop_nonce",
                401,
                "Make a proof with the nonce in the header DPoP-Nonce, and send the request again.",
            ),
            Denied::TooManyRequests(_) => (
                "too_many_requests",
                429,
                "Wait for as many seconds as the header Retry-After says, and send fewer requests.",
            ),
            Denied::InvalidRequest(_) => ("invalid_request", 400, "Mend the request as the message says."),
            Denied::InvalidBody(_) => (
                "invalid_body",
                400,
                "Send a JSON object of the documented shape, with Content-Type: application/json.",
            ),
            Denied::BodyTooLarge(_) => ("body_too_large", 413, "Send less."),
            Denied::TooSlow => ("too_slow", 408, "Send the request again, whole."),
            Denied::SecretInQuery(_) => (
                "secret_in_query",
                400,
                "Send it in the Authorization header, and replace this token: logs may hold it by now.",
            ),
            Denied::SecretInBrowser(_) => (
                "secret_in_browser",
                403,
                "Give browsers a publishable or a temporary token, and replace this token: visitors may have read it.",
            ),
            Denied::KindNotAccepted(_) => ("kind_not_accepted", 403, "Use a token of a kind that is accepted here."),
            Denied::OriginRequired => {
                ("origin_required", 403, "A publishable token works in web pages only. Use a secret token on a server.")
            }
            Denied::OriginNotAllowed(_) => {
                ("origin_not_allowed", 403, "Add the page's origin to the token, or use a token made for it.")
            }
            Denied::InsufficientScope(_) => {
                ("insufficient_scope", 403, "Use a token with this scope for the tenant and resource in question.")
            }
            Denied::InvalidScope(_) => {
                ("invalid_scope", 400, "Ask only for scopes of the catalogue that your own token holds.")
            }
            Denied::DurationOutOfRange { .. } => ("duration_out_of_range", 400, "Ask for a duration within the range."),
            Denied::NotFound => ("not_found", 404, "Check the path and the id."),
            Denied::MethodNotAllowed => ("method_not_allowed", 405, "Use one of the methods in the header Allow."),
            Denied::AlreadyExists => ("already_exists", 409, "Choose another id, or revoke the token that has it."),
            Denied::LimitReached(_) => ("limit_reached", 409, "Revoke a token that is no longer needed."),
            Denied::Unavailable => ("unavailable", 503, "Try again in a moment."),
        }
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
        match self {
            Denied::MissingToken => f.write_str("The request has no token."),
            Denied::InvalidToken => f.write_str("The token is not valid."),
            Denied::TokenExpired => f.write_str("The token has expired."),
            Denied::TokenNotYetValid => f.write_str("The token is not valid yet."),
            Denied::TokenRevoked => f.write_str("The token was revoked."),
            Denied::DpopRequired => f.write_str("The token is bound to a key, and was sent without a proof."),
            Denied::InvalidDpopProof(why) => f.write_str(why),
            Denied::UseDpopNonce(_) => f.write_str("The proof has no nonce, or an old one."),
            Denied::TooManyRequests(_) => f.write_str("There were too many requests just now."),
            Denied::InvalidRequest(why) | Denied::InvalidScope(why) => f.write_str(why),
            Denied::InvalidBody(why) => write!(f, "The body is not what was expected: {why}."),
            Denied::BodyTooLarge(most) => write!(f, "The body is larger than {most} bytes."),
            Denied::TooSlow => f.write_str("The request did not arrive in time."),
            Denied::SecretInQuery(kind) => write!(f, "A token of the kind {kind} was sent in the query of a URL."),
            Denied::SecretInBrowser(kind) => write!(f, "A token of the kind {kind} was sent by a browser."),
            Denied::KindNotAccepted(kind) => write!(f, "A token of the kind {kind} is not accepted here."),
            Denied::OriginRequired => {
                f.write_str("The request has no usable Origin header, which a publishable token needs.")
            }
            Denied::OriginNotAllowed(origin) => write!(f, "The token does not allow the origin {origin}."),
            Denied::InsufficientScope(scope) => write!(f, "The token does not have the scope {scope} here."),
            Denied::DurationOutOfRange { least, most } => {
                write!(f, "The duration must be {least} to {most} seconds, within the life of the token that asks.")
            }
            Denied::NotFound => f.write_str("There is nothing here."),
            Denied::MethodNotAllowed => f.write_str("This path does not answer this method."),
            Denied::AlreadyExists => f.write_str("A token with this id exists."),
            Denied::LimitReached(most) => write!(f, "There are {most} tokens of this kind, which is the most."),
            Denied::Unavailable => f.write_str("The token could not be checked just now."),
        }
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
