//! `/v2/consent`: a person sees what applications may do, and withdraws it.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use daypass::Error;
use serde::Serialize;

use crate::domain::catalogs::Catalogs;
use crate::domain::hidden;
use crate::domain::membership::Membership;
use crate::domain::oauth::consent::Consent;
use crate::domain::oauth::scope;
use crate::http::{NO_STORE, SharedApp, SignedIn};
use crate::store::acting;
use crate::usecase::oauth::consents;

#[derive(Serialize)]
struct ConsentList {
    consents: Vec<ConsentBody>,
}

/// What a person lets a client have.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ConsentBody {
    client: Named,
    organization: Named,
    scopes: Vec<ScopeBody>,
    given_at: u64,
}

#[derive(Serialize)]
struct Named {
    id: String,
    name: String,
}

#[derive(Serialize)]
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
