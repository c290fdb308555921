//! Every path of the service. Nothing but the command line imports this module.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use serde_json::Value;

use crate::app::App;
use crate::domain::protocol::Protocol;
use crate::http::front::{self, Front};
use crate::http::log::Recorder;
use crate::http::{self, MAX_BODY, openapi};
use crate::{console, oauth, protocols};

/// Returns the routes of the native API, of OAuth, of every protocol and of the console.
pub(crate) fn router(app: App, recorder: Recorder) -> Router {
    let app = Arc::new(app);
    let front = Front { app: Arc::clone(&app), recorder, refuse: console::errors::refuse };
    let (issuer, spoken) = (app.jwt_issuer.issuer.clone(), app.protocols.clone());
    http::routes::router(&app.jwt_issuer.issuer)
        .merge(protocols::router(&app.protocols))
        .merge(oauth::router())
        .merge(console::router())
        .merge(openapi::router(move || describe(&issuer, &spoken)))
        .fallback(console::errors::not_found)
        .layer((from_fn_with_state(Arc::new(front), front::pass), DefaultBodyLimit::max(MAX_BODY)))
        .with_state(app)
}

/// Describes the API of a service at this URL that speaks these protocols, as OpenAPI 3.1.
pub(crate) fn describe(issuer: &str, protocols: &[Protocol]) -> Value {
    let modules =
        [http::routes::operations(), oauth::operations(), protocols::operations(protocols), openapi::operations()];
    openapi::document(issuer, &modules.into_iter().flatten().collect::<Vec<_>>())
}
