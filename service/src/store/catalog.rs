//! What a store does with the product's scopes, and with the tokens that hold them.

use daypass::{Catalog, Grant, OpaqueToken, ScopeSet, TokenKind};

use super::suite::{on_every_store, open_with_organization};
use super::{GrantsSlice, Location, SharedStore};
use crate::crypto::random;
use crate::domain::catalog_change::{StoredCatalog, TokenGrants, replacement};
use crate::domain::organization::{Organization, suspension};
use crate::domain::token::NewToken;

on_every_store!(
    a_catalogue_has_a_version_that_grows_with_each_change,
    of_many_that_set_a_catalogue_at_once_one_replaces_each_version,
    the_grants_of_active_tokens_are_read_in_pages,
);

fn catalog(name: &str) -> Catalog {
    Catalog { name: name.into(), ..Catalog::space_api() }
}

/// Sets a catalogue if the store has this version.
async fn set(store: &SharedStore, compared: u64, name: &str) -> bool {
    let new = catalog(name);
    let rule = move |stored: &Option<StoredCatalog>| Ok(replacement(stored.as_ref(), compared, &new));
    store.set_catalog(Box::new(rule)).await.expect("an answer")
}

async fn state(store: &SharedStore) -> (u64, Option<StoredCatalog>) {
    (store.snapshot().await.expect("a snapshot").catalog_version, store.catalog().await.expect("an answer"))
}

async fn a_catalogue_has_a_version_that_grows_with_each_change(location: Location) {
    let store = open_with_organization(&location).await;
    assert_eq!(state(&store).await, (0, None));
    for (compared, name, expected) in [(1, "A", false), (0, "B", true), (0, "C", false), (1, "D", true)] {
        assert_eq!(set(&store, compared, name).await, expected, "{name}");
    }
    assert_eq!(state(&store).await, (2, Some(StoredCatalog { version: 2, catalog: catalog("D") })));
    let again = super::open(&location).await.expect("a store").expect("a store");
    assert_eq!(state(&again).await, state(&store).await);
}

async fn of_many_that_set_a_catalogue_at_once_one_replaces_each_version(location: Location) {
    let store = open_with_organization(&location).await;
    for version in 0..5 {
        let attempts = (0..8).map(|_| {
            let store = store.clone();
            tokio::spawn(async move { set(&store, version, "P").await })
        });
        let mut replaced = 0;
        for attempt in attempts.collect::<Vec<_>>() {
            replaced += usize::from(attempt.await.expect("a task"));
        }
        assert_eq!((replaced, state(&store).await.0), (1, version + 1));
    }
}

async fn the_grants_of_active_tokens_are_read_in_pages(location: Location) {
    let store = open_with_organization(&location).await;
    let grants = |scope: &str| {
        let scopes: ScopeSet = [scope.parse().expect("a scope")].into_iter().collect();
        vec![Grant { tenant: "o".into(), scopes, resources: vec![] }]
    };
    let mut serials = vec![];
    for (id, kind, expires_at) in [
        ("a", TokenKind::Secret, None),
        ("b", TokenKind::Publishable, Some(101)),
        ("expired", TokenKind::Secret, Some(100)),
        ("bundle", TokenKind::Bundle, None),
        ("c", TokenKind::Application, None),
    ] {
        let token = OpaqueToken::generate(kind, random::fill).expect("an opaque kind");
        let mut new = NewToken::new(&token, id.into(), "n".into(), "o".into(), grants(&format!("chair:{id}")), 50);
        new.record.expires_at = expires_at;
        serials.push(store.add_token(new, Box::new(|_| Ok(0)), Box::new(|_| Ok(None))).await.expect("a token").serial);
    }
    let read = async |after, most| store.active_grants(after, most, 100).await.expect("a page");
    let of = |index: usize, id: &str| TokenGrants { serial: serials[index], grants: grants(&format!("chair:{id}")) };
    let first = || TokenGrants { serial: 1, grants: vec![] };
    let all = || GrantsSlice { grants: vec![first(), of(0, "a"), of(1, "b"), of(4, "c")], next: None };
    assert_eq!(read(0, 10).await, all());
    assert_eq!(read(0, 2).await, GrantsSlice { grants: vec![first(), of(0, "a")], next: Some(serials[0]) });
    let next = GrantsSlice { grants: vec![of(1, "b")], next: Some(serials[2]) };
    assert_eq!(read(serials[0], 2).await, next, "one that has expired counts");
    let last = GrantsSlice { grants: vec![of(4, "c")], next: None };
    assert_eq!(read(serials[2], 2).await, last, "a bundle reference does not count");
    assert_eq!(read(serials[4], 2).await, GrantsSlice { grants: vec![], next: None });

    let rule = |existing: &Option<Organization>| suspension(existing.as_ref());
    store.change_suspension("o", 60, Box::new(rule)).await.expect("a suspension");
    assert_eq!(read(0, 10).await, all(), "a suspension ends");
    let target = daypass::api::RevocationTarget::Organization { organization: "o".into() };
    let entries = vec![target.clone()];
    store.revoke("o", target, 60, Box::new(move |_| Ok(entries.clone()))).await.expect("a revocation");
    assert_eq!(read(0, 10).await, GrantsSlice { grants: vec![], next: None });
}
