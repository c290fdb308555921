//! A verifier that follows the service while keys change: a valid token is never called invalid.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use base64ct::{Base64UrlUnpadded, Encoding};
use daypass::Error;
use daypass::verify::{Credentials, TokenLocation, Verifier};
use serde_json::Value;

use super::running::{Daypass, send, to_text};

/// How often the key changes in each way.
const ROUNDS: usize = 5;

/// Returns the id of the key that signed this.
pub(crate) fn signer(token: &str) -> String {
    let header = Base64UrlUnpadded::decode_vec(token.split('.').next().expect("a header")).expect("base64url");
    to_text(&serde_json::from_slice::<Value>(&header).expect("JSON")["kid"])
}

fn active_key(daypass: &Daypass) -> String {
    let keys = daypass.json(&["key", "list"]);
    let keys = keys["keys"].as_array().expect("a list");
    to_text(&keys.iter().find(|key| key["state"] == "active").expect("an active key")["kid"])
}

/// Revokes the active key, and returns its successor, which signs at once.
fn revoke(daypass: &Daypass, active: &str) -> String {
    to_text(&daypass.json(&["key", "revoke", active, "--yes"])["successor"])
}

/// What the verifiers of one service answered, and what the test expects of them.
#[derive(Default)]
struct Counts {
    is_over: AtomicBool,
    accepted: AtomicUsize,
    unavailable: AtomicUsize,
    /// The keys that the test has revoked, or is about to.
    revoked: Mutex<BTreeSet<String>>,
    /// The keys that signed an accepted token.
    signers: Mutex<BTreeSet<String>>,
}

impl Counts {
    /// Mints a token and verifies it at once, again and again.
    async fn mint_and_verify(&self, daypass: &Daypass, verifier: &Verifier) {
        while !self.is_over.load(Ordering::SeqCst) {
            let token = daypass.create_temporary(&daypass.admin).await;
            let kid = signer(&token);
            match verifier.verify(&Credentials::new(&token, TokenLocation::Bearer), None).await {
                Ok(_) => {
                    self.accepted.fetch_add(1, Ordering::SeqCst);
                    self.signers.lock().expect("signers").insert(kid);
                }
                Err(Error::Unavailable) => drop(self.unavailable.fetch_add(1, Ordering::SeqCst)),
                Err(error) => {
                    let is_revoked = self.revoked.lock().expect("keys").contains(&kid);
                    assert!(is_revoked, "a valid token of the key {kid}: {error}");
                }
            }
        }
    }

    /// Waits until a verifier has accepted a token of this key.
    async fn expect_signer(&self, kid: &str) {
        let deadline = Instant::now() + Duration::from_secs(10);
        while !self.signers.lock().expect("signers").contains(kid) {
            assert!(Instant::now() < deadline, "no token of the key {kid} is accepted");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_valid_token_is_invalid_while_keys_are_rotated_and_revoked() {
    let daypass = Arc::new(Daypass::start());
    let connect = async || {
        let key = daypass.admin.parse().expect("a token");
        Verifier::connect(&daypass.url, &*daypass.url, key).await.expect("its issuer")
    };
    let (verifier, counts) = (connect().await, Arc::new(Counts::default()));
    let minting: Vec<_> = (0..3)
        .map(|_| {
            let (daypass, verifier, counts) = (Arc::clone(&daypass), verifier.clone(), Arc::clone(&counts));
            tokio::spawn(async move { counts.mint_and_verify(&daypass, &verifier).await })
        })
        .collect();
    for round in 0..2 * ROUNDS {
        let kid = if round % 2 == 0 {
            to_text(&daypass.json(&["key", "rotate", "--now"])["kid"])
        } else {
            let active = active_key(&daypass);
            counts.revoked.lock().expect("keys").insert(active.clone());
            revoke(&daypass, &active)
        };
        counts.expect_signer(&kid).await;
        assert!(minting.iter().all(|task| !task.is_finished()), "round {round}");
    }
    counts.is_over.store(true, Ordering::SeqCst);
    for task in minting {
        task.await.expect("no valid token was called invalid");
    }
    let (accepted, unavailable) = (&counts.accepted, &counts.unavailable);
    let (accepted, unavailable) = (accepted.load(Ordering::SeqCst), unavailable.load(Ordering::SeqCst));
    assert!(unavailable * 20 < accepted, "{unavailable} of {accepted} had to be sent again");
}

#[tokio::test]
async fn a_process_knows_a_key_as_soon_as_another_signs_with_it() {
    let daypass = Daypass::start_with(&["--issuer", "https://tokens.example", "--audience", "product"]);
    let beside = daypass.start_beside();
    let client = reqwest::Client::new();
    let get = |path: &str| client.get(format!("{}{path}", beside.url));
    for round in 0..4 * ROUNDS {
        let kid = revoke(&daypass, &active_key(&daypass));
        let token = loop {
            let token = daypass.create_temporary(&daypass.admin).await;
            if signer(&token) == kid {
                break token;
            }
        };
        match round % 3 {
            0 => {
                let (status, described) = send(get("/v2/access-token/self").bearer_auth(&token)).await;
                assert_eq!(status, 200, "round {round}: {described}");
            }
            1 => {
                let (_, jwks) = send(get("/.well-known/jwks.json")).await;
                let mut kids = jwks["keys"].as_array().expect("keys").iter().map(|key| to_text(&key["kid"]));
                assert!(kids.any(|published| published == kid), "round {round}: {jwks}");
            }
            _ => {
                let revoke = client.post(format!("{}/revoke", beside.url)).bearer_auth(&daypass.admin);
                let response = revoke.form(&[("token", &token)]).send().await.expect("a response");
                assert_eq!(response.status(), 200);
                let (_, described) = send(daypass.get("/v2/access-token/self").bearer_auth(&token)).await;
                assert_eq!(described["revoked"], true, "round {round}: the revocation is ignored");
            }
        }
    }
}

/// Returns a token that names a key of no service.
fn forge(number: usize) -> String {
    let kid = Base64UrlUnpadded::encode_string(&[&number.to_le_bytes()[..], &[7; 24]].concat());
    let header = daypass::jwt::JwtType::AccessToken.header(&kid);
    format!("{header}.{}.{}", Base64UrlUnpadded::encode_string(b"{}"), Base64UrlUnpadded::encode_string(&[1; 64]))
}

#[tokio::test(flavor = "multi_thread")]
async fn made_up_key_ids_neither_delay_tokens_of_a_new_key_nor_have_them_called_forged() {
    const FLOODS: usize = 32;
    let daypass = Daypass::start_with(&[
        "--issuer",
        "https://tokens.example",
        "--audience",
        "product",
        "--rate-refused",
        "0",
    ]);
    let beside = daypass.start_beside();
    let (url, is_over) = (format!("{}/v2/access-token/self", beside.url), Arc::new(AtomicBool::new(false)));
    let floods: Vec<_> = (0..FLOODS)
        .map(|flood| {
            let (url, is_over, client) = (url.clone(), Arc::clone(&is_over), reqwest::Client::new());
            tokio::spawn(async move {
                let mut refused = 0;
                while !is_over.load(Ordering::SeqCst) {
                    let response = client.get(&url).bearer_auth(forge(flood + FLOODS * refused)).send().await;
                    assert_eq!(response.expect("a response").status(), 401);
                    refused += 1;
                }
                refused
            })
        })
        .collect();
    let client = reqwest::Client::new();
    for round in 0..2 * ROUNDS {
        // A revocation makes the next key sign at once: it was announced to nobody.
        let kid = if round % 2 == 0 {
            to_text(&daypass.json(&["key", "rotate", "--now"])["kid"])
        } else {
            revoke(&daypass, &active_key(&daypass))
        };
        let deadline = Instant::now() + Duration::from_secs(20);
        let token = loop {
            let token = daypass.create_temporary(&daypass.admin).await;
            if signer(&token) == kid {
                break token;
            }
            assert!(Instant::now() < deadline, "round {round}: the key {kid} does not sign");
        };
        let asked_at = Instant::now();
        let (status, described) = send(client.get(&url).bearer_auth(&token)).await;
        assert_eq!((status, &described["revoked"]), (200, &Value::Bool(false)), "round {round}: {described}");
        assert!(asked_at.elapsed() < Duration::from_secs(2), "round {round}: {:?}", asked_at.elapsed());
    }
    is_over.store(true, Ordering::SeqCst);
    let mut refused = 0;
    for flood in floods {
        refused += flood.await.expect("each forged token is refused");
    }
    assert!(refused > 10 * FLOODS, "{refused}");
}
