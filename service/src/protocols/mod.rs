//! The paths, names and errors of the systems that Daypass replaces. Each file translates to the one
//! model and decides nothing.

mod crafter;
mod kudo;
mod space_api;
mod speckle;
mod threekit;

use axum::Router;

use crate::domain::protocol::Protocol;
use crate::http::SharedApp;

/// Returns the routes of these protocols.
pub(crate) fn router(protocols: &[Protocol]) -> Router<SharedApp> {
    let routers = Protocol::ALL.iter().filter(|protocol| protocols.contains(protocol)).map(|protocol| match protocol {
        Protocol::SpaceApi => space_api::router(),
        Protocol::Kudo => kudo::router(),
        Protocol::Crafter => crafter::router(),
        Protocol::Speckle => speckle::router(),
        Protocol::Threekit => threekit::router(),
    });
    routers.fold(Router::new(), Router::merge)
}
