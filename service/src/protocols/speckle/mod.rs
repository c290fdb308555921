//! Speckle: personal tokens of users by GraphQL, and apps.
//!
//! | module | what it has |
//! | --- | --- |
//! | `apps` | the exchange of a challenge for tokens |
//! | `caller` | the token of a request, and the user that it belongs to |
//! | `error` | errors as Speckle words them |
//! | `graphql` | `POST /graphql`: parsing, limits, statuses |
//! | `mutation` | `apiTokenCreate`, `apiTokenRevoke` |
//! | `query` | `serverInfo`, `activeUser`, `user` |
//! | `scalars` | `DateTime`, `BigInt` |
//! | `server_info` | what is told of the server |
//! | `user` | users and their tokens |

mod apps;
mod caller;
mod error;
mod expansion;
mod graphql;
mod mutation;
mod query;
mod scalars;
mod server_info;
mod user;

use axum::Router;
use axum::routing::{get, post};

use crate::http::{SharedApp, backend_routes, browser_post_routes};

/// Returns the routes of Speckle.
pub(super) fn router() -> Router<SharedApp> {
    let for_browsers =
        Router::new().route("/graphql", post(graphql::answer)).route("/auth/token", post(apps::exchange));
    let for_people = Router::new().route("/authn/verify/{app}/{challenge}", get(apps::verify));
    browser_post_routes(for_browsers).merge(backend_routes(for_people))
}
