//! Revocation beyond one token with an id: `POST /revoke` (RFC 7009), `POST /v2/revocation`.

use axum::Json;
use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use daypass::Error;
use daypass::ErrorCode::InvalidRequest;
use daypass::api::Revocation;
use schemars::JsonSchema;
use serde::Deserialize;

use super::super::extract::{ClientCaller, TokenForm};
use super::super::openapi::{Callers, Field, Operation, Tag};
use super::super::{JsonText, NO_STORE, OAuthError, Parameters, SharedApp, TOKEN_REVOKE, TokenCaller};
use crate::usecase::oauth::authentication::AuthenticatedClient;
use crate::usecase::oauth::{Issuing, own_tokens};
use crate::usecase::revoke;

/// Revokes the token in the form, opaque or a JWT: one of the caller's organization, or one that was issued to the caller if
/// that is an OAuth client. A `token_type_hint` makes no difference.
///
/// SECURITY: the response is the same for any other text, so that it does not tell what is a token.
pub(super) async fn credential(State(app): State<SharedApp>, form: TokenForm<ClientCaller>) -> Response {
    let revoked = match form {
        TokenForm::OfClient(client, parameters) => {
            of_client(&app, &client, &parameters).await.map_err(IntoResponse::into_response)
        }
        TokenForm::OfHolder(ClientCaller(caller), parameters) => {
            of_holder(&app, &caller, parameters).await.map_err(IntoResponse::into_response)
        }
    };
    revoked.map_or_else(|refused| refused, |()| (NO_STORE, StatusCode::OK).into_response())
}

async fn of_client(app: &SharedApp, client: &AuthenticatedClient, form: &Parameters) -> Result<(), OAuthError> {
    let issuing = Issuing { store: &*app.store, catalog: app.catalog.view(), jwt_issuer: &app.jwt_issuer };
    Ok(own_tokens::revoke(&issuing, &app.rates, client, form.require("token")?).await?)
}

async fn of_holder(app: &SharedApp, caller: &TokenCaller, form: Result<Parameters, Error>) -> Result<(), Error> {
    caller.require_secret(&TOKEN_REVOKE)?;
    let (form, organization) = (form?, caller.access.organization());
    let token = form.require("token")?;
    // SECURITY: whether it was a token of the organization is not told.
    let (issuer, formats) = (&app.jwt_issuer, &app.foreign_formats);
    revoke::credential(&*app.store, issuer, Some(&app.rates), formats, organization, token).await.map(drop)
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "RevokeIssuedBeforeRequest")]
struct IssuedBefore {
    /// The first second whose tokens stay active, not in the future.
    issued_before: u64,
}

/// Revokes all tokens of the caller's organization that were issued before a time.
pub(super) async fn issued_before(
    State(app): State<SharedApp>,
    caller: TokenCaller,
    body: Result<JsonText, Error>,
) -> Result<impl IntoResponse, Error> {
    caller.require_secret(&TOKEN_REVOKE)?;
    let IssuedBefore { issued_before } = body?.read()?;
    let revocation = revoke::issued_before(&*app.store, caller.access.organization(), issued_before).await?;
    Ok((NO_STORE, Json(revocation)))
}

/// Describes the operations that revoke beyond one token with an id.
pub(super) fn operations() -> Vec<Operation> {
    let of = |path, id, summary| Operation::new(Method::POST, path, id, summary, Tag::Verification);
    vec![
        of("/revoke", "revoke", "Revoke a token by its text")
            .says("RFC 7009. The response is the same for a text that is no token of the caller's organization.")
            .by(Callers::HoldersAndClients("token:revoke"))
            .takes_form(&[
                Field::required("token", "The token: opaque, or a JWT."),
                Field::optional("token_type_hint", "It makes no difference."),
                Field::optional("client_id", "An OAuth client's id."),
                Field::optional("client_secret", "An OAuth client's secret."),
            ])
            .answers_nothing(200, "The token, if it was one, is revoked.")
            .with_errors_by_caller(),
        of("/v2/revocation", "revokeIssuedBefore", "Revoke all tokens that were issued before a time")
            .says("The caller's own token too, if it is older.")
            .by(Callers::Secret("token:revoke"))
            .takes::<IssuedBefore>()
            .answers::<Revocation>(200, "The entry of the feed.")
            .refuses(&[InvalidRequest]),
    ]
}
