//! The caller of a request, whose token is the parameter `accessTokenId` of the query or of a form.

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use daypass::verify::{Credential, TokenLocation};
use daypass::{Error, Scope, TokenKind};

use crate::http::rates::guard;
use crate::http::{Parameters, SharedApp, TokenCaller, credentials};

/// The parameter that carries the token.
const ACCESS_TOKEN_ID: &str = "accessTokenId";

/// The caller of a request without a form.
pub(super) struct QueryCaller(pub(super) TokenCaller);

impl FromRequestParts<SharedApp> for QueryCaller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &SharedApp) -> Result<QueryCaller, Error> {
        let view = app.catalog.view();
        let credentials = credentials(app, &view.crafter_verifier, parts);
        TokenCaller::authenticate(app, guard(&view, parts), credentials).await.map(QueryCaller)
    }
}

/// Authenticates the caller of a request that may have a form.
///
/// # Errors
/// Those of the verifier: [`Error::InvalidRequest`] if the query and the form have different tokens.
pub(super) async fn of_form(app: &SharedApp, request: Request) -> Result<TokenCaller, Error> {
    let (parts, body) = request.into_parts();
    let form = if is_form(&parts.headers) {
        Some(Parameters::from_request(Request::from_parts(parts.clone(), body), &()).await?)
    } else {
        None
    };
    // An empty parameter is a missing one, as at home.
    let text = form.as_ref().and_then(|form| form.find(ACCESS_TOKEN_ID));
    let view = app.catalog.view();
    let others = credentials(app, &view.crafter_verifier, &parts);
    let credentials = text.map_or(others, |text| {
        let credential = Credential { text: text.as_bytes(), location: TokenLocation::AccessTokenId };
        others.with_credential(credential)
    });
    TokenCaller::authenticate(app, guard(&view, &parts), credentials).await
}

fn is_form(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// Requires an application token with a scope in its own organization, as a master token has it.
pub(super) fn require(caller: &TokenCaller, scope: &Scope) -> Result<(), Error> {
    caller.require_kind(&[TokenKind::Application])?;
    caller.require_scope(scope)
}
