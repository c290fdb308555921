//! The requests: which action each needs, on which tenant.

use std::sync::Arc;

use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use daypass::verify::Verifier;
use serde_json::{Value, json};

use crate::caller::{Caller, authenticate};
use crate::data::{Data, Profile, Tenant};
use crate::error::ApiError;
use crate::scopes::{PROFILE_MANAGE, TENANT_CREATE, TENANT_DELETE, TENANT_READ, TENANT_UPDATE, TICKET_MANAGE};

type Shared = State<Arc<Data>>;

/// Returns the API, which has tenants of these names at first.
pub fn router(verifier: Arc<Verifier>, tenants: &[String]) -> Router {
    Router::new()
        .route("/api/1/tenant/all", get(all_tenants))
        .route("/api/1/tenant/create", post(create_tenant))
        .route("/api/1/tenant/update", post(update_tenant))
        .route("/api/1/tenant/{name}", get(show_tenant))
        .route("/api/1/tenant/{name}/delete", post(delete_tenant))
        .route("/api/1/profile/create", post(create_profile))
        .route("/api/1/profile/all", get(all_profiles))
        .route("/api/1/profile/{id}", get(show_profile))
        .route("/api/1/profile/{id}/update", post(update_profile))
        .route("/api/1/profile/{id}/delete", post(delete_profile))
        .route("/api/1/authentication/ticket/create", post(create_ticket))
        .layer(from_fn_with_state(verifier, authenticate))
        .with_state(Arc::new(Data::with_tenants(tenants)))
}

/// Lists the tenants that the token may read.
async fn all_tenants(State(data): Shared, Extension(caller): Extension<Caller>) -> Json<Vec<Tenant>> {
    let mut tenants = data.tenants();
    tenants.retain(|tenant| caller.may(&TENANT_READ, &tenant.name));
    Json(tenants)
}

async fn show_tenant(
    State(data): Shared,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
) -> Result<Json<Tenant>, ApiError> {
    caller.require(&TENANT_READ, &name)?;
    data.tenant(&name).map(Json)
}

fn tenant(body: Result<Json<Tenant>, JsonRejection>) -> Result<Tenant, ApiError> {
    let why = "The body must be a tenant as JSON: {\"name\", \"verifyNewProfiles\"}.";
    body.map(|Json(tenant)| tenant).map_err(|_| ApiError::BadRequest(why))
}

async fn create_tenant(
    State(data): Shared,
    Extension(caller): Extension<Caller>,
    body: Result<Json<Tenant>, JsonRejection>,
) -> Result<Json<Tenant>, ApiError> {
    let tenant = tenant(body)?;
    caller.require(&TENANT_CREATE, &tenant.name)?;
    data.add_tenant(tenant).map(Json)
}

async fn update_tenant(
    State(data): Shared,
    Extension(caller): Extension<Caller>,
    body: Result<Json<Tenant>, JsonRejection>,
) -> Result<Json<Tenant>, ApiError> {
    let tenant = tenant(body)?;
    caller.require(&TENANT_UPDATE, &tenant.name)?;
    data.update_tenant(tenant).map(Json)
}

async fn delete_tenant(
    State(data): Shared,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
) -> Result<(), ApiError> {
    caller.require(&TENANT_DELETE, &name)?;
    data.delete_tenant(&name);
    Ok(())
}

async fn create_profile(State(data): Shared, Extension(caller): Extension<Caller>) -> Result<Json<Profile>, ApiError> {
    let tenant = caller.field("tenantName")?;
    caller.require(&PROFILE_MANAGE, tenant)?;
    let (username, email) = (caller.field("username")?, caller.field("email").unwrap_or_default());
    data.add_profile(tenant, username.to_owned(), email.to_owned()).map(Json)
}

async fn all_profiles(
    State(data): Shared,
    Extension(caller): Extension<Caller>,
) -> Result<Json<Vec<Profile>>, ApiError> {
    let tenant = caller.field("tenantName")?;
    caller.require(&PROFILE_MANAGE, tenant)?;
    data.tenant(tenant)?;
    Ok(Json(data.profiles(tenant)))
}

/// Finds a profile for a caller that may manage those of its tenant.
///
/// SECURITY: to another caller, a profile that exists is like one that does not.
fn find(data: &Data, caller: &Caller, id: &str) -> Result<Profile, ApiError> {
    let profile = data.profile(id).filter(|profile| caller.may(&PROFILE_MANAGE, &profile.tenant));
    profile.ok_or(ApiError::NoSuchProfile)
}

async fn show_profile(
    State(data): Shared,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Json<Profile>, ApiError> {
    find(&data, &caller, &id).map(Json)
}

async fn update_profile(
    State(data): Shared,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Json<Profile>, ApiError> {
    find(&data, &caller, &id)?;
    data.set_email(&id, caller.field("email")?.to_owned()).map(Json)
}

async fn delete_profile(
    State(data): Shared,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<(), ApiError> {
    find(&data, &caller, &id)?;
    data.delete_profile(&id);
    Ok(())
}

/// Creates a ticket, by which a profile's session is known. This example only shows what it needs.
async fn create_ticket(State(data): Shared, Extension(caller): Extension<Caller>) -> Result<Json<Value>, ApiError> {
    let id = caller.field("profileId")?;
    let profile = data.profile(id).filter(|profile| caller.may(&TICKET_MANAGE, &profile.tenant));
    let profile = profile.ok_or(ApiError::NoSuchProfile)?;
    Ok(Json(json!({ "id": format!("ticket-of-{}", profile.id), "tenant": profile.tenant })))
}
