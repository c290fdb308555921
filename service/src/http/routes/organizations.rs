//! Organizations: create, list, show, rename, limit, suspend, resume, revoke.

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{Method, StatusCode};
use axum::response::IntoResponse;
use daypass::ErrorCode::{AlreadyExists, InvalidRequest};
use daypass::api::{
    CreateOrganizationRequest, OrganizationPage, OrganizationRecord, UpdateLimitsRequest, UpdateOrganizationRequest,
};
use daypass::{Error, Scope};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::openapi::{Callers, Operation, Tag};
use super::super::{Caller, JsonText, NO_STORE, SharedApp, TOKEN_READ, TokenCaller};
use crate::domain::page_limit::PageLimit;
use crate::usecase::tokens::CreateTokenResponse;
use crate::usecase::{organizations, revoke};

/// On the tenant of an organization, or on all.
pub(super) const ADMINISTER: Scope = Scope::literal("daypass:administer");

/// The organization, and its owner token, which is shown this once.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct CreateOrganizationResponse {
    #[serde(flatten)]
    record: OrganizationRecord,
    owner_token: CreateTokenResponse,
}

/// The query of a list.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Paging {
    /// The most organizations of the page; 100 without it.
    limit: Option<PageLimit>,
    /// The `nextCursor` of the page before.
    cursor: Option<String>,
}

/// `POST /v2/organization`
pub(super) async fn create(
    State(app): State<SharedApp>,
    caller: TokenCaller,
    body: Result<JsonText, Error>,
) -> Result<impl IntoResponse, Error> {
    caller.require_operator(&ADMINISTER)?;
    let created = organizations::create(&*app.store, &app.catalog.view().catalogs, body?.read()?).await?;
    let response = CreateOrganizationResponse { record: created.record, owner_token: created.owner };
    Ok((StatusCode::CREATED, NO_STORE, Json(response)))
}

/// `GET /v2/organization?limit=&cursor=`
pub(super) async fn list(
    State(app): State<SharedApp>,
    caller: TokenCaller,
    paging: Result<Query<Paging>, QueryRejection>,
) -> Result<impl IntoResponse, Error> {
    caller.require_operator(&ADMINISTER)?;
    let Query(Paging { limit, cursor }) = paging.map_err(|cause| Error::InvalidRequest(cause.body_text()))?;
    let page = organizations::list(&*app.store, limit.unwrap_or_default(), cursor.as_deref()).await?;
    Ok((NO_STORE, Json(page)))
}

/// `GET /v2/organization/{id}`
pub(super) async fn show(
    State(app): State<SharedApp>,
    caller: Caller,
    id: Result<Path<String>, PathRejection>,
) -> Result<impl IntoResponse, Error> {
    let Path(id) = id.map_err(|_| Error::NotFound)?;
    caller.require_in_or(&id, &ADMINISTER, &TOKEN_READ)?;
    Ok((NO_STORE, Json(organizations::find(&*app.store, &id).await?)))
}

/// `PATCH /v2/organization/{id}`
pub(super) async fn rename(
    State(app): State<SharedApp>,
    caller: Caller,
    id: Result<Path<String>, PathRejection>,
    body: Result<JsonText, Error>,
) -> Result<impl IntoResponse, Error> {
    let id = allowed(&caller, id)?;
    let UpdateOrganizationRequest { name } = body?.read()?;
    Ok((NO_STORE, Json(organizations::rename(&*app.store, &id, &name).await?)))
}

/// `DELETE /v2/organization/{id}`
pub(super) async fn revoke(
    State(app): State<SharedApp>,
    caller: TokenCaller,
    id: Result<Path<String>, PathRejection>,
) -> Result<impl IntoResponse, Error> {
    let id = of_operator(&caller, id)?;
    revoke::organization(&*app.store, &id).await?;
    Ok((NO_STORE, Json(organizations::find(&*app.store, &id).await?)))
}

/// `PATCH /v2/organization/{id}/limits`
pub(super) async fn set_limits(
    State(app): State<SharedApp>,
    caller: TokenCaller,
    id: Result<Path<String>, PathRejection>,
    body: Result<JsonText, Error>,
) -> Result<impl IntoResponse, Error> {
    let id = of_operator(&caller, id)?;
    Ok((NO_STORE, Json(organizations::set_limits(&*app.store, &id, body?.read()?).await?)))
}

/// `POST /v2/organization/{id}/suspend`
pub(super) async fn suspend(
    State(app): State<SharedApp>,
    caller: TokenCaller,
    id: Result<Path<String>, PathRejection>,
) -> Result<impl IntoResponse, Error> {
    let id = of_operator(&caller, id)?;
    Ok((NO_STORE, Json(organizations::suspend(&*app.store, &id).await?)))
}

/// `POST /v2/organization/{id}/resume`
pub(super) async fn resume(
    State(app): State<SharedApp>,
    caller: TokenCaller,
    id: Result<Path<String>, PathRejection>,
) -> Result<impl IntoResponse, Error> {
    let id = of_operator(&caller, id)?;
    Ok((NO_STORE, Json(organizations::resume(&*app.store, &id).await?)))
}

/// Returns the id of an organization, for an operator.
fn of_operator(caller: &TokenCaller, id: Result<Path<String>, PathRejection>) -> Result<String, Error> {
    caller.require_operator(&ADMINISTER)?;
    id.map(|Path(id)| id).map_err(|_| Error::NotFound)
}

/// Returns the id of an organization that the caller administers.
pub(super) fn allowed(caller: &Caller, id: Result<Path<String>, PathRejection>) -> Result<String, Error> {
    let Path(id) = id.map_err(|_| Error::NotFound)?;
    caller.require_in(&id, &ADMINISTER)?;
    Ok(id)
}

/// Describes the operations of this module.
pub(super) fn operations() -> Vec<Operation> {
    const PATH: &str = "/v2/organization";
    const ONE: &str = "/v2/organization/{id}";
    let of = |method, path, id, summary| Operation::new(method, path, id, summary, Tag::Organizations);
    let changed = |operation: Operation, what| operation.answers::<OrganizationRecord>(200, what);
    let (managers, operators) = (Callers::Managers("daypass:administer"), Callers::Operators("daypass:administer"));
    vec![
        of(Method::GET, PATH, "listOrganizations", "List organizations")
            .says("Oldest first.")
            .by(operators)
            .query::<Paging>()
            .answers::<OrganizationPage>(200, "A page of organizations."),
        of(Method::POST, PATH, "createOrganization", "Create an organization")
            .says("The response has a token for its owner, which is shown this once.")
            .by(operators)
            .takes::<CreateOrganizationRequest>()
            .answers::<CreateOrganizationResponse>(201, "The organization, and `ownerToken`.")
            .refuses(&[InvalidRequest, AlreadyExists]),
        changed(of(Method::GET, ONE, "showOrganization", "Show an organization"), "The organization.")
            .says("A user of the organization needs `token:read` alone.")
            .by(managers),
        changed(of(Method::PATCH, ONE, "renameOrganization", "Rename an organization"), "With its new name.")
            .by(managers)
            .takes::<UpdateOrganizationRequest>()
            .refuses(&[InvalidRequest]),
        changed(of(Method::DELETE, ONE, "revokeOrganization", "Revoke an organization"), "The organization, revoked.")
            .says("For ever, with all of its tokens.")
            .by(operators)
            .refuses(&[InvalidRequest]),
        changed(
            of(Method::PATCH, "/v2/organization/{id}/limits", "limitOrganization", "Limit an organization"),
            "With its new limits.",
        )
        .by(operators)
        .takes::<UpdateLimitsRequest>()
        .refuses(&[InvalidRequest]),
        changed(
            of(Method::POST, "/v2/organization/{id}/suspend", "suspendOrganization", "Suspend an organization"),
            "The organization, suspended.",
        )
        .says("Until it is resumed, its tokens are refused with `organization_suspended`. Idempotent.")
        .by(operators)
        .refuses(&[InvalidRequest]),
        changed(
            of(Method::POST, "/v2/organization/{id}/resume", "resumeOrganization", "Resume an organization"),
            "The organization, active again.",
        )
        .says("Idempotent.")
        .by(operators)
        .refuses(&[InvalidRequest]),
    ]
}
