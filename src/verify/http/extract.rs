//! [`Access`] and [`Scoped`] as axum extractors, each required or optional.

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use http::request::Parts;

use super::layer::MissingToken;
use super::open::matched_route;
use crate::verify::{Access, Scoped, mistake};
use crate::{Error, RequiredScope};

/// Extracts the access of a request that the layer verified.
///
/// # Errors
/// [`Error::Misconfigured`] without the layer, [`Error::MissingToken`] if the layer let a request
/// without a token through.
impl<S: Sync> FromRequestParts<S> for Access {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Access, Error> {
        find_access(parts, "Access")?.ok_or(Error::MissingToken)
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
        find_access(parts, "Option<Access>")
    }
}

/// Extracts the access of a token that has the scope `R` for one tenant or resource at least.
///
/// # Errors
/// Those of [`Access`]; [`Error::InsufficientScope`] if the token has the scope for no tenant.
impl<S: Sync, R: RequiredScope> FromRequestParts<S> for Scoped<R> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Scoped<R>, Error> {
        find_access(parts, "Scoped")?.ok_or(Error::MissingToken)?.scoped()
    }
}

/// Extracts the access, or `None` from a request without a token that
/// [`VerifyLayer::allow_missing_token`](super::VerifyLayer::allow_missing_token) let through. A token without the
/// scope is an error, and not a missing token.
///
/// # Errors
/// [`Error::Misconfigured`] without the layer, [`Error::InsufficientScope`] if the token has the scope for no tenant.
impl<S: Sync, R: RequiredScope> OptionalFromRequestParts<S> for Scoped<R> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Scoped<R>>, Error> {
        find_access(parts, "Option<Scoped>")?.map(|access| access.scoped()).transpose()
    }
}

/// Finds what the layer left on the request.
///
/// SECURITY: without the layer nothing was verified. That is an error and not a request without a
/// token.
fn find_access(parts: &Parts, extractor: &str) -> Result<Option<Access>, Error> {
    let access = parts.extensions.get::<Access>().cloned();
    if access.is_none() && parts.extensions.get::<MissingToken>().is_none() {
        // The route and not the path: callers choose paths, and would fill the log.
        let route = matched_route(parts).unwrap_or("without a path");
        mistake::tell(
            format!("a handler extracts {extractor}, but its route {route} has no VerifyLayer, answering 500"),
            "apply VerifyLayer after the route, with `Router::layer`; a route that the layer leaves open has no Access",
        );
        return Err(Error::Misconfigured);
    }
    Ok(access)
}
