//! Nonces in proofs (RFC 9449, sections 8 and 9).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use daypass::Error;
use daypass::verify::{Credentials, Dpop, DpopNonces, TokenLocation};
use serde_json::json;

use super::{API, Browser, send, with_dpop};
use crate::common::NOW;

#[tokio::test]
async fn where_nonces_are_required_the_nonce_and_not_the_visitors_clock_says_how_old_a_proof_is() {
    let time = Arc::new(AtomicU64::new(NOW));
    let clock = Arc::clone(&time);
    let browser = Browser::ed25519();
    let token = browser.token();
    let verifier = with_dpop(Dpop::new(API).with_nonces()).clock(move || clock.load(Ordering::SeqCst));
    let Err(Error::UseDpopNonce(nonce)) = send(&verifier, &token, &browser.proof(&token, &json!({}))).await else {
        panic!("no nonce was required");
    };
    let with_nonce = json!({ "nonce": nonce, "iat": 5 });
    assert!(send(&verifier, &token, &browser.proof(&token, &with_nonce)).await.is_ok());
    for (after, is_valid) in [(60, true), (119, true), (120, false), (3000, false)] {
        time.store(NOW - NOW % 60 + after, Ordering::SeqCst);
        let result = send(&verifier, &token, &browser.proof(&token, &with_nonce)).await;
        assert_eq!(result.is_ok(), is_valid, "{after} s");
        assert!(is_valid || matches!(result, Err(Error::UseDpopNonce(_))));
    }
    // Another process has another key for nonces.
    let Err(Error::UseDpopNonce(other)) =
        send(&with_dpop(Dpop::new(API).with_nonces()), &token, &browser.proof(&token, &with_nonce)).await
    else {
        panic!("a nonce of another process was accepted");
    };
    assert_ne!(other, nonce);
}

#[tokio::test]
async fn a_client_that_sends_proofs_gets_the_next_nonce() {
    let browser = Browser::p256();
    let (token, verifier) = (browser.token(), with_dpop(Dpop::new(API).with_nonces()));
    let Err(Error::UseDpopNonce(required)) = send(&verifier, &token, &browser.proof(&token, &json!({}))).await else {
        panic!("no nonce was required");
    };
    assert_eq!(verifier.next_nonce(&Credentials::new(&token, TokenLocation::Dpop)), Some(required));
    assert_eq!(verifier.next_nonce(&Credentials::new(&token, TokenLocation::Bearer)), None);
    assert_eq!(with_dpop(Dpop::new(API)).next_nonce(&Credentials::new(&token, TokenLocation::Dpop)), None);
}

#[tokio::test]
async fn processes_that_share_a_secret_share_their_nonces() {
    let browser = Browser::p256();
    let token = browser.token();
    let process = |secret: u8| with_dpop(Dpop::new(API).with_shared_nonces(&[secret; 32]));
    let Err(Error::UseDpopNonce(nonce)) = send(&process(1), &token, &browser.proof(&token, &json!({}))).await else {
        panic!("no nonce was required");
    };
    let proof = || browser.proof(&token, &json!({ "nonce": nonce }));
    assert!(send(&process(1), &token, &proof()).await.is_ok());
    assert!(matches!(send(&process(2), &token, &proof()).await, Err(Error::UseDpopNonce(_))));
}

#[test]
fn a_nonce_holds_for_its_minute_and_those_beside_it() {
    let nonces = DpopNonces::new(&[7; 32]);
    let start = NOW - NOW % 60;
    let nonce = nonces.current(start);
    for (now, is_current) in [(-61, false), (-60, true), (0, true), (59, true), (60, true), (119, true), (120, false)] {
        assert_eq!(nonces.is_current(&nonce, start.checked_add_signed(now).unwrap()), is_current, "{now}");
    }
    for other in [String::new(), nonce[1..].to_owned(), format!("{nonce}A"), DpopNonces::new(&[8; 32]).current(start)] {
        assert!(!nonces.is_current(&other, start), "{other}");
    }
    assert_eq!(format!("{nonces:?}"), "DpopNonces");
}
