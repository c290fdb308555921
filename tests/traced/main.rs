//! What the log says: no token, and each cause once. A program of its own, since a subscriber
//! affects its whole process.
#![cfg(not(target_arch = "wasm32"))]
#![allow(missing_docs, clippy::unwrap_used, reason = "the names of the tests say what they hold; a panic is a failure")]

#[path = "../verify/common/mod.rs"]
mod common;
#[cfg(feature = "axum")]
mod cors;
mod log;
mod mistakes;
#[cfg(feature = "remote")]
mod remote;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use common::{NOW, Signer, Store, access_token, claims, generate, record, signer, verifier};
use daypass::api::TokenRecord;
use daypass::jwt::JwtType;
use daypass::verify::{
    Cache, Credentials, Introspector, ProofContext, ResponseFuture, Revocations, TokenLocation, Unavailable, Verifier,
};
use daypass::{Error, OpaqueToken, TokenKind};
use log::Log;
use tracing::Level;

async fn bearer(verifier: &Verifier, text: &str) -> Result<(), Error> {
    verifier.verify(&Credentials::new(text, TokenLocation::Bearer), None).await.map(|_| ())
}

#[test]
fn row_19_no_token_and_no_proof_is_in_the_log() {
    Log::capture(Level::TRACE, async |log| {
        let signer = Signer::new("k1", 1);
        let mut store = Store::default();
        let texts = [
            store.add(record(TokenKind::Secret)),
            store.add(record(TokenKind::Publishable)),
            signer.jwt(JwtType::AccessToken, &claims()),
            Signer::new("k1", 2).jwt(JwtType::AccessToken, &claims()),
            "dp_sec_thisisnotatokenbutsomebodythoughtitwas".to_owned(),
        ];
        let proof = "eyJ0eXAiOiJkcG9wK2p3dCJ9.aGVsbG8.c2lnbmF0dXJl";
        let verifier = verifier().keys(signer.keys()).introspector(store).cache(Cache::new(1 << 20));
        for text in &texts {
            for location in [TokenLocation::Bearer, TokenLocation::Dpop, TokenLocation::Query] {
                let context = ProofContext { proof, method: "GET", path: "/" };
                let _ = verifier.verify(&Credentials::new(text, location).with_proof(context), None).await;
            }
        }
        let log = log.text();
        assert!(log.contains("verify") && log.contains("decided") && log.contains("secret_in_query"));
        for secret in texts.iter().flat_map(|text| text.split('.')).chain(proof.split('.')) {
            assert!(!log.contains(secret), "a part of {} bytes is in the log", secret.len());
        }
    });
}

/// An introspector that fails with a cause, or finds nothing.
#[derive(Clone, Default)]
struct Failing(Arc<Mutex<Option<String>>>);

impl Failing {
    fn set(&self, cause: Option<String>) {
        *self.0.lock().unwrap() = cause;
    }
}

impl Introspector for Failing {
    fn find<'a>(&'a self, _: &'a OpaqueToken) -> ResponseFuture<'a, Option<TokenRecord>> {
        let cause = self.0.lock().unwrap().clone();
        Box::pin(async { cause.map_or(Ok(None), |cause| Err(Unavailable(cause))) })
    }
}

#[test]
fn each_cause_of_an_outage_is_logged_once_until_the_part_works_again() {
    Log::capture(Level::WARN, async |log| {
        let introspector = Failing::default();
        let verifier = verifier().introspector(introspector.clone()).cache(Cache::new(1 << 20));
        let fail = async |cause: &str| {
            introspector.set(Some(cause.to_owned()));
            for _ in 0..3 {
                let token = generate(TokenKind::Secret);
                for _ in 0..2 {
                    assert_eq!(bearer(&verifier, token.expose_secret()).await, Err(Error::Unavailable));
                }
            }
            log.take_lines()
        };
        let line = |cause: &str| {
            format!(r#"ERROR daypass::verify::outage: tokens cannot be checked part="introspection" cause="{cause}""#)
        };
        assert_eq!(fail("locked").await, [line("locked")]);
        assert_eq!(fail("full").await, [line("full")]);
        assert_eq!(fail("locked").await, [""; 0]);
        introspector.set(None);
        let token = generate(TokenKind::Secret);
        assert_eq!(bearer(&verifier, token.expose_secret()).await, Err(Error::InvalidToken));
        assert_eq!(fail("locked").await, [line("locked")]);
        // Causes that always differ do not fill the log.
        let mut lines = 0;
        for cause in 0..20 {
            lines += fail(&cause.to_string()).await.len();
        }
        assert_eq!(lines, 7);
    });
}

#[test]
fn stale_revocations_are_logged_once_until_the_next_heartbeat() {
    Log::capture(Level::WARN, async |log| {
        let signer = Signer::new("k1", 1);
        let feed = Arc::new(Revocations::new());
        let verifier = verifier().keys(signer.keys()).cache(Cache::new(1 << 20)).revocations(Arc::clone(&feed));
        let text = signer.jwt(JwtType::AccessToken, &claims());
        for _ in 0..2 {
            for _ in 0..3 {
                assert_eq!(bearer(&verifier, &text).await, Err(Error::Unavailable));
            }
            let lines = log.take_lines();
            assert!(matches!(&lines[..], [line] if line.contains("revocations are stale")), "{lines:#?}");
            feed.heartbeat(0, 0, None);
            assert_eq!(bearer(&verifier, &text).await, Ok(()));
            feed.reset();
        }
    });
}

#[test]
fn a_clock_that_is_set_back_is_logged_once_until_it_has_caught_up() {
    Log::capture(Level::WARN, async |log| {
        let time = Arc::new(AtomicU64::new(NOW));
        let clock = Arc::clone(&time);
        let verifier = verifier().keys(signer().keys()).clock(move || clock.load(Ordering::Relaxed));
        let send = async |now: u64| {
            time.store(now, Ordering::Relaxed);
            for _ in 0..3 {
                assert_eq!(bearer(&verifier, &access_token(&[])).await, Ok(()));
            }
            log.take_lines().iter().filter(|line| line.contains("clock was set back")).count()
        };
        let mut lines = vec![];
        for now in [NOW, NOW - 3600, NOW - 1800, NOW, NOW + 1, NOW - 3600] {
            lines.push(send(now).await);
        }
        assert_eq!(lines, [0, 1, 0, 0, 0, 1]);
    });
}
