//! `Verifier::connect` with a token service that says which issuer it is.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::common::{AUDIENCE, ISSUER, Signer, bearer, claims, generate, signer};
use axum::routing::get;
use axum::{Json, Router};
use daypass::api::RevocationPage;
use daypass::jwt::{Jwks, JwtType};
use daypass::verify::{IssuerMismatch, Verifier};
use daypass::{Error, TokenKind};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// What the service answers about itself; nothing, if it has no metadata.
type Metadata = Arc<Mutex<Option<Value>>>;

/// The metadata of a service with this issuer, whose endpoints are elsewhere.
fn metadata(issuer: &str, elsewhere: &str) -> Value {
    json!({
        "issuer": issuer,
        "jwks_uri": format!("{elsewhere}/.well-known/jwks.json"),
        "introspection_endpoint": format!("{elsewhere}/introspect"),
        "introspection_endpoint_auth_methods_supported": ["Bearer"],
    })
}

fn service(metadata: &Metadata) -> Router {
    let metadata = Arc::clone(metadata);
    let document = async move || metadata.lock().unwrap().clone().map(Json).ok_or(Error::NotFound);
    let keys = Jwks { keys: vec![signer().jwk()] };
    let page = RevocationPage {
        revocations: vec![],
        latest: 0,
        epoch: "e".into(),
        deleted_up_to: 0,
        keys: vec![],
        organization: None,
    };
    Router::new()
        .route("/.well-known/oauth-authorization-server", get(document))
        .route("/.well-known/jwks.json", get(async move || Json(keys)))
        .route("/v2/revocation", get(async move || Json(page)))
}

async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async { axum::serve(listener, router).await });
    url
}

/// A temporary token of an issuer.
fn token(issuer: &str) -> String {
    let mut claims = claims();
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    for (name, value) in [("iss", json!(issuer)), ("iat", json!(now)), ("exp", json!(now + 600))] {
        claims[name] = value;
    }
    signer().jwt(JwtType::AccessToken, &claims)
}

async fn verify(verifier: &Verifier, issuer: &str) -> Result<TokenKind, Error> {
    bearer(verifier, &token(issuer)).await.map(|access| access.kind())
}

#[tokio::test]
async fn the_issuer_is_learned_from_the_address_and_a_trailing_slash_matters_on_neither_side() {
    for (told, expected) in [
        (ISSUER.to_owned(), None),
        (format!("{ISSUER}/"), None),
        (ISSUER.to_owned(), Some(ISSUER.to_owned())),
        (ISSUER.to_owned(), Some(format!("{ISSUER}/"))),
        (format!("{ISSUER}/"), Some(ISSUER.to_owned())),
    ] {
        let url = serve(service(&Arc::new(Mutex::new(Some(metadata(&told, "http://127.0.0.1:1")))))).await;
        for address in [url.clone(), format!("{url}/")] {
            let connect = Verifier::connect(&address, AUDIENCE, generate(TokenKind::Secret));
            let connect = match &expected {
                Some(issuer) => connect.issuer(issuer),
                None => connect,
            };
            let verifier = connect.await.unwrap();
            assert_eq!(verify(&verifier, ISSUER).await, Ok(TokenKind::Temporary), "{told} {expected:?}");
            assert_eq!(verify(&verifier, &url).await, Err(Error::InvalidToken), "the address is no issuer");
            assert_eq!(
                verify(&verifier, &format!("{ISSUER}/")).await,
                Err(Error::InvalidToken),
                "no token has a slash"
            );
        }
    }
}

#[tokio::test]
async fn a_service_that_is_another_issuer_fails_the_start_in_words_that_name_both() {
    let url =
        serve(service(&Arc::new(Mutex::new(Some(metadata("https://other.example/", "http://127.0.0.1:1")))))).await;
    let connect = Verifier::connect(&url, AUDIENCE, generate(TokenKind::Secret)).issuer(format!("{ISSUER}/"));
    let Err(mismatch) = connect.await else { panic!("connected to another issuer") };
    let [expected, actual] = [ISSUER, "https://other.example"].map(str::to_owned);
    assert_eq!(mismatch, IssuerMismatch { address: url.clone(), expected, actual });
    let message = mismatch.to_string();
    assert!([&url, ISSUER, "https://other.example"].iter().all(|name| message.contains(*name)), "{message}");
}

#[tokio::test]
async fn the_issuer_that_was_learned_first_stays() {
    let told: Metadata = Arc::new(Mutex::new(Some(metadata(ISSUER, "http://127.0.0.1:1"))));
    let url = serve(service(&told)).await;
    let verifier = Verifier::connect(&url, AUDIENCE, generate(TokenKind::Secret)).await.unwrap();
    *told.lock().unwrap() = Some(metadata("https://other.example", "http://127.0.0.1:1"));
    tokio::time::sleep(Duration::from_millis(1200)).await;
    assert_eq!(verify(&verifier, "https://other.example").await, Err(Error::InvalidToken));
    assert_eq!(verify(&verifier, ISSUER).await, Ok(TokenKind::Temporary));
}

#[tokio::test]
async fn keys_come_from_the_address_and_not_from_a_url_in_the_document() {
    let forger = Signer::new("k9", 9);
    let keys = Jwks { keys: vec![forger.jwk()] };
    let elsewhere = serve(Router::new().route("/.well-known/jwks.json", get(async move || Json(keys)))).await;
    let url = serve(service(&Arc::new(Mutex::new(Some(metadata(ISSUER, &elsewhere)))))).await;
    let verifier = Verifier::connect(&url, AUDIENCE, generate(TokenKind::Secret)).await.unwrap();
    let mut claims = claims();
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    (claims["iat"], claims["exp"]) = (json!(now), json!(now + 600));
    let forged = forger.jwt(JwtType::AccessToken, &claims);
    assert_eq!(bearer(&verifier, &forged).await.map(|access| access.kind()), Err(Error::InvalidToken));
    assert_eq!(verify(&verifier, ISSUER).await, Ok(TokenKind::Temporary));
}

#[tokio::test]
async fn until_the_issuer_is_known_and_the_expected_one_every_token_is_refused() {
    let told: Metadata = Arc::default();
    let url = serve(service(&told)).await;
    let key = generate(TokenKind::Secret);
    let connect = |key| Verifier::connect(&url, AUDIENCE, key);
    let (learning, expecting) = tokio::join!(connect(key.clone()), connect(key.clone()).issuer(ISSUER));
    let (learning, expecting) = (learning.unwrap(), expecting.unwrap());
    for verifier in [&learning, &expecting] {
        assert_eq!(verify(verifier, ISSUER).await, Err(Error::Unavailable));
        let stored = bearer(verifier, key.expose_secret()).await;
        assert_eq!(stored.map(|access| access.kind()), Err(Error::Unavailable));
    }
    *told.lock().unwrap() = Some(metadata("https://other.example", "http://127.0.0.1:1"));
    tokio::time::sleep(Duration::from_millis(1200)).await;
    assert_eq!(verify(&learning, "https://other.example").await, Ok(TokenKind::Temporary));
    assert_eq!(verify(&expecting, "https://other.example").await, Err(Error::Unavailable));
    *told.lock().unwrap() = Some(metadata(ISSUER, "http://127.0.0.1:1"));
    tokio::time::sleep(Duration::from_millis(1200)).await;
    assert_eq!(verify(&learning, ISSUER).await, Err(Error::InvalidToken));
    assert_eq!(verify(&expecting, ISSUER).await, Ok(TokenKind::Temporary));
}
