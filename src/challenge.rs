//! Challenges: the header `WWW-Authenticate` of a response that refuses a request.

use crate::{Error, ErrorCode};

/// The algorithms that proofs may be signed with: those of the browsers' WebCrypto, the second by both of its names.
pub(crate) const DPOP_ALGORITHMS: [&str; 3] = ["ES256", "EdDSA", "Ed25519"];

/// The challenge of Basic authentication (RFC 7617, section 2).
const BASIC: &str = r#"Basic realm="daypass", charset="UTF-8""#;

impl Error {
    /// Returns the challenge (RFC 6750, section 3; RFC 9449, section 7.1; RFC 7617), for the errors that have one.
    #[must_use]
    pub fn www_authenticate(&self) -> Option<String> {
        Some(match self {
            Error::MissingToken | Error::NotSignedIn(_) | Error::SignInFailed(_) => "Bearer".to_owned(),
            Error::InvalidToken => r#"Bearer error="invalid_token""#.to_owned(),
            Error::TokenExpired | Error::TokenNotYetValid | Error::TokenRevoked => {
                format!(r#"Bearer error="invalid_token", error_description="{self}""#)
            }
            Error::InvalidClient(_) => BASIC.to_owned(),
            Error::DpopRequired => self.dpop_challenge(ErrorCode::InvalidToken),
            Error::InvalidDpopProof(_) | Error::UseDpopNonce(_) => self.dpop_challenge(self.code()),
            Error::InvalidRequest(_) | Error::SecretInQuery(_) => r#"Bearer error="invalid_request""#.to_owned(),
            Error::InsufficientScope { scope, .. } => {
                format!(r#"Bearer error="insufficient_scope", scope="{scope}""#)
            }
            _ => return None,
        })
    }

    fn dpop_challenge(&self, error: ErrorCode) -> String {
        format!(r#"DPoP error="{error}", error_description="{self}", {}"#, dpop_algorithms())
    }
}

/// Returns the algorithms as challenges name them (RFC 9449, section 7.1).
pub(crate) fn dpop_algorithms() -> String {
    format!(r#"algs="{}""#, DPOP_ALGORITHMS.join(" "))
}
