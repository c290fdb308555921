//! OAuth 2.1: the endpoints of the authorization server.
//!
//! | module | what it has |
//! | --- | --- |

use axum::Router;

use crate::http::SharedApp;

/// Returns the routes of OAuth.
pub(crate) fn router() -> Router<SharedApp> {
    Router::new()
}
