//! Every path of the service. Nothing but the command line imports this module.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use daypass::Error;

use crate::app::App;
use crate::http::front::{self, Front};
use crate::http::log::Recorder;
use crate::http::{self, MAX_BODY};
use crate::{console, oauth, protocols};

/// Returns the routes of the native API, of OAuth, of every protocol and of the console.
pub(crate) fn router(app: App, recorder: Recorder) -> Router {
    let app = Arc::new(app);
    let front = Front { app: Arc::clone(&app), recorder };
    http::routes::router(&app.jwt_issuer.issuer)
        .merge(protocols::router(&app.protocols))
        .merge(oauth::router())
        .merge(console::router())
        .fallback(async || Error::NotFound)
        .layer((from_fn_with_state(Arc::new(front), front::pass), DefaultBodyLimit::max(MAX_BODY)))
        .with_state(app)
}
