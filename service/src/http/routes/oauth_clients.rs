//! The OAuth client that an application of an organization is.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use daypass::Error;

use super::super::{Caller, JsonText, NO_STORE, SharedApp, TOKEN_READ};
use super::organizations::{ADMINISTER, allowed};
use crate::usecase::oauth::clients;

/// The organization and the application in a path.
type Ids = Result<Path<(String, String)>, PathRejection>;

/// `GET /v2/organization/{id}/principal/{principal}/oauth-client`
pub(super) async fn show(State(app): State<SharedApp>, caller: Caller, ids: Ids) -> Result<impl IntoResponse, Error> {
    let Path((organization, id)) = ids.map_err(|_| Error::NotFound)?;
    caller.require_in_or(&organization, &ADMINISTER, &TOKEN_READ)?;
    Ok((NO_STORE, Json(clients::find(&*app.store, &organization, &id).await?)))
}

/// `PUT /v2/organization/{id}/principal/{principal}/oauth-client`
pub(super) async fn set(
    State(app): State<SharedApp>,
    caller: Caller,
    ids: Ids,
    body: Result<JsonText, Error>,
) -> Result<impl IntoResponse, Error> {
    let Path((organization, id)) = ids.map_err(|_| Error::NotFound)?;
    let organization = allowed(&caller, Ok(Path(organization)))?;
    let (registration, view) = (body?.read()?, app.catalog.view());
    let record = clients::set(&*app.store, &view.catalogs, &organization, &id, registration).await?;
    Ok((NO_STORE, Json(record)))
}
