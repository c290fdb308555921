//! Publishable, secret, personal and application tokens: create, list, show, edit, revoke.

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::IntoResponse;
use daypass::ErrorCode::{AlreadyExists, InvalidRequest, InvalidScope, LimitReached, NotFound, TokenImmutable};
use daypass::api::{CreateTokenRequest, TokenPage, TokenRecord, UpdateTokenRequest};
use daypass::{Error, TokenKind};
use schemars::JsonSchema;
use serde::Deserialize;

use super::super::openapi::{Callers, Header, Operation, Tag};
use super::super::version::{if_match, tag};
use super::super::{Caller, JsonText, NO_STORE, SharedApp, TOKEN_CREATE, TOKEN_READ, TOKEN_REVOKE};
use crate::domain::page_limit::PageLimit;
use crate::domain::token::TokenStatus;
use crate::domain::token_edit::Editor;
use crate::domain::token_list::{Cursor, NamePart, TokenFilter, TokenList};
use crate::usecase::tokens::CreateTokenResponse;
use crate::usecase::{revoke, tokens};

/// The query of a list. An unknown field is refused: a misspelt filter must not list everything.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ListQuery {
    /// Tokens of this kind; without it, of all kinds but bundle references.
    kind: Option<TokenKind>,
    /// Tokens in this state.
    state: Option<TokenStatus>,
    /// A part of the name. Upper and lower case are the same.
    name: Option<NamePart>,
    /// Tokens of the principal with this id.
    owner: Option<String>,
    /// The most tokens of the page; 100 without it.
    limit: Option<PageLimit>,
    /// The `nextCursor` of the page before.
    cursor: Option<Cursor>,
}

impl From<ListQuery> for TokenList {
    fn from(query: ListQuery) -> TokenList {
        let ListQuery { kind, state: status, name, owner, limit, cursor } = query;
        TokenList { filter: TokenFilter { kind, status, name, owner }, limit: limit.unwrap_or_default(), cursor }
    }
}

/// `POST /v2/access-token`
pub(super) async fn create(
    State(app): State<SharedApp>,
    caller: Caller,
    body: Result<JsonText, Error>,
) -> Result<impl IntoResponse, Error> {
    caller.require(&TOKEN_CREATE)?;
    let grantor = caller.grantor()?;
    let request: CreateTokenRequest = body?.read()?;
    app.check_shared_suffix(request.accept_shared_suffix)?;
    let response = tokens::create(&*app.store, &app.catalog.view().catalogs, &grantor, request).await?;
    Ok((StatusCode::CREATED, NO_STORE, Json(response)))
}

/// `GET /v2/access-token`
pub(super) async fn list(
    State(app): State<SharedApp>,
    caller: Caller,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<impl IntoResponse, Error> {
    let organization = caller.require(&TOKEN_READ)?;
    let Query(query) = query.map_err(|cause| Error::InvalidRequest(cause.body_text()))?;
    let page = tokens::list(&*app.store, organization, query.into()).await?;
    Ok((NO_STORE, Json(page)))
}

/// `GET /v2/access-token/{id}`
pub(super) async fn show(
    State(app): State<SharedApp>,
    caller: Caller,
    id: Result<Path<String>, PathRejection>,
) -> Result<impl IntoResponse, Error> {
    let organization = caller.require(&TOKEN_READ)?;
    let Path(id) = id.map_err(|_| Error::NotFound)?;
    let record = tokens::find(&*app.store, organization, &id).await?;
    Ok((NO_STORE, tag(record.version), Json(record)))
}

/// `PATCH /v2/access-token/{id}`
pub(super) async fn edit(
    State(app): State<SharedApp>,
    caller: Caller,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    body: Result<JsonText, Error>,
) -> Result<impl IntoResponse, Error> {
    let organization = caller.require(&TOKEN_CREATE)?;
    let Path(id) = id.map_err(|_| Error::NotFound)?;
    let versions = if_match(&headers)?;
    let grantor = caller.grantor()?;
    let view = app.catalog.view();
    let editor = Editor::Holder { grantor: &grantor, catalogs: &view.catalogs };
    let request: UpdateTokenRequest = body?.read()?;
    app.check_shared_suffix(request.accept_shared_suffix)?;
    app.rates.count_edit(organization)?;
    let record = tokens::edit(&*app.store, &editor, organization, &id, request, versions).await?;
    Ok((NO_STORE, tag(record.version), Json(record)))
}

/// `DELETE /v2/access-token/{id}`
pub(super) async fn revoke(
    State(app): State<SharedApp>,
    caller: Caller,
    id: Result<Path<String>, PathRejection>,
) -> Result<impl IntoResponse, Error> {
    let organization = caller.require(&TOKEN_REVOKE)?;
    let Path(id) = id.map_err(|_| Error::NotFound)?;
    let record = tokens::find(&*app.store, organization, &id).await?;
    caller.grantor()?.require_revocable(&record)?;
    let record = revoke::token(&*app.store, organization, &id).await?;
    Ok((NO_STORE, Json(record)))
}

/// Describes the operations of this module.
pub(super) fn operations() -> Vec<Operation> {
    const PATH: &str = "/v2/access-token";
    const ONE: &str = "/v2/access-token/{id}";
    let of = |method, path, id, summary| Operation::new(method, path, id, summary, Tag::Tokens);
    vec![
        of(Method::GET, PATH, "listTokens", "List tokens")
            .says("The organization's tokens, newest first. Only a `nextCursor` of `null` is the end of the list.")
            .by(Callers::Managers("token:read"))
            .query::<ListQuery>()
            .answers::<TokenPage>(200, "A page of tokens.")
            .refuses(&[NotFound]),
        of(Method::POST, PATH, "createToken", "Create a token")
            .says("The response has the token itself, which is shown this once.")
            .by(Callers::Managers("token:create"))
            .takes::<CreateTokenRequest>()
            .answers::<CreateTokenResponse>(201, "The record of the new token, and `token`.")
            .refuses(&[InvalidRequest, InvalidScope, AlreadyExists, LimitReached, NotFound]),
        of(Method::GET, ONE, "showToken", "Show a token")
            .by(Callers::Managers("token:read"))
            .answers::<TokenRecord>(200, "The record.")
            .with(Header::Tag),
        of(Method::PATCH, ONE, "editToken", "Edit a token")
            .says("The newest token with this id. What is absent stays as it is.")
            .by(Callers::Managers("token:create"))
            .takes::<UpdateTokenRequest>()
            .answers::<TokenRecord>(200, "The record after the edit.")
            .of_version()
            .refuses(&[TokenImmutable, InvalidScope]),
        of(Method::DELETE, ONE, "revokeToken", "Revoke a token")
            .says("The newest token with this id, and everything made from it. Permanent and idempotent.")
            .by(Callers::Managers("token:revoke"))
            .answers::<TokenRecord>(200, "The record, with `revokedAt`."),
    ]
}
