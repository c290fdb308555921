//! Apps: the exchange of a challenge for tokens, which stands on OAuth.
//!
//! An app is an OAuth client. Its challenge is a text of its own choice and length: what OAuth gets is a verifier that
//! is made of it (RFC 7636).

use aws_lc_rs::digest::{SHA256, digest};
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::header::{LOCATION, ORIGIN};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use base64ct::{Base64UrlUnpadded, Encoding};
use daypass::{Error, OpaqueToken};
use serde::{Deserialize, Serialize};
use url::form_urlencoded;

use crate::crypto::pkce;
use crate::domain::oauth::authorization::ACCESS_CODE;
use crate::domain::oauth::refusal::Refusal;
use crate::http::{ClientAddress, JsonText, NO_STORE, SharedApp, authenticate_by};
use crate::store::acting;
use crate::usecase::oauth::code::{self, CodeRequest};
use crate::usecase::oauth::refresh::{self, RefreshRequest};
use crate::usecase::oauth::{Issuing, TokenResponse};

/// What an app sends: a code and its challenge, or a refresh token.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExchangeRequest {
    app_id: Option<String>,
    app_secret: Option<String>,
    access_code: Option<String>,
    challenge: Option<String>,
    refresh_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Tokens {
    token: String,
    refresh_token: Option<String>,
}

#[derive(Serialize)]
struct ExchangeErrorBody {
    err: String,
}

/// `GET /authn/verify/{appId}/{challenge}`: a person lets an app have an access code, on the page of OAuth.
pub(super) async fn verify(
    State(app): State<SharedApp>,
    path: Result<Path<(String, String)>, PathRejection>,
) -> Result<Response, Error> {
    let Path((id, challenge)) = path.map_err(|_| Error::NotFound)?;
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("response_type", "code")
        .append_pair("response_mode", ACCESS_CODE)
        .append_pair("client_id", &id)
        .append_pair("code_challenge", &pkce::challenge(&verifier(&challenge)))
        .append_pair("code_challenge_method", "S256")
        .finish();
    let location = format!("{}/oauth/authorize?{query}", app.jwt_issuer.issuer);
    Ok((StatusCode::SEE_OTHER, NO_STORE, [(LOCATION, location)]).into_response())
}

/// `POST /auth/token`: gives an app tokens for a code or a refresh token.
///
/// SECURITY: a task of its own answers, which goes on if the app hangs up, as that of `/oauth/token` does.
pub(super) async fn exchange(
    State(app): State<SharedApp>,
    address: ClientAddress,
    headers: HeaderMap,
    body: Result<JsonText, Error>,
) -> Response {
    let is_from_browser = headers.contains_key(ORIGIN);
    let answer = acting::spawn(async move { respond(&app, address, body?.read()?, is_from_browser).await });
    match answer.await.unwrap_or(Err(Refusal::Service(Error::Unavailable))) {
        Ok(TokenResponse { access_token: token, refresh_token, .. }) => {
            let refresh_token = refresh_token.as_ref().map(OpaqueToken::expose_secret).map(str::to_owned);
            (NO_STORE, Json(Tokens { token, refresh_token })).into_response()
        }
        Err(Refusal::Service(error)) if error.is_retryable() => error.into_response(),
        Err(Refusal::Service(error)) => refuse(error.to_string()),
        Err(Refusal::OAuth(_, why)) => refuse(why),
    }
}

fn refuse(err: String) -> Response {
    (StatusCode::UNAUTHORIZED, NO_STORE, Json(ExchangeErrorBody { err })).into_response()
}

async fn respond(
    app: &SharedApp,
    address: ClientAddress,
    request: ExchangeRequest,
    is_from_browser: bool,
) -> Result<TokenResponse, Refusal> {
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    let ExchangeRequest { app_id, app_secret, access_code, challenge, refresh_token } = request;
    let refresh_token = given(refresh_token);
    let (Some(id), Some(secret)) = (given(app_id), given(app_secret)) else {
        return Err(missing(refresh_token.is_some()));
    };
    let ClientAddress(address) = address;
    let attempt = app.rates.authentication.attempt(address)?;
    // A public app of Speckle sends a secret that everybody knows: what proves it is its challenge.
    let is_confidential = app.store.oauth_client(&id).await?.is_none_or(|client| client.settings.is_confidential);
    let secret = is_confidential.then_some(&*secret);
    let client = authenticate_by(app, Some(attempt), &id, secret, is_from_browser).await?;
    let issuing = Issuing { store: &*app.store, catalog: app.catalog.view(), jwt_issuer: &app.jwt_issuer };
    if let Some(refresh_token) = refresh_token {
        let request = RefreshRequest { refresh_token, scope: None, jkt: None };
        return refresh::refresh(&issuing, &client, request).await;
    }
    let (Some(code), Some(challenge)) = (given(access_code), given(challenge)) else { return Err(missing(false)) };
    let request = CodeRequest { code, redirect_uri: None, code_verifier: verifier(&challenge), jkt: None };
    code::redeem(&issuing, &client, request).await
}

fn missing(is_refresh: bool) -> Refusal {
    let why = if is_refresh {
        "Invalid request - App Id and Secret are required."
    } else {
        "Invalid request, insufficient information provided in the request. App Id, Secret, Access Code, and Challenge \
         are required."
    };
    Error::InvalidRequest(why.into()).into()
}

/// Makes the verifier of PKCE of a challenge: 43 characters, whatever the challenge is.
fn verifier(challenge: &str) -> String {
    Base64UrlUnpadded::encode_string(digest(&SHA256, format!("speckle challenge\n{challenge}").as_bytes()).as_ref())
}
