//! Every path of the service. Nothing but the command line imports this module.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use daypass::Error;
use serde_json::Value;

use crate::app::App;
use crate::domain::protocol::Protocol;
use crate::http::log::{Recorder, record_request};
use crate::http::{self, MAX_BODY, openapi};
use crate::{oauth, protocols};

/// Returns the routes of the native API, of OAuth and of every protocol.
pub(crate) fn router(app: App, recorder: Recorder) -> Router {
    let app = Arc::new(app);
    let (issuer, spoken) = (app.jwt_issuer.issuer.clone(), app.protocols.clone());
    http::routes::router(&app.jwt_issuer.issuer)
        .merge(protocols::router(&app.protocols))
        .merge(oauth::router())
        .merge(openapi::router(move || describe(&issuer, &spoken)))
        .fallback(async || Error::NotFound)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(from_fn_with_state(Arc::clone(&app), http::rates::limit))
        .layer(from_fn_with_state(Arc::clone(&app), http::audit::record))
        .layer(from_fn_with_state(Arc::new(recorder), record_request))
        .with_state(app)
}

/// Describes the API of a service at this URL that speaks these protocols, as OpenAPI 3.1.
pub(crate) fn describe(issuer: &str, protocols: &[Protocol]) -> Value {
    let modules =
        [http::routes::operations(), oauth::operations(), protocols::operations(protocols), openapi::operations()];
    openapi::document(issuer, &modules.into_iter().flatten().collect::<Vec<_>>())
}
