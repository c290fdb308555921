//! Keys, opaque tokens and revocations from a token service over HTTP.
//!
//! | file | what it is |
//! | --- | --- |
//! | `keys` | the keys, fetched and cached |
//! | `introspector` | records of opaque tokens, by introspection |
//! | `feed` | the subscriber of the revocation feed |

mod feed;
mod introspector;
mod keys;

use std::time::Duration;

use reqwest::{Response, StatusCode};
use serde::de::DeserializeOwned;

pub use introspector::RemoteIntrospector;
pub use keys::RemoteKeys;

use super::{Cache, Revocations, Unavailable, Verifier};
use crate::{ErrorBody, ErrorCode, OpaqueToken};

/// How long the service may take to respond.
const TIMEOUT: Duration = Duration::from_secs(5);
/// How much memory the cache of tokens takes, in bytes.
const CACHE: usize = 16 << 20;

impl Verifier {
    /// Connects to the token service at this URL: its keys, introspection with a cache of 16 MiB,
    /// and its revocation feed. The URL is the issuer as tokens name it. `token` is a secret token
    /// with the scope `token:introspect`.
    ///
    /// Waits up to 5 seconds for the service. If it does not respond, requests are refused with 503
    /// until it does.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub async fn connect(service: &str, audience: impl Into<String>, token: OpaqueToken) -> Verifier {
        let keys = RemoteKeys::new(service);
        let revocations = Revocations::new().prefetch(keys.clone()).follow(service, token.clone());
        if !revocations.ready(TIMEOUT).await {
            tracing::warn!(service, "no revocations from the token service yet, answering 503 until they arrive");
        }
        Verifier::new(service, audience)
            .keys(keys)
            .introspector(RemoteIntrospector::new(service, token))
            .cache(Cache::new(CACHE))
            .revocations(revocations)
    }
}

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
