//! `RemoteKeys` and `RemoteIntrospector` with a token service that counts its requests.

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

/// A service that publishes these keys, and the number of requests for them.
async fn publishing(keys: Jwks) -> (String, Arc<AtomicUsize>) {
    let requests = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&requests);
    let json = serde_json::to_string(&keys).unwrap();
    let respond = async move || {
        count.fetch_add(1, Ordering::SeqCst);
        json.clone()
    };
    (serve(Router::new().route("/.well-known/jwks.json", get(respond))).await, requests)
}

async fn bearer(verifier: &Verifier, text: &str) -> Result<TokenKind, Error> {
    verifier.verify(&Credentials::new(text, TokenLocation::Bearer), None).await.map(|access| access.kind())
}

#[tokio::test]
async fn keys_are_fetched_once_for_all_requests_and_not_again_for_a_flood_of_unknown_ones() {
    let signer = Signer::new("k1", 1);
    let (url, requests) = publishing(Jwks { keys: vec![signer.jwk()] }).await;
    let verifier = verifier().keys(RemoteKeys::new(&format!("{url}/")));
    assert_eq!(requests.load(Ordering::SeqCst), 0, "fetched before a key was needed");

    let valid = signer.jwt(JwtType::AccessToken, &claims());
    let at_once: Vec<_> = (0..20)
        .map(|_| (verifier.clone(), valid.clone()))
        .map(|(verifier, valid)| tokio::spawn(async move { bearer(&verifier, &valid).await }))
        .collect();
    for result in at_once {
        assert_eq!(result.await.unwrap(), Ok(TokenKind::Temporary));
    }
    for kid in ["k2", "k3", "k4"] {
        let unknown = Signer::new(kid, 2).jwt(JwtType::AccessToken, &claims());
        assert_eq!(bearer(&verifier, &unknown).await, Err(Error::InvalidToken));
    }
    assert_eq!(requests.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn clients_that_disconnect_do_not_cancel_the_fetch_for_others() {
    let signer = Signer::new("k1", 1);
    let json = serde_json::to_string(&Jwks { keys: vec![signer.jwk()] }).unwrap();
    let requests = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&requests);
    let slow = async move || {
        count.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(100)).await;
        json.clone()
    };
    let url = serve(Router::new().route("/.well-known/jwks.json", get(slow))).await;
    let verifier = verifier().keys(RemoteKeys::new(&url));
    let forged = Signer::new("k2", 2).jwt(JwtType::AccessToken, &claims());
    for _ in 0..3 {
        let _disconnected = tokio::time::timeout(Duration::from_millis(5), bearer(&verifier, &forged)).await;
    }
    let valid = signer.jwt(JwtType::AccessToken, &claims());
    assert_eq!(bearer(&verifier, &valid).await, Ok(TokenKind::Temporary));
    assert_eq!(requests.load(Ordering::SeqCst), 1, "fetched once and not cancelled");
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let signer = Signer::new("k1", 1);
    let (elsewhere, requests) = publishing(Jwks { keys: vec![signer.jwk()] }).await;
    let there = format!("{elsewhere}/.well-known/jwks.json");
    let redirect = get(async move || Redirect::temporary(&there));
    let url = serve(Router::new().route("/.well-known/jwks.json", redirect)).await;
    let verifier = verifier().keys(RemoteKeys::new(&url));
    let valid = signer.jwt(JwtType::AccessToken, &claims());
    assert_eq!(bearer(&verifier, &valid).await, Err(Error::Unavailable));
    assert_eq!(requests.load(Ordering::SeqCst), 0);
}

/// A service that introspects one token for the holder of `key`.
async fn introspecting(key: &OpaqueToken, known: &OpaqueToken, record: TokenRecord) -> String {
    let authorization = format!("Bearer {}", key.expose_secret());
    let form = format!("token={}&record=true", known.expose_secret());
    let introspect = async move |headers: HeaderMap, body: String| {
        if headers["authorization"] != *authorization || headers["content-type"] != "application/x-www-form-urlencoded"
        {
            return Err(StatusCode::UNAUTHORIZED);
        }
        let active = body == form;
        let response = IntrospectionResponse { active, record: active.then(|| record.clone()), ..Default::default() };
        Ok(serde_json::to_string(&response).unwrap())
    };
    serve(Router::new().route("/introspect", post(introspect))).await
}

#[tokio::test]
async fn an_opaque_token_is_introspected_as_rfc_7662_says() {
    let [key, known, unknown] = [TokenKind::Secret; 3].map(generate);
    let revoked = TokenRecord { revoked_at: Some(NOW), ..record(TokenKind::Secret) };
    for (record, expected) in [(record(TokenKind::Secret), Ok(TokenKind::Secret)), (revoked, Err(Error::TokenRevoked))]
    {
        let url = introspecting(&key, &known, record).await;
        let ours = verifier().introspector(RemoteIntrospector::new(&format!("{url}/"), key.clone()));
        assert_eq!(bearer(&ours, known.expose_secret()).await, expected);
        assert_eq!(bearer(&ours, unknown.expose_secret()).await, Err(Error::InvalidToken));
        // If the service refuses the verifier's own token, the visitor's is not called invalid.
        let theirs = verifier().introspector(RemoteIntrospector::new(&url, unknown.clone()));
        assert_eq!(bearer(&theirs, known.expose_secret()).await, Err(Error::Unavailable));
    }
}

#[tokio::test]
async fn a_token_that_the_service_calls_inactive_is_expired_whatever_its_record_and_the_clock_say() {
    let key = generate(TokenKind::Secret);
    let active_record = || Some(record(TokenKind::Secret));
    for (active, record, expected) in [
        (true, active_record(), Ok(TokenKind::Secret)),
        (false, active_record(), Err(Error::TokenExpired)),
        // Created by a clock that is a little ahead.
        (false, active_record().map(|record| TokenRecord { created_at: NOW + 10, ..record }), Err(Error::TokenExpired)),
        (false, None, Err(Error::InvalidToken)),
        (true, None, Err(Error::Unavailable)),
    ] {
        let json = serde_json::to_string(&IntrospectionResponse { active, record, ..Default::default() }).unwrap();
        let url = serve(Router::new().route("/introspect", post(async move || json.clone()))).await;
        let verifier = verifier().introspector(RemoteIntrospector::new(&url, key.clone()));
        assert_eq!(bearer(&verifier, key.expose_secret()).await, expected, "{active}");
    }
}

#[tokio::test]
async fn row_22_while_the_service_fails_in_any_way_every_token_is_refused_and_the_cause_names_none() {
    let closed_port = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let responding = async |status: u16, body: &'static str| {
        let redirect = [("location", "http://127.0.0.1:1/")];
        serve(Router::new().fallback(async move || (StatusCode::from_u16(status).unwrap(), redirect, body))).await
    };
    let services = [
        ("a closed port", closed_port),
        ("an error", responding(500, "{}").await),
        ("not found", responding(404, r#"{"keys":[],"active":false}"#).await),
        ("a redirect", responding(307, "").await),
        ("a page", responding(200, "<!doctype html>").await),
        ("other JSON", responding(200, r#"{"ok":true}"#).await),
    ];
    let [key, token] = [TokenKind::Secret; 2].map(generate);
    let jwt = Signer::new("k1", 1).jwt(JwtType::AccessToken, &claims());
    for (failure, url) in services {
        let verifier = Verifier::new(ISSUER, AUDIENCE)
            .keys(RemoteKeys::new(&url))
            .introspector(RemoteIntrospector::new(&url, key.clone()));
        assert_eq!(bearer(&verifier, token.expose_secret()).await, Err(Error::Unavailable), "{failure}");
        assert_eq!(bearer(&verifier, &jwt).await, Err(Error::Unavailable), "{failure}");

        let introspector = RemoteIntrospector::new(&url, key.clone());
        let keys = RemoteKeys::new(&url);
        let causes = [
            introspector.find(&token).await.map(|_| ()).unwrap_err().to_string(),
            keys.find(&JwtType::AccessToken.header("k1")).await.map(|_| ()).unwrap_err().to_string(),
        ];
        for cause in causes {
            assert!(!cause.is_empty(), "{failure}");
            assert!(
                !cause.contains(&token.expose_secret()[7..]) && !cause.contains(&key.expose_secret()[7..]),
                "{failure}"
            );
        }
    }
}
