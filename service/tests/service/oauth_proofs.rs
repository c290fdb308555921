//! Proofs of clients' keys at the endpoints of OAuth (RFC 9449).

use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64ct::{Base64UrlUnpadded, Encoding};
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use super::oauth_clients::{OAuthClient, REDIRECT_URI, SCOPES, Tokens, add_code, add_developer};
use super::running::{Daypass, now, payload_of, to_text};

/// A client's key.
pub(crate) struct Key(Ed25519KeyPair);

impl Key {
    pub(crate) fn new() -> Key {
        Key(Ed25519KeyPair::generate().expect("randomness"))
    }

    fn jwk(&self) -> Value {
        json!({"crv": "Ed25519", "kty": "OKP", "x": encoded(self.0.public_key().as_ref())})
    }

    pub(crate) fn thumbprint(&self) -> String {
        encoded(digest(&SHA256, self.jwk().to_string().as_bytes()).as_ref())
    }

    /// Signs a proof for a POST to this URL.
    fn proof(&self, url: &str, nonce: Option<&str>) -> String {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let jti = NEXT.fetch_add(1, Ordering::Relaxed).to_string();
        // The clock of a client does not matter.
        let mut claims = json!({"jti": jti, "htm": "POST", "htu": url, "iat": 5});
        if let Some(nonce) = nonce {
            claims["nonce"] = json!(nonce);
        }
        let header = json!({"typ": "dpop+jwt", "alg": "EdDSA", "jwk": self.jwk()});
        let input = format!("{}.{}", encoded(header.to_string().as_bytes()), encoded(claims.to_string().as_bytes()));
        format!("{input}.{}", encoded(self.0.sign(input.as_bytes()).as_ref()))
    }
}

fn encoded(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

/// Sends a request, and returns its status, its error and the nonce in its response.
async fn outcome(request: RequestBuilder) -> (u16, String, Option<String>) {
    let response = request.send().await.expect("a response");
    let status = response.status().as_u16();
    let nonce = response.headers().get("dpop-nonce").map(|nonce| nonce.to_str().expect("text").to_owned());
    let body: Value = response.json().await.expect("JSON");
    (status, body["error"].as_str().unwrap_or_default().to_owned(), nonce)
}

/// Adds a proof with a current nonce of this node to a request to its token endpoint.
pub(crate) async fn with_proof(url: &str, key: &Key, request: RequestBuilder) -> RequestBuilder {
    let endpoint = format!("{url}/oauth/token");
    let first = request.try_clone().expect("a body that can be sent again").header("dpop", key.proof(&endpoint, None));
    let (status, error, nonce) = outcome(first).await;
    assert_eq!((status, &*error), (400, "use_dpop_nonce"));
    request.header("dpop", key.proof(&endpoint, Some(&nonce.expect("a nonce"))))
}

/// Expects that a request with a proof is refused.
async fn expect_refusal(request: RequestBuilder, code: &str) {
    let (status, error, nonce) = outcome(request).await;
    assert_eq!((status, &*error, nonce.is_some()), (400, code, true));
}

#[tokio::test]
async fn a_proof_binds_the_access_token_and_a_public_clients_refresh_tokens() {
    let daypass = Daypass::start();
    let user = add_developer(&daypass, "ada").await;
    let (key, other) = (Key::new(), Key::new());
    for is_confidential in [false, true] {
        let client = OAuthClient::add(&daypass, is_confidential).await;
        let code = add_code(&daypass, &client, &user, now() + 60);
        // The code is not used up by the refusal that asks for a nonce.
        let first = Tokens::of(with_proof(&daypass.url, &key, client.redeem(&daypass.url, &code)).await).await;
        assert_eq!(first.rest["token_type"], "DPoP");
        assert_eq!(payload_of(&first.access)["cnf"], json!({"jkt": key.thumbprint()}));

        let refresh = |tokens: &Tokens| client.refresh(&daypass.url, &tokens.refresh);
        let second = if is_confidential {
            // Its secret binds it, so that it can change its key.
            Tokens::of(refresh(&first)).await
        } else {
            let (status, error, _) = outcome(refresh(&first)).await;
            assert_eq!((status, &*error), (400, "invalid_grant"));
            expect_refusal(with_proof(&daypass.url, &other, refresh(&first)).await, "invalid_grant").await;
            // The thief has not ended the family.
            Tokens::of(with_proof(&daypass.url, &key, refresh(&first)).await).await
        };
        let type_of_second = if is_confidential { "Bearer" } else { "DPoP" };
        assert_eq!(second.rest["token_type"], type_of_second);
        assert_eq!(payload_of(&second.access).get("cnf").is_some(), !is_confidential);
    }
    let client = OAuthClient::add(&daypass, true).await;
    let own = client.ask(&daypass.url, &[("grant_type", "client_credentials")]);
    let own = Tokens::of(with_proof(&daypass.url, &key, own).await).await;
    assert_eq!(payload_of(&own.access)["cnf"], json!({"jkt": key.thumbprint()}));
}

#[tokio::test]
async fn all_nodes_know_the_nonces_and_a_new_signing_key_changes_that_not() {
    let daypass = Daypass::start();
    let issuer = format!("--issuer={}", daypass.url);
    let beside = daypass.start_beside_with(&[issuer]);
    let (client, key) = (OAuthClient::add(&daypass, true).await, Key::new());
    let endpoint = format!("{}/oauth/token", daypass.url);
    let request = |url: &str, nonce: Option<&str>| {
        client.ask(url, &[("grant_type", "client_credentials")]).header("dpop", key.proof(&endpoint, nonce))
    };
    let (_, _, nonce) = outcome(request(&daypass.url, None)).await;
    assert!(nonce.is_some());
    daypass.json(&["key", "rotate", "--now"]);
    for url in [&beside.url, &daypass.url] {
        let (status, error, next) = outcome(request(url, nonce.as_deref())).await;
        assert_eq!((status, &*error, next.is_some()), (200, "", true), "{url}");
    }
    for wrong in ["", "nonce", &format!("{}A", nonce.unwrap_or_default())] {
        expect_refusal(request(&daypass.url, Some(wrong)), "use_dpop_nonce").await;
    }
}

#[tokio::test]
async fn a_wrong_proof_is_refused_and_uses_nothing_up() {
    let daypass = Daypass::start();
    let (client, key) = (OAuthClient::add(&daypass, false).await, Key::new());
    let user = add_developer(&daypass, "ada").await;
    let code = add_code(&daypass, &client, &user, now() + 60);
    let redeem = || client.redeem(&daypass.url, &code);
    let endpoint = format!("{}/oauth/token", daypass.url);
    for wrong in [
        String::new(),
        "proof".to_owned(),
        key.proof(&format!("{}/oauth/par", daypass.url), None),
        key.proof("https://evil.example/oauth/token", None),
        format!("{}A", key.proof(&endpoint, None)),
    ] {
        expect_refusal(redeem().header("dpop", wrong), "invalid_dpop_proof").await;
    }
    let two = redeem().header("dpop", key.proof(&endpoint, None)).header("dpop", key.proof(&endpoint, None));
    expect_refusal(two, "invalid_dpop_proof").await;
    let response = with_proof(&daypass.url, &key, redeem()).await.send().await.expect("a response");
    let exposed = response.headers()["access-control-expose-headers"].to_str().expect("text");
    assert!(response.status() == 200 && exposed.contains("DPoP-Nonce"), "{exposed}");
}

#[tokio::test]
async fn a_pushed_request_is_bound_to_the_key_of_its_proof() {
    let daypass = Daypass::start();
    let (client, key) = (OAuthClient::add(&daypass, false).await, Key::new());
    let endpoint = format!("{}/oauth/par", daypass.url);
    let push = |jkt: Option<&str>, nonce: Option<&str>| {
        let scope = SCOPES.join(" ");
        let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        let mut form = vec![
            ("client_id", &*client.id),
            ("response_type", "code"),
            ("redirect_uri", REDIRECT_URI),
            ("scope", &scope),
            ("code_challenge", challenge),
            ("code_challenge_method", "S256"),
        ];
        form.extend(jkt.map(|jkt| ("dpop_jkt", jkt)));
        daypass.post("/oauth/par").form(&form).header("dpop", key.proof(&endpoint, nonce))
    };
    let (status, error, nonce) = outcome(push(None, None)).await;
    assert_eq!((status, &*error), (400, "use_dpop_nonce"));
    let nonce = nonce.as_deref();
    assert_eq!(outcome(push(Some(&Key::new().thumbprint()), nonce)).await.1, "invalid_dpop_proof");
    assert_eq!(outcome(push(Some(&key.thumbprint()), nonce)).await.0, 201);
    let response = push(None, nonce).send().await.expect("a response");
    let uri = to_text(&response.json::<Value>().await.expect("JSON")["request_uri"]);
    assert!(uri.starts_with("urn:ietf:params:oauth:request_uri:"));
}
