//! `POST /introspect` (RFC 7662): a product's API asks what a token is that it received.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use daypass::{Error, ForeignFormat, Scope};
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
    /// The format of the token, if it is one of another system and the caller knows it.
    format: Option<String>,
}

/// Tells what a token of the caller's organization is, or of any if the caller may introspect on every tenant. Anything
/// else is not active.
pub(super) async fn introspect(
    State(app): State<SharedApp>,
    ApiCaller(caller): ApiCaller,
    form: Result<FormFields<IntrospectionForm>, Error>,
) -> Result<impl IntoResponse, Error> {
    caller.require_secret(&INTROSPECT)?;
    let FormFields(IntrospectionForm { token, record, format }) = form?;
    let is_wanted = |known: &&ForeignFormat| format.as_ref().is_none_or(|format| format == known.tag());
    let formats: Vec<_> = app.foreign_formats.iter().filter(is_wanted).copied().collect();
    let introspection = Introspection {
        store: &*app.store,
        catalog: &app.catalog.view(),
        jwt_issuer: &app.jwt_issuer,
        uses: &app.uses,
        answers: &app.answers,
        formats: &formats,
        organization: caller.reach(&INTROSPECT),
        since: caller.since(),
    };
    let json = if record { introspection.record(&token).await? } else { introspection.tell(&token).await? };
    Ok((NO_STORE, [(CONTENT_TYPE, "application/json")], Bytes::from_owner(json)))
}
