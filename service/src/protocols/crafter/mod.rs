//! Crafter Profile: access tokens of applications, for tenants.

mod caller;
mod error;
mod token;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router};
use daypass::{Error, ForeignFormat, OpaqueToken, Scope};

use crate::domain::grantor::Grantor;
use crate::http::{JsonText, NO_STORE, SharedApp};
use crate::usecase::crafter::{self, NewAccessToken};
use crate::usecase::revoke;
use caller::QueryCaller;
use error::CrafterError;
use token::{PostedToken, ShownToken};

const CREATE: Scope = Scope::literal("token:create");
const READ: Scope = Scope::literal("token:read");
const REVOKE: Scope = Scope::literal("token:revoke");

/// What every path may end with.
const SUFFIX: &str = ".json";

/// Returns the routes of Crafter Profile.
pub(super) fn router() -> Router<SharedApp> {
    let not_allowed = async || CrafterError::from(Error::MethodNotAllowed);
    Router::new()
        .route("/api/1/access_token/create", post(create))
        .route("/api/1/access_token/create.json", post(create))
        .route("/api/1/access_token/all", get(all))
        .route("/api/1/access_token/all.json", get(all))
        .route("/api/1/access_token/{id}", get(show))
        .route("/api/1/access_token/{id}/delete", post(delete))
        .route("/api/1/access_token/{id}/delete.json", post(delete))
        .method_not_allowed_fallback(not_allowed)
}

/// `POST /api/1/access_token/create`
async fn create(
    State(app): State<SharedApp>,
    caller: Result<QueryCaller, Error>,
    body: Result<JsonText, Error>,
) -> Result<impl IntoResponse, CrafterError> {
    let QueryCaller(caller) = caller?;
    caller::require(&caller, &CREATE)?;
    let posted: PostedToken = body?.read()?;
    // At home an empty id makes a token that nobody can use.
    let chosen = posted.id.as_deref().filter(|id| !id.is_empty());
    let new = NewAccessToken {
        credential: chosen.map(chosen_credential).transpose()?,
        is_master: posted.master.unwrap_or(false),
        grants: posted.grants()?,
        expires_at: posted.expires_at()?,
        application: posted.application,
    };
    let catalogs = &app.catalog.view().catalogs;
    let created = crafter::create(&*app.store, catalogs, &Grantor::holder(&caller.access), new).await?;
    let credential = created.token.expose_secret().to_owned();
    Ok((NO_STORE, Json(ShownToken::new(credential, &created.record))))
}

/// `GET /api/1/access_token/{id}`
async fn show(
    State(app): State<SharedApp>,
    caller: Result<QueryCaller, Error>,
    id: Result<Path<String>, PathRejection>,
) -> Result<impl IntoResponse, CrafterError> {
    let QueryCaller(caller) = caller?;
    caller::require(&caller, &READ)?;
    let Path(id) = id.map_err(|_| Error::NotFound)?;
    let id = id.strip_suffix(SUFFIX).unwrap_or(&id);
    let record = crafter::find(&*app.store, caller.access.organization(), credential(id).as_ref(), id).await?;
    if record.revoked_at.is_some() {
        return Err(Error::NotFound.into());
    }
    Ok((NO_STORE, Json(ShownToken::new(id.to_owned(), &record))))
}

/// `GET /api/1/access_token/all`
async fn all(
    State(app): State<SharedApp>,
    caller: Result<QueryCaller, Error>,
) -> Result<impl IntoResponse, CrafterError> {
    let QueryCaller(caller) = caller?;
    caller::require(&caller, &READ)?;
    let records = crafter::all(&*app.store, caller.access.organization()).await?;
    let tokens: Vec<_> = records.iter().map(|record| ShownToken::new(record.id.clone(), record)).collect();
    Ok((NO_STORE, Json(tokens)))
}

/// `POST /api/1/access_token/{id}/delete`: a success without a body, also if the token was deleted before.
async fn delete(
    State(app): State<SharedApp>,
    id: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<impl IntoResponse, CrafterError> {
    let caller = caller::of_form(&app, request).await?;
    caller::require(&caller, &REVOKE)?;
    let Path(id) = id.map_err(|_| Error::NotFound)?;
    let record = crafter::find(&*app.store, caller.access.organization(), credential(&id).as_ref(), &id).await?;
    revoke::stored(&*app.store, &record).await?;
    Ok(NO_STORE)
}

/// Reads the credential that a caller chose for a new token.
fn chosen_credential(id: &str) -> Result<OpaqueToken, Error> {
    OpaqueToken::foreign(ForeignFormat::ChosenId, id).map_err(|_| {
        let why = "The `id` must be 1 to 256 letters, digits, `-`, `.` and `_`, and not begin with `dp_` or `eyJ`.";
        Error::InvalidRequest(why.into())
    })
}

/// Reads an id in a path as a credential: one of ours, or a chosen one.
fn credential(id: &str) -> Option<OpaqueToken> {
    id.parse().or_else(|_| OpaqueToken::foreign(ForeignFormat::ChosenId, id)).ok()
}
