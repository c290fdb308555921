//! Tokens that are bound to a key (RFC 9449).

mod nonces;
mod shares;
mod token_request;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::common::{NOW, claims, encoded, signer, verifier};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
use daypass::jwt::JwtType;
use daypass::verify::{Access, Cache, Credentials, Dpop, ProofContext, TokenLocation, Verifier};
use daypass::{Error, TokenKind};
use serde_json::{Value, json};

const API: &str = "https://api.example";
const PATH: &str = "/v2/floor/f1";

/// A browser's key.
enum Browser {
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl Browser {
    fn p256() -> Browser {
        Browser::P256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
    }

    fn ed25519() -> Browser {
        Browser::Ed25519(Ed25519KeyPair::generate().unwrap())
    }

    fn alg(&self) -> &'static str {
        match self {
            Browser::P256(_) => "ES256",
            Browser::Ed25519(_) => "EdDSA",
        }
    }

    fn jwk(&self) -> Value {
        match self {
            Browser::P256(pair) => {
                let point = pair.public_key().as_ref();
                json!({ "kty": "EC", "crv": "P-256", "x": encoded(&point[1..33]), "y": encoded(&point[33..]) })
            }
            Browser::Ed25519(pair) => json!({ "kty": "OKP", "crv": "Ed25519", "x": encoded(pair.public_key()) }),
        }
    }

    /// The thumbprint (RFC 7638). serde_json writes members in order.
    fn thumbprint(&self) -> String {
        encoded(digest(&SHA256, self.jwk().to_string().as_bytes()))
    }

    fn sign(&self, header: &Value, payload: &Value) -> String {
        let input = format!("{}.{}", encoded(header.to_string()), encoded(payload.to_string()));
        let signature = match self {
            Browser::P256(pair) => encoded(pair.sign(&SystemRandom::new(), input.as_bytes()).unwrap()),
            Browser::Ed25519(pair) => encoded(pair.sign(input.as_bytes())),
        };
        format!("{input}.{signature}")
    }

    fn header(&self) -> Value {
        json!({ "typ": "dpop+jwt", "alg": self.alg(), "jwk": self.jwk() })
    }

    /// A valid proof for a GET of `PATH`, but for these changes to its claims.
    fn proof(&self, token: &str, changes: &Value) -> String {
        self.sign(&self.header(), &payload(token, changes))
    }

    /// A temporary token that is bound to this key.
    fn token(&self) -> String {
        let mut claims = claims();
        claims["cnf"] = json!({ "jkt": self.thumbprint() });
        signer().jwt(JwtType::AccessToken, &claims)
    }
}

/// The claims of a proof, with a `jti` of its own and these changes.
fn payload(token: &str, changes: &Value) -> Value {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let jti = format!("proof-{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let ath = encoded(digest(&SHA256, token.as_bytes()));
    let mut payload = json!({ "jti": jti, "htm": "GET", "htu": format!("{API}{PATH}"), "iat": NOW, "ath": ath });
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => drop(payload.as_object_mut().unwrap().remove(name)),
            value => payload[name] = value.clone(),
        }
    }
    payload
}

/// A proof's claims as an array.
fn as_array(claims: &Value) -> Value {
    json!([claims["jti"], claims["htm"], claims["htu"], claims["iat"], claims["ath"], null])
}

fn with_dpop(dpop: Dpop) -> Verifier {
    verifier().keys(signer().keys()).cache(Cache::new(1 << 20)).dpop(dpop)
}

async fn send(verifier: &Verifier, token: &str, proof: &str) -> Result<Access, Error> {
    let context = ProofContext { proof, method: "GET", path: PATH };
    verifier.verify(&Credentials::new(token, TokenLocation::Dpop).with_proof(context), None).await
}

fn is_invalid_proof(result: &Result<Access, Error>) -> bool {
    matches!(result, Err(Error::InvalidDpopProof(_)))
}

#[tokio::test]
async fn a_bound_token_is_accepted_with_a_proof_by_its_key_and_not_twice_with_the_same_proof() {
    for browser in [Browser::p256(), Browser::ed25519()] {
        let (token, verifier) = (browser.token(), with_dpop(Dpop::new(API)));
        let proof = browser.proof(&token, &json!({}));
        assert_eq!(send(&verifier, &token, &proof).await.unwrap().kind(), TokenKind::Temporary);
        assert_eq!(
            send(&verifier, &token, &proof).await.unwrap_err(),
            Error::InvalidDpopProof("The proof was used before.")
        );
        // A proof with the same `jti` and another signature is the same proof.
        let jti = json!({ "jti": "once", "iat": NOW });
        assert!(send(&verifier, &token, &browser.proof(&token, &jti)).await.is_ok());
        assert!(is_invalid_proof(
            &send(&verifier, &token, &browser.proof(&token, &json!({ "jti": "once", "iat": NOW + 1 }))).await
        ));
        assert!(send(&verifier, &token, &browser.proof(&token, &json!({}))).await.is_ok());
    }
}

#[cfg(feature = "axum")]
#[tokio::test]
async fn a_request_has_exactly_one_proof_in_the_header_dpop() {
    let browser = Browser::p256();
    let (token, verifier) = (browser.token(), with_dpop(Dpop::new(API)));
    let proof = || browser.proof(&token, &json!({}));
    for (proofs, is_valid) in [(vec![proof()], true), (vec![], false), (vec![proof(), proof()], false)] {
        let mut request = axum::http::Request::get(PATH).header("authorization", format!("DPoP {token}"));
        for proof in &proofs {
            request = request.header("dpop", proof);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let result = verifier.verify(&Credentials::from_parts(&parts), None).await;
        assert_eq!((result.is_ok(), is_invalid_proof(&result)), (is_valid, !is_valid), "{} proofs", proofs.len());
    }
}

#[tokio::test]
async fn a_bound_token_needs_a_proof_and_another_must_not_have_one() {
    let browser = Browser::p256();
    let (token, verifier) = (browser.token(), with_dpop(Dpop::new(API)));
    let as_bearer = verifier.verify(&Credentials::new(&token, TokenLocation::Bearer), None).await;
    assert_eq!(as_bearer.unwrap_err(), Error::DpopRequired);
    assert!(is_invalid_proof(&send(&verifier, &token, "").await));

    let unbound = signer().jwt(JwtType::AccessToken, &claims());
    assert!(verifier.verify(&Credentials::new(&unbound, TokenLocation::Bearer), None).await.is_ok());
    assert!(is_invalid_proof(&send(&verifier, &unbound, &browser.proof(&unbound, &json!({}))).await));

    // A verifier without Dpop does not accept a bound token as a bearer token.
    let without = crate::common::verifier().keys(signer().keys());
    for location in [TokenLocation::Bearer, TokenLocation::Dpop] {
        let refused = without.verify(&Credentials::new(&token, location), None).await.unwrap_err();
        assert_eq!(refused, Error::KindNotAccepted(TokenKind::Temporary));
    }
}

#[tokio::test]
async fn a_proof_by_another_key_gets_invalid_token() {
    let (browser, thief) = (Browser::p256(), Browser::p256());
    let (token, verifier) = (browser.token(), with_dpop(Dpop::new(API)));
    assert_eq!(send(&verifier, &token, &thief.proof(&token, &json!({}))).await.unwrap_err(), Error::InvalidToken);
    // The token holder's key in the header does not make the signature valid.
    let forged = thief.sign(&browser.header(), &payload(&token, &json!({})));
    assert!(is_invalid_proof(&send(&verifier, &token, &forged).await));
}

#[tokio::test]
async fn a_proof_for_another_request_is_refused() {
    let browser = Browser::p256();
    let (token, verifier) = (browser.token(), with_dpop(Dpop::new(API)));
    let url = |url: &str| json!({ "htu": url });
    for changes in [
        json!({ "htm": "POST" }),
        json!({ "htm": "get" }),
        url("https://api.example/v2/floor/f2"),
        url("https://api.example/v2/floor/f1/"),
        url("https://api.example/v2/floor/F1"),
        url("https://api.example:8443/v2/floor/f1"),
        url("http://api.example/v2/floor/f1"),
        url("https://api.example.evil.example/v2/floor/f1"),
        url("https://evil.example/v2/floor/f1"),
        url("/v2/floor/f1"),
        url("é"),
        json!({ "ath": encoded(digest(&SHA256, b"another token")) }),
        json!({ "ath": "" }),
        json!({ "iat": NOW - 61 }),
        json!({ "iat": NOW + 61 }),
        json!({ "iat": -1 }),
        json!({ "iat": "now" }),
        json!({ "jti": "" }),
        json!({ "jti": "j".repeat(257) }),
        json!({ "jti": null }),
        json!({ "htm": null }),
        json!({ "htu": null }),
        json!({ "iat": null }),
        json!({ "ath": null }),
    ] {
        let result = send(&verifier, &token, &browser.proof(&token, &changes)).await;
        assert!(is_invalid_proof(&result), "{changes}: {result:?}");
    }
    for changes in [
        json!({ "iat": NOW - 60 }),
        json!({ "iat": NOW + 60 }),
        json!({ "jti": "j".repeat(256) }),
        url("HTTPS://API.example/v2/floor/f1"),
        url("https://api.example/v2/floor/f1?v=2#top"),
        json!({ "more": "is ignored" }),
    ] {
        assert!(send(&verifier, &token, &browser.proof(&token, &changes)).await.is_ok(), "{changes}");
    }
}

#[tokio::test]
async fn a_malformed_proof_is_refused() {
    let browser = Browser::p256();
    let (token, verifier) = (browser.token(), with_dpop(Dpop::new(API)));
    let with = |name: &str, value: Value| {
        let mut header = browser.header();
        header[name] = value;
        browser.sign(&header, &payload(&token, &json!({})))
    };
    let mut private = browser.jwk();
    private["d"] = json!(encoded([1; 32]));
    let mut other_curve = browser.jwk();
    other_curve["crv"] = json!("P-384");
    let mut short = browser.jwk();
    short["x"] = json!(encoded([1; 31]));
    let valid = browser.proof(&token, &json!({}));
    let (head, signature) = valid.rsplit_once('.').unwrap();
    for proof in [
        with("typ", json!("JWT")),
        with("alg", json!("none")),
        with("alg", json!("HS256")),
        with("alg", json!("EdDSA")),
        with("jwk", private),
        with("jwk", other_curve),
        with("jwk", short),
        with("jwk", json!({ "kty": "oct", "k": "c2VjcmV0" })),
        with("jwk", json!(["EC", "P-256", browser.jwk()["x"], browser.jwk()["y"], null])),
        browser.sign(&browser.header(), &as_array(&payload(&token, &json!({})))),
        with("crit", json!(["exp"])),
        with("jku", json!("https://evil.example")),
        format!("{head}."),
        format!("{head}.{}", encoded([0; 64])),
        format!("{head}.{signature}="),
        format!("{head}.{signature}.{signature}"),
        head.to_owned(),
        "..".to_owned(),
        "x".repeat(5000),
        browser.proof(&token, &json!({ "pad": "x".repeat(4096) })),
    ] {
        assert!(is_invalid_proof(&send(&verifier, &token, &proof).await), "{}", proof.len());
    }
    assert!(send(&verifier, &token, &valid).await.is_ok());
    let annotated = {
        let mut jwk = browser.jwk();
        jwk["ext"] = json!(true);
        with("jwk", jwk)
    };
    assert!(send(&verifier, &token, &annotated).await.is_ok());
}

#[tokio::test]
async fn a_proof_by_a_key_of_small_order_is_refused_for_its_key() {
    let browser = Browser::ed25519();
    let (token, verifier) = (browser.token(), with_dpop(Dpop::new(API)));
    let refusal =
        Error::InvalidDpopProof("The proof's key must be P-256 with ES256, or Ed25519 and not of small order.");
    for x in [[0; 32], [[1].as_slice(), &[0; 31]].concat().try_into().unwrap(), [0xff; 32]] {
        for alg in ["EdDSA", "Ed25519"] {
            let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": encoded(x) });
            let header = json!({ "typ": "dpop+jwt", "alg": alg, "jwk": jwk });
            let proof = browser.sign(&header, &payload(&token, &json!({})));
            assert_eq!(send(&verifier, &token, &proof).await.err(), Some(refusal.clone()));
        }
    }
}

#[tokio::test]
async fn a_proof_is_remembered_for_as_long_as_it_is_valid() {
    let time = Arc::new(AtomicU64::new(NOW));
    let clock = Arc::clone(&time);
    let browser = Browser::p256();
    let token = browser.token();
    let verifier = with_dpop(Dpop::new(API)).clock(move || clock.load(Ordering::SeqCst));
    for start in (0..400).step_by(7) {
        time.store(NOW + start, Ordering::SeqCst);
        // By a clock that is a minute ahead: valid for two minutes.
        let proof = browser.proof(&token, &json!({ "iat": NOW + start + 60 }));
        assert!(send(&verifier, &token, &proof).await.is_ok());
        for later in [1, 59, 119, 120] {
            let verifier = verifier.clone().clock(move || NOW + start + later);
            assert!(is_invalid_proof(&send(&verifier, &token, &proof).await), "{start} + {later}");
        }
    }
}

#[tokio::test]
async fn expired_proofs_make_room() {
    let time = Arc::new(AtomicU64::new(NOW - NOW % 180));
    let clock = Arc::clone(&time);
    let browser = Browser::ed25519();
    let token = browser.token();
    let verifier = with_dpop(Dpop::new(API).max_proofs(1)).clock(move || clock.load(Ordering::SeqCst));
    let send_another = async || {
        let proof = browser.proof(&token, &json!({ "iat": time.load(Ordering::SeqCst) }));
        send(&verifier, &token, &proof).await.map(|_| ())
    };
    for _ in 0..5 {
        assert_eq!(send_another().await, Ok(()));
        assert_eq!(send_another().await, Err(Error::Unavailable));
        time.fetch_add(180, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn the_path_that_a_proxy_strips_belongs_to_the_url() {
    let browser = Browser::p256();
    let token = browser.token();
    let verifier = with_dpop(Dpop::new("https://api.example/plans/"));
    let url = |url: &str| browser.proof(&token, &json!({ "htu": url }));
    assert!(send(&verifier, &token, &url("https://api.example/plans/v2/floor/f1")).await.is_ok());
    assert!(is_invalid_proof(&send(&verifier, &token, &url("https://api.example/v2/floor/f1")).await));
}

#[tokio::test]
async fn an_origin_alone_is_the_url_of_its_root_path_only() {
    let browser = Browser::p256();
    let (token, verifier) = (browser.token(), with_dpop(Dpop::new(API)));
    for (htu, path, is_valid) in
        [(API, "/", true), (API, PATH, false), (&format!("{API}/"), "/", true), (&format!("{API}{PATH}"), "/", false)]
    {
        let proof = browser.proof(&token, &json!({ "htu": htu }));
        let context = ProofContext { proof: &proof, method: "GET", path };
        let verdict = verifier.verify(&Credentials::new(&token, TokenLocation::Dpop).with_proof(context), None).await;
        assert_eq!(verdict.is_ok(), is_valid, "{htu} for {path}");
    }
}
