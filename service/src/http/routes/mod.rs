//! The handlers of the native API.
//!
//! | module | routes |
//! | --- | --- |
//! | `audit` | `GET /v2/audit` |
//! | `bundles` | `POST /v2/bundle/create` |
//! | `catalog` | `/v2/catalog` |
//! | `feed` | `GET /v2/revocation` |
//! | `introspection` | `POST /introspect` |
//! | `invitations` | `/v2/invitation`, `POST /v2/organization/{id}/principal/{principal}/invitation` |
//! | `metadata` | `GET /.well-known/oauth-authorization-server` |
//! | `oauth_clients` | `/v2/organization/{id}/principal/{principal}/oauth-client` |
//! | `openid` | `/v2/session/openid-connect`, `GET /v2/sign-in-methods` |
//! | `organizations` | `/v2/organization` |
//! | `own_token` | `GET /v2/access-token/self` |
//! | `pages` | `/invitation`, `/applications`, `/pages/…` |
//! | `principals` | `/v2/organization/{id}/principal` |
//! | `public` | `GET /health`, `GET /ready`, `GET /.well-known/jwks.json` |
//! | `revocation` | `POST /revoke`, `POST /v2/revocation` |
//! | `sdk` | `GET /sdk/…` |
//! | `session` | `/v2/session` |
//! | `token_use` | `/v2/use` |
//! | `tokens` | `/v2/access-token` |

mod audit;
mod bundles;
mod catalog;
mod feed;
mod introspection;
mod invitations;
mod metadata;
mod oauth_clients;
mod openid;
mod organizations;
mod own_token;
mod pages;
mod principals;
mod public;
mod revocation;
mod sdk;
mod session;
mod token_use;
mod tokens;

use axum::Router;
use axum::routing::{get, patch, post, put};

pub(super) use pages::{HTML, respond};

use super::openapi::Operation;
use super::sdk_files::FILES;
use super::{SharedApp, backend_routes, browser_post_routes, browser_routes};
pub(crate) use audit::send as send_export;
pub(crate) use openid::{Purpose, begin as begin_at_provider};
pub(crate) use session::{end as end_session, session_cookie};

use crate::usecase::openid::CALLBACK;

/// Returns the routes of the native API, for a service at this URL.
pub(crate) fn router(issuer: &str) -> Router<SharedApp> {
    let for_browsers = Router::new()
        .route("/.well-known/jwks.json", get(public::jwks))
        .route("/.well-known/oauth-authorization-server", get(metadata::show))
        .route("/v2/access-token/self", get(own_token::describe))
        .merge(sdk::router(FILES, issuer));
    let for_backends = Router::new()
        .route("/health", get(public::health))
        .route("/ready", get(public::ready))
        .route("/v2/access-token", get(tokens::list).post(tokens::create))
        .route("/v2/access-token/{id}", get(tokens::show).patch(tokens::edit).delete(tokens::revoke))
        .route("/v2/audit", get(audit::list))
        .route("/v2/catalog", get(catalog::show).put(catalog::set))
        .route("/v2/organization", get(organizations::list).post(organizations::create))
        .route(
            "/v2/organization/{id}",
            get(organizations::show).patch(organizations::rename).delete(organizations::revoke),
        )
        .route("/v2/organization/{id}/limits", patch(organizations::set_limits))
        .route("/v2/organization/{id}/suspend", post(organizations::suspend))
        .route("/v2/organization/{id}/resume", post(organizations::resume))
        .route("/v2/organization/{id}/principal", get(principals::list).post(principals::add))
        .route(
            "/v2/organization/{id}/principal/{principal}",
            get(principals::show).patch(principals::edit).delete(principals::remove),
        )
        .route(
            "/v2/organization/{id}/principal/{principal}/oauth-client",
            get(oauth_clients::show).put(oauth_clients::set).delete(oauth_clients::remove),
        )
        .route("/v2/bundle/create", post(bundles::create))
        .route("/v2/organization/{id}/principal/{principal}/invitation", post(invitations::invite))
        .route("/v2/session", get(session::show).post(session::sign_in).delete(session::sign_out))
        .route("/v2/session/password", put(session::change_password))
        .route("/v2/session/openid-connect", post(openid::start))
        .route("/v2/session/openid-connect/unlink", post(openid::unlink))
        .route(CALLBACK, get(openid::callback))
        .route("/v2/sign-in-methods", get(openid::methods))
        .route("/v2/invitation", post(invitations::show))
        .route("/v2/invitation/accept", post(invitations::accept))
        .route("/introspect", post(introspection::introspect))
        .route("/v2/revocation", get(feed::revocations).post(revocation::issued_before))
        .route("/v2/use", get(token_use::show).post(token_use::report));
    let posted_by_browsers = Router::new().route("/revoke", post(revocation::credential));
    browser_routes(for_browsers)
        .merge(browser_post_routes(posted_by_browsers))
        .merge(backend_routes(for_backends.merge(pages::router())))
}

/// Describes the operations of the native API.
pub(crate) fn operations() -> Vec<Operation> {
    let modules = [
        audit::operations(),
        bundles::operations(),
        catalog::operations(),
        feed::operations(),
        introspection::operations(),
        invitations::operations(),
        metadata::operations(),
        oauth_clients::operations(),
        openid::operations(),
        organizations::operations(),
        own_token::operations(),
        principals::operations(),
        public::operations(),
        revocation::operations(),
        sdk::operations(),
        session::operations(),
        token_use::operations(),
        tokens::operations(),
    ];
    modules.into_iter().flatten().collect()
}
