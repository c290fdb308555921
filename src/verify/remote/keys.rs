//! The service's public keys: [`RemoteKeys`].

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use quick_cache::sync::Cache as QuickCache;
use reqwest::header::{AGE, CACHE_CONTROL};
use tokio::sync::{Mutex, OwnedMutexGuard, Semaphore};
use tokio::time::{sleep, timeout};

use super::{TIMEOUT, client, read_json, require_success, unavailable, url};
use crate::jwt::{Jwks, JwtType};
use crate::verify::clock::Moment;
use crate::verify::outage::Outage;
use crate::verify::{KeyLookup, KeySource, ResponseFuture, StaticKeys, Unavailable};

/// The least time between two fetches.
///
/// SECURITY: callers that name keys that do not exist cause one fetch in this time, however many
/// they are.
const COOL_DOWN: Duration = Duration::from_secs(1);
/// The least time after a fetch that failed.
const COOL_DOWN_AFTER_FAILURE: Duration = Duration::from_secs(10);
/// How long a JWT of an unknown key waits for the keys: until the next fetch has begun, and its
/// response.
const PATIENCE: Duration = Duration::from_secs(2);
/// How many requests wait at once because their key is unknown.
///
/// SECURITY: callers that invent keys take no more memory than this. Further ones are refused with
/// 503 at once, until the next fetch. Requests with known keys do not wait, and are not counted.
const MAX_WAITING: usize = 256;
/// How many headers without a key are remembered, the longest of them in bytes, and for how long. A
/// page may send a token of a key that is gone again and again, and is refused without a fetch.
const MAX_UNKNOWN: usize = 1024;
const MAX_UNKNOWN_HEADER: usize = 256;
const UNKNOWN_FRESH: Duration = Duration::from_secs(60);
/// How long fetched keys are used before they are fetched again.
const KEYS_FRESH: Duration = Duration::from_secs(300);
/// How long fetched keys are used if they cannot be fetched again.
///
/// SECURITY: a key that the service no longer publishes is not used for longer.
const KEYS_USABLE: Duration = Duration::from_secs(3600);

/// Fetches the service's keys when one is first needed, every five minutes, and when an unknown one
/// is named.
///
/// A JWT whose key is not among them waits until keys have been fetched that are newer than the
/// request: only then is it invalid. Clones share the keys.
#[derive(Clone)]
pub struct RemoteKeys {
    endpoint: Arc<KeyEndpoint>,
    /// Held during a fetch. A request whose key is cached does not wait for it.
    fetching: Arc<Mutex<()>>,
    waiting: Arc<Semaphore>,
}

/// The service's JWKS endpoint, and what was fetched from it.
struct KeyEndpoint {
    client: reqwest::Client,
    url: String,
    cache: RwLock<KeyCache>,
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
            cache: RwLock::default(),
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
            Step::Fetch => self.find_fetched(header, asked_at).await,
            Step::Wait(_) => {
                let Ok(_place) = self.waiting.try_acquire() else { return Ok(KeyLookup::Undetermined) };
                let found = timeout(PATIENCE, self.find_fetched(header, asked_at)).await;
                found.unwrap_or(Ok(KeyLookup::Undetermined))
            }
        }
    }

    /// Fetches the keys, or waits for the fetch that is under way, until they settle the question.
    async fn find_fetched(&self, header: &str, asked_at: Instant) -> Result<KeyLookup, Unavailable> {
        loop {
            let guard = Arc::clone(&self.fetching).lock_owned().await;
            let pause = match self.endpoint.next(header, asked_at) {
                Step::Done(result) => {
                    if matches!(result, Ok(KeyLookup::Unknown)) && header.len() <= MAX_UNKNOWN_HEADER {
                        self.endpoint.unknown.insert(header.into(), Instant::now());
                    }
                    return result;
                }
                Step::Fetch => Duration::ZERO,
                Step::Wait(pause) => pause,
            };
            // SECURITY: fetch in a separate task. Otherwise clients that disconnect early could
            // cancel every fetch and block all callers.
            let fetch = tokio::spawn(Arc::clone(&self.endpoint).fetch(pause, guard));
            fetch.await.map_err(|_| keys_unavailable())?;
        }
    }

    /// Fetches the keys if one that the service announces is missing, in the background.
    pub(super) fn prefetch(&self, kids: &[String]) {
        let has_all = kids.iter().all(|kid| self.endpoint.has(kid));
        // While a fetch is under way, the next heartbeat compares again.
        let (false, Ok(guard)) = (has_all, Arc::clone(&self.fetching).try_lock_owned()) else { return };
        let pause = self.endpoint.read(|cache| cache.cool_down(Instant::now()));
        tokio::spawn(Arc::clone(&self.endpoint).fetch(pause, guard));
    }
}

impl KeyEndpoint {
    /// Fetches the keys after a pause, and holds the guard until the result is cached.
    async fn fetch(self: Arc<Self>, pause: Duration, _guard: OwnedMutexGuard<()>) {
        sleep(pause).await;
        let requested_at = Instant::now();
        let result = self.request().await;
        match &result {
            Ok(_) => self.outage.end(),
            Err(cause) => self.outage.warn(cause),
        }
        let mut cache = self.cache.write().unwrap_or_else(PoisonError::into_inner);
        cache.last_fetch = Some(Fetch { requested_at, ended_at: Instant::now(), has_failed: result.is_err() });
        if let Ok((jwks, is_current)) = result {
            cache.keys = StaticKeys::from(&jwks);
            cache.fetched_at = Some(Moment::now());
            if is_current {
                cache.current_at = Some(requested_at);
            }
        }
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
        match self.read(|cache| cache.next(header, asked_at, Moment::now(), Instant::now())) {
            // A key is made before anyone can name it: a header that had no key has none later.
            Step::Wait(_) if self.unknown.get(header).is_some_and(|at| at.elapsed() < UNKNOWN_FRESH) => {
                Step::Done(Ok(KeyLookup::Unknown))
            }
            step => step,
        }
    }

    fn has(&self, kid: &str) -> bool {
        self.read(|cache| cache.keys.get(&JwtType::AccessToken.header(kid)).is_some())
    }

    fn read<T>(&self, read: impl FnOnce(&KeyCache) -> T) -> T {
        read(&self.cache.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What to do for a JWT.
#[derive(Debug)]
enum Step {
    /// The cached keys settle it.
    Done(Result<KeyLookup, Unavailable>),
    /// Fetch the keys: none are usable.
    Fetch,
    /// Fetch the keys after this time: those that are cached may be older than the JWT's key.
    Wait(Duration),
}

/// A request for the keys.
struct Fetch {
    requested_at: Instant,
    ended_at: Instant,
    has_failed: bool,
}

#[derive(Default)]
struct KeyCache {
    keys: StaticKeys,
    /// When the keys were fetched.
    fetched_at: Option<Moment>,
    /// The service had no other keys at this moment.
    current_at: Option<Instant>,
    last_fetch: Option<Fetch>,
}

impl KeyCache {
    fn next(&self, header: &str, asked_at: Instant, moment: Moment, now: Instant) -> Step {
        let is_younger = |age| self.fetched_at.is_some_and(|at| moment.since(at) < age);
        let is_usable = is_younger(KEYS_USABLE);
        let pause = self.cool_down(now);
        let has_failed = self.last_fetch.as_ref().is_some_and(|fetch| fetch.has_failed);
        match self.keys.get(header) {
            Some(key) if is_younger(KEYS_FRESH) || (is_usable && !pause.is_zero()) => {
                Step::Done(Ok(KeyLookup::Known(key.clone())))
            }
            None if is_usable => self.next_of_unknown(header, asked_at, pause, has_failed),
            _ if has_failed && !pause.is_zero() => Step::Done(Err(keys_unavailable())),
            _ => Step::Fetch,
        }
    }

    /// SECURITY: no key is called unknown by keys that are older than the question. The holder of a
    /// valid token would be told that it is forged.
    fn next_of_unknown(&self, header: &str, asked_at: Instant, pause: Duration, has_failed: bool) -> Step {
        // The header of another issuer's JWTs: no key of this service has it, now or later.
        let is_ours = JwtType::ALL.iter().any(|jwt_type| jwt_type.key_id(header).is_some());
        let is_current = self.current_at.is_some_and(|at| at >= asked_at);
        let was_fetched_since = self.last_fetch.as_ref().is_some_and(|fetch| fetch.requested_at >= asked_at);
        if !is_ours || is_current {
            Step::Done(Ok(KeyLookup::Unknown))
        } else if was_fetched_since || (has_failed && !pause.is_zero()) {
            Step::Done(Ok(KeyLookup::Undetermined))
        } else {
            Step::Wait(pause)
        }
    }

    /// Returns how long no other fetch may begin.
    fn cool_down(&self, now: Instant) -> Duration {
        let Some(Fetch { ended_at, has_failed, .. }) = &self.last_fetch else { return Duration::ZERO };
        let cool_down = if *has_failed { COOL_DOWN_AFTER_FAILURE } else { COOL_DOWN };
        (*ended_at + cool_down).saturating_duration_since(now)
    }
}

fn keys_unavailable() -> Unavailable {
    Unavailable("the token service's keys could not be fetched".into())
}

impl KeySource for RemoteKeys {
    fn find<'a>(&'a self, header: &'a str) -> ResponseFuture<'a, KeyLookup> {
        Box::pin(self.find_key(header))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jwt::Jwk;

    #[test]
    fn keys_are_fetched_when_due_and_none_is_unknown_by_keys_older_than_the_question() {
        let jwks = Jwks { keys: vec![Jwk::ed25519("known", &[8; 32])] };
        let (known, other) = (JwtType::AccessToken.header("known"), JwtType::Bundle.header("other"));
        let (start, moment) = (Instant::now(), Moment::now());
        let seconds = Duration::from_secs;
        // Keys that were fetched at a time, if at all; when the last fetch was requested, and whether it
        // failed. Each fetch takes a second.
        let cache = |fetched: Option<u64>, last: u64, has_failed: bool| KeyCache {
            keys: fetched.map(|_| StaticKeys::from(&jwks)).unwrap_or_default(),
            fetched_at: fetched.map(|at| moment + seconds(at)),
            current_at: fetched.map(|at| start + seconds(at)),
            last_fetch: Some(Fetch {
                requested_at: start + seconds(last),
                ended_at: start + seconds(last + 1),
                has_failed,
            }),
        };
        let aged = |fetched| KeyCache { current_at: None, ..cache(Some(fetched), fetched, false) };
        // The cache, the header, when it is asked for, the time now, and what to do.
        let cases = [
            (KeyCache::default(), &*known, 0, 0, "fetch"),
            (cache(Some(0), 0, false), &known, 299, 299, "known"),
            (cache(Some(0), 0, false), &known, 300, 300, "fetch"),
            (cache(Some(0), 300, true), &known, 310, 310, "known"),
            (cache(Some(0), 300, true), &known, 311, 311, "fetch"),
            (cache(Some(0), 3595, true), &known, 3599, 3599, "known"),
            (cache(Some(0), 3595, true), &known, 3600, 3600, "unavailable"),
            (cache(None, 0, true), &known, 10, 10, "unavailable"),
            (cache(None, 0, true), &known, 11, 11, "fetch"),
            // The keys are as old as the request for them.
            (cache(Some(5), 5, false), &other, 5, 6, "unknown"),
            (cache(Some(5), 5, false), &other, 6, 6, "wait 1"),
            (cache(Some(5), 5, false), &other, 7, 7, "wait 0"),
            // A cache on the way may have answered.
            (aged(5), &other, 5, 6, "undetermined"),
            (aged(5), &other, 6, 6, "wait 1"),
            // The service does not answer: nothing says that the key does not exist.
            (cache(Some(0), 5, true), &other, 4, 6, "undetermined"),
            (cache(Some(0), 5, true), &other, 15, 15, "undetermined"),
            (cache(Some(0), 5, true), &other, 16, 16, "wait 0"),
            (cache(Some(0), 3595, true), &other, 3600, 3600, "unavailable"),
            // Another issuer's header.
            (cache(Some(5), 5, false), "eyJhbGciOiJSUzI1NiJ9", 6, 6, "unknown"),
        ];
        for (case, (cache, header, asked_at, now, expected)) in cases.into_iter().enumerate() {
            let step = cache.next(header, start + seconds(asked_at), moment + seconds(now), start + seconds(now));
            let step = match step {
                Step::Done(Ok(KeyLookup::Known(_))) => "known".to_owned(),
                Step::Done(Ok(KeyLookup::Unknown)) => "unknown".to_owned(),
                Step::Done(Ok(KeyLookup::Undetermined)) => "undetermined".to_owned(),
                Step::Done(Err(_)) => "unavailable".to_owned(),
                Step::Fetch => "fetch".to_owned(),
                Step::Wait(pause) => format!("wait {}", pause.as_secs()),
            };
            assert_eq!(step, expected, "case {case}");
        }
    }
}
