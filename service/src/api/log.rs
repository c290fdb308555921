//! A line in the log for every request.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;

/// Logs the route and the status. The path itself, the query, headers and bodies may all hold tokens: none is logged.
pub(super) async fn request(request: Request, next: Next) -> Response {
    let began = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let response = next.run(request).await;
    let (route, status) = (route.as_ref().map_or("none", MatchedPath::as_str), response.status().as_u16());
    tracing::debug!(%method, route, status, milliseconds = began.elapsed().as_millis(), "answered");
    response
}
