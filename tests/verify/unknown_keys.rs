//! Tokens of keys that the verifier does not know yet, among forged ones that invent keys.

use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::common::{Signer, bearer, claims, verifier};
use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use daypass::Error;
use daypass::jwt::JwtType;
use daypass::verify::{KeySource, RemoteKeys, Verifier};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

/// A service whose keys change, and that fails when it is told to.
#[derive(Clone, Default)]
struct Service {
    keys: Arc<Mutex<Vec<Value>>>,
    fetches: Arc<AtomicUsize>,
    failures: Arc<AtomicUsize>,
    hangs: Arc<AtomicBool>,
}

impl Service {
    /// Starts one that publishes the key of `signer`. Returns a verifier that knows it.
    async fn start(signer: &Signer) -> (Service, Verifier) {
        let service = Service::default();
        service.publish(&signer.jwk());
        let serving = service.clone();
        let respond = get(async move || {
            serving.fetches.fetch_add(1, Ordering::SeqCst);
            while serving.hangs.load(Ordering::SeqCst) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            let fails = |left: usize| left.checked_sub(1);
            match serving.failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, fails) {
                Ok(_) => Err(StatusCode::TOO_MANY_REQUESTS),
                Err(_) => Ok(json!({ "keys": *serving.keys.lock().unwrap() }).to_string()),
            }
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().route("/.well-known/jwks.json", respond);
        tokio::spawn(async { axum::serve(listener, router).await });
        let verifier = verifier().keys(RemoteKeys::new(&url));
        assert!(bearer(&verifier, &jwt(signer)).await.is_ok());
        (service, verifier)
    }

    fn publish(&self, jwk: &impl serde::Serialize) {
        self.keys.lock().unwrap().push(serde_json::to_value(jwk).unwrap());
    }

    fn fetches(&self) -> usize {
        self.fetches.load(Ordering::SeqCst)
    }
}

fn jwt(signer: &Signer) -> String {
    signer.jwt(JwtType::AccessToken, &claims())
}

/// Sends forged tokens, each of a key that does not exist, until it is aborted.
fn flood(verifier: &Verifier, every: Duration) -> JoinHandle<()> {
    let verifier = verifier.clone();
    tokio::spawn(async move {
        let forger = Signer::new("forged", 9);
        for n in 0_u32.. {
            let forged = forger.sign(&JwtType::AccessToken.header(&format!("forged{n}")), "e30");
            let verifier = verifier.clone();
            tokio::spawn(async move { bearer(&verifier, &forged).await.map(drop) });
            tokio::time::sleep(every).await;
        }
    })
}

/// Sends a valid token until it is accepted, and waits in between as the response says. Returns how often it was
/// told to.
async fn retries(verifier: &Verifier, text: &str) -> usize {
    for retries in 0..30 {
        match bearer(verifier, text).await {
            Ok(_) => return retries,
            Err(Error::Unavailable) => tokio::time::sleep(Duration::from_secs(1)).await,
            Err(other) => panic!("the token was refused with {other:?} after {retries} retries"),
        }
    }
    panic!("the token was not accepted")
}

#[tokio::test]
async fn among_forged_tokens_a_valid_one_of_a_new_key_is_accepted_and_never_called_forged() {
    let [old, new] = [("k1", 1), ("k2", 2)].map(|(kid, seed)| Signer::new(kid, seed));
    // 20 a second find a place to wait in, 1,000 do not: then the valid one may have to come again.
    for (every, failures, limit) in [(50, 0, 1), (50, 1, 3), (1, 0, 3)] {
        let (service, verifier) = Service::start(&old).await;
        let (before, began) = (service.fetches(), Instant::now());
        let flood = flood(&verifier, Duration::from_millis(every));
        while service.fetches() < before + 2 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        service.failures.store(failures, Ordering::SeqCst);
        while service.failures.load(Ordering::SeqCst) > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        service.publish(&new.jwk());
        let retries = retries(&verifier, &jwt(&new)).await;
        assert!(retries <= limit, "{retries} retries among {every} ms, {failures} failures");
        // Known keys are found without the service.
        assert!(bearer(&verifier, &jwt(&old)).await.is_ok());
        flood.abort();
        let (fetches, seconds) = (service.fetches() - before, began.elapsed().as_secs() as usize);
        assert!(fetches <= seconds + 1, "{fetches} fetches in {seconds} seconds");
    }
}

#[tokio::test]
async fn a_token_that_came_before_its_key_is_accepted_once_the_key_is_published() {
    let [old, new] = [("k1", 1), ("k2", 2)].map(|(kid, seed)| Signer::new(kid, seed));
    let (service, verifier) = Service::start(&old).await;
    assert_eq!(bearer(&verifier, &jwt(&new)).await.err(), Some(Error::InvalidToken));
    let before = service.fetches();
    service.publish(&new.jwk());
    // What a fetch said is repeated until the next one may begin, and no longer.
    while bearer(&verifier, &jwt(&new)).await.is_err() {
        assert_eq!(service.fetches(), before, "refused by keys that have it");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(service.fetches(), before + 1);
}

#[tokio::test]
async fn those_who_wait_for_a_service_that_hangs_are_told_to_come_again() {
    let [old, new] = [("k1", 1), ("k2", 2)].map(|(kid, seed)| Signer::new(kid, seed));
    let (service, verifier) = Service::start(&old).await;
    service.publish(&new.jwk());
    service.hangs.store(true, Ordering::SeqCst);
    assert_eq!(bearer(&verifier, &jwt(&new)).await.err(), Some(Error::Unavailable));
    assert!(bearer(&verifier, &jwt(&old)).await.is_ok(), "a known key does not wait");
    service.hangs.store(false, Ordering::SeqCst);
    assert!(retries(&verifier, &jwt(&new)).await <= 3);
}

/// Returns the result of a future, and how often it was polled.
async fn polls<T>(future: impl Future<Output = T>) -> (T, usize) {
    let (mut future, mut polls) = (pin!(future), 0);
    let result = poll_fn(|context| {
        polls += 1;
        future.as_mut().poll(context)
    });
    (result.await, polls)
}

/// Without keys each request waits for the first ones, and they may be many.
#[tokio::test]
async fn those_who_wait_for_the_first_keys_sleep_until_the_fetch_ends() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let keys = RemoteKeys::new(&format!("http://{}", listener.local_addr().unwrap()));
    let headers = ["k1", "k1", "k2"].map(|kid| JwtType::AccessToken.header(kid));
    let finds = headers.iter().map(|header| polls(keys.find(header)));
    for (found, polls) in futures_util::future::join_all(finds).await {
        assert!(found.is_err(), "the service never answers");
        assert!(polls < 100, "{polls} polls");
    }
}

#[tokio::test]
async fn the_log_tells_once_of_keys_that_cannot_be_used_and_the_others_are() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let broken = || String::from_utf8(log.0.lock().unwrap().clone()).unwrap().matches("broken=").count();
    let [old, new] = [("k1", 1), ("k2", 2)].map(|(kid, seed)| Signer::new(kid, seed));
    let (service, verifier) = Service::start(&old).await;
    // Of other kinds: none of the verifier's business.
    service.publish(&json!({ "kty": "AKP", "alg": "ML-DSA-44", "pub": "AA", "kid": "a" }));
    service.publish(&json!({ "kty": "EC", "crv": "P-521", "x": "AA", "y": "AA" }));
    service.publish(&json!({ "kty": "RSA", "kid": 7, "use": null, "exp": "2030-01-01" }));
    service.publish(&json!({ "kty": "OKP", "crv": "X25519", "x": "AA" }));
    let fetch = async |forged: &'static str| {
        let before = service.fetches();
        while service.fetches() == before {
            let _ = bearer(&verifier, &jwt(&Signer::new(forged, 9))).await;
        }
    };
    fetch("x1").await;
    assert_eq!(broken(), 0);
    service.publish(&json!({ "kty": "OKP", "crv": "Ed25519", "x": "AQ", "kid": "b", "alg": "EdDSA", "use": "sig" }));
    service.publish(&json!({ "kty": "OKP", "kid": 7 }));
    service.publish(&new.jwk());
    // Again if the fetch took longer than a request waits.
    assert!(retries(&verifier, &jwt(&new)).await <= 1);
    fetch("x2").await;
    assert_eq!(broken(), 1);
    assert!(bearer(&verifier, &jwt(&old)).await.is_ok());
}

/// The log, shared with the subscriber that writes it.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(line)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
