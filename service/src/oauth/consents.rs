//! `/v2/consent`: a person sees what applications may do, and withdraws it.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{Method, StatusCode};
use axum::response::IntoResponse;
use daypass::Error;
use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::catalogs::Catalogs;
use crate::domain::hidden;
use crate::domain::membership::Membership;
use crate::domain::oauth::consent::Consent;
use crate::domain::oauth::scope;
use crate::http::openapi::{Callers, Operation, Tag};
use crate::http::{NO_STORE, SharedApp, SignedIn};
use crate::store::acting;
use crate::usecase::oauth::consents;

/// What a person lets clients have.
#[derive(Serialize, JsonSchema)]
struct ConsentList {
    /// A consent for each of the person's users and clients.
    consents: Vec<ConsentBody>,
}

/// What a person lets a client have.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Consent")]
struct ConsentBody {
    /// The client.
    client: Named,
    /// The organization of the person's user.
    organization: Named,
    /// What it may do.
    scopes: Vec<ScopeBody>,
    /// When the person said so.
    given_at: u64,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ConsentParty")]
struct Named {
    id: String,
    name: String,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ConsentScope")]
struct ScopeBody {
    scope: String,
    /// In the words of the catalogue.
    description: String,
}

/// Returns a text as the page shows it.
fn shown(text: &str) -> String {
    hidden::show(text).into_owned()
}

impl ConsentBody {
    fn new(user: Membership, consent: Consent, catalogs: &Catalogs) -> ConsentBody {
        let scopes = scope::current(&consent.scopes, catalogs);
        let scopes = scopes.iter().map(|scope| ScopeBody {
            scope: scope.to_string(),
            description: shown(&scope::describe(scope, catalogs.product()).join("; ")),
        });
        let scopes = scopes.collect();
        let client = Named { id: consent.client.id().to_owned(), name: shown(&consent.client.principal.name) };
        let organization = Named { id: user.organization, name: shown(&user.organization_name) };
        ConsentBody { client, organization, scopes, given_at: consent.given_at }
    }
}

/// `GET /v2/consent`
pub(super) async fn list(
    State(app): State<SharedApp>,
    SignedIn(session): SignedIn,
) -> Result<impl IntoResponse, Error> {
    let view = app.catalog.view();
    let consents = consents::list(&*app.store, &session.account).await?.into_iter();
    let consents = consents.map(|(user, consent)| ConsentBody::new(user, consent, &view.catalogs)).collect();
    Ok((NO_STORE, Json(ConsentList { consents })))
}

/// `DELETE /v2/consent/{client}`
///
/// A task of its own answers, which goes on if the person hangs up: a withdrawal may take several transactions.
pub(super) async fn withdraw(
    State(app): State<SharedApp>,
    SignedIn(session): SignedIn,
    client: Result<Path<String>, PathRejection>,
) -> Result<impl IntoResponse, Error> {
    let Path(client) = client.map_err(|_| Error::NotFound)?;
    let withdrawal = async move { consents::withdraw(&*app.store, &session.account, &client).await };
    acting::spawn(withdrawal).await.unwrap_or(Err(Error::Unavailable))?;
    Ok((StatusCode::NO_CONTENT, NO_STORE))
}

/// Describes the operations of this module.
pub(super) fn operations() -> Vec<Operation> {
    let of = |method, path, id, summary| Operation::new(method, path, id, summary, Tag::People).by(Callers::People);
    vec![
        of(Method::GET, "/v2/consent", "listConsents", "List what applications may do")
            .answers::<ConsentList>(200, "What the person lets applications have."),
        of(Method::DELETE, "/v2/consent/{client}", "withdrawConsent", "Withdraw a consent")
            .says("The application's tokens for the person are revoked.")
            .answers_nothing(204, "The consent is withdrawn."),
    ]
}
