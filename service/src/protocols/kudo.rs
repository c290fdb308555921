//! Kudo: session tokens for an editor's parameters.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use daypass::{Error, Parameters, TokenKind};
use serde::Serialize;

use crate::http::{BUNDLE_CREATE, Caller, EXPIRES_AT, JsonText, NO_STORE, SharedApp, backend_routes, browser_routes};
use crate::usecase::bundles;

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
}

/// An error as Kudo words it: whatever is wrong with the token, it is a wrong token.
struct KudoError(Error);

impl From<Error> for KudoError {
    fn from(error: Error) -> KudoError {
        KudoError(error)
    }
}

impl IntoResponse for KudoError {
    fn into_response(self) -> Response {
        match self.0 {
            Error::InvalidBody(_) | Error::BodyTooLarge(_) | Error::Unavailable => self.0.into_response(),
            _ => {
                let body = KudoErrorBody { error: "wrong_token", message: "Wrong token" };
                (StatusCode::FORBIDDEN, NO_STORE, Json(body)).into_response()
            }
        }
    }
}

/// `POST /generate`: stores the posted object and returns a token for it.
async fn generate(
    State(app): State<SharedApp>,
    caller: Result<Caller, Error>,
    body: Result<JsonText, Error>,
) -> Result<impl IntoResponse, KudoError> {
    let caller = caller?;
    caller.require_kind(&[TokenKind::Application])?;
    caller.require_scope(&BUNDLE_CREATE)?;
    let body = body?;
    let parameters = Parameters::from_json(body.text()?).map_err(|cause| Error::InvalidBody(cause.to_string()))?;
    let reference =
        bundles::create_reference(&*app.store, &app.catalog.view().catalogs, &caller.parent(), &parameters).await?;
    let token = reference.token.expose_secret().to_owned();
    Ok((NO_STORE, Json(Session { token, expiration_time: reference.expires_at })))
}

/// `GET /verify`: returns the object that was posted, and the application that posted it.
async fn verify(State(app): State<SharedApp>, caller: Result<Caller, Error>) -> Result<impl IntoResponse, KudoError> {
    let caller = caller?;
    caller.require_kind(&[TokenKind::Bundle])?;
    let mut redemption = bundles::redeem(&*app.store, &caller.token).await?;
    redemption.parameters.set("auth", &redemption.application);
    // The body is what was posted, so that the expiry is a header.
    let expires_at = caller.access.expires_at().map(|end| [(EXPIRES_AT, end.to_string())]);
    Ok((NO_STORE, expires_at, Json(redemption.parameters)))
}
