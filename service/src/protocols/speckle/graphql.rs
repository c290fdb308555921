//! `POST /graphql`: parsing, limits, statuses.

use std::sync::LazyLock;

use async_graphql::{EmptySubscription, Request, Response as GraphQlResponse, Schema, ServerError, Value};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use daypass::Error;

use super::caller::Caller;
use super::error::{InvalidToken, coded, not_executed};
use super::expansion;
use super::mutation::Mutation;
use super::query::Query;
use crate::http::{JsonText, NO_STORE, SharedApp};

/// The deepest selection. The query by which tools read the schema needs 15.
const MAX_DEPTH: usize = 24;
/// The most fields of a request; those that ask the store count for more.
const MAX_COMPLEXITY: usize = 1000;
/// The deepest nesting of brackets. A parser must not use up its stack.
const MAX_NESTING: usize = 64;

static SCHEMA: LazyLock<Schema<Query, Mutation, EmptySubscription>> = LazyLock::new(|| {
    Schema::build(Query, Mutation, EmptySubscription).limit_depth(MAX_DEPTH).limit_complexity(MAX_COMPLEXITY).finish()
});

/// Executes a GraphQL request.
pub(super) async fn answer(
    State(app): State<SharedApp>,
    caller: Result<Caller, InvalidToken>,
    body: Result<JsonText, Error>,
) -> Result<Response, InvalidToken> {
    let caller = caller?;
    let mut request: Request = match body.and_then(|body| body.read()) {
        Ok(request) => request,
        Err(error) if error.is_retryable() => return Ok(error.into_response()),
        Err(error) => {
            let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::BAD_REQUEST);
            return Ok(not_executed(status, error.to_string(), "BAD_REQUEST"));
        }
    };
    if request.query.trim().is_empty() {
        return Ok(not_executed(StatusCode::BAD_REQUEST, "Must provide a query.", "BAD_REQUEST"));
    }
    if nesting(&request.query) > MAX_NESTING {
        let why = format!("The query is nested too deeply: at most {MAX_NESTING} levels are accepted.");
        return Ok(not_executed(StatusCode::BAD_REQUEST, why, "GRAPHQL_PARSE_FAILED"));
    }
    let document = match request.parsed_query() {
        Ok(document) => document,
        Err(error) => {
            let error = with_code(error, "GRAPHQL_PARSE_FAILED");
            return Ok((StatusCode::BAD_REQUEST, Json(GraphQlResponse::from_errors(vec![error]))).into_response());
        }
    };
    if let Err(why) = expansion::require_small(document) {
        return Ok(not_executed(StatusCode::BAD_REQUEST, why, "GRAPHQL_VALIDATION_FAILED"));
    }
    let mut response = SCHEMA.execute(request.data(app).data(caller)).await;
    // Errors without a path are of the request itself: nothing was executed.
    let is_refused = response.data == Value::Null
        && !response.errors.is_empty()
        && response.errors.iter().all(|error| error.path.is_empty());
    let (status, code) = match is_refused {
        true => (StatusCode::BAD_REQUEST, "GRAPHQL_VALIDATION_FAILED"),
        false => (StatusCode::OK, "BAD_USER_INPUT"),
    };
    response.errors = response.errors.into_iter().map(|error| with_code(error, code)).collect();
    Ok((status, NO_STORE, Json(response)).into_response())
}

/// Adds a code to an error that has none.
fn with_code(error: ServerError, code: &'static str) -> ServerError {
    let extensions = error.extensions.or_else(|| coded("", code).extensions);
    ServerError { extensions, ..error }
}

/// Returns how deep the brackets of a query are nested. Those in texts count too: a text is better in a variable.
fn nesting(query: &str) -> usize {
    let (mut depth, mut most) = (0_usize, 0);
    for byte in query.bytes() {
        match byte {
            b'{' | b'[' | b'(' => depth += 1,
            b'}' | b']' | b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        most = most.max(depth);
    }
    most
}
