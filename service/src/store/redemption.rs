//! What a store does with bundle references: what they stand for, their redemptions, and when they are deleted.

use daypass::api::RevocationTarget;
use daypass::verify::TokenHash;
use daypass::{Error, Grant, OpaqueToken, TokenKind};

use super::suite::{add_mark, on_every_store};
use super::{Location, NewOrganization, SharedStore, open_or_create};
use crate::crypto::random;
use crate::domain::bundle::{
    BundleAddition, BundleFacts, MOST_DELETED, NewBundle, Redeemer, SingleUse, StoredBundle, redeem,
};
use crate::domain::organization::Organization;
use crate::domain::revocation::entries;
use crate::domain::token::{NewToken, require_active_parent};

on_every_store!(
    a_reference_has_what_it_was_added_with,
    the_first_redemption_is_kept_until_the_end,
    one_of_many_redeemers_at_once_succeeds,
    references_are_deleted_by_order_a_few_at_a_time,
);

fn new_token(kind: TokenKind, id: &str) -> NewToken {
    let token = OpaqueToken::generate(kind, random::fill).expect("an opaque kind");
    NewToken::new(&token, id.into(), "Name".into(), "o".into(), vec![], 50)
}

/// A store with the organization `o` and its token, whose serial number is 1. Returns the token's hash too.
async fn store(location: &Location) -> (SharedStore, TokenHash) {
    let store = open_or_create(location).await.expect("a store");
    let token = new_token(TokenKind::Secret, "t");
    let parent = token.hash;
    let new = NewOrganization { organization: Organization::new("o".into(), "O".into(), 50), token };
    assert_eq!(store.add_organization(new, Box::new(|_| Ok(()))).await, Ok(1));
    (store, parent)
}

/// Adds a reference, and returns its hash.
async fn add(store: &SharedStore, parent: TokenHash, single_use: Option<SingleUse>) -> TokenHash {
    let mut token = new_token(TokenKind::Bundle, "b");
    token.record.root_serial = Some(1);
    let reference = token.hash;
    let new = NewBundle { token, parent, parameters: vec![7], single_use };
    let rule = |facts: &BundleFacts| {
        require_active_parent(facts.parent, 60).map(|_| BundleAddition::new(900, facts.newest_mark, 1024))
    };
    assert_eq!(store.add_bundle(new, Box::new(rule)).await, Ok(900));
    reference
}

fn single_use(sealed: Option<&str>) -> SingleUse {
    let grant = Grant { tenant: "o".into(), scopes: "floor:export".parse().into_iter().collect(), resources: vec![] };
    SingleUse { grants: vec![grant], sealed: sealed.map(str::to_owned) }
}

async fn redeem_at(store: &SharedStore, reference: TokenHash, by: u8, now: u64) -> Result<(), Error> {
    let redeemer = Redeemer([by; 32]);
    store.redeem_bundle(reference, Box::new(move |facts| redeem(facts.as_ref(), redeemer, now))).await
}

async fn a_reference_has_what_it_was_added_with(location: Location) {
    let (store, parent) = store(&location).await;
    for single_use in [None, Some(single_use(None)), Some(single_use(Some("a.b.c")))] {
        let reference = add(&store, parent, single_use.clone()).await;
        let expected = StoredBundle { parent: "t".into(), parameters: vec![7], single_use };
        assert_eq!(store.bundle(reference).await, Ok(Some(expected)));
    }
    assert_eq!(store.bundle(parent).await, Ok(None));
}

async fn the_first_redemption_is_kept_until_the_end(location: Location) {
    let (store, parent) = store(&location).await;
    let [reference, other] =
        [add(&store, parent, Some(single_use(None))).await, add(&store, parent, Some(single_use(None))).await];
    for (by, now, expected) in [
        (1, 100, Ok(())),
        (1, 159, Ok(())),
        (2, 110, Err(Error::BundleUsed)),
        (1, 160, Err(Error::BundleUsed)),
        (1, 120, Ok(())),
        (1, 900, Err(Error::TokenExpired)),
    ] {
        assert_eq!(redeem_at(&store, reference, by, now).await, expected, "{by} {now}");
    }
    assert_eq!(redeem_at(&store, other, 2, 100).await, Ok(()));
    assert_eq!(redeem_at(&store, new_token(TokenKind::Bundle, "x").hash, 1, 100).await, Err(Error::InvalidToken));

    let target = RevocationTarget::Token { serial: 1 };
    let rule = {
        let target = target.clone();
        move |facts: &_| entries(&target, facts)
    };
    store.revoke("o", target, 100, Box::new(rule)).await.expect("a revocation");
    assert_eq!(redeem_at(&store, reference, 1, 120).await, Err(Error::TokenRevoked), "its parent is revoked");
}

async fn one_of_many_redeemers_at_once_succeeds(location: Location) {
    let (store, parent) = store(&location).await;
    for _ in 0..5 {
        let reference = add(&store, parent, Some(single_use(None))).await;
        let tasks: Vec<_> = (0..100)
            .map(|by| {
                let store = store.clone();
                tokio::spawn(async move { redeem_at(&store, reference, by, 100).await })
            })
            .collect();
        let mut redeemed = 0;
        for task in tasks {
            match task.await.expect("a task") {
                Ok(()) => redeemed += 1,
                refused => assert_eq!(refused, Err(Error::BundleUsed)),
            }
        }
        assert_eq!(redeemed, 1);
    }
}

async fn references_are_deleted_by_order_a_few_at_a_time(location: Location) {
    let (store, parent) = store(&location).await;
    let mut old = vec![];
    for _ in 0..MOST_DELETED + 20 {
        old.push(add(&store, parent, None).await);
    }
    add_mark(&store, 0).await;
    let later = add(&store, parent, None).await;
    let kept = async |references: &[TokenHash]| {
        let mut kept = 0;
        for reference in references {
            kept += usize::from(store.bundle(*reference).await.expect("a store").is_some());
        }
        kept
    };
    // They have expired, by whatever clock.
    for seen in 1..49 {
        add_mark(&store, seen).await;
    }
    add(&store, parent, None).await;
    assert_eq!(kept(&old).await, old.len());
    add_mark(&store, 49).await;
    for left in [20, 0, 0] {
        add(&store, parent, None).await;
        assert_eq!((kept(&old).await, kept(&[later]).await), (left, 1));
    }
    add_mark(&store, 50).await;
    add(&store, parent, None).await;
    assert_eq!(kept(&[later]).await, 0);
}
