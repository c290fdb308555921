//! `POST /v2/bundle/create`: signed bundles.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use daypass::api::CreateBundleRequest;
use daypass::{Error, Parameters, TokenKind};
use serde_json::value::RawValue;

use super::super::{BUNDLE_CREATE, Caller, JsonText, NO_STORE, SharedApp};
use crate::usecase::bundles;

/// Signs the parameters for the browser.
pub(super) async fn create(
    State(app): State<SharedApp>,
    caller: Caller,
    body: Result<JsonText, Error>,
) -> Result<impl IntoResponse, Error> {
    caller.require_kind(&[TokenKind::Application, TokenKind::Secret])?;
    caller.require_scope(&BUNDLE_CREATE)?;
    let CreateBundleRequest { parameters, origins, duration_seconds } =
        body?.read::<CreateBundleRequest<Box<RawValue>>>()?;
    let parameters =
        Parameters::from_json(parameters.get()).map_err(|cause| Error::InvalidBody(format!("parameters: {cause}")))?;
    let request = CreateBundleRequest { parameters, origins, duration_seconds };
    let response =
        bundles::sign(&*app.store, &app.catalog.view().catalogs, &app.jwt_issuer, &caller.parent(), request).await?;
    Ok((NO_STORE, Json(response)))
}
