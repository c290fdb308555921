//! What a store does with a time before which tokens are revoked: their order counts.

use std::time::Instant;

use daypass::api::RevocationTarget;
use daypass::verify::TokenHash;
use daypass::{OpaqueToken, TokenKind};

use super::suite::{on_every_store, open_with_organization};
use super::{Location, SharedStore, TokenSelector};
use crate::crypto::random;
use crate::domain::bundle::{BundleAddition, NewBundle};
use crate::domain::revocation::entries;
use crate::domain::token::NewToken;

on_every_store!(
    tokens_end_by_their_order_whatever_the_clocks_said,
    a_token_that_is_added_beside_a_revocation_ends_by_it_or_is_later_than_all_that_end,
);

fn new_token(kind: TokenKind, created_at: u64) -> NewToken {
    let token = OpaqueToken::generate(kind, random::fill).expect("an opaque kind");
    NewToken::new(&token, random::id(), "Name".into(), "o".into(), vec![], created_at)
}

/// Adds a token with a time of its own. Returns its serial number and its hash.
async fn add(store: &SharedStore, created_at: u64) -> (u64, TokenHash) {
    let new = new_token(TokenKind::Secret, created_at);
    let hash = new.hash;
    (store.add_token(new, Box::new(|_| Ok(0)), Box::new(|_| Ok(None))).await.expect("a token").serial, hash)
}

/// Adds a bundle reference, and returns its serial number.
async fn add_reference(store: &SharedStore, parent: TokenHash) -> u64 {
    let token = new_token(TokenKind::Bundle, 100);
    let hash = token.hash;
    let new = NewBundle { token, parent, parameters: vec![], single_use: None };
    store.add_bundle(new, Box::new(|_| Ok(BundleAddition::new(900, 0, 1024)))).await.expect("a bundle");
    store.record(hash, Instant::now()).await.expect("an answer").expect("a bundle").serial
}

async fn revoke(store: &SharedStore, time: u64, now: u64) {
    let target = RevocationTarget::IssuedBefore { organization: "o".into(), time };
    let asked = target.clone();
    store.revoke("o", target, now, Box::new(move |facts| entries(&asked, facts))).await.expect("a revocation");
}

/// Returns when these tokens were revoked.
async fn revoked_at(store: &SharedStore, serials: &[u64]) -> Vec<Option<u64>> {
    let mut times = vec![];
    for serial in serials {
        let record = store.token(TokenSelector::Serial(*serial)).await.expect("an answer").expect("a token");
        times.push(record.revoked_at);
    }
    times
}

/// Returns the time and the last serial number of each entry of the feed.
async fn feed(store: &SharedStore) -> Vec<(u64, u64)> {
    let page = store.revocations(Some("o"), Box::new(|_| Ok(0))).await.expect("a page");
    let entry = |target| match target {
        RevocationTarget::IssuedUpTo { time, root_serial, .. } => (time, root_serial),
        other => panic!("{other}"),
    };
    page.revocations.into_iter().map(|entry| entry.target).map(entry).collect()
}

async fn tokens_end_by_their_order_whatever_the_clocks_said(location: Location) {
    let store = open_with_organization(&location).await;
    revoke(&store, 1, 100).await;
    assert_eq!(feed(&store).await, [(1, 0)], "nothing was issued before");
    // The clock was ahead when the second one was created.
    let ((a, _), (ahead, parent), (b, _), (later, living)) =
        (add(&store, 50).await, add(&store, 200).await, add(&store, 60).await, add(&store, 95).await);
    let (bundle, living_bundle) = (add_reference(&store, parent).await, add_reference(&store, living).await);
    let count = async |time| store.count_active("o", Some(time), 100).await.expect("counts");
    assert_eq!(count(90).await, [(TokenKind::Secret, 4)]);
    assert_eq!(count(1).await, [(TokenKind::Secret, 3)], "the clock was wrong for one, and order counts");
    revoke(&store, 90, 100).await;
    let all = [1, a, ahead, b, bundle, later, living_bundle];
    let at = Some(100);
    assert_eq!(revoked_at(&store, &all).await, [at, at, at, at, at, None, None]);
    assert_eq!(feed(&store).await, [(1, 0), (90, b)], "one entry, however many end");
    assert_eq!(store.count_active("o", None, 100).await, Ok(vec![(TokenKind::Secret, 1)]));
    for time in [90, 2, 0] {
        revoke(&store, time, 101).await;
    }
    assert_eq!(feed(&store).await, [(1, 0), (90, b)]);

    // The clock is behind. What is created now is active, and ends by the next time.
    let (behind, _) = add(&store, 40).await;
    assert_eq!(revoked_at(&store, &[behind]).await, [None]);
    revoke(&store, 91, 102).await;
    assert_eq!(revoked_at(&store, &[b, later, living_bundle, behind]).await, [Some(102); 4]);

    // The clock is ahead when a time is given, and right again afterwards.
    revoke(&store, 1000, 1000).await;
    let (last, _) = add(&store, 103).await;
    let facts = store.jwt(last, "j").await.expect("facts");
    let root = facts.root.expect("a root");
    assert_eq!((root.revoked_at, root.issued_before), (None, Some((1000, 4))));
    revoke(&store, 104, 105).await;
    assert_eq!(revoked_at(&store, &[last]).await, [Some(105)]);
    assert_eq!(feed(&store).await, [(1, 0), (90, b), (91, behind), (1000, behind), (1000, last)]);
    assert_eq!(store.count_active("o", None, 105).await, Ok(vec![]));
}

async fn a_token_that_is_added_beside_a_revocation_ends_by_it_or_is_later_than_all_that_end(location: Location) {
    let store = open_with_organization(&location).await;
    let added = (0..20).map(|_| {
        let store = store.clone();
        tokio::spawn(async move { add(&store, 50).await.0 })
    });
    let mut added = added.collect::<Vec<_>>();
    revoke(&store, 90, 100).await;
    let [(90, last)] = feed(&store).await[..] else { panic!("an entry") };
    while let Some(token) = added.pop() {
        let serial = token.await.expect("a task");
        let expected = (serial <= last).then_some(100);
        assert_eq!(revoked_at(&store, &[serial]).await, [expected], "{serial} {last}");
    }
}
