//! `RemoteKeys` and `RemoteIntrospector` with a token service that counts its requests.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::common::{AUDIENCE, ISSUER, NOW, Signer, claims, generate, record, verifier};
use axum::Router;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Redirect;
use axum::routing::{get, post};
use daypass::api::{IntrospectionResponse, TokenRecord};
use daypass::jwt::{Jwks, JwtType};
use daypass::verify::{
    Credentials, Introspector, KeySource, RateLimits, RemoteIntrospector, RemoteKeys, TokenLocation, Verifier,
};
use daypass::{Error, OpaqueToken, TokenKind};
use futures_util::FutureExt;
use serde_json::json;

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
async fn keys_are_fetched_once_for_all_requests_and_once_a_second_for_a_flood_of_unknown_ones() {
    let signer = Signer::new("k1", 1);
    let (url, requests) = publishing(Jwks { keys: vec![signer.jwk()] }).await;
    let verifier = verifier().keys(RemoteKeys::new(&format!("{url}/")));
    assert_eq!(requests.load(Ordering::SeqCst), 0, "fetched before a key was needed");

    let valid = signer.jwt(JwtType::AccessToken, &claims());
    let at_once = |texts: Vec<String>| {
        let verify = |text: String| {
            let verifier = verifier.clone();
            tokio::spawn(async move { bearer(&verifier, &text).await })
        };
        futures_util::future::join_all(texts.into_iter().map(verify))
    };
    for result in at_once(vec![valid.clone(); 20]).await {
        assert_eq!(result.unwrap(), Ok(TokenKind::Temporary));
    }
    assert_eq!(requests.load(Ordering::SeqCst), 1);
    // Headers of another form are of no key, and need no look-up.
    for header in ["eyJhbGciOiJSUzI1NiJ9", &JwtType::AccessToken.header("k 2"), "e30"] {
        assert_eq!(bearer(&verifier, &signer.sign(header, "e30")).await, Err(Error::InvalidToken));
    }
    assert_eq!(requests.load(Ordering::SeqCst), 1);

    // A flood for a second and a half: those who wait are told that no such key exists, the others to
    // come again. Meanwhile valid tokens do not wait.
    let forged = |n: usize| signer.sign(&JwtType::AccessToken.header(&format!("x{n}")), "e30");
    let began = Instant::now();
    let mut floods = vec![];
    for wave in 0..3 {
        floods.push(at_once((wave * 400..(wave + 1) * 400).map(forged).collect()));
        for _ in 0..5 {
            assert_eq!(bearer(&verifier, &valid).now_or_never(), Some(Ok(TokenKind::Temporary)));
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    let results: Vec<_> =
        futures_util::future::join_all(floods).await.into_iter().flatten().map(Result::unwrap).collect();
    let count = |error: Error| results.iter().filter(|result| **result == Err(error.clone())).count();
    let (invalid, unavailable) = (count(Error::InvalidToken), count(Error::Unavailable));
    assert_eq!(invalid + unavailable, 1200);
    let fetches = requests.load(Ordering::SeqCst) - 1;
    assert!((256..=4 * 256).contains(&invalid), "{invalid} waited");
    let seconds = began.elapsed().as_secs() as usize;
    assert!((1..=seconds + 1).contains(&fetches), "{fetches} fetches in {seconds} seconds");

    // A key that was unknown a moment ago stays so without a fetch, until the next one may begin.
    for n in 0.. {
        let forged = forged(2000 + n);
        let waited = bearer(&verifier, &forged).await;
        if waited == Err(Error::Unavailable) && n < 5 {
            // A stall: the fetch took longer than a request waits.
            continue;
        }
        assert_eq!(waited, Err(Error::InvalidToken));
        let fetches = requests.load(Ordering::SeqCst);
        if let Some(again) = bearer(&verifier, &forged).now_or_never() {
            assert_eq!((again, requests.load(Ordering::SeqCst)), (Err(Error::InvalidToken), fetches));
            break;
        }
        assert!(n < 5, "it waits again");
    }
}

/// A service whose keys change, with an `Age` as of a cache on the way, if any.
async fn changing(keys: &Arc<Mutex<Jwks>>, age: Option<&'static str>) -> String {
    let keys = Arc::clone(keys);
    let respond = async move |headers: HeaderMap| {
        assert_eq!(headers["cache-control"], "no-cache");
        let json = serde_json::to_string(&*keys.lock().unwrap()).unwrap();
        let age = age.map(|age| (HeaderName::from_static("age"), HeaderValue::from_static(age)));
        (age.into_iter().collect::<HeaderMap>(), json)
    };
    serve(Router::new().route("/.well-known/jwks.json", get(respond))).await
}

#[tokio::test]
async fn a_key_that_was_made_a_moment_ago_is_waited_for_and_by_old_keys_none_is_unknown() {
    let [old, new, forged] = [("k1", 1), ("k2", 2), ("k3", 3)].map(|(kid, seed)| Signer::new(kid, seed));
    let jwt = |signer: &Signer| signer.jwt(JwtType::AccessToken, &claims());
    for (age, of_forged) in
        [(None, Error::InvalidToken), (Some("0"), Error::InvalidToken), (Some("7"), Error::Unavailable)]
    {
        let keys = Arc::new(Mutex::new(Jwks { keys: vec![old.jwk()] }));
        let verifier = verifier().keys(RemoteKeys::new(&changing(&keys, age).await));
        assert_eq!(bearer(&verifier, &jwt(&old)).await, Ok(TokenKind::Temporary));
        keys.lock().unwrap().keys.push(new.jwk());
        // `Unavailable` if a fetch took longer than a request waits, never `InvalidToken`.
        let settled = async |signer: &Signer, expected| {
            for _ in 0..5 {
                match bearer(&verifier, &jwt(signer)).await {
                    Err(Error::Unavailable) if expected != Err(Error::Unavailable) => {}
                    result => return assert_eq!(result, expected, "{age:?}"),
                }
            }
            panic!("never settled: {age:?}");
        };
        settled(&new, Ok(TokenKind::Temporary)).await;
        settled(&forged, Err(of_forged)).await;
    }
}

#[tokio::test]
async fn while_the_service_is_away_known_keys_are_used_and_others_are_not_called_forged() {
    let (signer, new) = (Signer::new("k1", 1), Signer::new("k2", 2));
    let is_away = Arc::new(AtomicBool::default());
    let away = Arc::clone(&is_away);
    let json = serde_json::to_string(&Jwks { keys: vec![signer.jwk()] }).unwrap();
    let respond = async move || {
        if away.load(Ordering::SeqCst) { Err(StatusCode::SERVICE_UNAVAILABLE) } else { Ok(json.clone()) }
    };
    let url = serve(Router::new().route("/.well-known/jwks.json", get(respond))).await;
    let limits = RateLimits::new().invalid_tokens(NonZeroU32::MIN);
    let verifier = verifier().keys(RemoteKeys::new(&url)).rate_limits(limits);
    let jwt = |signer: &Signer| signer.jwt(JwtType::AccessToken, &claims());
    assert_eq!(bearer(&verifier, &jwt(&signer)).await, Ok(TokenKind::Temporary));
    is_away.store(true, Ordering::SeqCst);
    assert_eq!(bearer(&verifier, &jwt(&new)).await, Err(Error::Unavailable));
    assert_eq!(bearer(&verifier, &jwt(&signer)).await, Ok(TokenKind::Temporary));
    // A client that sends many of them has to wait, as with other invalid tokens.
    let text = jwt(&new);
    let client = [203, 0, 113, 7].into();
    let credentials = Credentials::new(&text, TokenLocation::Bearer).from_client(client);
    let mut unavailable = 0;
    loop {
        match verifier.verify(&credentials, None).await.map(drop).unwrap_err() {
            Error::Unavailable if unavailable < 10_000 => unavailable += 1,
            error => break assert!(unavailable > 0 && matches!(error, Error::TooManyRequests(_)), "{error:?}"),
        }
    }
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
async fn a_stored_token_with_an_origin_pattern_of_a_later_version_is_refused() {
    let [key, known] = [TokenKind::Publishable; 2].map(generate);
    let response = |origins: &[&str]| {
        let record = json!(record(TokenKind::Publishable));
        let mut response = json!({"active": true, "record": record});
        response["record"]["origins"] = json!(origins);
        response.to_string()
    };
    for (origins, expected) in [
        (&["https://a.example"][..], Ok(TokenKind::Publishable)),
        (&["https://a.example", "{any}.example"], Err(Error::Unavailable)),
    ] {
        let json = response(origins);
        let url = serve(Router::new().route("/introspect", post(async move || json.clone()))).await;
        let verifier = verifier().introspector(RemoteIntrospector::new(&url, key.clone()));
        let credentials =
            Credentials::new(known.expose_secret(), TokenLocation::Query).from_origin("https://a.example");
        let verified = verifier.verify(&credentials, None).await;
        assert_eq!(verified.map(|access| access.kind()), expected, "{origins:?}");
    }
}

#[tokio::test]
async fn a_token_that_the_service_calls_inactive_is_refused_whatever_its_record_and_the_clock_say() {
    let key = generate(TokenKind::Secret);
    let active_record = || Some(record(TokenKind::Secret));
    let suspended = || active_record().map(|record| TokenRecord { suspended_at: Some(NOW), ..record });
    for (active, record, expected) in [
        (true, active_record(), Ok(TokenKind::Secret)),
        (false, active_record(), Err(Error::TokenExpired)),
        // Created by a clock that is a little ahead.
        (false, active_record().map(|record| TokenRecord { created_at: NOW + 10, ..record }), Err(Error::TokenExpired)),
        (false, suspended(), Err(Error::OrganizationSuspended)),
        (false, None, Err(Error::InvalidToken)),
        (true, None, Err(Error::Unavailable)),
    ] {
        let json = serde_json::to_string(&IntrospectionResponse { active, record, ..Default::default() }).unwrap();
        let url = serve(Router::new().route("/introspect", post(async move || json.clone()))).await;
        let verifier = verifier().introspector(RemoteIntrospector::new(&url, key.clone()));
        assert_eq!(bearer(&verifier, key.expose_secret()).await, expected, "{active}");
        if expected == Err(Error::OrganizationSuspended) {
            let credentials = Credentials::new(key.expose_secret(), TokenLocation::Bearer);
            let described = verifier.describe(&credentials).await.unwrap();
            assert_eq!((described.suspended, described.expires_at), (true, None), "it has not expired");
        }
    }
}

#[tokio::test]
async fn the_cause_names_the_missing_scope_if_the_service_says_that_it_is_missing() {
    let token = generate(TokenKind::Secret);
    for (status, error, is_named) in [
        (403, "insufficient_scope", true),
        (403, "organization_suspended", false),
        (401, "insufficient_scope", false),
        (503, "insufficient_scope", false),
    ] {
        let body = format!(r#"{{"error":"{error}","message":"m","help":"h"}}"#);
        let respond = async move || (StatusCode::from_u16(status).unwrap(), body.clone());
        let url = serve(Router::new().route("/introspect", post(respond))).await;
        let cause =
            RemoteIntrospector::new(&url, token.clone()).find(&token).await.map(|_| ()).unwrap_err().to_string();
        assert_eq!(cause.contains("token:introspect"), is_named, "{status} {error}: {cause}");
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
