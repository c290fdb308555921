//! The OAuth client that an application of an organization is.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{Method, StatusCode};
use axum::response::IntoResponse;
use daypass::Error;
use daypass::ErrorCode::{InvalidRequest, InvalidScope};

use super::super::openapi::{Callers, Operation, Tag};
use super::super::{Caller, JsonText, NO_STORE, SharedApp, TOKEN_READ};
use super::organizations::{ADMINISTER, allowed};
use crate::domain::oauth::client::MeantFor;
use crate::domain::oauth::registration::{ClientRecord, Registration};
use crate::store::acting;
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
    let meant_for = MeantFor::Any;
    let record = clients::set(&*app.store, &view.catalogs, &organization, &id, registration, meant_for).await?;
    Ok((NO_STORE, Json(record)))
}

/// `DELETE /v2/organization/{id}/principal/{principal}/oauth-client`
///
/// A task of its own answers, which goes on if the caller hangs up: the removal may take several transactions.
pub(super) async fn remove(State(app): State<SharedApp>, caller: Caller, ids: Ids) -> Result<impl IntoResponse, Error> {
    let Path((organization, id)) = ids.map_err(|_| Error::NotFound)?;
    let organization = allowed(&caller, Ok(Path(organization)))?;
    let removal = async move { clients::remove(&*app.store, &organization, &id, MeantFor::Any).await };
    acting::spawn(removal).await.unwrap_or(Err(Error::Unavailable))?;
    Ok((StatusCode::NO_CONTENT, NO_STORE))
}

/// Describes the operations of this module.
pub(super) fn operations() -> Vec<Operation> {
    let path = "/v2/organization/{id}/principal/{principal}/oauth-client";
    let of = |method, id, summary| Operation::new(method, path, id, summary, Tag::OAuth);
    vec![
        of(Method::GET, "showOAuthClient", "Show an OAuth client")
            .says(
                "The settings of an application that is a client. A user of the organization needs `token:read` alone.",
            )
            .by(Callers::Managers("daypass:administer"))
            .answers::<ClientRecord>(200, "The client."),
        of(Method::PUT, "setOAuthClient", "Make an application an OAuth client")
            .says("It replaces the settings of one that is a client.")
            .by(Callers::Managers("daypass:administer"))
            .takes::<Registration>()
            .answers::<ClientRecord>(200, "The client after that.")
            .refuses(&[InvalidRequest, InvalidScope]),
        of(Method::DELETE, "removeOAuthClient", "Remove the settings of an OAuth client")
            .says(
                "The application stays, with its own tokens, and is a client no more. What users let it have ends: its \
                 consents, codes, refresh tokens and the access tokens from these.",
            )
            .by(Callers::Managers("daypass:administer"))
            .answers_nothing(204, "The application is no client now."),
    ]
}
