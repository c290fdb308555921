//! Proofs of clients' keys at the endpoints of OAuth (RFC 9449).

use daypass::Error;
use daypass::verify::TokenRequestProof;

use super::super::jwt_issuer::JwtIssuer;

/// Verifies a proof that was posted to the endpoint at this path, and returns the thumbprint of its key.
///
/// # Errors
/// [`Error::InvalidDpopProof`], or [`Error::UseDpopNonce`] if it lacks a current nonce.
pub(crate) fn verify(jwt_issuer: &JwtIssuer, proof: &str, path: &str) -> Result<String, Error> {
    let proof = TokenRequestProof::verify(proof, "POST", &format!("{}{path}", jwt_issuer.issuer))?;
    jwt_issuer.check_nonce(proof.nonce())?;
    Ok(proof.jkt().to_owned())
}

/// Returns the nonce for the next proof.
///
/// # Errors
/// [`Error::Unavailable`] without an active key.
pub(crate) fn next_nonce(jwt_issuer: &JwtIssuer) -> Result<String, Error> {
    jwt_issuer.nonce()
}
