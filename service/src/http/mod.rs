//! The native HTTP API, as `docs/reference/http.md` describes it.
//!
//! | module | what it has |
//! | --- | --- |
//! | `access_log` | a line for each request |
//! | `audit` | who acts, and refusals, for the audit trail |
//! | `audited_routes` | which requests are administrative |
//! | `cookie` | cookies of the service's own pages |
//! | `cors` | responses that pages of any origin may read |
//! | `etag` | entity tags |
//! | `extract` | what handlers take from a request |
//! | `front` | what every request passes |
//! | `log` | what is recorded of every request |
//! | `oauth_error` | errors as OAuth words them |
//! | `onward` | where a sign-in leads |
//! | `openapi` | the description of the API |
//! | `page` | the service's own pages |
//! | `rates` | how often clients may call |
//! | `request_id` | the id of a request, and who makes it |
//! | `routes` | the handlers, by subject |
//! | `sdk_files` | the browser SDK's files |
//! | `version` | the versions of records as entity tags |

pub(crate) mod access_log;
mod audit;
mod audited_routes;
mod cookie;
mod cors;
pub(crate) mod etag;
mod extract;
pub(crate) mod front;
pub(crate) mod log;
mod oauth_error;
mod onward;
pub(crate) mod openapi;
pub(crate) mod page;
pub(crate) mod rates;
pub(crate) mod request_id;
pub(crate) mod routes;
mod sdk_files;
mod version;

use std::sync::Arc;

use axum::Router;
use axum::http::HeaderName;
use axum::http::header::CACHE_CONTROL;
use axum::middleware::from_fn;
use daypass::{Error, Scope};

pub(crate) use cookie::find as find_cookie;
pub(crate) use extract::{
    Caller, ClientAddress, FormFields, JsonText, MAX_BODY, OwnPage, SignedIn, TokenCaller, actor, authenticate_by,
    authenticate_client, credentials,
};
pub(crate) use oauth_error::OAuthError;
pub(crate) use onward::Onward;

pub(crate) use crate::domain::oauth::parameters::Parameters;

pub(crate) use routes::{Purpose, begin_at_provider, end_session, send_export, session_cookie};

use crate::app::App;

/// The state of every handler.
pub(crate) type SharedApp = Arc<App>;

/// For responses that are for the caller alone.
pub(crate) const NO_STORE: [(HeaderName, &str); 1] = [(CACHE_CONTROL, "no-store")];

/// The header with the Unix time at which the subject of a response expires.
///
/// It is for responses whose body is not the service's own. Pages may read it.
pub(crate) const EXPIRES_AT: HeaderName = HeaderName::from_static("daypass-expires-at");

/// The scope that creates and edits tokens.
pub(crate) const TOKEN_CREATE: Scope = Scope::literal("token:create");
/// The scope that lists and shows tokens.
pub(crate) const TOKEN_READ: Scope = Scope::literal("token:read");
/// The scope that revokes tokens.
pub(crate) const TOKEN_REVOKE: Scope = Scope::literal("token:revoke");
/// The scope that creates bundles.
pub(crate) const BUNDLE_CREATE: Scope = Scope::literal("bundle:create");

/// Completes routes that pages of any origin may read.
///
/// SECURITY: they give a page no more than the token that it holds already.
pub(crate) fn browser_routes(routes: Router<SharedApp>) -> Router<SharedApp> {
    backend_routes(routes).layer(from_fn(cors::any_origin))
}

/// Like [`browser_routes`], but for routes that are posted to.
pub(crate) fn browser_post_routes(routes: Router<SharedApp>) -> Router<SharedApp> {
    backend_routes(routes).layer(from_fn(cors::any_origin_posting))
}

/// Completes routes that no page may read.
pub(crate) fn backend_routes(routes: Router<SharedApp>) -> Router<SharedApp> {
    routes.method_not_allowed_fallback(async || Error::MethodNotAllowed)
}
