//! Edits of tokens and suspensions of organizations, as the feed tells of them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use crate::common::{NOW, ORGANIZATION, Signer, claims, generate, record, verifier};
use daypass::api::{Revocation, RevocationTarget, TokenRecord};
use daypass::jwt::JwtType;
use daypass::verify::{Cache, Credentials, Introspector, ResponseFuture, Revocations, TokenLocation, Verifier};
use daypass::{Error, OpaqueToken, TokenKind};

const SERIAL: u64 = 7;

/// The service: what it answers, one answer after another and the last one for ever, and how often it was asked.
#[derive(Clone, Default)]
struct Service {
    answers: Arc<Mutex<Vec<TokenRecord>>>,
    asked: Arc<AtomicUsize>,
}

impl Introspector for Service {
    fn find<'a>(&'a self, _: &'a OpaqueToken) -> ResponseFuture<'a, Option<TokenRecord>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let mut answers = self.answers.lock().unwrap();
        let answer = if answers.len() > 1 { answers.remove(0) } else { answers[0].clone() };
        Box::pin(async { Ok(Some(answer)) })
    }
}

/// A token, a temporary token that was minted from it, and a verifier with a feed.
struct World {
    service: Service,
    feed: Arc<Revocations>,
    verifier: Verifier,
    token: String,
    temporary: String,
    seq: u64,
}

fn version(version: u64) -> TokenRecord {
    TokenRecord { serial: SERIAL, version, name: format!("version {version}"), ..record(TokenKind::Secret) }
}

impl World {
    fn new(is_cached: bool) -> World {
        let (signer, service, feed) = (Signer::new("k1", 1), Service::default(), Arc::new(Revocations::new()));
        feed.heartbeat(0, 0, None);
        let verifier = verifier().keys(signer.keys()).introspector(service.clone()).revocations(Arc::clone(&feed));
        let verifier = if is_cached { verifier.cache(Cache::new(1 << 20)) } else { verifier };
        let token = generate(TokenKind::Secret).expose_secret().to_owned();
        let world =
            World { service, feed, verifier, token, temporary: signer.jwt(JwtType::AccessToken, &claims()), seq: 0 };
        world.answer(&[version(1)]);
        world
    }

    fn answer(&self, records: &[TokenRecord]) {
        *self.service.answers.lock().unwrap() = records.to_vec();
    }

    fn apply(&mut self, target: RevocationTarget) {
        self.seq += 1;
        self.feed.apply(&Revocation { seq: self.seq, at: NOW, target });
    }

    fn edit(&mut self, serial: u64, version: u64) {
        self.apply(RevocationTarget::Changed { serial, version });
    }

    async fn verify(&self, text: &str) -> Result<(), Error> {
        self.verifier.verify(&Credentials::new(text, TokenLocation::Bearer), None).await.map(drop)
    }

    /// Verifies the opaque token, and returns how often the service was asked.
    async fn asked(&self) -> (Result<(), Error>, usize) {
        self.service.asked.store(0, Ordering::SeqCst);
        let verdict = self.verify(&self.token).await;
        (verdict, self.service.asked.load(Ordering::SeqCst))
    }
}

#[tokio::test]
async fn a_token_that_was_edited_is_looked_up_again_once_and_no_other() {
    let mut world = World::new(true);
    assert_eq!((world.asked().await, world.asked().await), ((Ok(()), 1), (Ok(()), 0)));
    world.edit(SERIAL + 1, 9);
    assert_eq!(world.asked().await, (Ok(()), 0), "another token's edit");
    world.edit(SERIAL, 1);
    assert_eq!(world.asked().await, (Ok(()), 0), "the version that it has");

    world.answer(&[TokenRecord { expires_at: Some(NOW), ..version(2) }]);
    world.edit(SERIAL, 2);
    assert_eq!(world.asked().await, (Err(Error::TokenExpired), 1));
    assert_eq!(world.asked().await, (Err(Error::TokenExpired), 0));
    // The record may be newer than the feed, and entries may come again.
    world.answer(&[version(5)]);
    world.edit(SERIAL, 3);
    assert_eq!(world.asked().await, (Ok(()), 1));
    for version in [2, 4, 5] {
        world.edit(SERIAL, version);
        assert_eq!(world.asked().await, (Ok(()), 0), "{version}");
    }
    assert_eq!(world.verify(&world.temporary).await, Ok(()), "a JWT has claims of its own");
}

#[tokio::test]
async fn a_record_from_before_an_edit_is_never_used_after_it() {
    for is_cached in [true, false] {
        let mut world = World::new(is_cached);
        world.edit(SERIAL, 2);
        // It was on its way when the token was edited.
        world.answer(&[version(1), version(2)]);
        assert_eq!(world.asked().await, (Ok(()), 2), "{is_cached}");
        world.edit(SERIAL, 3);
        world.answer(&[version(2)]);
        assert_eq!(world.asked().await, (Err(Error::Unavailable), 2), "{is_cached}");
        world.answer(&[version(3)]);
        if is_cached {
            // A look-up that failed is not repeated for a second.
            tokio::time::sleep(std::time::Duration::from_millis(1050)).await;
        }
        assert_eq!(world.asked().await, (Ok(()), 1), "{is_cached}");
    }
}

#[tokio::test]
async fn the_retention_of_edits_makes_no_cached_record_current() {
    let mut world = World::new(true);
    world.edit(SERIAL, 2);
    world.answer(&[version(2)]);
    assert_eq!(world.asked().await, (Ok(()), 1));
    world.feed.heartbeat(1, 1, None);
    assert_eq!(world.asked().await, (Ok(()), 0));
}

#[tokio::test]
async fn a_suspension_refuses_the_tokens_of_its_organization_until_it_ends() {
    let suspend = |organization: &str| RevocationTarget::Suspended { organization: organization.into() };
    let resume = |organization: &str| RevocationTarget::Resumed { organization: organization.into() };
    for is_cached in [false, true] {
        let mut world = World::new(true);
        let texts = [world.token.clone(), world.temporary.clone()];
        let verdicts = async |world: &World| [world.verify(&texts[0]).await, world.verify(&texts[1]).await];
        if is_cached {
            assert_eq!(verdicts(&world).await, [Ok(()), Ok(())]);
        }
        let suspended = || [Err(Error::OrganizationSuspended), Err(Error::OrganizationSuspended)];
        for (target, expected) in [
            (suspend("org_other"), [Ok(()), Ok(())]),
            (suspend(ORGANIZATION), suspended()),
            (suspend(ORGANIZATION), suspended()),
            (resume("org_other"), suspended()),
            (resume(ORGANIZATION), [Ok(()), Ok(())]),
            (resume(ORGANIZATION), [Ok(()), Ok(())]),
            (suspend(ORGANIZATION), suspended()),
        ] {
            world.apply(target.clone());
            world.feed.heartbeat(world.seq, 0, None);
            assert_eq!(verdicts(&world).await, expected, "{target}, cached: {is_cached}");
            assert_eq!(verdicts(&world).await, expected, "{target}, the second time");
        }
        // What is revoked meanwhile is revoked, also afterwards.
        for target in [RevocationTarget::Token { serial: SERIAL }, resume(ORGANIZATION)] {
            world.apply(target);
            assert_eq!(world.verify(&texts[0]).await, Err(Error::TokenRevoked));
        }
    }
}

#[tokio::test]
async fn a_suspension_that_a_look_up_tells_holds_until_the_feed_says_that_it_ended() {
    let mut world = World::new(true);
    world.answer(&[TokenRecord { suspended_at: Some(NOW), ..version(1) }]);
    // The look-up was faster than the feed.
    for _ in 0..2 {
        assert_eq!(world.asked().await, (Err(Error::OrganizationSuspended), 1));
    }
    world.apply(RevocationTarget::Suspended { organization: ORGANIZATION.into() });
    assert_eq!(world.asked().await, (Err(Error::OrganizationSuspended), 0));
    world.answer(&[version(1)]);
    assert_eq!(world.asked().await, (Err(Error::OrganizationSuspended), 0));
    world.apply(RevocationTarget::Resumed { organization: ORGANIZATION.into() });
    assert_eq!(world.asked().await, (Ok(()), 1));
    assert_eq!(world.asked().await, (Ok(()), 0));
}
