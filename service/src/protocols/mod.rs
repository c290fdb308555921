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
use crate::http::openapi::Operation;

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

/// Describes the operations of these protocols that are of the native API too.
pub(crate) fn operations(protocols: &[Protocol]) -> Vec<Operation> {
    if protocols.contains(&Protocol::SpaceApi) { space_api::operations() } else { vec![] }
}
