//! A log line for every request.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;

/// Logs the route and the status.
///
/// SECURITY: the path itself, the query, headers and bodies may hold tokens. None of them is logged.
pub(crate) async fn log_request(request: Request, next: Next) -> Response {
    let start = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let response = next.run(request).await;
    let (route, status) = (route.as_ref().map_or("none", MatchedPath::as_str), response.status().as_u16());
    tracing::debug!(%method, route, status, milliseconds = start.elapsed().as_millis(), "request answered");
    response
}
