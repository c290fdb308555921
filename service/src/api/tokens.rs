//! Publishable, secret and application tokens: create, list, show, revoke.

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use daypass::api::TokenRecord;
use daypass::{Error, Scope, TokenKind};
use serde::{Deserialize, Serialize};

use super::{Caller, JsonText, NO_STORE, Shared};
use crate::issue::{self, Grantor};
use crate::unique;

const CREATE: Scope = Scope::literal("token:create");
const READ: Scope = Scope::literal("token:read");
pub(super) const REVOKE: Scope = Scope::literal("token:revoke");

#[derive(Serialize)]
pub(super) struct List {
    tokens: Vec<TokenRecord>,
}

#[derive(Deserialize)]
pub(super) struct Filter {
    kind: Option<TokenKind>,
}

/// `POST /v2/access-token`
pub(super) async fn create(
    State(service): State<Shared>,
    caller: Caller,
    body: Result<JsonText, Error>,
) -> Result<impl IntoResponse, Error> {
    check(&caller, &CREATE)?;
    let creator = Grantor::holder(&caller.access);
    let created = issue::create(&service.store, &service.catalogs, &creator, body?.read()?).await?;
    Ok((StatusCode::CREATED, NO_STORE, Json(created)))
}

/// `GET /v2/access-token?kind=`
pub(super) async fn list(
    State(service): State<Shared>,
    caller: Caller,
    filter: Result<Query<Filter>, QueryRejection>,
) -> Result<impl IntoResponse, Error> {
    check(&caller, &READ)?;
    let Query(filter) = filter.map_err(|cause| Error::InvalidRequest(cause.body_text()))?;
    let tokens = service.store.tokens(caller.access.organization(), filter.kind).await?;
    Ok((NO_STORE, Json(List { tokens })))
}

/// `GET /v2/access-token/{id}`
pub(super) async fn show(
    State(service): State<Shared>,
    caller: Caller,
    id: Result<Path<String>, PathRejection>,
) -> Result<impl IntoResponse, Error> {
    check(&caller, &READ)?;
    let Path(id) = id.map_err(|_| Error::NotFound)?;
    let record = service.store.token(caller.access.organization(), &id).await?;
    Ok((NO_STORE, Json(record)))
}

/// `DELETE /v2/access-token/{id}`
pub(super) async fn revoke(
    State(service): State<Shared>,
    caller: Caller,
    id: Result<Path<String>, PathRejection>,
) -> Result<impl IntoResponse, Error> {
    check(&caller, &REVOKE)?;
    let Path(id) = id.map_err(|_| Error::NotFound)?;
    let record = service.store.revoke(caller.access.organization(), &id, unique::now()).await?;
    tracing::info!(id, organization = record.organization, "revoked a token");
    Ok((NO_STORE, Json(record)))
}

fn check(caller: &Caller, scope: &Scope) -> Result<(), Error> {
    caller.require_kind(&[TokenKind::Secret])?;
    caller.require_scope(scope)
}
