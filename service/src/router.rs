//! Every path of the service. Nothing but the command line imports this module.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use daypass::Error;

use crate::app::App;
use crate::http::log::{Recorder, record_request};
use crate::http::{self, MAX_BODY};
use crate::{console, oauth, protocols};

/// Returns the routes of the native API, of OAuth, of every protocol and of the console.
pub(crate) fn router(app: App, recorder: Recorder) -> Router {
    let app = Arc::new(app);
    http::routes::router(&app.jwt_issuer.issuer)
        .merge(protocols::router(&app.protocols))
        .merge(oauth::router())
        .merge(console::router())
        .fallback(async || Error::NotFound)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(from_fn_with_state(Arc::clone(&app), http::rates::limit))
        .layer(from_fn_with_state(Arc::clone(&app), http::audit::record))
        .layer(from_fn_with_state(Arc::new(recorder), record_request))
        .with_state(app)
}
