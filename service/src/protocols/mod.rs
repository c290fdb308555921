//! The paths, names and errors of the systems that Daypass replaces. Each file translates to the one
//! model and decides nothing.

mod kudo;
mod space_api;
mod speckle;

use axum::Router;

use crate::http::SharedApp;

/// Returns the routes of every protocol.
pub(crate) fn router() -> Router<SharedApp> {
    space_api::router().merge(kudo::router()).merge(speckle::router())
}
