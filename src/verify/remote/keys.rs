//! The service's keys: [`RemoteKeys`].

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::{Mutex, OwnedMutexGuard};

use super::{answer, client, url};
use crate::jwt::Jwks;
use crate::verify::clock::Moment;
use crate::verify::{KeySource, PublicKey, ResponseFuture, StaticKeys, Unavailable};

/// After a fetch, whatever became of it, none is made for so long: floods of forged tokens end here.
const COOL_DOWN: Duration = Duration::from_secs(10);
/// How long fetched keys are used before they are fetched again.
const KEYS_FRESH: Duration = Duration::from_secs(300);
/// How long they are used if that fails. Security rule: a key that the service no longer publishes is not used for longer.
const KEYS_USABLE: Duration = Duration::from_secs(3600);

/// The service's keys, fetched when first needed, again when an unknown one is named, and every five minutes.
pub struct RemoteKeys {
    published: Arc<Published>,
    /// Held while fetching. Whoever has a known key need not wait for it.
    turn: Arc<Mutex<()>>,
}

/// What the service publishes, as far as it was fetched.
struct Published {
    client: reqwest::Client,
    url: String,
    known: RwLock<Known>,
}

impl RemoteKeys {
    /// The keys that the service at this URL publishes.
    #[must_use]
    pub fn new(service: &str) -> RemoteKeys {
        let url = url(service, "/.well-known/jwks.json");
        let published = Published { client: client(), url, known: RwLock::default() };
        RemoteKeys { published: Arc::new(published), turn: Arc::default() }
    }

    async fn key(&self, header: &str) -> Result<Option<PublicKey>, Unavailable> {
        if let Some(settled) = self.published.look_up(header) {
            return settled;
        }
        let turn = Arc::clone(&self.turn).lock_owned().await;
        if let Some(settled) = self.published.look_up(header) {
            return settled;
        }
        // Security rule: a task of its own, since whoever asks may go away meanwhile. Strangers who hang up would else keep the
        // keys from everybody.
        let fetch = tokio::spawn(Arc::clone(&self.published).fetch(turn));
        fetch.await.map_err(|_| no_keys())?;
        self.published.look_up(header).unwrap_or_else(|| Err(no_keys()))
    }
}

impl Published {
    /// Fetches the keys, and holds the turn until what became of it is known.
    async fn fetch(self: Arc<Self>, _turn: OwnedMutexGuard<()>) {
        let fetched = answer::<Jwks>(self.client.get(&self.url)).await;
        let now = Moment::now();
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.tried_at = Some(now);
        match fetched {
            Ok(jwks) => {
                known.keys = StaticKeys::from(&jwks);
                known.fetched_at = Some(now);
            }
            Err(Unavailable(cause)) => tracing::warn!(cause, "the keys could not be fetched"),
        }
    }

    fn look_up(&self, header: &str) -> Option<Result<Option<PublicKey>, Unavailable>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).look_up(header, Moment::now())
    }
}

#[derive(Default)]
struct Known {
    keys: StaticKeys,
    fetched_at: Option<Moment>,
    tried_at: Option<Moment>,
}

impl Known {
    /// The answer that needs no fetch, if there is one.
    fn look_up(&self, header: &str, now: Moment) -> Option<Result<Option<PublicKey>, Unavailable>> {
        let younger_than = |at: Option<Moment>, age| at.is_some_and(|at| now.since(at) < age);
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

impl KeySource for RemoteKeys {
    fn find<'a>(&'a self, header: &'a str) -> ResponseFuture<'a, Option<PublicKey>> {
        Box::pin(self.key(header))
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
