//! What comes too often is refused with 429.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::common::{Down, SITE, Store, generate, record, verifier};
use daypass::api::TokenRecord;
use daypass::verify::{Cache, Credentials, Introspector, RateLimits, ResponseFuture, TokenLocation, Verifier};
use daypass::{Error, OpaqueToken, TokenKind};

const TWO: NonZeroU32 = NonZeroU32::new(2).unwrap();

fn client(address: &str) -> IpAddr {
    address.parse().unwrap()
}

async fn publishable(verifier: &Verifier, text: &str) -> Result<(), Error> {
    let credentials = Credentials::new(text, TokenLocation::Query).from_origin(SITE);
    verifier.verify(&credentials, None).await.map(|_| ())
}

async fn from(verifier: &Verifier, address: &str, text: &str) -> Result<(), Error> {
    let credentials = Credentials::new(text, TokenLocation::Bearer).from_client(client(address));
    verifier.verify(&credentials, None).await.map(|_| ())
}

#[tokio::test]
async fn row_3_a_publishable_token_has_a_rate_of_its_own() {
    let mut store = Store::default();
    let [one, other] = [1, 2].map(|serial| store.add(TokenRecord { serial, ..record(TokenKind::Publishable) }));
    let secret = store.add(record(TokenKind::Secret));
    let verifier = verifier().introspector(store).rate_limits(RateLimits::new().publishable(TWO));
    for _ in 0..4 {
        assert_eq!(publishable(&verifier, &one).await, Ok(()));
    }
    assert_eq!(publishable(&verifier, &one).await, Err(Error::TooManyRequests(1)));
    assert_eq!(publishable(&verifier, &other).await, Ok(()));
    for _ in 0..20 {
        assert_eq!(from(&verifier, "192.0.2.1", &secret).await, Ok(()));
    }
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(publishable(&verifier, &one).await, Ok(()));
}

#[tokio::test]
async fn a_request_that_is_refused_anyway_does_not_count() {
    let mut store = Store::default();
    let text = store.add(record(TokenKind::Publishable));
    let verifier = verifier().introspector(store).rate_limits(RateLimits::new().publishable(TWO));
    for _ in 0..20 {
        let elsewhere = Credentials::new(&text, TokenLocation::Query).from_origin("https://elsewhere.example");
        assert!(matches!(verifier.verify(&elsewhere, None).await, Err(Error::OriginNotAllowed(_))));
    }
    assert_eq!(publishable(&verifier, &text).await, Ok(()));
}

/// Counts look-ups.
struct Counted(Store, Arc<AtomicUsize>);

impl Introspector for Counted {
    fn find<'a>(&'a self, token: &'a OpaqueToken) -> ResponseFuture<'a, Option<TokenRecord>> {
        self.1.fetch_add(1, Ordering::SeqCst);
        self.0.find(token)
    }
}

#[tokio::test]
async fn row_18_whoever_tries_one_token_after_the_other_waits_and_costs_nothing_while_others_go_on() {
    let mut store = Store::default();
    let living = store.add(record(TokenKind::Secret));
    let asked = Arc::new(AtomicUsize::new(0));
    let lookup = Counted(store, Arc::clone(&asked));
    let verifier =
        verifier().introspector(lookup).cache(Cache::new(1 << 20)).rate_limits(RateLimits::new().invalid_tokens(TWO));
    let unknown = || generate(TokenKind::Secret);
    let flooder = "192.0.2.1";
    assert_eq!(from(&verifier, flooder, &living).await, Ok(()));
    let mut refused = 0;
    for _ in 0..200 {
        match from(&verifier, flooder, unknown().expose_secret()).await {
            Err(Error::InvalidToken) => {}
            Err(Error::TooManyRequests(1)) => refused += 1,
            other => panic!("{other:?}"),
        }
    }
    assert!(refused > 150, "{refused}");
    assert!(asked.load(Ordering::SeqCst) < 50, "{asked:?}");
    // What is remembered passes from there too: others may share the address.
    assert_eq!(from(&verifier, flooder, &living).await, Ok(()));
    // Others are not held up, nor is who has no address.
    assert_eq!(from(&verifier, "192.0.2.2", unknown().expose_secret()).await, Err(Error::InvalidToken));
    for _ in 0..20 {
        let credentials = Credentials::new("hunter2", TokenLocation::Bearer);
        assert_eq!(verifier.verify(&credentials, None).await.err(), Some(Error::InvalidToken));
    }
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert_eq!(from(&verifier, flooder, unknown().expose_secret()).await, Err(Error::InvalidToken));
}

/// Never answers.
struct Silent;

impl Introspector for Silent {
    fn find<'a>(&'a self, _: &'a OpaqueToken) -> ResponseFuture<'a, Option<TokenRecord>> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test]
async fn row_18_whoever_hangs_up_before_the_answer_is_counted() {
    let verifier =
        verifier().introspector(Silent).cache(Cache::new(1 << 20)).rate_limits(RateLimits::new().invalid_tokens(TWO));
    let hangs_up = async |address| {
        let token = generate(TokenKind::Secret);
        tokio::time::timeout(Duration::from_millis(1), from(&verifier, address, token.expose_secret())).await.ok()
    };
    for _ in 0..6 {
        hangs_up("192.0.2.1").await;
    }
    assert_eq!(hangs_up("192.0.2.1").await, Some(Err(Error::TooManyRequests(1))));
    assert_eq!(hangs_up("192.0.2.2").await, None);
}

#[tokio::test]
async fn whose_token_is_good_or_could_not_be_looked_up_is_not_counted() {
    let mut store = Store::default();
    let living = store.add(record(TokenKind::Secret));
    for (verifier, expected) in
        [(verifier().introspector(store), Ok(())), (verifier().introspector(Down), Err(Error::Unavailable))]
    {
        let verifier = verifier.rate_limits(RateLimits::new().invalid_tokens(TWO));
        for _ in 0..20 {
            assert_eq!(from(&verifier, "192.0.2.1", &living).await, expected);
        }
    }
}

#[tokio::test]
async fn an_ipv6_network_is_one_client_and_a_mapped_address_the_one_it_stands_for() {
    for (first, same, other) in
        [("2001:db8::1", "2001:db8::ffff:2", "2001:db8:0:1::1"), ("192.0.2.1", "::ffff:192.0.2.1", "192.0.2.3")]
    {
        let verifier = verifier().introspector(Store::default()).rate_limits(RateLimits::new().invalid_tokens(TWO));
        for _ in 0..6 {
            let _ = from(&verifier, first, "hunter2").await;
        }
        assert_eq!(from(&verifier, same, "hunter2").await, Err(Error::TooManyRequests(1)));
        assert_eq!(from(&verifier, other, "hunter2").await, Err(Error::InvalidToken));
    }
}
