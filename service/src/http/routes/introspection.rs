//! `POST /introspect` (RFC 7662): a product's API asks what a token is that it received.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use daypass::{Error, Scope};
use serde::Deserialize;

use super::super::extract::{ApiCaller, FormFields};
use super::super::{NO_STORE, SharedApp};
use crate::usecase::introspect;

/// The scope that a product's API needs.
pub(super) const INTROSPECT: Scope = Scope::literal("token:introspect");

/// A `token_type_hint` makes no difference.
#[derive(Deserialize)]
pub(super) struct IntrospectionForm {
    token: String,
    /// Whether to answer with the record alone, also of a token that is not active.
    #[serde(default)]
    record: bool,
}

/// Tells what a token of the caller's organization is, or of any if the caller may introspect on every tenant. Anything
/// else is not active.
pub(super) async fn introspect(
    State(app): State<SharedApp>,
    ApiCaller(caller): ApiCaller,
    form: Result<FormFields<IntrospectionForm>, Error>,
) -> Result<impl IntoResponse, Error> {
    caller.require_secret(&INTROSPECT)?;
    let FormFields(IntrospectionForm { token, record }) = form?;
    let organization = caller.reach(&INTROSPECT);
    let response = if record {
        introspect::record(&*app.store, &app.uses, organization, &token).await?
    } else {
        introspect::introspect(
            &*app.store,
            &app.catalog.view().catalogs,
            &app.jwt_issuer,
            &app.uses,
            organization,
            &token,
        )
        .await?
    };
    Ok((NO_STORE, Json(response)))
}
