//! A proof at the token endpoint (RFC 9449, section 5): [`TokenRequestProof`].

use super::proof::Proof;
use super::{ServerUrl, check_jti};
use crate::Error;

/// A proof that the sender of a token request has a key. Tokens that it gets are bound to the key.
///
/// It is not remembered, so it can be sent again while its nonce is current. That gives nothing without
/// what else the request needs: the client's secret, or a code or refresh token that is used once.
#[derive(Debug)]
pub struct TokenRequestProof {
    jkt: String,
    nonce: Option<String>,
}

impl TokenRequestProof {
    /// Verifies the proof in the header `DPoP` of a request with this method to the endpoint at this
    /// URL. Its age is not checked: the caller checks the [`nonce`](TokenRequestProof::nonce).
    ///
    /// SECURITY: the URL is a setting and not taken from the request, whose sender chooses its `Host`.
    ///
    /// # Errors
    /// [`Error::InvalidDpopProof`].
    pub fn verify(proof: &str, method: &str, url: &str) -> Result<TokenRequestProof, Error> {
        let proof = Proof::parse(proof).map_err(Error::InvalidDpopProof)?;
        let ServerUrl { origin, path } = ServerUrl::parse(url);
        proof.check_request(method, origin, path)?;
        check_jti(&proof)?;
        Ok(TokenRequestProof { jkt: proof.jkt, nonce: proof.claims.nonce })
    }

    /// Returns the thumbprint of the key (RFC 7638).
    #[must_use]
    pub fn jkt(&self) -> &str {
        &self.jkt
    }

    /// Returns the nonce in the proof.
    #[must_use]
    pub fn nonce(&self) -> Option<&str> {
        self.nonce.as_deref()
    }
}
