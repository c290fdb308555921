//! Issuer, keys, opaque tokens and revocations from a token service over HTTP.
//!
//! | file | what it is |
//! | --- | --- |
//! | `connect` | a verifier with all of it |
//! | `issuer` | the issuer, from the service's metadata |
//! | `keys` | the keys, fetched and cached |
//! | `introspector` | records of opaque tokens, by introspection |
//! | `feed` | the subscriber of the revocation feed |

mod connect;
mod feed;
mod introspector;
mod issuer;
mod keys;

use std::time::Duration;

use reqwest::{Response, StatusCode};
use serde::de::DeserializeOwned;

pub use connect::Connect;
pub use introspector::RemoteIntrospector;
pub use issuer::IssuerMismatch;
pub use keys::RemoteKeys;

use super::Unavailable;
use crate::{ErrorBody, ErrorCode};

/// How long the service may take to respond.
const TIMEOUT: Duration = Duration::from_secs(5);

fn client() -> reqwest::Client {
    let builder = reqwest::Client::builder().connect_timeout(TIMEOUT).redirect(reqwest::redirect::Policy::none());
    builder.build().expect("a client without a certificate of its own can be built")
}

fn url(service: &str, path: &str) -> String {
    format!("{}{path}", service.trim_end_matches('/'))
}

async fn fetch<T: DeserializeOwned>(request: reqwest::RequestBuilder) -> Result<T, Unavailable> {
    let response = request.timeout(TIMEOUT).send().await.map_err(unavailable)?;
    require_success(response).await?.json().await.map_err(unavailable)
}

/// Passes a success on. Otherwise names the cause, which is a missing scope if the service says so.
async fn require_success(response: Response) -> Result<Response, Unavailable> {
    let Err(cause) = response.error_for_status_ref() else { return Ok(response) };
    if response.status() == StatusCode::FORBIDDEN {
        let lacks_scope = |body: ErrorBody| body.error == ErrorCode::InsufficientScope.as_str();
        if response.json().await.is_ok_and(lacks_scope) {
            return Err(Unavailable("this verifier's token lacks the scope token:introspect".into()));
        }
    }
    Err(unavailable(cause))
}

/// Turns a failed request into a cause for the log.
///
/// SECURITY: the cause names neither URL nor request, whose query, headers and body hold tokens.
fn unavailable(cause: reqwest::Error) -> Unavailable {
    Unavailable(cause.without_url().to_string())
}
