//! The service's public keys: [`RemoteKeys`].
//!
//! | file | what it is |
//! | --- | --- |
//! | `cache` | what was fetched, and what it says of a JWT's key |

mod cache;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use quick_cache::sync::Cache as QuickCache;
use reqwest::header::{AGE, CACHE_CONTROL};
use tokio::sync::{Mutex, OwnedMutexGuard, Semaphore, watch};
use tokio::time::{sleep, timeout};

use super::{TIMEOUT, client, read_json, require_success, unavailable, url};
use crate::jwt::Jwks;
use crate::verify::clock::Moment;
use crate::verify::outage::Outage;
use crate::verify::{KeyLookup, KeySource, ResponseFuture, Unavailable};
use cache::{COOL_DOWN, KeyCache, Step};

/// How long a JWT of an unknown key waits for the keys: until the next fetch has begun, and its
/// response.
const PATIENCE: Duration = Duration::from_secs(2);
/// How many requests wait at once because their key is unknown.
///
/// SECURITY: callers that invent keys take no more memory than this. Further ones are refused with
/// 503 at once. A valid one among them is accepted when it is sent again, since the others have the keys
/// fetched. Requests with known keys do not wait, and are not counted.
const MAX_WAITING: usize = 256;
/// How many headers without a key are remembered until the next fetch can begin. A page may send a token of
/// a key that is gone again and again, and is refused without waiting.
const MAX_UNKNOWN: usize = 1024;

/// Fetches the service's keys when one is first needed, every few minutes, and when an unknown one
/// is named.
///
/// A JWT whose key is not among them waits until keys have been fetched that are newer than the
/// request: only then is it invalid. Clones share the keys.
#[derive(Clone)]
pub struct RemoteKeys {
    endpoint: Arc<KeyEndpoint>,
    /// Held during a fetch, and the pause before it.
    fetching: Arc<Mutex<()>>,
    waiting: Arc<Semaphore>,
}

/// The service's JWKS endpoint, and what was fetched from it.
struct KeyEndpoint {
    client: reqwest::Client,
    url: String,
    /// Those who wait for a fetch are told when this changes.
    cache: watch::Sender<KeyCache>,
    outage: Outage,
    /// Headers of which the service has no key, and when that was.
    unknown: QuickCache<Box<str>, Instant>,
}

impl fmt::Debug for RemoteKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteKeys").field("url", &self.endpoint.url).finish_non_exhaustive()
    }
}

impl RemoteKeys {
    /// Finds keys at the service at this URL.
    #[must_use]
    pub fn new(service: &str) -> RemoteKeys {
        let endpoint = KeyEndpoint {
            client: client(),
            url: url(service, "/.well-known/jwks.json"),
            cache: watch::Sender::default(),
            outage: Outage::new("key fetch"),
            unknown: QuickCache::new(MAX_UNKNOWN),
        };
        RemoteKeys {
            endpoint: Arc::new(endpoint),
            fetching: Arc::default(),
            waiting: Arc::new(Semaphore::new(MAX_WAITING)),
        }
    }

    async fn find_key(&self, header: &str) -> Result<KeyLookup, Unavailable> {
        let asked_at = Instant::now();
        match self.endpoint.next(header, asked_at) {
            Step::Done(result) => result,
            Step::Refresh(key) => {
                self.fetch();
                Ok(KeyLookup::Known(key))
            }
            Step::Fetch | Step::Wait(_) => self.find_fetched(header, asked_at).await,
        }
    }

    /// Has the keys fetched, or waits for the fetch that is under way, until they settle the question.
    async fn find_fetched(&self, header: &str, asked_at: Instant) -> Result<KeyLookup, Unavailable> {
        let mut changes = self.endpoint.cache.subscribe();
        let mut place = None;
        loop {
            let limit = match self.endpoint.next(header, asked_at) {
                Step::Done(result) => {
                    if place.is_some() && matches!(result, Ok(KeyLookup::Unknown)) {
                        self.endpoint.unknown.insert(header.into(), Instant::now());
                    }
                    return result;
                }
                Step::Refresh(key) => return Ok(KeyLookup::Known(key)),
                Step::Fetch => {
                    self.fetch();
                    TIMEOUT
                }
                Step::Wait(pause) => {
                    place = place.or_else(|| self.waiting.try_acquire().ok());
                    let left = PATIENCE.saturating_sub(asked_at.elapsed());
                    if place.is_none() || left.is_zero() {
                        return Ok(KeyLookup::Undetermined);
                    }
                    if pause.is_zero() {
                        self.fetch();
                        left
                    } else {
                        pause.min(left)
                    }
                }
            };
            // After a pause of zero only a fetch ends the wait, one's own or another that is under way.
            let _ = timeout(limit, changes.changed()).await;
        }
    }

    /// Fetches the keys in the background, unless a fetch is under way.
    ///
    /// SECURITY: not in the task of a request. Otherwise clients that disconnect early could cancel
    /// every fetch and block all callers.
    fn fetch(&self) {
        if let Ok(guard) = Arc::clone(&self.fetching).try_lock_owned() {
            tokio::spawn(Arc::clone(&self.endpoint).fetch(Duration::ZERO, guard));
        }
    }

    /// Fetches the keys if one that the service announces is missing, in the background.
    pub(super) fn prefetch(&self, kids: &[String]) {
        let has_all = kids.iter().all(|kid| self.endpoint.has(kid));
        // While a fetch is under way, the next heartbeat compares again.
        let (false, Ok(guard)) = (has_all, Arc::clone(&self.fetching).try_lock_owned()) else { return };
        let pause = self.endpoint.cache.borrow().cool_down(Instant::now());
        tokio::spawn(Arc::clone(&self.endpoint).fetch(pause, guard));
    }
}

impl KeyEndpoint {
    /// Fetches the keys after a pause.
    async fn fetch(self: Arc<Self>, pause: Duration, guard: OwnedMutexGuard<()>) {
        sleep(pause).await;
        let requested_at = Instant::now();
        let result = self.request().await;
        match &result {
            Ok(_) => self.outage.end(),
            Err(cause) => self.outage.warn(cause),
        }
        self.cache.send_modify(|cache| {
            cache.store(result, requested_at, Instant::now());
            // Those who are told now may have to fetch the keys again.
            drop(guard);
        });
    }

    /// Requests the keys. Returns them, and whether the service itself has just sent them.
    ///
    /// SECURITY: a cache between may answer although it is asked not to, with keys of which a new one
    /// is missing. It says so by an `Age` (RFC 9111, section 5.1).
    async fn request(&self) -> Result<(Jwks, bool), Unavailable> {
        let request = self.client.get(&self.url).header(CACHE_CONTROL, "no-cache").timeout(TIMEOUT);
        let response = require_success(request.send().await.map_err(unavailable)?).await?;
        let is_current = response.headers().get(AGE).is_none_or(|age| age == "0");
        Ok((read_json(response).await?, is_current))
    }

    /// Returns what to do for a JWT with this header that was presented at `asked_at`.
    fn next(&self, header: &str, asked_at: Instant) -> Step {
        let step = self.cache.borrow().next(header, asked_at, Moment::now(), Instant::now());
        match step {
            // A key is made before anyone can name it: a header that had no key a moment ago has none.
            Step::Wait(pause)
                if !pause.is_zero() && self.unknown.get(header).is_some_and(|at| at.elapsed() < COOL_DOWN) =>
            {
                Step::Done(Ok(KeyLookup::Unknown))
            }
            step => step,
        }
    }

    fn has(&self, kid: &str) -> bool {
        self.cache.borrow().has(kid)
    }
}

impl KeySource for RemoteKeys {
    fn find<'a>(&'a self, header: &'a str) -> ResponseFuture<'a, KeyLookup> {
        Box::pin(self.find_key(header))
    }
}
