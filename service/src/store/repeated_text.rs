//! What a store does with a token whose text an earlier one had, as texts that people choose may come again.

use std::time::Instant;

use daypass::api::{RevocationTarget, TokenRecord};
use daypass::{Error, ForeignFormat, OpaqueToken, TokenKind};

use super::suite::{on_every_store, open_with_organization};
use super::{Location, NewOrganization, SharedStore, TokenSelector};
use crate::crypto::random;
use crate::domain::organization::Organization;
use crate::domain::revocation::entries;
use crate::domain::token::{AddFacts, NewToken};

on_every_store!(
    a_text_is_free_again_once_its_token_is_not_active,
    a_text_is_never_free_to_another_organization,
    of_many_tokens_with_one_text_at_once_one_is_added,
);

fn new_token(text: &str, created_at: u64) -> NewToken {
    let token = OpaqueToken::foreign(ForeignFormat::ChosenId, text).expect("an id");
    NewToken::new(&token, format!("t{created_at}"), "Name".into(), "o".into(), vec![], created_at)
}

async fn add(store: &SharedStore, new: NewToken) -> Result<u64, Error> {
    let rule = |facts: &AddFacts| if facts.is_text_taken { Err(Error::AlreadyExists) } else { Ok(None) };
    Ok(store.add_token(new, Box::new(|_| Ok(0)), Box::new(rule)).await?.serial)
}

async fn a_text_is_free_again_once_its_token_is_not_active(location: Location) {
    let store = open_with_organization(&location).await;
    let first = new_token("engine", 100).expiring(200);
    let hash = first.hash;
    let of_text = async || store.record(hash, Instant::now()).await.expect("an answer").expect("a token").serial;
    let first = add(&store, first).await.expect("a token");
    assert_eq!(of_text().await, first);
    assert_eq!(add(&store, new_token("engine", 199)).await, Err(Error::AlreadyExists));

    // It has expired. A record that is kept in memory does not outlive that.
    let second = add(&store, new_token("engine", 200)).await.expect("a token");
    assert_eq!(of_text().await, second);
    assert_eq!(add(&store, new_token("engine", 300)).await, Err(Error::AlreadyExists));

    let target = RevocationTarget::Token { serial: second };
    let asked = target.clone();
    store.revoke("o", target, 300, Box::new(move |facts| entries(&asked, facts))).await.expect("a revocation");
    let third = add(&store, new_token("engine", 301)).await.expect("a token");
    assert_eq!(of_text().await, third);

    // The earlier ones are still there, with versions that tell verifiers to ask again.
    let page = store.revocations(Some("o"), Box::new(|_| Ok(0))).await.expect("a page");
    for (serial, revoked_at) in [(first, None), (second, Some(300))] {
        let record = store.token(TokenSelector::Serial(serial)).await.expect("an answer").expect("a token");
        assert_eq!((record.revoked_at, record.version), (revoked_at, 2));
        let changed = RevocationTarget::Changed { serial, version: 2 };
        assert!(page.revocations.iter().any(|entry| entry.target == changed), "{serial}");
    }
}

async fn a_text_is_never_free_to_another_organization(location: Location) {
    let store = open_with_organization(&location).await;
    let other = OpaqueToken::generate(TokenKind::Secret, random::fill).expect("a token");
    let token = NewToken::new(&other, "t".into(), "T".into(), "p".into(), vec![], 1);
    let new = NewOrganization { organization: Organization::new("p".into(), "P".into(), 1), token };
    store.add_organization(new, Box::new(|_| Ok(()))).await.expect("an organization");
    let of_other = |created_at| {
        let new = new_token("engine", created_at);
        let record = TokenRecord { organization: "p".into(), ..new.record };
        NewToken { record, ..new }
    };
    let first = new_token("engine", 100).expiring(200);
    let hash = first.hash;
    let first = add(&store, first).await.expect("a token");
    for created_at in [199, 200, 300] {
        assert_eq!(add(&store, of_other(created_at)).await, Err(Error::AlreadyExists), "{created_at}");
    }
    let target = RevocationTarget::Token { serial: first };
    let asked = target.clone();
    store.revoke("o", target, 300, Box::new(move |facts| entries(&asked, facts))).await.expect("a revocation");
    assert_eq!(add(&store, of_other(301)).await, Err(Error::AlreadyExists));
    let second = add(&store, new_token("engine", 302)).await.expect("a token of the same organization");
    assert_eq!(store.record(hash, Instant::now()).await.expect("an answer").expect("a token").serial, second);
}

async fn of_many_tokens_with_one_text_at_once_one_is_added(location: Location) {
    let store = open_with_organization(&location).await;
    let mut clients = tokio::task::JoinSet::new();
    for number in 0..12 {
        let store = store.clone();
        clients.spawn(async move { add(&store, new_token("engine", 100 + number)).await });
    }
    let (added, refused): (Vec<_>, Vec<_>) = clients.join_all().await.into_iter().partition(Result::is_ok);
    assert_eq!((added.len(), refused.len()), (1, 11));
    assert!(refused.iter().all(|one| *one == Err(Error::AlreadyExists)));
}
