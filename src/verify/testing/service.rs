//! A token service in memory: [`Service`].

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use data_encoding::BASE64URL_NOPAD;
use serde::Serialize;

use super::key_pair::KeyPair;
use crate::OpaqueToken;
use crate::api::{Revocation, RevocationTarget, TokenRecord, duration};
use crate::jwt::{Jwk, Jwks, JwtType};
use crate::verify::{
    Introspector, KeyLookup, KeySource, ResponseFuture, Revocations, StaticKeys, TokenHash, Unavailable,
};

/// What verifiers ask, and what tests change.
pub(super) struct Service {
    pub(super) feed: Arc<Revocations>,
    /// What parameters are sealed with, in base64url.
    pub(super) sealing_key: String,
    now: AtomicU64,
    has_keys: AtomicBool,
    has_introspection: AtomicBool,
    state: Mutex<State>,
}

struct State {
    signer: KeyPair,
    /// The keys that no longer sign.
    retired: Vec<Jwk>,
    keys: StaticKeys,
    records: HashMap<TokenHash, TokenRecord>,
    /// The last serial number.
    serial: u64,
    /// The number of the feed's last entry.
    seq: u64,
}

impl Service {
    pub(super) fn new() -> Service {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let signer = KeyPair::generate();
        let keys = StaticKeys::from(&Jwks { keys: vec![signer.jwk.clone()] });
        let state = State { signer, retired: vec![], keys, records: HashMap::new(), serial: 0, seq: 0 };
        let service = Service {
            // No test lasts a day.
            feed: Arc::new(Revocations::new().max_staleness(Duration::from_secs(duration::MOST))),
            sealing_key: BASE64URL_NOPAD.encode(&random::<32>()),
            now: AtomicU64::new(now),
            has_keys: AtomicBool::new(true),
            has_introspection: AtomicBool::new(true),
            state: Mutex::new(state),
        };
        service.confirm();
        service
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn now(&self) -> u64 {
        self.now.load(Ordering::SeqCst)
    }

    pub(super) fn advance(&self, seconds: u64) {
        self.now.fetch_add(seconds, Ordering::SeqCst);
    }

    /// Returns a serial number that no token had.
    pub(super) fn next_serial(&self) -> u64 {
        let mut state = self.state();
        state.serial += 1;
        state.serial
    }

    /// Returns the number of the feed's last entry.
    pub(super) fn seq(&self) -> u64 {
        self.state().seq
    }

    pub(super) fn sign(&self, jwt_type: JwtType, payload: &impl Serialize) -> String {
        let state = self.state();
        state.signer.sign(&jwt_type.header(&state.signer.jwk.kid), payload)
    }

    pub(super) fn store(&self, token: &OpaqueToken, record: TokenRecord) {
        self.state().records.insert(TokenHash::of(token), record);
    }

    pub(super) fn rotate_key(&self) {
        let mut state = self.state();
        let last = std::mem::replace(&mut state.signer, KeyPair::generate());
        state.retired.push(Jwk { exp: Some(self.now() + duration::MOST), ..last.jwk });
        let keys = state.retired.iter().chain([&state.signer.jwk]).cloned().collect();
        state.keys = StaticKeys::from(&Jwks { keys });
    }

    /// Adds an entry to the feed.
    pub(super) fn publish(&self, target: RevocationTarget) {
        let mut state = self.state();
        state.seq += 1;
        self.feed.apply(&Revocation { seq: state.seq, at: self.now(), target });
    }

    /// Confirms that the feed is complete.
    pub(super) fn confirm(&self) {
        self.feed.heartbeat(self.seq(), 0, None);
    }

    pub(super) fn set_keys(&self, is_there: bool) {
        self.has_keys.store(is_there, Ordering::SeqCst);
    }

    pub(super) fn set_introspection(&self, is_there: bool) {
        self.has_introspection.store(is_there, Ordering::SeqCst);
    }
}

/// Returns random bytes.
pub(super) fn random<const LENGTH: usize>() -> [u8; LENGTH] {
    let mut bytes = [0; LENGTH];
    aws_lc_rs::rand::fill(&mut bytes).expect("the operating system has randomness");
    bytes
}

/// Returns what a source answers, or that the test lets it fail.
fn answer<'a, T: Send + 'a>(is_there: &AtomicBool, find: impl FnOnce() -> T) -> ResponseFuture<'a, T> {
    let answer =
        if is_there.load(Ordering::SeqCst) { Ok(find()) } else { Err(Unavailable("a test lets it fail".into())) };
    Box::pin(std::future::ready(answer))
}

impl KeySource for Arc<Service> {
    fn find<'a>(&'a self, header: &'a str) -> ResponseFuture<'a, KeyLookup> {
        answer(&self.has_keys, || self.state().keys.get(header).cloned().into())
    }
}

impl Introspector for Arc<Service> {
    fn find<'a>(&'a self, token: &'a OpaqueToken) -> ResponseFuture<'a, Option<TokenRecord>> {
        answer(&self.has_introspection, || self.state().records.get(&TokenHash::of(token)).cloned())
    }
}
