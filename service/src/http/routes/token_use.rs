//! `/v2/use`: verifiers report how tokens are used, and it is told by the day.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{Method, StatusCode};
use axum::response::IntoResponse;
use daypass::api::{UseReport, UseResponse};
use daypass::{Error, ErrorCode, Scope};
use schemars::JsonSchema;
use serde::Deserialize;

use super::super::extract::Follower;
use super::super::openapi::{Callers, Operation, Tag};
use super::super::{Caller, JsonText, NO_STORE, SharedApp, TOKEN_READ};
use crate::domain::days::Days;
use crate::domain::timestamp::Timestamp;
use crate::usecase::clock::now;
use crate::usecase::token_use::{add_report, use_of_organization, use_of_token};

/// The scope that a verifier needs.
const REPORT: Scope = Scope::literal("token:report");

/// The query. An unknown field is refused: a misspelt token must not tell of all.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UseQuery {
    /// The id of a token; without it, the use of all tokens of the organization is told.
    token: Option<String>,
    /// Days from that of this time on: Unix seconds, or RFC 3339.
    since: Option<Timestamp>,
    /// Days before this time: Unix seconds, or RFC 3339.
    until: Option<Timestamp>,
}

/// `POST /v2/use`: counts the use of tokens of the caller's organization, or of any if the caller may report on
/// every tenant.
pub(super) async fn report(
    State(app): State<SharedApp>,
    Follower(caller): Follower,
    body: Result<JsonText, Error>,
) -> Result<impl IntoResponse, Error> {
    caller.require_secret(&REPORT)?;
    let report: UseReport = body?.read()?;
    add_report(&*app.store, &app.uses, caller.access.organization(), caller.reach(&REPORT), report).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /v2/use`
pub(super) async fn show(
    State(app): State<SharedApp>,
    caller: Caller,
    query: Result<Query<UseQuery>, QueryRejection>,
) -> Result<impl IntoResponse, Error> {
    let organization = caller.require(&TOKEN_READ)?;
    let Query(query) = query.map_err(|cause| Error::InvalidRequest(format!("{}.", cause.body_text())))?;
    let [since, until] = [query.since, query.until].map(|time| time.map(|Timestamp(seconds)| seconds));
    let days = Days::between(since, until, now())?;
    let days = match query.token {
        Some(id) => use_of_token(&*app.store, organization, &id, days).await?,
        None => use_of_organization(&*app.store, organization, days).await?,
    };
    Ok((NO_STORE, Json(UseResponse { days })))
}

/// Describes the operations of this module.
pub(super) fn operations() -> Vec<Operation> {
    let (path, tag) = ("/v2/use", Tag::Tokens);
    vec![
        Operation::new(Method::GET, path, "showUse", "Tell how tokens are used", tag)
            .says("By the day (UTC), of the last 90 days: the requests that verifiers reported, and refreshes.")
            .by(Callers::Managers("token:read"))
            .query::<UseQuery>()
            .answers::<UseResponse>(200, "The days on which anything was counted, oldest first.")
            .refuses(&[ErrorCode::NotFound]),
        Operation::new(Method::POST, path, "reportUse", "Report how tokens were used", tag)
            .says("Verifiers send it. A report with a number that the service has from this verifier counts no more.")
            .by(Callers::Followers("token:report"))
            .takes::<UseReport>()
            .answers_nothing(204, "The report is counted.")
            .refuses(&[ErrorCode::InvalidRequest]),
    ]
}
