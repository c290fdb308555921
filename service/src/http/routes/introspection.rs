//! `POST /introspect` (RFC 7662): a product's API asks what a token is that it received.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::Method;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use daypass::api::IntrospectionResponse;
use daypass::{Error, ForeignFormat, Scope};

use super::super::extract::{ApiCaller, TokenForm};
use super::super::openapi::{Callers, Field, Operation, Tag};
use super::super::{NO_STORE, OAuthError, Parameters, SharedApp, TokenCaller};
use crate::metrics;
use crate::usecase::introspect::Introspection;
use crate::usecase::oauth::authentication::AuthenticatedClient;
use crate::usecase::oauth::{Issuing, own_tokens};

/// The scope that a product's API needs.
pub(super) const INTROSPECT: Scope = Scope::literal("token:introspect");

/// Tells what the token in the form is: one of the caller's organization, or of any if the caller may introspect on every
/// tenant, or one that was issued to the caller if that is an OAuth client. Anything else is not active. A
/// `token_type_hint` makes no difference.
pub(super) async fn introspect(State(app): State<SharedApp>, form: TokenForm<ApiCaller>) -> Response {
    let told = match form {
        TokenForm::OfClient(client, parameters) => {
            of_client(&app, &client, &parameters).await.map_err(IntoResponse::into_response)
        }
        TokenForm::OfHolder(ApiCaller(caller), parameters) => {
            of_holder(&app, &caller, parameters).await.map_err(IntoResponse::into_response)
        }
    };
    told.unwrap_or_else(|refused| refused)
}

async fn of_client(app: &SharedApp, client: &AuthenticatedClient, form: &Parameters) -> Result<Response, OAuthError> {
    let issuing = Issuing { store: &*app.store, catalog: app.catalog.view(), jwt_issuer: &app.jwt_issuer };
    let response = own_tokens::tell(&issuing, client, form.require("token")?).await?;
    metrics::count_introspection(response.active);
    Ok((NO_STORE, Json(response)).into_response())
}

async fn of_holder(app: &SharedApp, caller: &TokenCaller, form: Result<Parameters, Error>) -> Result<Response, Error> {
    caller.require_secret(&INTROSPECT)?;
    let form = form?;
    let token = form.require("token")?;
    // Whether to answer with the record alone, also of a token that is not active.
    let record = match form.find("record") {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(Error::InvalidRequest("The parameter `record` is true or false.".into())),
    };
    let format = form.find("format");
    let is_wanted = |known: &&ForeignFormat| format.is_none_or(|format| format == known.tag());
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
    let json = if record { introspection.record(token).await? } else { introspection.tell(token).await? };
    Ok((NO_STORE, [(CONTENT_TYPE, "application/json")], Bytes::from_owner(json)).into_response())
}

/// Describes the operation of this module.
pub(super) fn operations() -> Vec<Operation> {
    let (path, summary) = ("/introspect", "Introspect a token");
    let operation = Operation::new(Method::POST, path, "introspect", summary, Tag::Verification)
        .says("RFC 7662. A text that is no active token of the caller's organization is `{\"active\":false}`.")
        .by(Callers::HoldersAndClients("token:introspect"))
        .takes_form(&[
            Field::required("token", "The token: opaque, or a JWT."),
            Field::optional("token_type_hint", "It makes no difference."),
            Field::optional("record", "`true` for `active` and `record` alone, also of a token that is not active."),
            Field::optional("format", "The format of another system's token: `speckle`, `uuid` or `chosen-id`."),
            Field::optional("client_id", "An OAuth client's id."),
            Field::optional("client_secret", "An OAuth client's secret."),
        ])
        .answers::<IntrospectionResponse>(200, "What the token is.")
        .with_errors_by_caller();
    vec![operation]
}
