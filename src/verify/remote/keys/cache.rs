//! What was fetched of the service's keys: [`KeyCache`].

use std::time::{Duration, Instant};

use crate::jwt::{Jwk, Jwks, JwtType};
use crate::verify::clock::Moment;
use crate::verify::{KeyLookup, PublicKey, StaticKeys, Unavailable};

/// The least time from one request for the keys to the next.
///
/// SECURITY: callers that name keys that do not exist cause one fetch in this time, however many
/// they are.
pub(super) const COOL_DOWN: Duration = Duration::from_secs(1);
/// The longest time after a fetch that failed. It doubles from failure to failure, so that one of them is made
/// up for soon.
const MAX_BACK_OFF: Duration = Duration::from_secs(8);
/// How long fetched keys are used before they are fetched again in the background.
const KEYS_DUE: Duration = Duration::from_secs(240);
/// How long fetched keys are used before requests wait for others.
const KEYS_FRESH: Duration = Duration::from_secs(300);
/// How long fetched keys are used if they cannot be fetched again.
///
/// SECURITY: a key that the service no longer publishes is not used for longer.
const KEYS_USABLE: Duration = Duration::from_secs(3600);
/// The longest header whose key may be a new one, in bytes. The service's have some 100.
const MAX_HEADER: usize = 256;

/// What to do for a JWT.
#[derive(Debug)]
pub(super) enum Step {
    /// The cached keys settle it.
    Done(Result<KeyLookup, Unavailable>),
    /// This is the key. Fetch the keys, since those that are cached grow old.
    Refresh(PublicKey),
    /// Fetch the keys: none are usable.
    Fetch,
    /// Fetch the keys after this time: those that are cached may be older than the JWT's key.
    Wait(Duration),
}

/// A request for the keys.
struct Fetch {
    requested_at: Instant,
    ended_at: Instant,
    /// How many have failed since the last success, with this one.
    failures: u32,
}

#[derive(Default)]
pub(super) struct KeyCache {
    keys: StaticKeys,
    /// When the keys were fetched.
    fetched_at: Option<Moment>,
    /// The service had no other keys at this moment.
    current_at: Option<Instant>,
    last_fetch: Option<Fetch>,
    /// How many keys of the set are of our kind, and cannot be used.
    broken: usize,
}

impl KeyCache {
    /// Takes over the result of a fetch: the keys, and whether the service itself has just sent them.
    pub(super) fn store(
        &mut self,
        result: Result<(Jwks, bool), Unavailable>,
        requested_at: Instant,
        ended_at: Instant,
    ) {
        let failures = if result.is_ok() { 0 } else { self.failures().saturating_add(1) };
        self.last_fetch = Some(Fetch { requested_at, ended_at, failures });
        if let Ok((jwks, is_current)) = result {
            self.keys = StaticKeys::from(&jwks);
            self.fetched_at = Some(Moment::now());
            if is_current {
                self.current_at = Some(requested_at);
            }
            self.observe_broken(&jwks);
        }
    }

    /// Tells the operator once of keys that cannot be used, although no others are meant for this verifier.
    fn observe_broken(&mut self, jwks: &Jwks) {
        // One that cannot be read has no `crv`.
        let is_unreadable = |jwk: &Jwk| matches!(&*jwk.kty, "" | "OKP") && jwk.crv.is_empty();
        let is_ours = |jwk: &&Jwk| is_unreadable(jwk) || jwk.is_for_signatures();
        let ours = jwks.keys.iter().filter(is_ours);
        let broken = ours.filter(|jwk| !self.has(&jwk.kid)).count();
        if broken > self.broken {
            tracing::warn!(broken, "key set has keys that cannot be read or are not valid, using the others");
        }
        self.broken = broken;
    }

    pub(super) fn has(&self, kid: &str) -> bool {
        self.keys.get(&JwtType::AccessToken.header(kid)).is_some()
    }

    fn failures(&self) -> u32 {
        self.last_fetch.as_ref().map_or(0, |fetch| fetch.failures)
    }

    /// Returns what to do for a JWT with this header that was presented at `asked_at`.
    pub(super) fn next(&self, header: &str, asked_at: Instant, moment: Moment, now: Instant) -> Step {
        let is_younger = |age| self.fetched_at.is_some_and(|at| moment.since(at) < age);
        let is_usable = is_younger(KEYS_USABLE);
        let pause = self.cool_down(now);
        let has_failed = self.failures() > 0;
        match self.keys.get(header) {
            Some(key) if is_younger(KEYS_DUE) || (is_usable && !pause.is_zero()) => {
                Step::Done(Ok(KeyLookup::Known(key.clone())))
            }
            Some(key) if is_younger(KEYS_FRESH) || (is_usable && has_failed) => Step::Refresh(key.clone()),
            None if is_usable => self.next_of_unknown(header, asked_at, pause, has_failed),
            _ if has_failed && !pause.is_zero() => Step::Done(Err(keys_unavailable())),
            _ => Step::Fetch,
        }
    }

    /// SECURITY: no key is called unknown by keys that are older than the question. The holder of a
    /// valid token would be told that it is forged.
    fn next_of_unknown(&self, header: &str, asked_at: Instant, pause: Duration, has_failed: bool) -> Step {
        // The header of another issuer's JWTs: no key of this service has it, now or later.
        let is_ours =
            header.len() <= MAX_HEADER && JwtType::ALL.iter().any(|jwt_type| jwt_type.key_id(header).is_some());
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
    pub(super) fn cool_down(&self, now: Instant) -> Duration {
        let Some(Fetch { requested_at, ended_at, failures }) = &self.last_fetch else { return Duration::ZERO };
        let end = match failures.checked_sub(1) {
            None => *requested_at + COOL_DOWN,
            Some(earlier) => *ended_at + COOL_DOWN.saturating_mul(1 << earlier.min(5)).min(MAX_BACK_OFF),
        };
        end.saturating_duration_since(now)
    }
}

fn keys_unavailable() -> Unavailable {
    Unavailable("the token service's keys could not be fetched".into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jwt::Jwk;

    #[test]
    fn keys_are_fetched_when_due_and_none_is_unknown_by_keys_older_than_the_question() {
        let jwks = Jwks { keys: vec![Jwk::ed25519("known", &[8; 32])] };
        let (known, other) = (JwtType::AccessToken.header("known"), JwtType::Bundle.header("other"));
        let [longest, long] = [153, 154].map(|length| JwtType::AccessToken.header(&"k".repeat(length)));
        assert_eq!((longest.len(), long.len()), (MAX_HEADER, MAX_HEADER + 2));
        let (start, moment) = (Instant::now(), Moment::now());
        let seconds = Duration::from_secs;
        // Keys that were fetched at a time, if at all; when the last fetch was requested, and how many failed
        // with it. Each fetch takes a second.
        let cache = |fetched: Option<u64>, last: u64, failures: u32| KeyCache {
            keys: fetched.map(|_| StaticKeys::from(&jwks)).unwrap_or_default(),
            fetched_at: fetched.map(|at| moment + seconds(at)),
            current_at: fetched.map(|at| start + seconds(at)),
            last_fetch: Some(Fetch {
                requested_at: start + seconds(last),
                ended_at: start + seconds(last + 1),
                failures,
            }),
            broken: 0,
        };
        let aged = |fetched| KeyCache { current_at: None, ..cache(Some(fetched), fetched, 0) };
        // The cache, the header, when it is asked for, the time now, and what to do.
        let cases = [
            (KeyCache::default(), &*known, 0, 0, "fetch"),
            (cache(Some(0), 0, 0), &known, 239, 239, "known"),
            (cache(Some(0), 0, 0), &known, 240, 240, "refresh"),
            (cache(Some(0), 0, 0), &known, 299, 299, "refresh"),
            (cache(Some(0), 0, 0), &known, 300, 300, "fetch"),
            // No request waits for a service that does not answer, as long as the keys are usable.
            (cache(Some(0), 300, 1), &known, 301, 301, "known"),
            (cache(Some(0), 300, 1), &known, 302, 302, "refresh"),
            (cache(Some(0), 3596, 1), &known, 3599, 3599, "refresh"),
            (cache(Some(0), 3598, 1), &known, 3599, 3599, "known"),
            (cache(Some(0), 3598, 1), &known, 3600, 3600, "fetch"),
            (cache(Some(0), 3599, 1), &known, 3600, 3600, "unavailable"),
            (cache(None, 0, 1), &known, 1, 1, "unavailable"),
            (cache(None, 0, 1), &known, 2, 2, "fetch"),
            // The time between two attempts doubles.
            (cache(None, 0, 2), &known, 2, 2, "unavailable"),
            (cache(None, 0, 2), &known, 3, 3, "fetch"),
            (cache(None, 0, 4), &known, 8, 8, "unavailable"),
            (cache(None, 0, 4), &known, 9, 9, "fetch"),
            (cache(None, 0, u32::MAX), &known, 8, 8, "unavailable"),
            (cache(None, 0, u32::MAX), &known, 9, 9, "fetch"),
            // The keys are as old as the request for them.
            (cache(Some(5), 5, 0), &other, 5, 6, "unknown"),
            (cache(Some(5), 5, 0), &other, 6, 5, "wait 1"),
            (cache(Some(5), 5, 0), &other, 7, 6, "wait 0"),
            // A cache on the way may have answered.
            (aged(5), &other, 5, 6, "undetermined"),
            (aged(5), &other, 6, 5, "wait 1"),
            // The service does not answer: nothing says that the key does not exist.
            (cache(Some(0), 5, 1), &other, 4, 6, "undetermined"),
            (cache(Some(0), 5, 1), &other, 6, 6, "undetermined"),
            (cache(Some(0), 5, 1), &other, 7, 7, "wait 0"),
            (cache(Some(0), 3599, 1), &other, 3600, 3600, "unavailable"),
            // Another issuer's header, and one that is longer than those of the service.
            (cache(Some(5), 5, 0), "eyJhbGciOiJSUzI1NiJ9", 6, 6, "unknown"),
            (cache(Some(5), 5, 0), &long, 6, 6, "unknown"),
            (cache(Some(5), 5, 0), &longest, 6, 6, "wait 0"),
        ];
        for (case, (cache, header, asked_at, now, expected)) in cases.into_iter().enumerate() {
            let step = cache.next(header, start + seconds(asked_at), moment + seconds(now), start + seconds(now));
            let step = match step {
                Step::Done(Ok(KeyLookup::Known(_))) => "known".to_owned(),
                Step::Done(Ok(KeyLookup::Unknown)) => "unknown".to_owned(),
                Step::Done(Ok(KeyLookup::Undetermined)) => "undetermined".to_owned(),
                Step::Done(Err(_)) => "unavailable".to_owned(),
                Step::Refresh(_) => "refresh".to_owned(),
                Step::Fetch => "fetch".to_owned(),
                Step::Wait(pause) => format!("wait {}", pause.as_secs()),
            };
            assert_eq!(step, expected, "case {case}");
        }
    }
}
