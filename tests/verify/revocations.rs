//! Tokens that the feed revokes are refused, at each level, and every token while the feed is stale.

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

/// An opaque token with the serial number `SERIAL`, a temporary token and a bundle that were minted
/// from it, and a verifier with a feed.
struct World {
    verifier: Verifier,
    feed: Arc<Revocations>,
    opaque: String,
    temporary: String,
    bundle: String,
}

impl World {
    fn new() -> World {
        let signer = Signer::new("k1", 1);
        let mut store = Store::default();
        let opaque = store.add(TokenRecord { serial: SERIAL, ..record(TokenKind::Secret) });
        let feed = Arc::new(Revocations::new());
        feed.heartbeat(0, 0, None);
        let verifier = verifier()
            .keys(signer.keys())
            .introspector(store)
            .cache(Cache::new(1 << 20))
            .revocations(Arc::clone(&feed));
        let temporary = signer.jwt(JwtType::AccessToken, &claims());
        let mut bundle = claims();
        bundle["kind"] = json!("bundle");
        bundle["jti"] = json!("bun_1");
        World { verifier, feed, opaque, temporary, bundle: signer.jwt(JwtType::Bundle, &bundle) }
    }

    fn texts(&self) -> [&str; 3] {
        [&self.opaque, &self.temporary, &self.bundle]
    }

    fn apply(&self, target: RevocationTarget) {
        self.feed.apply(&Revocation { seq: 1, at: NOW, target });
    }

    /// Returns which of the opaque token, the temporary one and the bundle are active.
    async fn active(&self) -> [bool; 3] {
        let mut active = [false; 3];
        for (is_active, text) in active.iter_mut().zip(self.texts()) {
            *is_active = match bearer(&self.verifier, text).await {
                Ok(_) => true,
                // A token that a revoked key signed may be forged.
                Err(Error::TokenRevoked | Error::InvalidToken) => false,
                Err(other) => panic!("{other:?}"),
            };
        }
        active
    }
}

fn up_to(organization: &str, time: u64, root_serial: u64) -> RevocationTarget {
    RevocationTarget::IssuedUpTo { organization: organization.into(), time, root_serial }
}

async fn bearer(verifier: &Verifier, text: &str) -> Result<TokenKind, Error> {
    verifier.verify(&Credentials::new(text, TokenLocation::Bearer), None).await.map(|access| access.kind())
}

#[tokio::test]
async fn row_12_each_level_revokes_its_tokens_and_no_others() {
    let organization = || ORGANIZATION.to_owned();
    let cases = [
        (RevocationTarget::Token { serial: SERIAL }, [false, false, false]),
        (RevocationTarget::Token { serial: SERIAL + 1 }, [true, true, true]),
        (RevocationTarget::Jwt { jti: "tmp_1".into() }, [true, false, true]),
        (RevocationTarget::Jwt { jti: "bun_1".into() }, [true, true, false]),
        // The id of an opaque token is not the id of a JWT.
        (RevocationTarget::Jwt { jti: "secret_1".into() }, [true, true, true]),
        (RevocationTarget::Organization { organization: organization() }, [false, false, false]),
        (RevocationTarget::Organization { organization: "org_other".into() }, [true, true, true]),
        (RevocationTarget::IssuedBefore { organization: organization(), time: NOW + 1 }, [false, false, false]),
        (RevocationTarget::IssuedBefore { organization: organization(), time: NOW }, [true, true, true]),
        (RevocationTarget::IssuedBefore { organization: "org_other".into(), time: NOW + 1 }, [true, true, true]),
        (up_to(ORGANIZATION, 0, SERIAL), [false, false, false]),
        (up_to(ORGANIZATION, NOW, SERIAL - 1), [true, true, true]),
        // What was minted before the entry and before the time, by a clock that was wrong at one of the moments.
        (up_to(ORGANIZATION, NOW + 1, SERIAL - 1), [true, false, false]),
        (up_to("org_other", NOW + 1, SERIAL), [true, true, true]),
        (RevocationTarget::Key { kid: "k1".into() }, [true, false, false]),
        (RevocationTarget::Key { kid: "k2".into() }, [true, true, true]),
    ];
    for (target, expected) in cases {
        // Before any token was verified, and of cached tokens.
        for is_cached in [false, true] {
            let world = World::new();
            if is_cached {
                assert_eq!(world.active().await, [true; 3]);
            }
            world.apply(target.clone());
            assert_eq!(world.active().await, expected, "{target:?}, cached: {is_cached}");
            assert_eq!(world.active().await, expected, "{target:?}, the second time");
        }
    }
}

#[tokio::test]
async fn a_jwt_ends_with_each_one_that_it_was_exchanged_for() {
    let signer = Signer::new("k1", 1);
    let [parent, child, sibling] = ["tmp_1", "tmp_1.a", "tmp_10"].map(|jti| {
        let mut claims = claims();
        claims["jti"] = json!(jti);
        signer.jwt(JwtType::AccessToken, &claims)
    });
    for (jti, expected) in [
        ("tmp_1", [false, false, true]),
        ("tmp_1.a", [true, false, true]),
        ("tmp_1.", [true; 3]),
        ("a", [true; 3]),
        ("", [true; 3]),
    ] {
        let feed = Arc::new(Revocations::new());
        feed.heartbeat(0, 0, None);
        let verifier = verifier().keys(signer.keys()).cache(Cache::new(1 << 20)).revocations(Arc::clone(&feed));
        let mut found = vec![];
        for text in [&parent, &child, &sibling] {
            assert_eq!(bearer(&verifier, text).await.err(), None);
        }
        feed.apply(&Revocation { seq: 1, at: NOW, target: RevocationTarget::Jwt { jti: jti.into() } });
        for text in [&parent, &child, &sibling] {
            found.push(bearer(&verifier, text).await.is_ok());
        }
        assert_eq!(found, expected, "{jti}");
    }
}

#[tokio::test]
async fn a_feed_of_one_organization_lets_no_token_of_another_pass() {
    let cases = [(None, true), (Some(ORGANIZATION), true), (Some("org_other"), false)];
    for (first, _) in cases {
        let world = World::new();
        world.feed.heartbeat(0, 0, first);
        for text in world.texts() {
            // Accepted or not, it is cached from then on.
            let _ = bearer(&world.verifier, text).await;
        }
        for (covered, is_accepted) in cases {
            world.feed.heartbeat(0, 0, covered);
            for text in world.texts() {
                let expected = if is_accepted { None } else { Some(Error::InvalidToken) };
                assert_eq!(bearer(&world.verifier, text).await.err(), expected, "{covered:?} after {first:?}");
            }
        }
    }
    // Its holder is told nothing else, wherever the token is sent.
    let world = World::new();
    world.feed.heartbeat(0, 0, Some("org_other"));
    for text in world.texts() {
        let in_query = Credentials::new(text, TokenLocation::Query);
        assert_eq!(world.verifier.verify(&in_query, None).await.err(), Some(Error::InvalidToken));
        assert_eq!(world.verifier.describe(&in_query).await.err(), Some(Error::InvalidToken));
    }
}

#[tokio::test]
async fn a_token_that_a_revoked_key_signed_is_not_authentic_and_any_other_revoked_token_is_token_revoked() {
    let world = World::new();
    world.apply(RevocationTarget::Jwt { jti: "tmp_1".into() });
    assert_eq!(bearer(&world.verifier, &world.temporary).await, Err(Error::TokenRevoked));
    world.apply(RevocationTarget::Key { kid: "k1".into() });
    assert_eq!(bearer(&world.verifier, &world.temporary).await, Err(Error::InvalidToken));
    let description = world.verifier.describe(&Credentials::new(&world.bundle, TokenLocation::Bearer)).await;
    assert_eq!(description.unwrap_err(), Error::InvalidToken);
}

#[tokio::test]
async fn a_token_that_a_revoked_key_signed_is_invalid_in_every_location_and_from_every_origin() {
    let signer = Signer::new("k1", 1);
    let mut claims = claims();
    claims["origins"] = json!(["northlight.example"]);
    let text = signer.jwt(JwtType::AccessToken, &claims);
    let feed = Arc::new(Revocations::new());
    feed.heartbeat(0, 0, None);
    let seen = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&seen);
    let verifier =
        verifier().keys(signer.keys()).cache(Cache::new(1 << 20)).revocations(Arc::clone(&feed)).on_decision(
            move |decision| {
                count.fetch_add(usize::from(decision.token.is_some()), Ordering::SeqCst);
            },
        );
    let from = |location: TokenLocation, origin| Credentials::new(&text, location).with_origin(origin);
    let wrong = [
        from(TokenLocation::Bearer, OriginHeader::One("https://elsewhere.example")),
        from(TokenLocation::Bearer, OriginHeader::Invalid),
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
    // Also while the feed is stale.
    feed.reset();
    for credentials in &wrong {
        assert_eq!(verifier.verify(credentials, None).await.err(), Some(Error::InvalidToken));
    }
    assert_eq!(seen.load(Ordering::SeqCst), 0, "the hook is told about a token that is not authentic");
}

#[tokio::test]
async fn a_jwt_that_is_older_than_the_entries_that_are_kept_has_expired_whatever_its_exp_says() {
    let signer = Signer::new("k1", 1);
    let minted_at = |seq: u64| {
        let mut claims = claims();
        claims["feed_seq"] = json!(seq);
        signer.jwt(JwtType::AccessToken, &claims)
    };
    let without = signer.jwt(JwtType::AccessToken, &claims());
    let feed = Arc::new(Revocations::new());
    feed.heartbeat(9, 0, None);
    let verifier = verifier().keys(signer.keys()).cache(Cache::new(1 << 20)).revocations(Arc::clone(&feed));
    for text in [&minted_at(4), &minted_at(5), &without] {
        assert_eq!(bearer(&verifier, text).await, Ok(TokenKind::Temporary));
    }
    // Also of tokens that are cached.
    feed.heartbeat(9, 5, None);
    assert_eq!(bearer(&verifier, &minted_at(4)).await, Err(Error::TokenExpired));
    assert_eq!(bearer(&verifier, &without).await, Err(Error::TokenExpired));
    assert_eq!(bearer(&verifier, &minted_at(5)).await, Ok(TokenKind::Temporary));
    let described = verifier.describe(&Credentials::new(&minted_at(4), TokenLocation::Bearer)).await.unwrap();
    assert!(described.revoked, "its `expiresAt` is in the future");
    // A backup was restored, whose feed has not come as far.
    feed.heartbeat(6, 2, None);
    assert_eq!(bearer(&verifier, &minted_at(4)).await, Ok(TokenKind::Temporary));
}

#[tokio::test]
async fn a_bundle_reference_is_revoked_with_its_root() {
    let mut store = Store::default();
    let reference = TokenRecord { serial: 8, root_serial: Some(SERIAL), ..record(TokenKind::Bundle) };
    let text = store.add(reference);
    let feed = Arc::new(Revocations::new());
    feed.heartbeat(0, 0, None);
    let verifier = verifier().introspector(store).cache(Cache::new(1 << 20)).revocations(Arc::clone(&feed));
    assert_eq!(bearer(&verifier, &text).await, Ok(TokenKind::Bundle));
    feed.apply(&Revocation { seq: 1, at: NOW, target: RevocationTarget::Token { serial: SERIAL } });
    assert_eq!(bearer(&verifier, &text).await, Err(Error::TokenRevoked));
}

#[tokio::test]
async fn a_later_revocation_of_older_tokens_reactivates_none() {
    let world = World::new();
    let before = |time| RevocationTarget::IssuedBefore { organization: ORGANIZATION.into(), time };
    world.apply(before(NOW + 1));
    world.apply(before(NOW - 100));
    assert_eq!(world.active().await, [false; 3]);

    let world = World::new();
    world.apply(up_to(ORGANIZATION, NOW + 1, SERIAL));
    world.apply(up_to(ORGANIZATION, 0, 0));
    assert_eq!(world.active().await, [false; 3]);
}

#[tokio::test]
async fn what_is_minted_after_a_time_was_given_stays_active_although_a_clock_was_ahead_then() {
    let signer = Signer::new("k1", 1);
    let feed = Arc::new(Revocations::new());
    feed.heartbeat(9, 0, None);
    let verifier = verifier().keys(signer.keys()).cache(Cache::new(1 << 20)).revocations(Arc::clone(&feed));
    feed.apply(&Revocation { seq: 5, at: NOW, target: up_to(ORGANIZATION, NOW + 86_400, SERIAL - 1) });
    for (root_serial, feed_seq, expected) in [
        (SERIAL, 5, Ok(TokenKind::Temporary)),
        (SERIAL, 4, Err(Error::TokenRevoked)),
        (SERIAL - 1, 5, Err(Error::TokenRevoked)),
    ] {
        let mut claims = claims();
        (claims["root_serial"], claims["feed_seq"]) = (json!(root_serial), json!(feed_seq));
        let text = signer.jwt(JwtType::AccessToken, &claims);
        assert_eq!(bearer(&verifier, &text).await, expected, "{root_serial} {feed_seq}");
    }
}

#[tokio::test]
async fn row_22_every_token_is_refused_before_the_first_heartbeat_and_while_the_feed_is_stale() {
    let signer = Signer::new("k1", 1);
    let text = signer.jwt(JwtType::AccessToken, &claims());
    // The least limit is a second.
    let feed = Arc::new(Revocations::new().max_staleness(Duration::ZERO));
    assert_eq!(feed.staleness_limit(), Duration::from_secs(1));
    let verifier = verifier().keys(signer.keys()).cache(Cache::new(1 << 20)).revocations(Arc::clone(&feed));
    assert_eq!((feed.staleness(), feed.is_stale()), (None, true));
    assert_eq!(bearer(&verifier, &text).await, Err(Error::Unavailable));

    feed.heartbeat(4, 0, None);
    assert_eq!((feed.seq(), feed.is_stale()), (4, false));
    assert_eq!(bearer(&verifier, &text).await, Ok(TokenKind::Temporary));
    // A revocation is no heartbeat: other entries may be missing.
    tokio::time::sleep(Duration::from_millis(700)).await;
    feed.apply(&Revocation { seq: 5, at: NOW, target: RevocationTarget::Token { serial: 99 } });
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert!(feed.is_stale() && feed.staleness().unwrap() > Duration::from_secs(1));
    assert_eq!(bearer(&verifier, &text).await, Err(Error::Unavailable));
    // A caller without an authentic token is not told that the feed is stale.
    assert_eq!(bearer(&verifier, "hunter2").await, Err(Error::InvalidToken));

    feed.heartbeat(5, 0, None);
    assert_eq!(bearer(&verifier, &text).await, Ok(TokenKind::Temporary));
    // The service refuses to give the feed.
    feed.reset();
    assert_eq!((feed.staleness(), feed.is_stale()), (None, true));
    assert_eq!(bearer(&verifier, &text).await, Err(Error::Unavailable));
}
