//! Requests that come too often are refused with 429.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::common::{Down, SITE, Store, generate, record, verifier, without_stall};
use daypass::api::TokenRecord;
use daypass::verify::{Cache, Credentials, Introspector, RateLimits, ResponseFuture, TokenLocation, Verifier};
use daypass::{Error, OpaqueToken, TokenKind};

const TWO: NonZeroU32 = NonZeroU32::new(2).unwrap();

fn client(address: &str) -> IpAddr {
    address.parse().unwrap()
}

async fn publishable(verifier: &Verifier, text: &str, address: Option<&str>) -> Result<(), Error> {
    let credentials = Credentials::new(text, TokenLocation::Query).from_origin(SITE);
    let credentials = address.map_or(credentials, |address| credentials.from_client(client(address)));
    verifier.verify(&credentials, None).await.map(|_| ())
}

async fn from(verifier: &Verifier, address: &str, text: &str) -> Result<(), Error> {
    let credentials = Credentials::new(text, TokenLocation::Bearer).from_client(client(address));
    verifier.verify(&credentials, None).await.map(|_| ())
}

#[tokio::test]
async fn row_3_a_publishable_token_has_a_rate_for_each_client_and_one_for_all() {
    let mut store = Store::default();
    let [one, other] = [1, 2].map(|serial| store.add(TokenRecord { serial, ..record(TokenKind::Publishable) }));
    let secret = store.add(record(TokenKind::Secret));
    let limits = || RateLimits::new().publishable(NonZeroU32::MIN);
    let verifier = verifier().introspector(store);
    let (limited, results) = without_stall(async || {
        let limited = verifier.clone().rate_limits(limits());
        let visit = async |address, text: &str| publishable(&limited, text, Some(address)).await;
        let results = [
            visit("192.0.2.1", &one).await,
            visit("192.0.2.1", &one).await,
            visit("192.0.2.1", &one).await,
            visit("192.0.2.1", &other).await,
            visit("192.0.2.2", &one).await,
        ];
        (limited, results)
    })
    .await;
    let refused = Err(Error::TooManyRequests(1));
    assert_eq!(results, [Ok(()), Ok(()), refused.clone(), Ok(()), Ok(())]);
    for _ in 0..20 {
        assert_eq!(from(&limited, "192.0.2.1", &secret).await, Ok(()));
    }
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert_eq!(publishable(&limited, &one, Some("192.0.2.1")).await, Ok(()));

    let results = without_stall(async || {
        let limited = verifier.clone().rate_limits(limits().publishable_total(NonZeroU32::MIN));
        let visit = async |address| publishable(&limited, &one, address).await;
        [visit(None).await, visit(Some("192.0.2.1")).await, visit(Some("192.0.2.2")).await, visit(None).await]
    })
    .await;
    assert_eq!(results, [Ok(()), Ok(()), refused.clone(), refused]);
}

#[tokio::test]
async fn a_request_that_is_refused_for_another_reason_does_not_count() {
    let mut store = Store::default();
    let text = store.add(record(TokenKind::Publishable));
    let verifier = verifier().introspector(store).rate_limits(RateLimits::new().publishable(TWO));
    for _ in 0..20 {
        let elsewhere = Credentials::new(&text, TokenLocation::Query).from_origin("https://elsewhere.example");
        let elsewhere = elsewhere.from_client(client("192.0.2.1"));
        assert!(matches!(verifier.verify(&elsewhere, None).await, Err(Error::OriginNotAllowed(_))));
    }
    assert_eq!(publishable(&verifier, &text, Some("192.0.2.1")).await, Ok(()));
}

/// Counts introspections.
struct Counted(Store, Arc<AtomicUsize>);

impl Introspector for Counted {
    fn find<'a>(&'a self, token: &'a OpaqueToken) -> ResponseFuture<'a, Option<TokenRecord>> {
        self.1.fetch_add(1, Ordering::SeqCst);
        self.0.find(token)
    }
}

#[tokio::test]
async fn row_18_a_client_that_tries_many_invalid_tokens_has_to_wait_and_others_do_not() {
    let mut store = Store::default();
    let active = store.add(record(TokenKind::Secret));
    let requests = Arc::new(AtomicUsize::new(0));
    let introspector = Counted(store, Arc::clone(&requests));
    let verifier = verifier()
        .introspector(introspector)
        .cache(Cache::new(1 << 20))
        .rate_limits(RateLimits::new().invalid_tokens(TWO));
    let unknown = || generate(TokenKind::Secret);
    let flooder = "192.0.2.1";
    assert_eq!(from(&verifier, flooder, &active).await, Ok(()));
    let mut refused = 0;
    for _ in 0..200 {
        match from(&verifier, flooder, unknown().expose_secret()).await {
            Err(Error::InvalidToken) => {}
            Err(Error::TooManyRequests(1)) => refused += 1,
            other => panic!("{other:?}"),
        }
    }
    assert!(refused > 150, "{refused}");
    assert!(requests.load(Ordering::SeqCst) < 50, "{requests:?}");
    // A cached token is accepted from there as well: other clients may share the address.
    assert_eq!(from(&verifier, flooder, &active).await, Ok(()));
    // Other clients do not wait, nor do those without an address.
    assert_eq!(from(&verifier, "192.0.2.2", unknown().expose_secret()).await, Err(Error::InvalidToken));
    for _ in 0..20 {
        let credentials = Credentials::new("hunter2", TokenLocation::Bearer);
        assert_eq!(verifier.verify(&credentials, None).await.err(), Some(Error::InvalidToken));
    }
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert_eq!(from(&verifier, flooder, unknown().expose_secret()).await, Err(Error::InvalidToken));
}

/// Never responds.
struct Silent;

impl Introspector for Silent {
    fn find<'a>(&'a self, _: &'a OpaqueToken) -> ResponseFuture<'a, Option<TokenRecord>> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test]
async fn row_18_a_client_that_disconnects_before_the_response_is_counted() {
    let results = without_stall(async || {
        let limits = RateLimits::new().invalid_tokens(NonZeroU32::MIN);
        let verifier = verifier().introspector(Silent).cache(Cache::new(1 << 20)).rate_limits(limits);
        let disconnects = async |address| {
            let token = generate(TokenKind::Secret);
            tokio::time::timeout(Duration::from_millis(1), from(&verifier, address, token.expose_secret())).await.ok()
        };
        for _ in 0..3 {
            disconnects("192.0.2.1").await;
        }
        [disconnects("192.0.2.1").await, disconnects("192.0.2.2").await]
    })
    .await;
    assert_eq!(results, [Some(Err(Error::TooManyRequests(1))), None]);
}

#[tokio::test]
async fn a_token_that_is_valid_or_could_not_be_checked_is_not_counted() {
    let mut store = Store::default();
    let active = store.add(record(TokenKind::Secret));
    for (verifier, expected) in
        [(verifier().introspector(store), Ok(())), (verifier().introspector(Down), Err(Error::Unavailable))]
    {
        let verifier = verifier.rate_limits(RateLimits::new().invalid_tokens(TWO));
        for _ in 0..20 {
            assert_eq!(from(&verifier, "192.0.2.1", &active).await, expected);
        }
    }
}

#[tokio::test]
async fn an_ipv6_network_is_one_client_and_so_are_an_ipv4_address_and_its_mapped_form() {
    for (first, same, other) in
        [("2001:db8::1", "2001:db8::ffff:2", "2001:db8:0:1::1"), ("192.0.2.1", "::ffff:192.0.2.1", "192.0.2.3")]
    {
        let results = without_stall(async || {
            let limits = RateLimits::new().invalid_tokens(NonZeroU32::MIN);
            let verifier = verifier().introspector(Store::default()).rate_limits(limits);
            for _ in 0..3 {
                let _ = from(&verifier, first, "hunter2").await;
            }
            [from(&verifier, same, "hunter2").await, from(&verifier, other, "hunter2").await]
        })
        .await;
        assert_eq!(results, [Err(Error::TooManyRequests(1)), Err(Error::InvalidToken)]);
    }
}
