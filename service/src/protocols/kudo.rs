//! Session tokens for an editor's parameters (seed 002).

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use daypass::{Error, Parameters, TokenKind};
use serde::Serialize;

use crate::api::{BUNDLE_CREATE, Caller, EXPIRES_AT, JsonText, NO_STORE, Shared};
use crate::issue;

#[derive(Serialize)]
struct Session {
    token: String,
    expiration_time: u64,
}

#[derive(Serialize)]
struct WrongToken {
    error: &'static str,
    message: &'static str,
}

/// A refusal as this system words it: whatever is wrong with the token, it is a wrong token.
pub(crate) struct Refused(Error);

impl From<Error> for Refused {
    fn from(error: Error) -> Refused {
        Refused(error)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        match self.0 {
            Error::InvalidBody(_) | Error::BodyTooLarge(_) | Error::Unavailable => self.0.into_response(),
            _ => {
                let body = WrongToken { error: "wrong_token", message: "Wrong token" };
                (StatusCode::FORBIDDEN, NO_STORE, Json(body)).into_response()
            }
        }
    }
}

/// `POST /generate`: keeps the posted object and gives a token for it.
pub(crate) async fn generate(
    State(service): State<Shared>,
    caller: Result<Caller, Error>,
    body: Result<JsonText, Error>,
) -> Result<impl IntoResponse, Refused> {
    let caller = caller?;
    caller.require_kind(&[TokenKind::Application])?;
    caller.require_scope(&BUNDLE_CREATE)?;
    let body = body?;
    let parameters = Parameters::from_json(body.text()?).map_err(|cause| Error::InvalidBody(cause.to_string()))?;
    let reference = issue::reference(&service, &caller.parent(), &parameters).await?;
    let token = reference.token.expose_secret().to_owned();
    Ok((NO_STORE, Json(Session { token, expiration_time: reference.expires_at })))
}

/// `GET /verify`: the object that was posted, and who posted it.
pub(crate) async fn verify(
    State(service): State<Shared>,
    caller: Result<Caller, Error>,
) -> Result<impl IntoResponse, Refused> {
    let caller = caller?;
    caller.require_kind(&[TokenKind::Bundle])?;
    let mut redeemed = issue::redeem(&service, &caller.token).await?;
    redeemed.parameters.set("auth", &redeemed.application);
    // The body is what was posted, so that the end stands beside it.
    let end = caller.access.expires_at().map(|end| [(EXPIRES_AT, end.to_string())]);
    Ok((NO_STORE, end, Json(redeemed.parameters)))
}
