//! [`Access`] and `Option<Access>` as axum extractors.

use axum_core::extract::{FromRequestParts, OptionalFromRequestParts};
use http::request::Parts;

use super::layer::MissingToken;
use crate::Error;
use crate::verify::Access;

/// Extracts the access of a request that the layer verified.
///
/// # Errors
/// [`Error::Misconfigured`] without the layer, [`Error::MissingToken`] if the layer let a request
/// without a token through.
impl<S: Sync> FromRequestParts<S> for Access {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Access, Error> {
        find_access(parts)?.ok_or(Error::MissingToken)
    }
}

/// Extracts the access, or `None` from a request without a token that
/// [`VerifyLayer::allow_missing_token`](super::VerifyLayer::allow_missing_token) let through.
///
/// # Errors
/// [`Error::Misconfigured`] without the layer.
impl<S: Sync> OptionalFromRequestParts<S> for Access {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Access>, Error> {
        find_access(parts)
    }
}

/// Finds what the layer left on the request.
///
/// SECURITY: without the layer nothing was verified. That is an error and not a request without a
/// token.
fn find_access(parts: &Parts) -> Result<Option<Access>, Error> {
    let access = parts.extensions.get::<Access>().cloned();
    if access.is_none() && parts.extensions.get::<MissingToken>().is_none() {
        tracing::error!("handler extracts Access, but its route has no VerifyLayer, answering 500");
        return Err(Error::Misconfigured);
    }
    Ok(access)
}
