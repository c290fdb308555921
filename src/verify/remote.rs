//! Keys and opaque tokens from a token service over HTTP: [`RemoteKeys`], [`RemoteLookup`].

use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;
use tokio::sync::RwLock;

use super::{Answer, Keys, Lookup, PublicKey, StaticKeys, Unavailable};
use crate::TokenText;
use crate::signed::Jwks;
use crate::wire::{Introspection, TokenRecord};

/// A service that has not answered by then counts as unavailable.
const TIMEOUT: Duration = Duration::from_secs(5);
/// After a fetch, unknown headers are not fetched for again so soon: floods of forged tokens stay here.
const COOL_DOWN: Duration = Duration::from_secs(10);
/// How long fetched keys are used before they are fetched again.
const KEYS_FRESH: Duration = Duration::from_secs(300);

fn client() -> reqwest::Client {
    let builder = reqwest::Client::builder().timeout(TIMEOUT).redirect(reqwest::redirect::Policy::none());
    builder.build().expect("a client without a certificate of its own can be built")
}

async fn answer<T: DeserializeOwned>(request: reqwest::RequestBuilder) -> Result<T, Unavailable> {
    // The cause names the service, never the request: its headers and body hold tokens.
    let unavailable = |cause: reqwest::Error| Unavailable(cause.without_url().to_string());
    let answer = request.send().await.map_err(unavailable)?;
    answer.error_for_status().map_err(unavailable)?.json().await.map_err(unavailable)
}

/// The service's keys, fetched when first needed, again when an unknown one is named, and every five minutes.
pub struct RemoteKeys {
    client: reqwest::Client,
    url: String,
    fetched: RwLock<Option<Fetched>>,
}

struct Fetched {
    keys: StaticKeys,
    at: Instant,
}

impl RemoteKeys {
    /// The keys that the service at this URL publishes.
    #[must_use]
    pub fn new(service: &str) -> RemoteKeys {
        let url = format!("{}/.well-known/jwks.json", service.trim_end_matches('/'));
        RemoteKeys { client: client(), url, fetched: RwLock::new(None) }
    }

    async fn key(&self, header: &str) -> Result<Option<PublicKey>, Unavailable> {
        // The inner `Option` is the key; the outer one says whether the keys at hand settle the question.
        let settled = |fetched: &Option<Fetched>| {
            let fetched = fetched.as_ref()?;
            let age = fetched.at.elapsed();
            match fetched.keys.get(header) {
                Some(key) if age < KEYS_FRESH => Some(Some(key.clone())),
                None if age < COOL_DOWN => Some(None),
                _ => None,
            }
        };
        if let Some(key) = settled(&*self.fetched.read().await) {
            return Ok(key);
        }
        let mut fetched = self.fetched.write().await;
        if let Some(key) = settled(&fetched) {
            return Ok(key);
        }
        let jwks: Jwks = answer(self.client.get(&self.url)).await?;
        let keys = StaticKeys::from(&jwks);
        let key = keys.get(header).cloned();
        *fetched = Some(Fetched { keys, at: Instant::now() });
        Ok(key)
    }
}

impl Keys for RemoteKeys {
    fn find<'a>(&'a self, header: &'a str) -> Answer<'a, Option<PublicKey>> {
        Box::pin(self.key(header))
    }
}

/// Looks opaque tokens up by the service's introspection (RFC 7662).
pub struct RemoteLookup {
    client: reqwest::Client,
    url: String,
    token: TokenText,
}

impl RemoteLookup {
    /// Asks the service at this URL, with a secret token that has the scope `token:introspect`.
    #[must_use]
    pub fn new(service: &str, token: TokenText) -> RemoteLookup {
        let url = format!("{}/introspect", service.trim_end_matches('/'));
        RemoteLookup { client: client(), url, token }
    }
}

impl Lookup for RemoteLookup {
    fn find<'a>(&'a self, token: &'a TokenText) -> Answer<'a, Option<TokenRecord>> {
        let request = self
            .client
            .post(&self.url)
            .bearer_auth(self.token.expose_secret())
            .form(&[("token", token.expose_secret())]);
        Box::pin(async { Ok(answer::<Introspection>(request).await?.record) })
    }
}
