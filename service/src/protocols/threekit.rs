//! Threekit: public and private tokens.

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use daypass::api::{PrincipalKind, TokenRecord};
use daypass::{Error, OriginPattern, ScopeSet, TokenKind};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::numbered_page::NumberedPage;
use crate::domain::permissions::{NewAccessToken, Permissions};
use crate::domain::principal;
use crate::http::{Caller, JsonText, NO_STORE, SharedApp, TOKEN_CREATE, TOKEN_READ, TOKEN_REVOKE, browser_routes};
use crate::usecase::{access_tokens, revoke};

/// The order of every list.
const NEWEST_FIRST: &str = "-createdAt";

/// Returns the routes of Threekit.
pub(super) fn router() -> Router<SharedApp> {
    browser_routes(
        Router::new()
            .route("/api/accesstokens", get(list).post(create))
            .route("/api/accesstokens/healthcheck", get(async || Json(true)))
            .route("/api/accesstokens/{id}", get(show).delete(delete)),
    )
}

/// The query of every request. Clients add parameters of their own, such as `bearer_token` and `cacheMaxAge`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AboutQuery {
    org_id: Option<String>,
    service_account_id: Option<String>,
    page: Option<String>,
    per_page: Option<String>,
}

type About = Result<Query<AboutQuery>, QueryRejection>;

fn read(query: About) -> Result<AboutQuery, Error> {
    query.map(|Query(query)| query).map_err(|cause| Error::InvalidRequest(cause.body_text()))
}

/// The body of `POST /api/accesstokens`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CreateAccessToken {
    name: String,
    permissions: Permissions,
    domains: Option<Vec<String>>,
    /// Of Daypass.
    #[serde(default)]
    accept_shared_suffix: bool,
    org_id: Option<String>,
    service_account_id: Option<String>,
}

/// A token as Threekit describes it, and in the last three fields what it has beyond that system.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AccessToken {
    id: String,
    org_id: String,
    name: String,
    domains: Vec<OriginPattern>,
    permissions: Option<Permissions>,
    service_account_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used_on: Option<String>,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_by: Option<String>,
    updated_at: Option<String>,
    deleted_at: Option<String>,
    kind: TokenKind,
    scopes: ScopeSet,
    expires_at: Option<String>,
}

impl From<TokenRecord> for AccessToken {
    fn from(record: TokenRecord) -> AccessToken {
        let owner = record.owner.filter(|owner| principal::is_id_of(owner, PrincipalKind::ServiceAccount));
        AccessToken {
            permissions: Permissions::of(record.kind),
            id: record.id,
            org_id: record.organization,
            name: record.name,
            domains: record.origins,
            service_account_id: owner,
            last_used_on: record.last_used_at.map(to_text),
            created_at: to_text(record.created_at),
            created_by: record.created_by,
            // An edit does not keep its time.
            updated_at: None,
            deleted_at: record.revoked_at.map(to_text),
            kind: record.kind,
            scopes: record
                .grants
                .into_iter()
                .flat_map(|grant| grant.scopes.iter().cloned().collect::<Vec<_>>())
                .collect(),
            expires_at: record.expires_at.map(to_text),
        }
    }
}

impl AccessToken {
    /// Returns what the holder of a public token may know of it: anyone who opens a page with the token.
    fn for_its_page(self) -> AccessToken {
        AccessToken { created_by: None, last_used_on: None, ..self }
    }
}

/// Returns a time as RFC 3339 has it.
fn to_text(seconds: u64) -> String {
    let seconds = i64::try_from(seconds).ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    seconds.unwrap_or(Timestamp::MAX).to_string()
}

/// The response of `GET /api/accesstokens`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AccessTokenPage {
    accesstokens: Vec<AccessToken>,
    page: usize,
    per_page: usize,
    sort: &'static str,
}

/// `POST /api/accesstokens`: the one response whose `id` is the token itself.
async fn create(
    State(app): State<SharedApp>,
    caller: Caller,
    body: Result<JsonText, Error>,
) -> Result<impl IntoResponse, Error> {
    let CreateAccessToken { name, permissions, domains, accept_shared_suffix, org_id, service_account_id } =
        body?.read()?;
    let caller = caller.within(org_id)?;
    caller.require(&TOKEN_CREATE)?;
    app.check_shared_suffix(accept_shared_suffix)?;
    let (domains, service_account) = (domains.unwrap_or_default(), service_account_id);
    let new = NewAccessToken { permissions, name, domains, accept_shared_suffix, service_account };
    let view = app.catalog.view();
    let created = access_tokens::create(&*app.store, &view.catalogs, &caller.grantor()?, new).await?;
    let id = created.token.expose_secret().to_owned();
    Ok((StatusCode::CREATED, NO_STORE, Json(AccessToken { id, ..created.record.into() })))
}

/// `GET /api/accesstokens`
async fn list(State(app): State<SharedApp>, caller: Caller, query: About) -> Result<impl IntoResponse, Error> {
    let AboutQuery { org_id, service_account_id, page, per_page } = read(query)?;
    let caller = caller.within(org_id)?;
    let organization = caller.require(&TOKEN_READ)?;
    let page = NumberedPage::parse(page.as_deref(), per_page.as_deref())?;
    let records = access_tokens::list(&*app.store, organization, service_account_id, page).await?;
    let accesstokens = records.into_iter().map(AccessToken::from).collect();
    let page = AccessTokenPage { accesstokens, page: page.number(), per_page: page.size(), sort: NEWEST_FIRST };
    Ok((NO_STORE, Json(page)))
}

/// `GET /api/accesstokens/{id}`, whose `id` may be the token itself. Each token may read its own record.
async fn show(
    State(app): State<SharedApp>,
    caller: Caller,
    id: Result<Path<String>, PathRejection>,
    query: About,
) -> Result<impl IntoResponse, Error> {
    let caller = caller.within(read(query)?.org_id)?;
    let Path(id) = id.map_err(|_| Error::NotFound)?;
    let found = access_tokens::find(&*app.store, &app.foreign_formats, caller.organization()?, &id).await;
    let is_own = found.as_ref().is_ok_and(|record| caller.is_holder_of(record));
    if !is_own {
        // To a caller that may not read the list, a token that exists is like one that does not.
        caller.require(&TOKEN_READ)?;
    }
    let token = AccessToken::from(found?);
    let is_to_page = is_own && token.permissions == Some(Permissions::Public);
    Ok((NO_STORE, Json(if is_to_page { token.for_its_page() } else { token })))
}

/// `DELETE /api/accesstokens/{id}`
async fn delete(
    State(app): State<SharedApp>,
    caller: Caller,
    id: Result<Path<String>, PathRejection>,
    query: About,
) -> Result<impl IntoResponse, Error> {
    let caller = caller.within(read(query)?.org_id)?;
    let organization = caller.require(&TOKEN_REVOKE)?;
    let Path(id) = id.map_err(|_| Error::NotFound)?;
    let record = access_tokens::find(&*app.store, &app.foreign_formats, organization, &id).await?;
    caller.grantor()?.require_revocable(&record)?;
    let record = revoke::stored(&*app.store, &record).await?;
    Ok((NO_STORE, Json(AccessToken::from(record))))
}
