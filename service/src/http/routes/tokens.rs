//! Publishable, secret and application tokens: create, list, show, revoke.

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use daypass::api::TokenRecord;
use daypass::{Error, Scope, TokenKind};
use serde::{Deserialize, Serialize};

use super::super::{Caller, JsonText, NO_STORE, SharedApp};
use crate::domain::grantor::Grantor;
use crate::usecase::{revoke, tokens};

const CREATE: Scope = Scope::literal("token:create");
const READ: Scope = Scope::literal("token:read");
pub(super) const REVOKE: Scope = Scope::literal("token:revoke");

#[derive(Serialize)]
pub(super) struct TokenList {
    tokens: Vec<TokenRecord>,
}

#[derive(Deserialize)]
pub(super) struct Filter {
    kind: Option<TokenKind>,
}

/// `POST /v2/access-token`
pub(super) async fn create(
    State(app): State<SharedApp>,
    caller: Caller,
    body: Result<JsonText, Error>,
) -> Result<impl IntoResponse, Error> {
    caller.require_secret(&CREATE)?;
    let grantor = Grantor::holder(&caller.access);
    let response = tokens::create(&*app.store, &app.catalogs, &grantor, body?.read()?).await?;
    Ok((StatusCode::CREATED, NO_STORE, Json(response)))
}

/// `GET /v2/access-token?kind=`
pub(super) async fn list(
    State(app): State<SharedApp>,
    caller: Caller,
    filter: Result<Query<Filter>, QueryRejection>,
) -> Result<impl IntoResponse, Error> {
    caller.require_secret(&READ)?;
    let Query(filter) = filter.map_err(|cause| Error::InvalidRequest(cause.body_text()))?;
    let tokens = tokens::list(&*app.store, caller.access.organization(), filter.kind).await?;
    Ok((NO_STORE, Json(TokenList { tokens })))
}

/// `GET /v2/access-token/{id}`
pub(super) async fn show(
    State(app): State<SharedApp>,
    caller: Caller,
    id: Result<Path<String>, PathRejection>,
) -> Result<impl IntoResponse, Error> {
    caller.require_secret(&READ)?;
    let Path(id) = id.map_err(|_| Error::NotFound)?;
    let record = tokens::find(&*app.store, caller.access.organization(), &id).await?;
    Ok((NO_STORE, Json(record)))
}

/// `DELETE /v2/access-token/{id}`
pub(super) async fn revoke(
    State(app): State<SharedApp>,
    caller: Caller,
    id: Result<Path<String>, PathRejection>,
) -> Result<impl IntoResponse, Error> {
    caller.require_secret(&REVOKE)?;
    let Path(id) = id.map_err(|_| Error::NotFound)?;
    let record = revoke::token(&*app.store, caller.access.organization(), &id).await?;
    Ok((NO_STORE, Json(record)))
}
