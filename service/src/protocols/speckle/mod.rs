//! Speckle: personal tokens of users, by GraphQL.
//!
//! | module | what it has |
//! | --- | --- |
//! | `caller` | the token of a request, and the user that it belongs to |
//! | `error` | errors as Speckle words them |
//! | `graphql` | `POST /graphql`: parsing, limits, statuses |
//! | `mutation` | `apiTokenCreate`, `apiTokenRevoke` |
//! | `query` | `serverInfo`, `activeUser`, `user` |
//! | `scalars` | `DateTime`, `BigInt` |
//! | `server_info` | what is told of the server |
//! | `user` | users and their tokens |

mod caller;
mod error;
mod graphql;
mod mutation;
mod query;
mod scalars;
mod server_info;
mod user;

use axum::Router;
use axum::routing::post;

use crate::http::{SharedApp, browser_routes};

/// Returns the routes of Speckle.
pub(super) fn router() -> Router<SharedApp> {
    browser_routes(Router::new().route("/graphql", post(graphql::answer)))
}
