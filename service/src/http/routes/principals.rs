//! Principals of an organization: add, list, show, edit, remove.

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::IntoResponse;
use daypass::Error;
use daypass::ErrorCode::{AlreadyExists, InvalidRequest, LimitReached};
use daypass::api::{CreatePrincipalRequest, PrincipalKind, PrincipalPage, PrincipalRecord, UpdatePrincipalRequest};
use schemars::JsonSchema;
use serde::Deserialize;

use super::super::openapi::{Callers, Header, Operation, Tag};
use super::super::version::{if_match, tag};
use super::super::{Caller, JsonText, NO_STORE, SharedApp, TOKEN_READ};
use super::organizations::{ADMINISTER, allowed};
use crate::domain::page_limit::PageLimit;
use crate::store::acting;
use crate::usecase::principals;

/// The query of a list. An unknown field is refused: a misspelt filter must not list everything.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ListQuery {
    /// Principals of this kind.
    kind: Option<PrincipalKind>,
    /// The most principals of the page; 100 without it.
    limit: Option<PageLimit>,
    /// The `nextCursor` of the page before.
    cursor: Option<String>,
}

/// The organization and the principal in a path.
type Ids = Result<Path<(String, String)>, PathRejection>;

/// `POST /v2/organization/{id}/principal`
pub(super) async fn add(
    State(app): State<SharedApp>,
    caller: Caller,
    id: Result<Path<String>, PathRejection>,
    body: Result<JsonText, Error>,
) -> Result<impl IntoResponse, Error> {
    let organization = allowed(&caller, id)?;
    let record = principals::add(&*app.store, caller.actor(&organization)?, &organization, body?.read()?).await?;
    Ok((StatusCode::CREATED, NO_STORE, tag(record.version), Json(record)))
}

/// `GET /v2/organization/{id}/principal?kind=&limit=&cursor=`
pub(super) async fn list(
    State(app): State<SharedApp>,
    caller: Caller,
    id: Result<Path<String>, PathRejection>,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<impl IntoResponse, Error> {
    let Path(organization) = id.map_err(|_| Error::NotFound)?;
    caller.require_in_or(&organization, &ADMINISTER, &TOKEN_READ)?;
    let Query(ListQuery { kind, limit, cursor }) = query.map_err(|cause| Error::InvalidRequest(cause.body_text()))?;
    let limit = limit.unwrap_or_default();
    let page = principals::list(&*app.store, &organization, kind, limit, cursor.as_deref()).await?;
    Ok((NO_STORE, Json(page)))
}

/// `GET /v2/organization/{id}/principal/{principal}`
pub(super) async fn show(State(app): State<SharedApp>, caller: Caller, ids: Ids) -> Result<impl IntoResponse, Error> {
    let Path((organization, id)) = ids.map_err(|_| Error::NotFound)?;
    caller.require_in_or(&organization, &ADMINISTER, &TOKEN_READ)?;
    let record = principals::find(&*app.store, &organization, &id).await?;
    Ok((NO_STORE, tag(record.version), Json(record)))
}

/// `PATCH /v2/organization/{id}/principal/{principal}`
pub(super) async fn edit(
    State(app): State<SharedApp>,
    caller: Caller,
    ids: Ids,
    headers: HeaderMap,
    body: Result<JsonText, Error>,
) -> Result<impl IntoResponse, Error> {
    let (organization, id) = allowed_with(&caller, ids)?;
    let (versions, request, view) = (if_match(&headers)?, body?.read()?, app.catalog.view());
    let (store, actor) = (app.store.clone(), caller.actor(&organization)?);
    // Tasks of their own go on if the caller hangs up: an edit or a removal may take several transactions.
    let edit =
        async move { principals::edit(&*store, &view.catalogs, actor, &organization, &id, request, versions).await };
    let record = acting::spawn(edit).await.unwrap_or(Err(Error::Unavailable))?;
    Ok((NO_STORE, tag(record.version), Json(record)))
}

/// `DELETE /v2/organization/{id}/principal/{principal}`
pub(super) async fn remove(State(app): State<SharedApp>, caller: Caller, ids: Ids) -> Result<impl IntoResponse, Error> {
    let (organization, id) = allowed_with(&caller, ids)?;
    let (store, actor) = (app.store.clone(), caller.actor(&organization)?);
    let removal = async move { principals::remove(&*store, actor, &organization, &id).await };
    let record = acting::spawn(removal).await.unwrap_or(Err(Error::Unavailable))?;
    Ok((NO_STORE, Json(record)))
}

/// Returns the ids of an organization that the caller administers, and of one of its principals.
fn allowed_with(caller: &Caller, ids: Ids) -> Result<(String, String), Error> {
    let Path((organization, id)) = ids.map_err(|_| Error::NotFound)?;
    Ok((allowed(caller, Ok(Path(organization)))?, id))
}

/// Describes the operations of this module.
pub(super) fn operations() -> Vec<Operation> {
    const PATH: &str = "/v2/organization/{id}/principal";
    const ONE: &str = "/v2/organization/{id}/principal/{principal}";
    let of = |method, path, id, summary| {
        Operation::new(method, path, id, summary, Tag::Principals).by(Callers::Managers("daypass:administer"))
    };
    vec![
        of(Method::GET, PATH, "listPrincipals", "List principals")
            .says("Oldest first, without the removed ones. A user of the organization needs `token:read` alone.")
            .query::<ListQuery>()
            .answers::<PrincipalPage>(200, "A page of principals."),
        of(Method::POST, PATH, "addPrincipal", "Add a principal")
            .takes::<CreatePrincipalRequest>()
            .answers::<PrincipalRecord>(201, "The principal.")
            .with(Header::Tag)
            .refuses(&[InvalidRequest, AlreadyExists, LimitReached]),
        of(Method::GET, ONE, "showPrincipal", "Show a principal")
            .says("A user of the organization needs `token:read` alone.")
            .answers::<PrincipalRecord>(200, "The principal.")
            .with(Header::Tag),
        of(Method::PATCH, ONE, "editPrincipal", "Edit a principal")
            .says("What is absent stays as it is. A lower role revokes the tokens that have more than it.")
            .takes::<UpdatePrincipalRequest>()
            .answers::<PrincipalRecord>(200, "The principal after the edit.")
            .of_version(),
        of(Method::DELETE, ONE, "removePrincipal", "Remove a principal")
            .says("Permanent and idempotent. All of its tokens are revoked.")
            .answers::<PrincipalRecord>(200, "The principal, with `removedAt`.")
            .refuses(&[InvalidRequest]),
    ]
}
