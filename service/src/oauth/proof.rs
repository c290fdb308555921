//! The proof that a client sends of its key, and the nonce for the next one (RFC 9449, sections 5 and 8).

use axum::http::{HeaderMap, HeaderName};
use daypass::Error;

use crate::domain::oauth::refusal::Refusal;
use crate::http::SharedApp;
use crate::usecase::oauth::proof;

/// The header of a proof, as the description of the API names it.
pub(super) const HEADER: &str = "DPoP";
/// What it is for.
pub(super) const WHAT: &str = "A proof of the client's key, to which the tokens are then bound (RFC 9449).";

const DPOP: HeaderName = HeaderName::from_static("dpop");
const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// Returns the thumbprint of the key that a request to the endpoint at this path proves, if it has a proof.
///
/// # Errors
/// `invalid_dpop_proof` and `use_dpop_nonce`.
pub(super) fn jkt(app: &SharedApp, headers: &HeaderMap, path: &str) -> Result<Option<String>, Refusal> {
    let mut proofs = headers.get_all(DPOP).into_iter();
    match (proofs.next(), proofs.next()) {
        (None, _) => Ok(None),
        (Some(text), None) => {
            let text = text.to_str().unwrap_or_default();
            Ok(Some(proof::verify(&app.jwt_issuer, text, path)?))
        }
        (Some(_), Some(_)) => Err(Error::InvalidDpopProof("The request has more than one DPoP header.").into()),
    }
}

/// Returns the header of the response to a request with a proof, with the nonce for the next one.
pub(super) fn next_nonce(app: &SharedApp, headers: &HeaderMap) -> Option<[(HeaderName, String); 1]> {
    let nonce = headers.contains_key(DPOP).then(|| proof::next_nonce(&app.jwt_issuer));
    Some([(DPOP_NONCE, nonce?.ok()?)])
}
