//! `RemoteKeys` and `RemoteIntrospector` in front of a token service that counts what it is asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::common::{AUDIENCE, ISSUER, NOW, Signer, claims, generate, record, verifier};
use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Redirect;
use axum::routing::{get, post};
use daypass::api::{IntrospectionResponse, TokenRecord};
use daypass::jwt::{Jwks, JwtType};
use daypass::verify::{Credentials, Introspector, KeySource, RemoteIntrospector, RemoteKeys, TokenLocation, Verifier};
use daypass::{Error, OpaqueToken, TokenKind};

/// Serves a router on a free port.
async fn serve(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async { axum::serve(listener, router).await });
    url
}

/// A service that publishes these keys, and how often it was asked for them.
async fn publishing(keys: Jwks) -> (String, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let json = serde_json::to_string(&keys).unwrap();
    let answer = async move || {
        count.fetch_add(1, Ordering::SeqCst);
        json.clone()
    };
    (serve(Router::new().route("/.well-known/jwks.json", get(answer))).await, asked)
}

async fn bearer(verifier: &Verifier, text: &str) -> Result<TokenKind, Error> {
    verifier.verify(&Credentials::new(text, TokenLocation::Bearer), None).await.map(|access| access.kind())
}

#[tokio::test]
async fn keys_are_fetched_once_for_all_and_not_again_for_a_flood_of_unknown_ones() {
    let signer = Signer::new("k1", 1);
    let (url, asked) = publishing(Jwks { keys: vec![signer.jwk()] }).await;
    let verifier = verifier().keys(RemoteKeys::new(&format!("{url}/")));
    assert_eq!(asked.load(Ordering::SeqCst), 0, "not before it is needed");

    let good = signer.document(JwtType::AccessToken, &claims());
    let at_once: Vec<_> = (0..20)
        .map(|_| (verifier.clone(), good.clone()))
        .map(|(verifier, good)| tokio::spawn(async move { bearer(&verifier, &good).await }))
        .collect();
    for result in at_once {
        assert_eq!(result.await.unwrap(), Ok(TokenKind::Temporary));
    }
    for kid in ["k2", "k3", "k4"] {
        let unknown = Signer::new(kid, 2).document(JwtType::AccessToken, &claims());
        assert_eq!(bearer(&verifier, &unknown).await, Err(Error::InvalidToken));
    }
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn strangers_who_hang_up_do_not_keep_the_keys_from_others() {
    let signer = Signer::new("k1", 1);
    let json = serde_json::to_string(&Jwks { keys: vec![signer.jwk()] }).unwrap();
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let slow = async move || {
        count.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(100)).await;
        json.clone()
    };
    let url = serve(Router::new().route("/.well-known/jwks.json", get(slow))).await;
    let verifier = verifier().keys(RemoteKeys::new(&url));
    let forged = Signer::new("k2", 2).document(JwtType::AccessToken, &claims());
    for _ in 0..3 {
        let _hung_up = tokio::time::timeout(Duration::from_millis(5), bearer(&verifier, &forged)).await;
    }
    let good = signer.document(JwtType::AccessToken, &claims());
    assert_eq!(bearer(&verifier, &good).await, Ok(TokenKind::Temporary));
    assert_eq!(asked.load(Ordering::SeqCst), 1, "one fetch, which nobody ended");
}

#[tokio::test]
async fn nobody_is_followed_elsewhere() {
    let signer = Signer::new("k1", 1);
    let (elsewhere, asked) = publishing(Jwks { keys: vec![signer.jwk()] }).await;
    let there = format!("{elsewhere}/.well-known/jwks.json");
    let moved = get(async move || Redirect::temporary(&there));
    let url = serve(Router::new().route("/.well-known/jwks.json", moved)).await;
    let verifier = verifier().keys(RemoteKeys::new(&url));
    let good = signer.document(JwtType::AccessToken, &claims());
    assert_eq!(bearer(&verifier, &good).await, Err(Error::Unavailable));
    assert_eq!(asked.load(Ordering::SeqCst), 0);
}

/// A service that introspects one token for the holder of another.
async fn introspecting(key: &OpaqueToken, known: &OpaqueToken, record: TokenRecord) -> String {
    let authorization = format!("Bearer {}", key.expose_secret());
    let form = format!("token={}", known.expose_secret());
    let introspect = async move |headers: HeaderMap, body: String| {
        if headers["authorization"] != *authorization || headers["content-type"] != "application/x-www-form-urlencoded"
        {
            return Err(StatusCode::UNAUTHORIZED);
        }
        let active = body == form;
        let answer = IntrospectionResponse { active, record: active.then(|| record.clone()) };
        Ok(serde_json::to_string(&answer).unwrap())
    };
    serve(Router::new().route("/introspect", post(introspect))).await
}

#[tokio::test]
async fn a_stored_token_is_introspected_as_rfc_7662_says() {
    let [key, known, unknown] = [TokenKind::Secret; 3].map(|kind| generate(kind));
    let revoked = TokenRecord { revoked_at: Some(NOW), ..record(TokenKind::Secret) };
    for (record, expected) in [(record(TokenKind::Secret), Ok(TokenKind::Secret)), (revoked, Err(Error::TokenRevoked))]
    {
        let url = introspecting(&key, &known, record).await;
        let ours = verifier().introspector(RemoteIntrospector::new(&format!("{url}/"), key.clone()));
        assert_eq!(bearer(&ours, known.expose_secret()).await, expected);
        assert_eq!(bearer(&ours, unknown.expose_secret()).await, Err(Error::InvalidToken));
        // A key that is not ours is our mistake, not the visitor's.
        let theirs = verifier().introspector(RemoteIntrospector::new(&url, unknown.clone()));
        assert_eq!(bearer(&theirs, known.expose_secret()).await, Err(Error::Unavailable));
    }
}

#[tokio::test]
async fn what_the_service_calls_inactive_has_ended_whatever_the_record_or_the_clock_says() {
    let key = generate(TokenKind::Secret);
    let living = || Some(record(TokenKind::Secret));
    for (active, record, expected) in [
        (true, living(), Ok(TokenKind::Secret)),
        (false, living(), Err(Error::TokenExpired)),
        // Made by a clock that is a little ahead.
        (false, living().map(|record| TokenRecord { created_at: NOW + 10, ..record }), Err(Error::TokenExpired)),
        (false, None, Err(Error::InvalidToken)),
        (true, None, Err(Error::Unavailable)),
    ] {
        let json = serde_json::to_string(&IntrospectionResponse { active, record }).unwrap();
        let url = serve(Router::new().route("/introspect", post(async move || json.clone()))).await;
        let verifier = verifier().introspector(RemoteIntrospector::new(&url, key.clone()));
        assert_eq!(bearer(&verifier, key.expose_secret()).await, expected, "{active}");
    }
}

#[tokio::test]
async fn row_22_a_service_that_fails_in_any_way_lets_nothing_pass_and_the_cause_has_no_token() {
    let nobody = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let answering = async |status: u16, body: &'static str| {
        let redirect = [("location", "http://127.0.0.1:1/")];
        serve(Router::new().fallback(async move || (StatusCode::from_u16(status).unwrap(), redirect, body))).await
    };
    let services = [
        ("nobody", nobody),
        ("an error", answering(500, "{}").await),
        ("nothing there", answering(404, r#"{"keys":[],"active":false}"#).await),
        ("a redirect", answering(307, "").await),
        ("a page", answering(200, "<!doctype html>").await),
        ("other JSON", answering(200, r#"{"ok":true}"#).await),
    ];
    let [key, token] = [TokenKind::Secret; 2].map(|kind| generate(kind));
    let signed = Signer::new("k1", 1).document(JwtType::AccessToken, &claims());
    for (what, url) in services {
        let verifier = Verifier::new(ISSUER, AUDIENCE)
            .keys(RemoteKeys::new(&url))
            .introspector(RemoteIntrospector::new(&url, key.clone()));
        assert_eq!(bearer(&verifier, token.expose_secret()).await, Err(Error::Unavailable), "{what}");
        assert_eq!(bearer(&verifier, &signed).await, Err(Error::Unavailable), "{what}");

        let lookup = RemoteIntrospector::new(&url, key.clone());
        let keys = RemoteKeys::new(&url);
        let causes = [
            lookup.find(&token).await.map(|_| ()).unwrap_err().to_string(),
            keys.find(&JwtType::AccessToken.header("k1")).await.map(|_| ()).unwrap_err().to_string(),
        ];
        for cause in causes {
            assert!(!cause.is_empty(), "{what}");
            assert!(
                !cause.contains(&token.expose_secret()[7..]) && !cause.contains(&key.expose_secret()[7..]),
                "{what}"
            );
        }
    }
}
