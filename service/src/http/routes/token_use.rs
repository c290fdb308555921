//! `/v2/use`: verifiers report how tokens are used, and it is told by the day.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use daypass::api::{UseReport, UseResponse};
use daypass::{Error, Scope};
use serde::Deserialize;

use super::super::extract::Follower;
use super::super::{Caller, JsonText, NO_STORE, SharedApp, TOKEN_READ};
use crate::domain::days::Days;
use crate::domain::timestamp::Timestamp;
use crate::usecase::clock::now;
use crate::usecase::token_use::{add_report, use_of_organization, use_of_token};

/// The scope that a verifier needs.
const REPORT: Scope = Scope::literal("token:report");

/// The query. An unknown field is refused: a misspelt token must not tell of all.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UseQuery {
    token: Option<String>,
    since: Option<Timestamp>,
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
