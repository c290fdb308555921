//! A verifier with a cache decides as one without.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use crate::common::{NOW, ORGANIZATION, SITE, Signer, Store, claims, generate, record, verifier};
use daypass::api::{Revocation, RevocationTarget, TokenRecord};
use daypass::jwt::{Claims, Jwks, JwtType, MAX_JWT_BYTES};
use daypass::verify::{
    Cache, Credentials, Introspector, KeyLookup, KeySource, ResponseFuture, Revocations, Standing, StaticKeys,
    TokenLocation, Verifier,
};
use daypass::{Catalog, Error, OpaqueToken, Requirement, Scope, TokenKind};
use serde_json::json;

/// The size of a cache that a flood would fill.
const SMALL: usize = 256 * 1024;

/// Counts the requests to a store or a set of keys.
struct Counted<T>(T, Arc<AtomicUsize>);

impl Introspector for Counted<Store> {
    fn find<'a>(&'a self, token: &'a OpaqueToken) -> ResponseFuture<'a, Option<TokenRecord>> {
        self.1.fetch_add(1, Ordering::SeqCst);
        Box::pin(async {
            // As slow as a service.
            tokio::time::sleep(Duration::from_millis(5)).await;
            self.0.find(token).await
        })
    }

    fn standing<'a>(&'a self, claims: &'a Claims) -> ResponseFuture<'a, Standing> {
        self.0.standing(claims)
    }
}

impl KeySource for Counted<StaticKeys> {
    fn find<'a>(&'a self, header: &'a str) -> ResponseFuture<'a, KeyLookup> {
        self.1.fetch_add(1, Ordering::SeqCst);
        self.0.find(header)
    }
}

fn counted<T>(inner: T) -> (Counted<T>, Arc<AtomicUsize>) {
    let requests = Arc::new(AtomicUsize::new(0));
    (Counted(inner, Arc::clone(&requests)), requests)
}

async fn bearer(verifier: &Verifier, text: &str) -> Result<TokenKind, Error> {
    verifier.verify(&Credentials::new(text, TokenLocation::Bearer), None).await.map(|access| access.kind())
}

/// The verdicts on requests that come at the same time.
async fn send_together(count: usize, verifier: &Verifier, text: &str) -> Vec<Result<TokenKind, Error>> {
    futures_util::future::join_all((0..count).map(|_| bearer(verifier, text))).await
}

#[tokio::test]
async fn an_opaque_token_is_introspected_once_for_many_requests_at_the_same_time_and_later() {
    let mut store = Store::default();
    let text = store.add(record(TokenKind::Secret));
    let (introspector, requests) = counted(store);
    let verifier = verifier().introspector(introspector).cache(Cache::new(SMALL));
    assert_eq!(send_together(50, &verifier, &text).await, vec![Ok(TokenKind::Secret); 50]);
    assert_eq!(bearer(&verifier, &text).await, Ok(TokenKind::Secret));
    assert_eq!(requests.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_signature_is_verified_once() {
    let signer = Signer::new("k1", 1);
    let text = signer.jwt(JwtType::AccessToken, &claims());
    let (keys, requests) = counted(signer.keys());
    let verifier = verifier().keys(keys).cache(Cache::new(SMALL));
    for _ in 0..5 {
        assert_eq!(bearer(&verifier, &text).await, Ok(TokenKind::Temporary));
    }
    assert_eq!(requests.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn the_longest_jwt_is_verified_and_cached_and_a_longer_one_is_not_parsed() {
    let mut lengths = Vec::new();
    // Three bytes are four characters: with one of these key ids, some padding gives each length.
    for (kid, length) in
        ["k1", "k12", "k123"].into_iter().flat_map(|kid| [0, 1].map(|more| (kid, MAX_JWT_BYTES + more)))
    {
        let signer = Signer::new(kid, 1);
        // An unknown claim is ignored, so that it can pad the JWT.
        let jwt = |padding: usize| {
            let mut claims = claims();
            claims["padding"] = "x".repeat(padding).into();
            signer.jwt(JwtType::AccessToken, &claims)
        };
        let near = (length - jwt(0).len()) / 4 * 3;
        let Some(text) = (near - 4..near + 8).map(jwt).find(|text| text.len() == length) else { continue };
        let (keys, requests) = counted(signer.keys());
        let verifier = verifier().keys(keys).cache(Cache::new(SMALL));
        let is_accepted = length == MAX_JWT_BYTES;
        let expected = if is_accepted { Ok(TokenKind::Temporary) } else { Err(Error::InvalidToken) };
        for _ in 0..2 {
            assert_eq!(bearer(&verifier, &text).await, expected);
        }
        assert_eq!(requests.load(Ordering::SeqCst), usize::from(is_accepted));
        lengths.push(is_accepted);
    }
    assert!(lengths.contains(&true) && lengths.contains(&false), "{lengths:?}");
}

#[tokio::test]
async fn a_cached_token_is_evaluated_again_by_origin_scope_and_time() {
    let time = Arc::new(AtomicU64::new(NOW));
    let clock = Arc::clone(&time);
    let mut store = Store::default();
    let text = store.add(TokenRecord { expires_at: Some(NOW + 5), ..record(TokenKind::Publishable) });
    let verifier = verifier().introspector(store).cache(Cache::new(SMALL)).clock(move || clock.load(Ordering::SeqCst));
    let on = |origin| Credentials::new(&text, TokenLocation::Query).from_origin(origin);
    assert!(verifier.verify(&on(SITE), None).await.is_ok());

    let elsewhere = "https://elsewhere.example";
    assert_eq!(verifier.verify(&on(elsewhere), None).await.err(), Some(Error::OriginNotAllowed(elsewhere.into())));
    let update = Scope::literal("floor:update");
    let refused = verifier.verify(&on(SITE), Some(&Requirement::new(&update, ORGANIZATION))).await.err();
    assert_eq!(refused, Some(Error::InsufficientScope { scope: update.clone(), tenant: None }));

    time.store(NOW + 5, Ordering::SeqCst);
    assert_eq!(verifier.verify(&on(SITE), None).await.err(), Some(Error::TokenExpired));
    // Row 14: a clock that is set back revives no token.
    time.store(NOW - 3600, Ordering::SeqCst);
    assert_eq!(verifier.verify(&on(SITE), None).await.err(), Some(Error::TokenExpired));
}

#[tokio::test]
async fn a_clone_with_other_settings_has_a_cache_of_its_own() {
    let (mut store, signer) = (Store::default(), Signer::new("k1", 1));
    let opaque = store.add(record(TokenKind::Secret));
    let jwt = signer.jwt(JwtType::AccessToken, &claims());
    let original = verifier().keys(signer.keys()).introspector(store).cache(Cache::new(SMALL));
    for text in [&opaque, &jwt] {
        assert!(bearer(&original, text).await.is_ok());
    }
    let none = || StaticKeys::from(&Jwks { keys: vec![] });
    assert_eq!(bearer(&original.clone().keys(none()), &jwt).await, Err(Error::InvalidToken));
    assert_eq!(bearer(&original.clone().introspector(Store::default()), &opaque).await, Err(Error::InvalidToken));
    let late = original.clone().clock(|| NOW + 3600);
    assert_eq!(bearer(&late.clone().leeway(10), &jwt).await, Ok(TokenKind::Temporary));
    assert_eq!(bearer(&late, &jwt).await, Err(Error::TokenExpired));

    let rooms = Catalog::from_json(
        r#"{"name":"Rooms","scopes":[{"scope":"room:read","description":"Read"}],
            "aliases":[{"alias":"floor:readPublic","scopes":["room:read"]}]}"#,
    );
    let renamed = original.clone().catalog(rooms.unwrap());
    let access = renamed.verify(&Credentials::new(&opaque, TokenLocation::Bearer), None).await.unwrap();
    assert_eq!(access.scopes().to_string(), "floor:readPrivate room:read");

    // Both feeds have the same number of entries, and not the same entries.
    let feed = |serial| {
        let feed = Revocations::new();
        feed.apply(&Revocation { seq: 1, at: NOW, target: RevocationTarget::Token { serial } });
        feed.heartbeat(1, 0, None);
        original.clone().revocations(feed)
    };
    assert_eq!(bearer(&feed(99), &opaque).await, Ok(TokenKind::Secret));
    assert_eq!(bearer(&feed(1), &opaque).await, Err(Error::TokenRevoked));
}

#[tokio::test]
async fn row_14_a_clock_that_is_set_back_revives_no_token_whether_seen_before_or_not() {
    let time = Arc::new(AtomicU64::new(NOW));
    let clock = Arc::clone(&time);
    let signer = Signer::new("k1", 1);
    let verifier = verifier().keys(signer.keys()).clock(move || clock.load(Ordering::SeqCst));
    let text = signer.jwt(JwtType::AccessToken, &claims());
    assert_eq!(bearer(&verifier, &text).await, Ok(TokenKind::Temporary));
    time.store(NOW + 3600, Ordering::SeqCst);
    assert_eq!(bearer(&verifier, &text).await, Err(Error::TokenExpired));
    time.store(NOW, Ordering::SeqCst);
    assert_eq!(bearer(&verifier, &text).await, Err(Error::TokenExpired));
    let mut other = claims();
    other["jti"] = json!("tmp_2");
    let unseen = signer.jwt(JwtType::AccessToken, &other);
    assert_eq!(bearer(&verifier, &unseen).await, Err(Error::TokenExpired));
}

#[tokio::test]
async fn a_text_that_differs_in_one_byte_from_a_cached_token_is_refused() {
    let signer = Signer::new("k1", 1);
    let mut store = Store::default();
    let opaque = store.add(record(TokenKind::Secret));
    let verifier = verifier().keys(signer.keys()).introspector(store).cache(Cache::new(SMALL));
    for text in [opaque, signer.jwt(JwtType::AccessToken, &claims())] {
        assert!(bearer(&verifier, &text).await.is_ok());
        for at in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            assert_eq!(bearer(&verifier, &changed).await, Err(Error::InvalidToken), "byte {at}");
        }
        for changed in [format!("{text}A"), format!("{text}="), text[..text.len() - 1].to_owned(), format!(" {text}")] {
            assert_eq!(bearer(&verifier, &changed).await, Err(Error::InvalidToken));
        }
        assert!(bearer(&verifier, &text).await.is_ok());
    }
}

#[tokio::test]
async fn row_18_a_flood_of_unknown_tokens_evicts_no_active_token_and_each_is_introspected_once() {
    let mut store = Store::default();
    let active: Vec<_> = (0..50).map(|_| store.add(record(TokenKind::Secret))).collect();
    let (introspector, requests) = counted(store);
    // This store responds without delay, since there are many requests.
    struct Quick(Counted<Store>);
    impl Introspector for Quick {
        fn find<'a>(&'a self, token: &'a OpaqueToken) -> ResponseFuture<'a, Option<TokenRecord>> {
            self.0.1.fetch_add(1, Ordering::SeqCst);
            self.0.0.find(token)
        }
    }
    let verifier = verifier().introspector(Quick(introspector)).cache(Cache::new(SMALL));
    for text in &active {
        assert!(bearer(&verifier, text).await.is_ok());
    }
    requests.store(0, Ordering::SeqCst);
    for _ in 0..20_000 {
        let unknown = generate(TokenKind::Secret);
        for _ in 0..2 {
            assert_eq!(bearer(&verifier, unknown.expose_secret()).await, Err(Error::InvalidToken));
        }
    }
    assert_eq!(requests.swap(0, Ordering::SeqCst), 20_000);
    for text in &active {
        assert!(bearer(&verifier, text).await.is_ok());
    }
    assert_eq!(requests.load(Ordering::SeqCst), 0, "an active token was evicted");
}

#[tokio::test]
async fn requests_that_wait_for_an_introspection_fail_with_it_and_a_second_later_it_is_retried() {
    /// The first introspection is slow and fails.
    struct Flaky(Store, Arc<AtomicUsize>);
    impl Introspector for Flaky {
        fn find<'a>(&'a self, token: &'a OpaqueToken) -> ResponseFuture<'a, Option<TokenRecord>> {
            let count = self.1.fetch_add(1, Ordering::SeqCst);
            Box::pin(async move {
                if count == 0 {
                    tokio::time::sleep(Duration::from_millis(200)).await;
                    return Introspector::find(&crate::common::Down, token).await;
                }
                self.0.find(token).await
            })
        }
    }
    let mut store = Store::default();
    let text = store.add(record(TokenKind::Secret));
    let requests = Arc::new(AtomicUsize::new(0));
    let verifier = verifier().introspector(Flaky(store, Arc::clone(&requests))).cache(Cache::new(SMALL));
    assert_eq!(send_together(20, &verifier, &text).await, vec![Err(Error::Unavailable); 20]);
    assert_eq!(requests.load(Ordering::SeqCst), 1);
    tokio::time::sleep(Duration::from_millis(1050)).await;
    assert_eq!(bearer(&verifier, &text).await, Ok(TokenKind::Secret));
}

#[tokio::test]
async fn more_tokens_than_fit_are_all_accepted() {
    let mut store = Store::default();
    let texts: Vec<_> = (0..3000).map(|_| store.add(record(TokenKind::Secret))).collect();
    let verifier = verifier().introspector(store).cache(Cache::new(SMALL));
    for text in texts.iter().chain(&texts) {
        assert_eq!(bearer(&verifier, text).await, Ok(TokenKind::Secret));
    }
}
