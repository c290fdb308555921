//! What a store does with organizations' limits and suspensions, and with edits and uses of tokens.

use daypass::api::{OrganizationLimits, RevocationTarget, TokenRecord};
use daypass::{Error, OpaqueToken, TokenKind};

use super::suite::on_every_store;
use super::{Location, NewOrganization, SharedStore, TokenSelector, open_or_create};
use crate::crypto::random;
use crate::domain::last_use::TokenUse;
use crate::domain::organization::{Organization, resumption, suspension};
use crate::domain::retention::next_mark;
use crate::domain::token::{AddFacts, NewToken};
use crate::domain::token_edit::EditedToken;

on_every_store!(
    an_edit_and_its_entry_are_written_together_or_not_at_all,
    the_entry_of_an_edit_is_deleted_by_order_and_that_of_a_suspension_never,
    the_feed_keeps_the_newest_entry_of_a_suspension,
    limits_are_the_defaults_until_others_are_set_and_counts_go_as_far,
    a_use_is_written_over_one_of_a_minute_before_and_no_later_one,
);

fn new_token(id: &str) -> NewToken {
    let token = OpaqueToken::generate(TokenKind::Secret, random::fill).expect("an opaque kind");
    let mut new = NewToken::new(&token, id.into(), "Name".into(), "o".into(), vec![], 50);
    new.record.created_by = Some("creator".into());
    new
}

/// A store with the organization `o` and its token, whose serial number is 1.
async fn store(location: &Location) -> SharedStore {
    let store = open_or_create(location).await.expect("a store");
    let organization = Organization::new("o".into(), "O".into(), 50);
    let new = NewOrganization { organization, token: new_token("t") };
    assert_eq!(store.add_organization(new, Box::new(|_| Ok(()))).await, Ok(1));
    store
}

async fn organization(store: &SharedStore) -> Organization {
    store.organization("o").await.expect("an answer").expect("an organization")
}

async fn token(store: &SharedStore) -> TokenRecord {
    store.token(TokenSelector::Serial(1)).await.expect("an answer").expect("a token")
}

async fn feed(store: &SharedStore) -> Vec<(u64, RevocationTarget)> {
    let page = store.revocations(Some("o"), Box::new(|_| Ok(0))).await.expect("a page");
    page.revocations.into_iter().map(|entry| (entry.seq, entry.target)).collect()
}

async fn an_edit_and_its_entry_are_written_together_or_not_at_all(location: Location) {
    let store = store(&location).await;
    let edit = |version| {
        move |record: &Option<TokenRecord>| {
            let record = record.as_ref().ok_or(Error::NotFound)?;
            if record.version + 1 != version {
                return Err(Error::VersionConflict(record.version));
            }
            let origins = vec!["a.example".parse().expect("an origin")];
            Ok(Some(EditedToken { name: format!("Name {version}"), origins, expires_at: Some(90), version }))
        }
    };
    let before = token(&store).await;
    assert_eq!((before.version, before.created_by.as_deref()), (1, Some("creator")));
    assert_eq!(store.edit_token(1, 60, Box::new(edit(3))).await, Err(Error::VersionConflict(1)));
    assert_eq!(store.edit_token(1, 60, Box::new(|_| Ok(None))).await, Ok(before.clone()));
    assert_eq!(store.edit_token(2, 60, Box::new(edit(2))).await, Err(Error::NotFound));
    assert_eq!((token(&store).await, feed(&store).await), (before.clone(), vec![]));

    let origins = vec!["a.example".parse().expect("an origin")];
    let edited = TokenRecord { name: "Name 2".into(), origins, expires_at: Some(90), version: 2, ..before };
    assert_eq!(store.edit_token(1, 60, Box::new(edit(2))).await, Ok(edited.clone()));
    assert_eq!(token(&store).await, edited);
    assert_eq!(feed(&store).await, [(1, RevocationTarget::Changed { serial: 1, version: 2 })]);
    store.edit_token(1, 61, Box::new(edit(3))).await.expect("an edit");
    assert_eq!(feed(&store).await.len(), 2);
}

async fn the_entry_of_an_edit_is_deleted_by_order_and_that_of_a_suspension_never(location: Location) {
    let store = store(&location).await;
    let edit = |_: &_| Ok(Some(EditedToken { name: "n".into(), origins: vec![], expires_at: None, version: 2 }));
    store.edit_token(1, 60, Box::new(edit)).await.expect("an edit");
    let rule = |existing: &Option<Organization>| suspension(existing.as_ref());
    store.change_suspension("o", 60, Box::new(rule)).await.expect("a suspension");
    for seen in 0..26 {
        assert_eq!(feed(&store).await.len(), 2, "{seen}");
        store.add_mark(Box::new(move |facts| Ok(next_mark(seen, facts)))).await.expect("a mark");
    }
    assert_eq!(feed(&store).await, [(2, RevocationTarget::Suspended { organization: "o".into() })]);
}

async fn the_feed_keeps_the_newest_entry_of_a_suspension(location: Location) {
    let store = store(&location).await;
    let suspend = async |at| {
        let rule = |existing: &Option<Organization>| suspension(existing.as_ref());
        store.change_suspension("o", at, Box::new(rule)).await.expect("a suspension");
    };
    let resume = async |at| {
        let rule = |existing: &Option<Organization>| resumption(existing.as_ref());
        store.change_suspension("o", at, Box::new(rule)).await.expect("the end of a suspension");
    };
    let organization_id = || "o".to_owned();
    for at in [60, 61] {
        suspend(at).await;
        assert_eq!(organization(&store).await.suspended_at, Some(60));
        assert_eq!(token(&store).await.suspended_at, Some(60));
        assert_eq!(feed(&store).await, [(1, RevocationTarget::Suspended { organization: organization_id() })]);
    }
    let facts = store.jwt(1, "j").await.expect("facts");
    assert_eq!(facts.root.and_then(|root| root.suspended_at), Some(60));
    for at in [70, 71] {
        resume(at).await;
        assert_eq!((organization(&store).await.suspended_at, token(&store).await.suspended_at), (None, None));
        assert_eq!(feed(&store).await, [(2, RevocationTarget::Resumed { organization: organization_id() })]);
    }
    suspend(80).await;
    assert_eq!(feed(&store).await, [(3, RevocationTarget::Suspended { organization: organization_id() })]);
    let nothing = store.change_suspension("x", 80, Box::new(|existing| suspension(existing.as_ref()))).await;
    assert_eq!(nothing, Err(Error::NotFound));
}

async fn limits_are_the_defaults_until_others_are_set_and_counts_go_as_far(location: Location) {
    let store = store(&location).await;
    assert_eq!(organization(&store).await.limits, OrganizationLimits::default());
    let limits = OrganizationLimits { publishable: None, secret: Some(2), application: Some(0), ..<_>::default() };
    store.set_limits("o", Box::new(move |_| Ok(limits))).await.expect("limits");
    assert_eq!(organization(&store).await.limits, limits);
    let missing =
        store.set_limits("x", Box::new(move |existing| existing.as_ref().map(|_| limits).ok_or(Error::NotFound)));
    assert_eq!(missing.await, Err(Error::NotFound));

    let count_to = |organization: &Option<Organization>| {
        Ok(organization.as_ref().and_then(|organization| organization.most_active(TokenKind::Secret)).unwrap_or(0))
    };
    for (id, expected) in [("a", 1), ("b", 2), ("c", 2)] {
        let rule = move |facts: &AddFacts| {
            assert_eq!(facts.active_of_kind, expected, "{id}");
            Ok(None)
        };
        store.add_token(new_token(id), Box::new(count_to), Box::new(rule)).await.expect("a token");
    }
}

async fn a_use_is_written_over_one_of_a_minute_before_and_no_later_one(location: Location) {
    let store = store(&location).await;
    for (at, replaces, written) in [(100, 40, 100), (130, 70, 100), (160, 100, 160), (90, 30, 160)] {
        let uses = vec![TokenUse { serial: 1, at, replaces }, TokenUse { serial: 99, at, replaces }];
        store.record_uses(uses).await.expect("a write");
        let record = token(&store).await;
        assert_eq!((record.last_used_at, record.version), (Some(written), 1), "{at}");
    }
    assert_eq!(feed(&store).await, []);
}
