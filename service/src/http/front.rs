//! What every request passes before its route: [`pass`].

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::Response;
use daypass::Error;

use super::log::{self, Recorder};
use super::{SharedApp, audit, rates};

/// What every request passes.
pub(crate) struct Front {
    /// What answers.
    pub(crate) app: SharedApp,
    /// What records requests.
    pub(crate) recorder: Recorder,
    /// How a request is refused that reaches no route: with a page for people, or as every program takes it.
    pub(crate) refuse: Refuse,
}

/// Answers a request with an error.
pub(crate) type Refuse = fn(&SharedApp, &Parts, Error) -> Response;

/// Records a request and who makes it, and refuses it if requests come too often.
///
/// One middleware, since each one of axum boxes the request's future and copies the route once more.
pub(crate) async fn pass(State(front): State<Arc<Front>>, request: Request, next: Next) -> Response {
    let Front { app, recorder, refuse } = &*front;
    let answer = async |request| rates::limit(app, *refuse, request, async |request| next.run(request).await).await;
    log::record_request(recorder, request, async |request| audit::record(app, request, answer).await).await
}
