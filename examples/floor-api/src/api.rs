//! The product's API. `VerifyLayer` lets only requests with an active token through; each handler
//! says what the token must allow.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::rejection::JsonRejection;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::routing::{get, put};
use axum::{Json, Router};
use daypass::Error;
use daypass::verify::http::{Cors, VerifyLayer};
use daypass::verify::{Access, Scoped, Verifier};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::floors::{Floor, Floors, MAX_NAME, Properties, Summary};
use crate::layout;
use crate::scopes::{FLOOR_QUERY_PRIVATE, FLOOR_QUERY_PUBLIC, FLOOR_READ_PRIVATE, FLOOR_READ_PUBLIC, FloorUpdate};

/// The longest body, in bytes: a name and some JSON around it.
const MAX_BODY: usize = 4096;

/// The building, and the organization that owns it.
pub(crate) struct Building {
    pub(crate) organization: String,
    pub(crate) floors: Floors,
}

pub(crate) fn router(building: Building, verifier: Arc<Verifier>) -> Router {
    Router::new()
        .route("/v2/floor", get(list))
        .route("/v2/floor/{id}", get(show))
        .route("/v2/floor/{id}/name", put(rename))
        .route("/v2/layout/{id}", get(show_layout))
        .fallback(async || Error::NotFound)
        .method_not_allowed_fallback(async || Error::MethodNotAllowed)
        .with_state(Arc::new(building))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        // A load balancer keeps a client at one process by a cookie. No handler looks at it.
        .layer(VerifyLayer::new(verifier).client(client).cors(Cors::new().credentials()))
}

/// Returns the address of the connection, since no proxy stands in front of this program.
fn client(parts: &Parts) -> Option<IpAddr> {
    parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| address.ip())
}

#[derive(Serialize)]
struct List {
    floors: Vec<Summary>,
}

/// Lists the floors that the token may query.
async fn list(access: Access, State(building): State<Arc<Building>>) -> Result<Json<List>, Error> {
    let organization = &building.organization;
    let mut floors = building.floors.all().await;
    floors.retain(|floor| {
        let scope = if floor.public { &FLOOR_QUERY_PUBLIC } else { &FLOOR_QUERY_PRIVATE };
        access.require(scope).tenant(organization).resource(&floor.id).is_met()
    });
    if floors.is_empty() {
        // An empty list must mean that no floor exists. Otherwise the error names the scope that
        // the token lacks.
        access.require(&FLOOR_QUERY_PUBLIC).tenant(organization).check()?;
    }
    Ok(Json(List { floors }))
}

/// Shows a floor.
async fn show(
    access: Access,
    State(building): State<Arc<Building>>,
    Path(id): Path<String>,
) -> Result<Json<Shown>, Error> {
    let floor = building.floors.find(&id).await;
    let floor = require_read(&access, &building.organization, floor, &id)?;
    Ok(Json(Shown { properties: floor.properties(), floor }))
}

/// A floor, with what the Space API's clients read of it.
#[derive(Serialize)]
struct Shown {
    properties: Properties,
    #[serde(flatten)]
    floor: Floor,
}

/// Shows a floor's layout.
async fn show_layout(
    access: Access,
    State(building): State<Arc<Building>>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Error> {
    let floor = building.floors.find_by_layout(&id).await;
    let floor = require_read(&access, &building.organization, floor, &id)?;
    Ok(Json(layout::of(&floor)))
}

// #region show
/// Requires what reading a floor, or one that does not exist, requires.
///
/// SECURITY: a floor that does not exist requires the scope for private
/// ones. A token without it gets the same response for both, and cannot
/// find out which ids exist.
fn require_read(access: &Access, organization: &str, floor: Option<Floor>, id: &str) -> Result<Floor, Error> {
    let is_public = floor.as_ref().is_some_and(|floor| floor.summary.public);
    let scope = if is_public { &FLOOR_READ_PUBLIC } else { &FLOOR_READ_PRIVATE };
    let id = floor.as_ref().map_or(id, |floor| &floor.summary.id);
    access.require(scope).tenant(organization).resource(id).check()?;
    floor.ok_or(Error::NotFound)
}
// #endregion

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rename {
    name: String,
}

/// Renames a floor.
///
/// SECURITY: the scope is checked before the floor is looked up, so that only a token that may
/// rename a floor learns whether it exists.
async fn rename(
    scoped: Scoped<FloorUpdate>,
    State(building): State<Arc<Building>>,
    Path(id): Path<String>,
    body: Result<Json<Rename>, JsonRejection>,
) -> Result<Json<Summary>, Error> {
    let permit = scoped.tenant(&building.organization).resource(&id).check()?;
    let Json(Rename { name }) = body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Error::BodyTooLarge(MAX_BODY),
        _ => Error::InvalidBody(rejection.body_text()),
    })?;
    let name = name.trim();
    if !(1..=MAX_NAME).contains(&name.chars().count()) || name.contains(char::is_control) {
        return Err(Error::InvalidBody(format!("`name` must have 1 to {MAX_NAME} characters, all printable")));
    }
    building.floors.rename(&permit, name.to_owned()).await.map(Json).ok_or(Error::NotFound)
}
