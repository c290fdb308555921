//! `POST /introspect` (RFC 7662): a product's API asks what a token is that it received.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use daypass::{Error, Scope};
use serde::Deserialize;

use super::super::extract::{ApiCaller, FormFields};
use super::super::{NO_STORE, SharedApp};
use crate::usecase::introspect::Introspection;

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
    let introspection = Introspection {
        store: &*app.store,
        catalog: &app.catalog.view(),
        jwt_issuer: &app.jwt_issuer,
        uses: &app.uses,
        answers: &app.answers,
        organization: caller.reach(&INTROSPECT),
        since: caller.since(),
    };
    let json = if record { introspection.record(&token).await? } else { introspection.tell(&token).await? };
    Ok((NO_STORE, [(CONTENT_TYPE, "application/json")], Bytes::from_owner(json)))
}
