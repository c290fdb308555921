//! KeySource, opaque tokens and revocations from a token service over HTTP.
//!
//! | file | what it is |
//! | --- | --- |
//! | `keys` | the keys, fetched and kept |
//! | `lookup` | opaque tokens, by introspection |
//! | `feed` | the revocations, followed |

mod feed;
mod introspector;
mod keys;

use std::time::Duration;

use serde::de::DeserializeOwned;

pub use introspector::RemoteIntrospector;
pub use keys::RemoteKeys;

use super::{Cache, Revocations, Unavailable, Verifier};
use crate::OpaqueToken;

/// A service that has not answered by then counts as unavailable.
const TIMEOUT: Duration = Duration::from_secs(5);

/// How much memory tokens are kept in, in bytes.
const CACHE: usize = 16 << 20;

impl Verifier {
    /// A verifier with all that the token service at this URL offers: its keys, look-up of opaque tokens with a cache of
    /// 16 MiB, its feed of revocations. The URL is the issuer as it stands in tokens; the secret token has the scope
    /// `token:introspect`.
    ///
    /// It waits up to 5 seconds for the service. Without it requests are answered 503 until it is there.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub async fn connect(service: &str, audience: impl Into<String>, token: OpaqueToken) -> Verifier {
        let revocations = Revocations::new().follow(service, token.clone());
        if !revocations.ready(TIMEOUT).await {
            tracing::warn!(service, "the token service is not to be had: requests are answered 503 until it is");
        }
        Verifier::new(service, audience)
            .keys(RemoteKeys::new(service))
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

async fn answer<T: DeserializeOwned>(request: reqwest::RequestBuilder) -> Result<T, Unavailable> {
    let answer = request.timeout(TIMEOUT).send().await.map_err(unavailable)?;
    answer.error_for_status().map_err(unavailable)?.json().await.map_err(unavailable)
}

/// The cause names the service, never the request: its headers and body hold tokens.
fn unavailable(cause: reqwest::Error) -> Unavailable {
    Unavailable(cause.without_url().to_string())
}
