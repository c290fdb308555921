//! OAuth 2.1: the endpoints of the authorization server.
//!
//! | module | what it has |
//! | --- | --- |
//! | `authorize` | `/oauth/authorize`: a person lets a client have a code |
//! | `consents` | `/v2/consent`: what applications may do |
//! | `par` | `POST /oauth/par`: pushed authorization requests |
//! | `proof` | the headers `DPoP` and `DPoP-Nonce` |
//! | `token` | `POST /oauth/token` |

mod authorize;
mod consents;
mod par;
mod proof;
mod token;

use axum::Router;
use axum::middleware::map_response;
use axum::routing::{delete, get, post};

use crate::http::openapi::Operation;
use crate::http::{SharedApp, backend_routes, browser_post_routes};

/// Returns the routes of OAuth.
pub(crate) fn router() -> Router<SharedApp> {
    let for_tokens = post(token::token).layer(map_response(token::without_old_caches));
    let for_clients = Router::new().route(token::PATH, for_tokens).route(par::PATH, post(par::push));
    let for_own_pages = Router::new()
        .route("/oauth/authorize", get(authorize::show).post(authorize::decide))
        .route("/v2/consent", get(consents::list))
        .route("/v2/consent/{client}", delete(consents::withdraw));
    browser_post_routes(for_clients).merge(backend_routes(for_own_pages))
}

/// Describes the operations of OAuth.
pub(crate) fn operations() -> Vec<Operation> {
    let modules = [authorize::operations(), consents::operations(), par::operations(), token::operations()];
    modules.into_iter().flatten().collect()
}
