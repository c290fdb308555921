//! `/v2/catalog`: an operator reads and sets the product's scopes.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, Method};
use axum::response::IntoResponse;
use daypass::ErrorCode::{NotFound, ScopesInUse};
use daypass::{Catalog, Error, ScopeSet};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::openapi::{Callers, Header, Operation, Tag};
use super::super::version::{if_match, tag};
use super::super::{JsonText, NO_STORE, SharedApp, TokenCaller};
use super::organizations::ADMINISTER;
use crate::domain::catalogs::Catalogs;
use crate::usecase::catalog::{self, Outcome, Removal};

/// The query of a change.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Confirmation {
    /// Whether scopes may be removed that active tokens hold.
    #[serde(default)]
    yes: bool,
}

/// What a change did, as `daypass catalog set --json` prints it.
#[derive(Serialize, JsonSchema)]
struct SetCatalogResponse {
    /// The product's name.
    name: String,
    /// Whether the store had another catalogue.
    changed: bool,
    /// The scopes that exist no longer.
    removed: ScopeSet,
    /// How many active tokens hold any of these.
    tokens: u64,
}

/// `GET /v2/catalog`
pub(super) async fn show(State(app): State<SharedApp>, caller: TokenCaller) -> Result<impl IntoResponse, Error> {
    caller.require_operator(&ADMINISTER)?;
    // From the store, so that its version is the newest: another one would be refused with an edit.
    let loaded = catalog::load(&*app.store).await?.ok_or(Error::NotFound)?;
    Ok((NO_STORE, tag(loaded.version), Json(loaded.catalogs.product().clone())))
}

/// `PUT /v2/catalog?yes=`
pub(super) async fn set(
    State(app): State<SharedApp>,
    caller: TokenCaller,
    confirmation: Result<Query<Confirmation>, QueryRejection>,
    headers: HeaderMap,
    body: Result<JsonText, Error>,
) -> Result<impl IntoResponse, Error> {
    caller.require_operator(&ADMINISTER)?;
    let Query(Confirmation { yes }) = confirmation.map_err(|cause| Error::InvalidRequest(cause.body_text()))?;
    let versions = if_match(&headers)?;
    let given: Catalog = body?.read()?;
    let given = Catalogs::given(given).map_err(|cause| Error::InvalidBody(cause.to_string()))?;
    let (version, changed, removal) = match catalog::set(&*app.store, &given, yes, &versions).await? {
        Outcome::Unchanged { version } => (version, false, Removal::default()),
        Outcome::Set { version, removal } => (version, true, removal),
        Outcome::Refused(removal) => return Err(Error::ScopesInUse(refusal(&removal))),
    };
    let Removal { tokens, scopes: removed } = removal;
    let response = SetCatalogResponse { name: given.product().name.clone(), changed, removed, tokens };
    Ok((NO_STORE, tag(version), Json(response)))
}

fn refusal(removal: &Removal) -> String {
    let Removal { tokens, scopes } = removal;
    let hold = if *tokens == 1 { "token holds" } else { "tokens hold" };
    format!("The new catalogue lacks scopes that {tokens} active {hold}: {scopes}.")
}

/// Describes the operations of this module.
pub(super) fn operations() -> Vec<Operation> {
    let of = |method, id, summary| Operation::new(method, "/v2/catalog", id, summary, Tag::Catalogue);
    let operators = Callers::Operators("daypass:administer");
    vec![
        of(Method::GET, "showCatalogue", "Show the catalogue")
            .by(operators)
            .answers::<Catalog>(200, "The catalogue.")
            .with(Header::Tag)
            .refuses(&[NotFound]),
        of(Method::PUT, "setCatalogue", "Set the catalogue")
            .says("Every node goes by it within a second.")
            .by(operators)
            .query::<Confirmation>()
            .takes::<Catalog>()
            .answers::<SetCatalogResponse>(200, "What changed.")
            .of_version()
            .refuses(&[ScopesInUse]),
    ]
}
