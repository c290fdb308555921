//! The caller of a request: its parameters, and what its token may do.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::middleware::Next;
use axum::response::Response;
use daypass::Scope;
use daypass::verify::{Access, Credential, TokenLocation, Verifier};

use crate::error::ApiError;

/// The longest body, in bytes.
const MAX_BODY: usize = 64 * 1024;
/// The parameter that carries the token.
const ACCESS_TOKEN_ID: &str = "accessTokenId";

/// What the caller may do, and the fields of the query and of a form.
#[derive(Clone)]
pub(crate) struct Caller {
    access: Access,
    fields: Arc<HashMap<String, String>>,
}

impl Caller {
    /// Requires that the token allows an action on a tenant.
    pub(crate) fn require(&self, action: &Scope, tenant: &str) -> Result<(), ApiError> {
        Ok(self.access.require(action).tenant(tenant).check()?)
    }

    /// Returns whether the token allows an action on a tenant.
    pub(crate) fn may(&self, action: &Scope, tenant: &str) -> bool {
        self.access.require(action).tenant(tenant).is_met()
    }

    /// Returns a field of the query or of the form.
    pub(crate) fn field(&self, name: &str) -> Result<&str, ApiError> {
        let missing = ApiError::BadRequest("A parameter is missing: see the documentation of this request.");
        self.fields.get(name).map(String::as_str).filter(|value| !value.is_empty()).ok_or(missing)
    }
}

// #region form
/// Verifies the token of a request, which is in its query or in its form, and leaves a [`Caller`] on the request.
///
/// The verifier reads the query by itself. A form is a body, so it is read here and handed on.
pub(crate) async fn authenticate(
    State(verifier): State<Arc<Verifier>>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let (mut parts, body) = request.into_parts();
    let body = to_bytes(body, MAX_BODY).await.map_err(|_| ApiError::BadRequest("The body is too long."))?;
    let form = if is_form(&parts.headers) { body.clone() } else { Bytes::new() };
    let in_form = form_urlencoded::parse(&form).filter(|(name, _)| name == ACCESS_TOKEN_ID);
    let texts: Vec<_> = in_form.map(|(_, text)| text).collect();

    let mut credentials = verifier.credentials(&parts);
    for text in &texts {
        let credential = Credential { text: text.as_bytes(), location: TokenLocation::AccessTokenId };
        credentials = credentials.with_credential(credential);
    }
    if let Some(ConnectInfo(address)) = parts.extensions.get::<ConnectInfo<SocketAddr>>() {
        credentials = credentials.from_client(address.ip());
    }
    let access = verifier.verify(&credentials, None).await?;
    let query = parts.uri.query().unwrap_or_default().as_bytes();
    let fields = form_urlencoded::parse(query).chain(form_urlencoded::parse(&form));
    let fields = fields.map(|(name, value)| (name.into_owned(), value.into_owned()));
    let caller = Caller { access, fields: Arc::new(fields.collect()) };
    parts.extensions.insert(caller);
    Ok(next.run(Request::from_parts(parts, Body::from(body))).await)
}
// #endregion

fn is_form(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    content_type.split(';').next().is_some_and(|name| name.trim() == "application/x-www-form-urlencoded")
}
