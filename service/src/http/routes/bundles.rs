//! `POST /v2/bundle/create`: signed bundles, and references that are redeemed once.

use axum::Json;
use axum::extract::State;
use axum::http::Method;
use axum::response::IntoResponse;
use daypass::ErrorCode::{DurationOutOfRange, InvalidRequest, LimitReached};
use daypass::api::{BundleResponse, CreateBundleRequest};
use daypass::jwt::check_other_claim;
use daypass::{Error, Parameters, TokenKind};
use serde_json::value::RawValue;

use super::super::openapi::{Callers, Operation, Tag};
use super::super::{BUNDLE_CREATE, JsonText, NO_STORE, SharedApp, TokenCaller};
use crate::usecase::bundles;

/// Signs the parameters for the browser, or stores them for one.
pub(super) async fn create(
    State(app): State<SharedApp>,
    caller: TokenCaller,
    body: Result<JsonText, Error>,
) -> Result<impl IntoResponse, Error> {
    caller.require_kind(&[TokenKind::Application, TokenKind::Secret])?;
    caller.require_scope(&BUNDLE_CREATE)?;
    let request = body?.read::<CreateBundleRequest<Box<RawValue>>>()?;
    app.check_shared_suffix(request.accept_shared_suffix)?;
    let request = CreateBundleRequest {
        parameters: read("parameters", &request.parameters)?,
        sealed: request.sealed.map(|sealed| read("sealed", &sealed)).transpose()?,
        origins: request.origins,
        duration_seconds: request.duration_seconds,
        single_use: request.single_use,
        accept_shared_suffix: request.accept_shared_suffix,
    };
    let (key, parent) = (app.sealing_key.as_ref(), caller.parent());
    let catalogs = &app.catalog.view().catalogs;
    let response = bundles::create(&*app.store, catalogs, &app.jwt_issuer, &app.rates, key, &parent, request).await?;
    Ok((NO_STORE, Json(response)))
}

/// Reads the object in a field.
///
/// SECURITY: no object in it has a key twice, since verifiers refuse a JWT whose meaning depends on its reader.
fn read(field: &str, json: &RawValue) -> Result<Parameters, Error> {
    let invalid = |cause: String| Error::InvalidBody(format!("{field}: {cause}"));
    let parameters = Parameters::from_json(json.get()).map_err(|cause| invalid(cause.to_string()))?;
    check_other_claim(json.get()).map_err(|cause| invalid(cause.into()))?;
    Ok(parameters)
}

/// Describes the operation of this module.
pub(super) fn operations() -> Vec<Operation> {
    let (path, summary) = ("/v2/bundle/create", "Create a parameter bundle");
    let operation = Operation::new(Method::POST, path, "createBundle", summary, Tag::Minting)
        .says("A signed JWT that any page opens by itself, or with `singleUse` a reference that is redeemed once.")
        .by(Callers::Minters("bundle:create"))
        .takes::<CreateBundleRequest>()
        .answers::<BundleResponse>(200, "The bundle.")
        .refuses(&[InvalidRequest, DurationOutOfRange, LimitReached]);
    vec![operation]
}
