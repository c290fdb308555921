//! `POST /v2/bundle/create`: signed bundles.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use daypass::api::CreateBundleRequest;
use daypass::{Error, Parameters, Scope, TokenKind};
use serde_json::value::RawValue;

use super::{Caller, JsonText, NO_STORE, Shared};
use crate::issue;

/// What whoever makes bundles must hold.
pub(crate) const BUNDLE_CREATE: Scope = Scope::literal("bundle:create");

/// Signs the parameters for the browser.
pub(super) async fn create(
    State(service): State<Shared>,
    caller: Caller,
    body: Result<JsonText, Error>,
) -> Result<impl IntoResponse, Error> {
    caller.require_kind(&[TokenKind::Application, TokenKind::Secret])?;
    caller.require_scope(&BUNDLE_CREATE)?;
    let CreateBundleRequest { parameters, origins, duration_seconds } =
        body?.read::<CreateBundleRequest<Box<RawValue>>>()?;
    let parameters =
        Parameters::from_json(parameters.get()).map_err(|cause| Error::InvalidBody(format!("parameters: {cause}")))?;
    let asked = CreateBundleRequest { parameters, origins, duration_seconds };
    Ok((NO_STORE, Json(issue::signed(&service, &caller.parent(), asked).await?)))
}
