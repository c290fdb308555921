//! Why an OAuth request is refused: [`Refusal`].

use daypass::Error;

/// An error code of OAuth (RFC 6749, sections 4.1.2.1 and 5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RefusalCode {
    /// A parameter is missing, repeated or wrong.
    InvalidRequest,
    /// The client is not authenticated.
    InvalidClient,
    /// The code or the refresh token is not valid for this request.
    InvalidGrant,
    /// The client may not ask for this.
    UnauthorizedClient,
    /// The grant type does not exist here.
    UnsupportedGrantType,
    /// A scope does not exist, or the client may not have it.
    InvalidScope,
    /// The proof of the client's key is wrong (RFC 9449, section 5).
    InvalidDpopProof,
    /// The proof of the client's key lacks a current nonce (RFC 9449, section 8).
    UseDpopNonce,
    /// The response type does not exist here.
    UnsupportedResponseType,
    /// The user did not allow it, or cannot.
    AccessDenied,
    /// Nobody is signed in, and the client wants no sign-in to be shown (OpenID Connect Core, section 3.1.2.6).
    LoginRequired,
    /// The user has not allowed it before, and the client wants no page to be shown.
    ConsentRequired,
    /// Request objects do not exist here (OpenID Connect Core, section 3.1.2.6).
    RequestNotSupported,
    /// The resource is not one of the service (RFC 8707, section 2).
    InvalidTarget,
    /// The service does not answer now.
    TemporarilyUnavailable,
    /// The service failed.
    ServerError,
}

impl RefusalCode {
    /// Every code.
    pub(crate) const ALL: [RefusalCode; 16] = [
        RefusalCode::InvalidRequest,
        RefusalCode::InvalidClient,
        RefusalCode::InvalidGrant,
        RefusalCode::UnauthorizedClient,
        RefusalCode::UnsupportedGrantType,
        RefusalCode::InvalidScope,
        RefusalCode::InvalidDpopProof,
        RefusalCode::UseDpopNonce,
        RefusalCode::UnsupportedResponseType,
        RefusalCode::AccessDenied,
        RefusalCode::LoginRequired,
        RefusalCode::ConsentRequired,
        RefusalCode::RequestNotSupported,
        RefusalCode::InvalidTarget,
        RefusalCode::TemporarilyUnavailable,
        RefusalCode::ServerError,
    ];

    /// Returns the code on the wire.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            RefusalCode::InvalidRequest => "invalid_request",
            RefusalCode::InvalidClient => "invalid_client",
            RefusalCode::InvalidGrant => "invalid_grant",
            RefusalCode::UnauthorizedClient => "unauthorized_client",
            RefusalCode::UnsupportedGrantType => "unsupported_grant_type",
            RefusalCode::InvalidScope => "invalid_scope",
            RefusalCode::InvalidDpopProof => "invalid_dpop_proof",
            RefusalCode::UseDpopNonce => "use_dpop_nonce",
            RefusalCode::UnsupportedResponseType => "unsupported_response_type",
            RefusalCode::AccessDenied => "access_denied",
            RefusalCode::LoginRequired => "login_required",
            RefusalCode::ConsentRequired => "consent_required",
            RefusalCode::RequestNotSupported => "request_not_supported",
            RefusalCode::InvalidTarget => "invalid_target",
            RefusalCode::TemporarilyUnavailable => "temporarily_unavailable",
            RefusalCode::ServerError => "server_error",
        }
    }
}

/// Why an OAuth request is refused.
///
/// SECURITY: no text in it has a code, a token or a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// By the rules of OAuth; the text says what is wrong.
    OAuth(RefusalCode, String),
    /// By the service: it does not answer, or the request does not reach it completely.
    Service(Error),
}

impl Refusal {
    /// A refusal by the rules of OAuth.
    pub(crate) fn new(code: RefusalCode, why: impl Into<String>) -> Refusal {
        Refusal::OAuth(code, why.into())
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Refusal {
        match error {
            Error::InvalidRequest(why) => Refusal::OAuth(RefusalCode::InvalidRequest, why),
            Error::InvalidScope(why) => Refusal::OAuth(RefusalCode::InvalidScope, why),
            Error::InvalidClient(why) => Refusal::OAuth(RefusalCode::InvalidClient, why),
            Error::InvalidDpopProof(why) => Refusal::new(RefusalCode::InvalidDpopProof, why),
            // Each response to a request with a proof has the nonce.
            Error::UseDpopNonce(_) => Refusal::new(RefusalCode::UseDpopNonce, error.to_string()),
            other => Refusal::Service(other),
        }
    }
}
