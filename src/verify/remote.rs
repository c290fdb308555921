//! Keys and opaque tokens from a token service over HTTP: [`RemoteKeys`], [`RemoteLookup`].

use std::sync::{PoisonError, RwLock, RwLockReadGuard};
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;
use tokio::sync::Mutex;

use super::{Answer, Keys, Lookup, PublicKey, StaticKeys, Unavailable};
use crate::TokenText;
use crate::signed::Jwks;
use crate::wire::{Introspection, TokenRecord};

/// A service that has not answered by then counts as unavailable.
const TIMEOUT: Duration = Duration::from_secs(5);
/// After a fetch, whatever became of it, none is made for so long: floods of forged tokens end here.
const COOL_DOWN: Duration = Duration::from_secs(10);
/// How long fetched keys are used before they are fetched again.
const KEYS_FRESH: Duration = Duration::from_secs(300);
/// How long they are used if that fails. Security rule: a key that the service no longer publishes is not used for longer.
const KEYS_USABLE: Duration = Duration::from_secs(3600);

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
    known: RwLock<Known>,
    /// Held while fetching. Whoever has a known key need not wait for it.
    turn: Mutex<()>,
}

impl RemoteKeys {
    /// The keys that the service at this URL publishes.
    #[must_use]
    pub fn new(service: &str) -> RemoteKeys {
        let url = format!("{}/.well-known/jwks.json", service.trim_end_matches('/'));
        RemoteKeys { client: client(), url, known: RwLock::default(), turn: Mutex::default() }
    }

    async fn key(&self, header: &str) -> Result<Option<PublicKey>, Unavailable> {
        if let Some(settled) = self.known().look_up(header, Instant::now()) {
            return settled;
        }
        let _turn = self.turn.lock().await;
        if let Some(settled) = self.known().look_up(header, Instant::now()) {
            return settled;
        }
        let fetched = answer::<Jwks>(self.client.get(&self.url)).await;
        let now = Instant::now();
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.tried_at = Some(now);
        match fetched {
            Ok(jwks) => {
                known.keys = StaticKeys::from(&jwks);
                known.fetched_at = Some(now);
            }
            Err(Unavailable(cause)) => tracing::warn!(cause, "the keys could not be fetched"),
        }
        known.look_up(header, now).unwrap_or_else(|| Err(no_keys()))
    }

    fn known(&self) -> RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Default)]
struct Known {
    keys: StaticKeys,
    fetched_at: Option<Instant>,
    tried_at: Option<Instant>,
}

impl Known {
    /// The answer that needs no fetch, if there is one.
    fn look_up(&self, header: &str, now: Instant) -> Option<Result<Option<PublicKey>, Unavailable>> {
        let younger_than = |at: Option<Instant>, age| at.is_some_and(|at| now.duration_since(at) < age);
        let is_cooling = younger_than(self.tried_at, COOL_DOWN);
        let is_usable = younger_than(self.fetched_at, KEYS_USABLE);
        match self.keys.get(header) {
            Some(key) if younger_than(self.fetched_at, KEYS_FRESH) => Some(Ok(Some(key.clone()))),
            key if is_cooling && is_usable => Some(Ok(key.cloned())),
            _ if is_cooling => Some(Err(no_keys())),
            _ => None,
        }
    }
}

fn no_keys() -> Unavailable {
    Unavailable("the token service's keys are not to be had".into())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signed::{DocumentType, Jwk};

    #[test]
    fn keys_are_fetched_when_due_and_used_no_longer_than_allowed() {
        let jwks = Jwks { keys: vec![Jwk::ed25519("known", &[8; 32])] };
        let header = DocumentType::AccessToken.header("known");
        let start = Instant::now();
        let seconds = Duration::from_secs;
        let known = |fetched: Option<u64>, tried: u64| Known {
            keys: fetched.map(|_| StaticKeys::from(&jwks)).unwrap_or_default(),
            fetched_at: fetched.map(|at| start + seconds(at)),
            tried_at: Some(start + seconds(tried)),
        };
        // What is known, whether the header is known, when it is asked: fetch, or the key, no key, or no answer.
        let cases = [
            (Known::default(), true, 0, "fetch"),
            (known(Some(0), 0), true, 299, "key"),
            (known(Some(0), 0), true, 300, "fetch"),
            (known(Some(0), 0), false, 9, "no key"),
            (known(Some(0), 0), false, 10, "fetch"),
            (known(Some(0), 300), true, 309, "key"),
            (known(Some(0), 300), true, 310, "fetch"),
            (known(Some(0), 3595), true, 3599, "key"),
            (known(Some(0), 3595), true, 3600, "no answer"),
            (known(Some(0), 3595), false, 3600, "no answer"),
            (known(None, 0), true, 9, "no answer"),
            (known(None, 0), true, 10, "fetch"),
        ];
        for (i, (known, is_known, at, expected)) in cases.into_iter().enumerate() {
            let found = known.look_up(if is_known { &header } else { "other" }, start + seconds(at));
            let found = match found {
                None => "fetch",
                Some(Ok(Some(_))) => "key",
                Some(Ok(None)) => "no key",
                Some(Err(_)) => "no answer",
            };
            assert_eq!(found, expected, "case {i}");
        }
    }
}
