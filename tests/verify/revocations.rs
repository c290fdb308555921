//! What the feed says is refused, at each level, and everything while the feed is not heard.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::common::{NOW, ORGANIZATION, Signer, Store, claims, record, verifier};
use daypass::api::{Revocation, RevocationTarget, TokenRecord};
use daypass::jwt::JwtType;
use daypass::verify::{Cache, Credentials, OriginHeader, Revocations, TokenLocation, Verifier};
use daypass::{Error, TokenKind};
use serde_json::json;

const SERIAL: u64 = 7;

/// A stored token with the serial number `SERIAL`, a temporary one and a bundle that were minted from it, and a verifier
/// that follows a feed.
struct World {
    verifier: Verifier,
    feed: Arc<Revocations>,
    stored: String,
    temporary: String,
    bundle: String,
}

impl World {
    fn new() -> World {
        let signer = Signer::new("k1", 1);
        let mut store = Store::default();
        let stored = store.add(TokenRecord { serial: SERIAL, ..record(TokenKind::Secret) });
        let feed = Arc::new(Revocations::new());
        feed.heartbeat(0);
        let verifier = verifier()
            .keys(signer.keys())
            .introspector(store)
            .cache(Cache::new(1 << 20))
            .revocations(Arc::clone(&feed));
        let temporary = signer.document(JwtType::AccessToken, &claims());
        let mut bundle = claims();
        bundle["kind"] = json!("bundle");
        bundle["jti"] = json!("bun_1");
        World { verifier, feed, stored, temporary, bundle: signer.document(JwtType::Bundle, &bundle) }
    }

    fn apply(&self, target: RevocationTarget) {
        self.feed.apply(&Revocation { seq: 1, at: NOW, target });
    }

    /// Which of the stored token, the temporary one and the bundle live.
    async fn living(&self) -> [bool; 3] {
        let mut living = [false; 3];
        for (lives, text) in living.iter_mut().zip([&self.stored, &self.temporary, &self.bundle]) {
            *lives = match bearer(&self.verifier, text).await {
                Ok(_) => true,
                // What a revoked key signed, anybody may have made.
                Err(Error::TokenRevoked | Error::InvalidToken) => false,
                Err(other) => panic!("{other:?}"),
            };
        }
        living
    }
}

async fn bearer(verifier: &Verifier, text: &str) -> Result<TokenKind, Error> {
    verifier.verify(&Credentials::new(text, TokenLocation::Bearer), None).await.map(|access| access.kind())
}

#[tokio::test]
async fn row_12_any_level_is_enough_and_reaches_no_further() {
    let organization = || ORGANIZATION.to_owned();
    let cases = [
        (RevocationTarget::Token { serial: SERIAL }, [false, false, false]),
        (RevocationTarget::Token { serial: SERIAL + 1 }, [true, true, true]),
        (RevocationTarget::Jwt { jti: "tmp_1".into() }, [true, false, true]),
        (RevocationTarget::Jwt { jti: "bun_1".into() }, [true, true, false]),
        // A stored token's id is not a signed one's.
        (RevocationTarget::Jwt { jti: "secret_1".into() }, [true, true, true]),
        (RevocationTarget::Organization { organization: organization() }, [false, false, false]),
        (RevocationTarget::Organization { organization: "org_other".into() }, [true, true, true]),
        (RevocationTarget::IssuedBefore { organization: organization(), time: NOW + 1 }, [false, false, false]),
        (RevocationTarget::IssuedBefore { organization: organization(), time: NOW }, [true, true, true]),
        (RevocationTarget::IssuedBefore { organization: "org_other".into(), time: NOW + 1 }, [true, true, true]),
        (RevocationTarget::Key { kid: "k1".into() }, [true, false, false]),
        (RevocationTarget::Key { kid: "k2".into() }, [true, true, true]),
    ];
    for (revoked, left) in cases {
        // As the first thing that is heard, and of tokens that are remembered.
        for is_remembered in [false, true] {
            let world = World::new();
            if is_remembered {
                assert_eq!(world.living().await, [true; 3]);
            }
            world.apply(revoked.clone());
            assert_eq!(world.living().await, left, "{revoked:?}, remembered: {is_remembered}");
            assert_eq!(world.living().await, left, "{revoked:?}, the second time");
        }
    }
}

#[tokio::test]
async fn what_a_revoked_key_signed_is_no_longer_genuine_and_all_else_that_is_revoked_is_told_so() {
    let world = World::new();
    world.apply(RevocationTarget::Jwt { jti: "tmp_1".into() });
    assert_eq!(bearer(&world.verifier, &world.temporary).await, Err(Error::TokenRevoked));
    world.apply(RevocationTarget::Key { kid: "k1".into() });
    assert_eq!(bearer(&world.verifier, &world.temporary).await, Err(Error::InvalidToken));
    let described = world.verifier.describe(&Credentials::new(&world.bundle, TokenLocation::Bearer)).await;
    assert_eq!(described.unwrap_err(), Error::InvalidToken);
}

#[tokio::test]
async fn what_a_revoked_key_signed_is_nobodys_wherever_it_was_sent_from() {
    let signer = Signer::new("k1", 1);
    let mut claims = claims();
    claims["origins"] = json!(["northlight.example"]);
    let text = signer.document(JwtType::AccessToken, &claims);
    let feed = Arc::new(Revocations::new());
    feed.heartbeat(0);
    let seen = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&seen);
    let verifier =
        verifier().keys(signer.keys()).cache(Cache::new(1 << 20)).revocations(Arc::clone(&feed)).on_decision(
            move |decision| {
                count.fetch_add(usize::from(decision.access.is_some()), Ordering::SeqCst);
            },
        );
    let from = |location: TokenLocation, origin| Credentials::new(&text, location).with_origin(origin);
    let wrong = [
        from(TokenLocation::Bearer, OriginHeader::One("https://elsewhere.example")),
        from(TokenLocation::Bearer, OriginHeader::Odd),
        from(TokenLocation::Query, OriginHeader::None),
    ];
    for credentials in &wrong {
        assert_ne!(verifier.verify(credentials, None).await.err(), Some(Error::InvalidToken));
    }
    assert_eq!(seen.swap(0, Ordering::SeqCst), wrong.len());
    feed.apply(&Revocation { seq: 1, at: NOW, target: RevocationTarget::Key { kid: "k1".into() } });
    for credentials in &wrong {
        assert_eq!(verifier.verify(credentials, None).await.err(), Some(Error::InvalidToken));
        assert_eq!(verifier.describe(credentials).await.err(), Some(Error::InvalidToken));
    }
    // Nor while nothing else is known for sure.
    feed.reset();
    for credentials in &wrong {
        assert_eq!(verifier.verify(credentials, None).await.err(), Some(Error::InvalidToken));
    }
    assert_eq!(seen.load(Ordering::SeqCst), 0, "no token is named that is none");
}

#[tokio::test]
async fn a_bundle_reference_ends_with_the_key_that_it_was_made_with() {
    let mut store = Store::default();
    let reference = TokenRecord { serial: 8, root_serial: Some(SERIAL), ..record(TokenKind::Bundle) };
    let text = store.add(reference);
    let feed = Arc::new(Revocations::new());
    feed.heartbeat(0);
    let verifier = verifier().introspector(store).cache(Cache::new(1 << 20)).revocations(Arc::clone(&feed));
    assert_eq!(bearer(&verifier, &text).await, Ok(TokenKind::Bundle));
    feed.apply(&Revocation { seq: 1, at: NOW, target: RevocationTarget::Token { serial: SERIAL } });
    assert_eq!(bearer(&verifier, &text).await, Err(Error::TokenRevoked));
}

#[tokio::test]
async fn a_later_revocation_that_reaches_less_far_takes_nothing_back() {
    let world = World::new();
    let before = |time| RevocationTarget::IssuedBefore { organization: ORGANIZATION.into(), time };
    world.apply(before(NOW + 1));
    world.apply(before(NOW - 100));
    assert_eq!(world.living().await, [false; 3]);
}

#[tokio::test]
async fn row_22_before_the_feed_is_heard_and_after_it_fell_silent_nothing_passes() {
    let signer = Signer::new("k1", 1);
    let text = signer.document(JwtType::AccessToken, &claims());
    // Less than a second cannot be set.
    let feed = Arc::new(Revocations::new().limit(Duration::ZERO));
    assert_eq!(feed.staleness_limit(), Duration::from_secs(1));
    let verifier = verifier().keys(signer.keys()).cache(Cache::new(1 << 20)).revocations(Arc::clone(&feed));
    assert_eq!((feed.age(), feed.is_stale()), (None, true));
    assert_eq!(bearer(&verifier, &text).await, Err(Error::Unavailable));

    feed.heartbeat(4);
    assert_eq!((feed.seq(), feed.is_stale()), (4, false));
    assert_eq!(bearer(&verifier, &text).await, Ok(TokenKind::Temporary));
    // What it says keeps nothing fresh: something may be missing.
    tokio::time::sleep(Duration::from_millis(700)).await;
    feed.apply(&Revocation { seq: 5, at: NOW, target: RevocationTarget::Token { serial: 99 } });
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert!(feed.is_stale() && feed.age().unwrap() > Duration::from_secs(1));
    assert_eq!(bearer(&verifier, &text).await, Err(Error::Unavailable));
    // A stranger is not told that the feed is away.
    assert_eq!(bearer(&verifier, "hunter2").await, Err(Error::InvalidToken));

    feed.heartbeat(5);
    assert_eq!(bearer(&verifier, &text).await, Ok(TokenKind::Temporary));
    // The service refuses to tell any more.
    feed.reset();
    assert_eq!((feed.age(), feed.is_stale()), (None, true));
    assert_eq!(bearer(&verifier, &text).await, Err(Error::Unavailable));
}
