//! `POST /v2/bundle/create`: signed bundles.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use daypass::wire::NewBundle;
use daypass::{Denied, Parameters, Scope, TokenKind};
use serde_json::value::RawValue;

use super::{Caller, JsonText, NO_STORE, Shared};
use crate::issue;

/// What whoever makes bundles must hold.
pub(crate) const BUNDLE_CREATE: Scope = Scope::literal("bundle:create");

/// Signs the parameters for the browser.
pub(super) async fn create(
    State(service): State<Shared>,
    caller: Caller,
    body: Result<JsonText, Denied>,
) -> Result<impl IntoResponse, Denied> {
    caller.must_be(&[TokenKind::Application, TokenKind::Secret])?;
    caller.must_hold(&BUNDLE_CREATE)?;
    let NewBundle { parameters, origins, duration_seconds } = body?.read::<NewBundle<Box<RawValue>>>()?;
    let parameters =
        Parameters::from_json(parameters.get()).map_err(|cause| Denied::InvalidBody(format!("parameters: {cause}")))?;
    let asked = NewBundle { parameters, origins, duration_seconds };
    Ok((NO_STORE, Json(issue::signed(&service, &caller.parent(), asked).await?)))
}
