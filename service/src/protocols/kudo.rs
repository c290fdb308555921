//! Kudo: session tokens for an editor's parameters.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use daypass::{Error, Parameters, TokenKind};
use serde::Serialize;

use crate::http::{
    BUNDLE_CREATE, EXPIRES_AT, JsonText, NO_STORE, SharedApp, TokenCaller, backend_routes, browser_routes,
};
use crate::usecase::bundles;

/// The header by which a client that redeems a reference is known again: a text that it keeps to itself.
const REDEEMER: HeaderName = HeaderName::from_static("daypass-redeemer");
/// The header with the signed bundle that a single-use reference was redeemed for. Pages may read it.
const BUNDLE: HeaderName = HeaderName::from_static("daypass-bundle");

/// Returns the routes of Kudo.
pub(super) fn router() -> Router<SharedApp> {
    browser_routes(Router::new().route("/verify", get(verify)))
        .merge(backend_routes(Router::new().route("/generate", post(generate))))
}

#[derive(Serialize)]
struct Session {
    token: String,
    expiration_time: u64,
}

#[derive(Serialize)]
struct KudoErrorBody {
    error: &'static str,
    message: &'static str,
    /// What is wrong with a body.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// An error as Kudo words it: if the key, the token or the body is wrong, it is a wrong token.
struct KudoError(Error);

impl From<Error> for KudoError {
    fn from(error: Error) -> KudoError {
        KudoError(error)
    }
}

impl IntoResponse for KudoError {
    fn into_response(self) -> Response {
        let reason = match self.0 {
            // Nothing is wrong with what the client sent.
            Error::Unavailable | Error::TooManyRequests(_) | Error::LimitReached { .. } | Error::TooSlow => {
                return self.0.into_response();
            }
            // Kudo has no references that are redeemed once.
            Error::BundleUsed => return self.0.into_response(),
            // A body is read only for a key that is right, so that its holder alone is told.
            Error::InvalidBody(_) | Error::BodyTooLarge(_) => Some(self.0.body().message),
            _ => None,
        };
        let body = KudoErrorBody { error: "wrong_token", message: "Wrong token", reason };
        (StatusCode::FORBIDDEN, NO_STORE, Json(body)).into_response()
    }
}

/// `POST /generate`: stores the posted object and returns a token for it.
async fn generate(
    State(app): State<SharedApp>,
    caller: Result<TokenCaller, Error>,
    body: Result<JsonText, Error>,
) -> Result<impl IntoResponse, KudoError> {
    let caller = caller?;
    caller.require_kind(&[TokenKind::Application])?;
    caller.require_scope(&BUNDLE_CREATE)?;
    let body = body?;
    let parameters = Parameters::from_json(body.text()?).map_err(|cause| Error::InvalidBody(cause.to_string()))?;
    let format = app.reference_format;
    let catalogs = &app.catalog.view().catalogs;
    let (rates, parent) = (&app.rates, caller.parent());
    let reference = bundles::create_reference(&*app.store, catalogs, rates, &parent, &parameters, format).await?;
    let token = reference.token.expose_secret().to_owned();
    Ok((NO_STORE, Json(Session { token, expiration_time: reference.expires_at })))
}

/// `GET /verify`: returns the object that was posted, and the application that posted it.
async fn verify(
    State(app): State<SharedApp>,
    caller: Result<TokenCaller, Error>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, KudoError> {
    let TokenCaller { access, token, .. } = caller?;
    if access.kind() != TokenKind::Bundle {
        return Err(Error::KindNotAccepted(access.kind()).into());
    }
    let nonce = headers.get(REDEEMER).map(HeaderValue::as_bytes).filter(|nonce| !nonce.is_empty());
    let mut redeemed = bundles::redeem(&*app.store, &app.jwt_issuer, &access, &token, nonce).await?;
    redeemed.parameters.set("auth", &redeemed.application);
    // The body is what was posted, so that the rest is in headers.
    let expires_at = access.expires_at().map(|end| [(EXPIRES_AT, end.to_string())]);
    let bundle = redeemed.bundle.map(|bundle| [(BUNDLE, bundle)]);
    Ok((NO_STORE, expires_at, bundle, Json(redeemed.parameters)))
}
