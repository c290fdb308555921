//! OAuth 2.1: the endpoints of the authorization server.
//!
//! | module | what it has |
//! | --- | --- |
//! | `proof` | the headers `DPoP` and `DPoP-Nonce` |
//! | `token` | `POST /oauth/token` |

mod proof;
mod token;

use axum::Router;
use axum::routing::post;

use crate::http::{SharedApp, browser_post_routes};

/// Returns the routes of OAuth.
pub(crate) fn router() -> Router<SharedApp> {
    browser_post_routes(Router::new().route(token::PATH, post(token::token)))
}
