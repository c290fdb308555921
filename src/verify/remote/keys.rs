//! The service's public keys: [`RemoteKeys`].

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::{Mutex, OwnedMutexGuard};

use super::{client, fetch, url};
use crate::jwt::Jwks;
use crate::verify::clock::Moment;
use crate::verify::{KeySource, PublicKey, ResponseFuture, StaticKeys, Unavailable};

/// The least time between two fetches, so that a flood of forged tokens causes no flood of fetches.
const COOL_DOWN: Duration = Duration::from_secs(10);
/// How long fetched keys are used before they are fetched again.
const KEYS_FRESH: Duration = Duration::from_secs(300);
/// How long fetched keys are used if they cannot be fetched again.
///
/// SECURITY: a key that the service no longer publishes is not used for longer.
const KEYS_USABLE: Duration = Duration::from_secs(3600);

/// Fetches the service's keys when one is first needed, when an unknown one is named, and every
/// five minutes.
pub struct RemoteKeys {
    endpoint: Arc<KeyEndpoint>,
    /// Held during a fetch. A request whose key is cached does not wait for it.
    fetching: Arc<Mutex<()>>,
}

/// The service's JWKS endpoint, and what was fetched from it.
struct KeyEndpoint {
    client: reqwest::Client,
    url: String,
    cache: RwLock<KeyCache>,
}

impl RemoteKeys {
    /// Finds keys at the service at this URL.
    #[must_use]
    pub fn new(service: &str) -> RemoteKeys {
        let url = url(service, "/.well-known/jwks.json");
        let endpoint = KeyEndpoint { client: client(), url, cache: RwLock::default() };
        RemoteKeys { endpoint: Arc::new(endpoint), fetching: Arc::default() }
    }

    async fn find_key(&self, header: &str) -> Result<Option<PublicKey>, Unavailable> {
        if let Some(result) = self.endpoint.find_cached(header) {
            return result;
        }
        let guard = Arc::clone(&self.fetching).lock_owned().await;
        if let Some(result) = self.endpoint.find_cached(header) {
            return result;
        }
        // SECURITY: fetch in a separate task. Otherwise clients that disconnect early could cancel
        // every fetch and block all callers.
        let fetch = tokio::spawn(Arc::clone(&self.endpoint).fetch(guard));
        fetch.await.map_err(|_| keys_unavailable())?;
        self.endpoint.find_cached(header).unwrap_or_else(|| Err(keys_unavailable()))
    }
}

impl KeyEndpoint {
    /// Fetches the keys, and holds the guard until the result is cached.
    async fn fetch(self: Arc<Self>, _guard: OwnedMutexGuard<()>) {
        let result = fetch::<Jwks>(self.client.get(&self.url)).await;
        let now = Moment::now();
        let mut cache = self.cache.write().unwrap_or_else(PoisonError::into_inner);
        cache.tried_at = Some(now);
        match result {
            Ok(jwks) => {
                cache.keys = StaticKeys::from(&jwks);
                cache.fetched_at = Some(now);
            }
            Err(Unavailable(cause)) => tracing::warn!(cause, "keys could not be fetched"),
        }
    }

    fn find_cached(&self, header: &str) -> Option<Result<Option<PublicKey>, Unavailable>> {
        self.cache.read().unwrap_or_else(PoisonError::into_inner).find(header, Moment::now())
    }
}

#[derive(Default)]
struct KeyCache {
    keys: StaticKeys,
    fetched_at: Option<Moment>,
    tried_at: Option<Moment>,
}

impl KeyCache {
    /// Finds a key, or that no key has this header. Returns `None` if the keys must be fetched first.
    fn find(&self, header: &str, now: Moment) -> Option<Result<Option<PublicKey>, Unavailable>> {
        let is_younger = |at: Option<Moment>, age| at.is_some_and(|at| now.since(at) < age);
        let is_cooling = is_younger(self.tried_at, COOL_DOWN);
        let is_usable = is_younger(self.fetched_at, KEYS_USABLE);
        match self.keys.get(header) {
            Some(key) if is_younger(self.fetched_at, KEYS_FRESH) => Some(Ok(Some(key.clone()))),
            key if is_cooling && is_usable => Some(Ok(key.cloned())),
            _ if is_cooling => Some(Err(keys_unavailable())),
            _ => None,
        }
    }
}

fn keys_unavailable() -> Unavailable {
    Unavailable("the token service's keys could not be fetched".into())
}

impl KeySource for RemoteKeys {
    fn find<'a>(&'a self, header: &'a str) -> ResponseFuture<'a, Option<PublicKey>> {
        Box::pin(self.find_key(header))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jwt::{Jwk, JwtType};

    #[test]
    fn keys_are_fetched_when_due_and_used_no_longer_than_allowed() {
        let jwks = Jwks { keys: vec![Jwk::ed25519("known", &[8; 32])] };
        let header = JwtType::AccessToken.header("known");
        let start = Moment::now();
        let seconds = Duration::from_secs;
        let cache = |fetched: Option<u64>, tried: u64| KeyCache {
            keys: fetched.map(|_| StaticKeys::from(&jwks)).unwrap_or_default(),
            fetched_at: fetched.map(|at| start + seconds(at)),
            tried_at: Some(start + seconds(tried)),
        };
        // The cache, whether the header is of a key in it, when the key is needed, and the result.
        let cases = [
            (KeyCache::default(), true, 0, "fetch"),
            (cache(Some(0), 0), true, 299, "key"),
            (cache(Some(0), 0), true, 300, "fetch"),
            (cache(Some(0), 0), false, 9, "no key"),
            (cache(Some(0), 0), false, 10, "fetch"),
            (cache(Some(0), 300), true, 309, "key"),
            (cache(Some(0), 300), true, 310, "fetch"),
            (cache(Some(0), 3595), true, 3599, "key"),
            (cache(Some(0), 3595), true, 3600, "unavailable"),
            (cache(Some(0), 3595), false, 3600, "unavailable"),
            (cache(None, 0), true, 9, "unavailable"),
            (cache(None, 0), true, 10, "fetch"),
        ];
        for (case, (cache, is_known, at, expected)) in cases.into_iter().enumerate() {
            let result = match cache.find(if is_known { &header } else { "other" }, start + seconds(at)) {
                None => "fetch",
                Some(Ok(Some(_))) => "key",
                Some(Ok(None)) => "no key",
                Some(Err(_)) => "unavailable",
            };
            assert_eq!(result, expected, "case {case}");
        }
    }
}
