//! What a store does with principals, and with tokens that belong to them.

use daypass::api::{
    CreatePrincipalRequest, PrincipalKind, RevocationTarget, Role, TokenRecord, UpdatePrincipalRequest,
};
use daypass::{Catalog, Error, Grant, OpaqueToken, ScopeSet, TokenKind};

use super::suite::{on_every_store, open_with_organization};
use super::{AddedToken, Location, SharedStore, TokenSelector};
use crate::crypto::random;
use crate::domain::catalogs::Catalogs;
use crate::domain::principal::{self, Actor, AddPrincipalFacts, Principal, may_add};
use crate::domain::principal_edit::{self, EditedPrincipal, TokenRange, remove};
use crate::domain::token::NewToken;
use crate::domain::token_owner::{self, OwnerRule};

on_every_store!(
    a_list_has_the_principals_of_an_organization_oldest_first,
    an_email_address_is_of_one_user_of_an_organization_until_they_are_removed,
    a_removal_revokes_the_tokens_of_the_principal_and_what_they_made,
    a_removal_with_many_tokens_ends_with_the_last,
    an_edit_is_written_with_its_revocations_or_not_at_all,
    a_lower_role_of_a_user_with_many_tokens_comes_with_the_last,
    no_token_of_a_removed_principal_is_active,
);

fn new_principal(organization: &str, kind: PrincipalKind, name: &str) -> Principal {
    let (email, role) = match kind {
        PrincipalKind::User => (Some(format!("{name}@example.com")), Some(Role::Owner)),
        _ => (None, None),
    };
    let request = CreatePrincipalRequest { kind, name: name.into(), email, role };
    principal::new(request, organization, &random::id(), &Actor::Operator, 50).expect("a principal")
}

/// Adds a principal to the organization `o`, and returns it.
async fn add(store: &SharedStore, kind: PrincipalKind, name: &str) -> Result<Principal, Error> {
    let new = new_principal("o", kind, name);
    let rule = {
        let new = new.clone();
        move |facts: &AddPrincipalFacts| may_add(&new, &Actor::Operator, facts)
    };
    let number = store.add_principal(new.clone(), Box::new(rule)).await?;
    Ok(Principal { number, ..new })
}

/// Adds a token that is to belong to a principal.
async fn add_token(store: &SharedStore, kind: TokenKind, owner: &str) -> Result<AddedToken, Error> {
    let token = OpaqueToken::generate(kind, random::fill).expect("an opaque kind");
    let scopes = ScopeSet::from_iter(["floor:export".parse().expect("a scope")]);
    let grants = vec![Grant { tenant: "o".into(), scopes, resources: vec![] }];
    let mut new = NewToken::new(&token, random::id(), "Name".into(), "o".into(), grants, 50);
    new.record.owner = Some(owner.to_owned());
    let rule = OwnerRule { requested: Some(owner.to_owned()), ..OwnerRule::default() };
    store.add_token(new, Box::new(|_| Ok(0)), Box::new(move |facts| token_owner::owner(&rule, facts))).await
}

async fn token(store: &SharedStore, serial: u64) -> TokenRecord {
    store.token(TokenSelector::Serial(serial)).await.expect("an answer").expect("a token")
}

async fn feed(store: &SharedStore) -> Vec<RevocationTarget> {
    let page = store.revocations(Some("o"), Box::new(|_| Ok(0))).await.expect("a page");
    page.revocations.into_iter().map(|entry| entry.target).collect()
}

async fn remove_principal(store: &SharedStore, id: &str, at: u64) -> Result<Principal, Error> {
    remove_some(store, id, at, 1000).await
}

/// Runs one transaction of a removal, which revokes so many tokens at most.
async fn remove_some(store: &SharedStore, id: &str, at: u64, most: usize) -> Result<Principal, Error> {
    let rule = move |facts: &_| remove(facts, &Actor::Operator, most);
    store.remove_principal("o", id, None, at, most, Box::new(rule)).await
}

async fn a_list_has_the_principals_of_an_organization_oldest_first(location: Location) {
    use PrincipalKind::{Application, ServiceAccount, User};
    let store = open_with_organization(&location).await;
    let mut added = vec![];
    for (index, kind) in [User, ServiceAccount, User, Application, ServiceAccount].into_iter().enumerate() {
        let principal = add(&store, kind, &format!("n{index}")).await.expect("a principal");
        let found = store.principal("o", &principal.id).await;
        assert_eq!(found.expect("an answer").as_ref(), Some(&principal));
        added.push(principal);
    }
    assert_eq!(store.principal("other", &added[0].id).await, Ok(None));
    assert_eq!(store.principal("o", "usr_x\0").await, Ok(None));
    let page = async |kind, after, most| {
        let page = store.principals("o", kind, after, most).await.expect("a page");
        page.into_iter().map(|principal| added.iter().position(|one| *one == principal)).collect::<Vec<_>>()
    };
    let all = [0, 1, 2, 3, 4].map(Some);
    assert_eq!(page(None, 0, 10).await, all);
    assert_eq!(page(None, 0, 2).await, all[..2]);
    assert_eq!(page(None, added[1].number, 2).await, all[2..4]);
    assert_eq!(page(Some(User), 0, 10).await, [Some(0), Some(2)]);
    assert_eq!(page(Some(ServiceAccount), added[1].number, 10).await, [Some(4)]);
    remove_principal(&store, &added[2].id, 60).await.expect("a removal");
    assert_eq!(page(Some(User), 0, 10).await, [Some(0)]);
    assert_eq!(page(None, 0, 10).await, [0, 1, 3, 4].map(Some));
    assert_eq!(store.principals("other", None, 0, 10).await, Ok(vec![]));
}

async fn an_email_address_is_of_one_user_of_an_organization_until_they_are_removed(location: Location) {
    let store = open_with_organization(&location).await;
    let ada = add(&store, PrincipalKind::User, "ada").await.expect("a user");
    assert_eq!(add(&store, PrincipalKind::User, "ada").await, Err(Error::AlreadyExists));
    let new = new_principal("missing", PrincipalKind::User, "ada");
    let rule = {
        let new = new.clone();
        move |facts: &AddPrincipalFacts| may_add(&new, &Actor::Operator, facts)
    };
    assert_eq!(store.add_principal(new, Box::new(rule)).await, Err(Error::NotFound));
    remove_principal(&store, &ada.id, 60).await.expect("a removal");
    let again = add(&store, PrincipalKind::User, "ada").await.expect("another user");
    assert!(again.number > ada.number && again.id != ada.id);
    for name in ["service", "service"] {
        add(&store, PrincipalKind::ServiceAccount, name).await.expect("names are not unique");
    }
}

async fn a_removal_revokes_the_tokens_of_the_principal_and_what_they_made(location: Location) {
    let store = open_with_organization(&location).await;
    let [one, other] = [
        add(&store, PrincipalKind::Application, "one").await.expect("a principal"),
        add(&store, PrincipalKind::Application, "other").await.expect("a principal"),
    ];
    let mut serials = vec![];
    for (owner, kind) in [(&one, TokenKind::Secret), (&other, TokenKind::Secret), (&one, TokenKind::Application)] {
        let added = add_token(&store, kind, &owner.id).await.expect("a token");
        assert_eq!(added.owner.as_deref(), Some(&*owner.id));
        assert_eq!(token(&store, added.serial).await.owner.as_deref(), Some(&*owner.id));
        serials.push(added.serial);
    }
    let mut counts = store.count_owned("o", &one.id, 60).await.expect("counts");
    counts.sort_by_key(|(kind, _)| kind.as_str());
    assert_eq!(counts, [(TokenKind::Application, 1), (TokenKind::Secret, 1)]);
    assert_eq!(store.count_owned("other", &one.id, 60).await, Ok(vec![]));

    for at in [60, 61] {
        let removed = remove_principal(&store, &one.id, at).await.expect("a removal");
        assert_eq!(removed, Principal { removed_at: Some(60), ..one.clone() });
        let entries = [serials[0], serials[2]].map(|serial| RevocationTarget::Token { serial });
        assert_eq!(feed(&store).await, entries);
    }
    let revoked_at = [
        token(&store, serials[0]).await.revoked_at,
        token(&store, serials[1]).await.revoked_at,
        token(&store, serials[2]).await.revoked_at,
    ];
    assert_eq!(revoked_at, [Some(60), None, Some(60)]);
    assert_eq!(token(&store, serials[0]).await.owner, Some(one.id.clone()), "who had it is still known");
    assert_eq!(store.count_owned("o", &one.id, 60).await, Ok(vec![]));
    assert!(matches!(add_token(&store, TokenKind::Secret, &one.id).await, Err(Error::InvalidRequest(_))));
    assert_eq!(add_token(&store, TokenKind::Secret, "app_x").await, Err(Error::NotFound));
    assert_eq!(remove_principal(&store, "app_x", 60).await, Err(Error::NotFound));
}

async fn a_removal_with_many_tokens_ends_with_the_last(location: Location) {
    let store = open_with_organization(&location).await;
    let owner = add(&store, PrincipalKind::Application, "one").await.expect("a principal");
    let mut serials = vec![];
    for _ in 0..5 {
        serials.push(add_token(&store, TokenKind::Secret, &owner.id).await.expect("a token").serial);
    }
    for (revoked, removed_at) in [(2, None), (4, None), (5, Some(60)), (5, Some(60))] {
        let removed = remove_some(&store, &owner.id, 60, 2).await.expect("a removal");
        assert_eq!(removed.removed_at, removed_at, "{revoked}");
        let entries = serials[..revoked].iter().map(|serial| RevocationTarget::Token { serial: *serial });
        assert_eq!(feed(&store).await, entries.collect::<Vec<_>>());
    }
}

async fn an_edit_is_written_with_its_revocations_or_not_at_all(location: Location) {
    let store = open_with_organization(&location).await;
    let user = add(&store, PrincipalKind::User, "ada").await.expect("a user");
    let personal = add_token(&store, TokenKind::Personal, &user.id).await.expect("a token").serial;
    let secret = add_token(&store, TokenKind::Secret, &user.id).await.expect("a token").serial;
    let edit = |version, has_other_owner| {
        store.edit_principal(
            "o",
            &user.id,
            None,
            TokenRange { after: 0, most: 10 },
            60,
            Box::new(move |facts| {
                let principal = facts.principal.as_ref().ok_or(Error::NotFound)?;
                assert_eq!(facts.has_other_owner, has_other_owner);
                if principal.version + 1 != version {
                    return Err(Error::VersionConflict(principal.version));
                }
                let personal = facts.tokens.iter().filter(|token| token.kind == TokenKind::Personal);
                let revoked = personal.map(|token| RevocationTarget::Token { serial: token.serial });
                let (name, role) = ("Ada L.".to_owned(), Some(Role::Viewer));
                Ok(Some(EditedPrincipal {
                    name,
                    role,
                    version,
                    revoked: revoked.collect(),
                    next: None,
                    ends_invitation: false,
                }))
            }),
        )
    };
    assert_eq!(edit(3, false).await, Err(Error::VersionConflict(1)));
    assert_eq!(token(&store, personal).await.revoked_at, None);
    let (edited, _) = edit(2, false).await.expect("an edit");
    assert_eq!(edited, Principal { name: "Ada L.".into(), role: Some(Role::Viewer), version: 2, ..user.clone() });
    assert_eq!(store.principal("o", &user.id).await, Ok(Some(edited)));
    assert_eq!(feed(&store).await, [RevocationTarget::Token { serial: personal }]);
    assert_eq!(token(&store, personal).await.revoked_at, Some(60));
    assert_eq!(token(&store, secret).await.revoked_at, None);
    add(&store, PrincipalKind::User, "grace").await.expect("another owner");
    edit(3, true).await.expect("an edit");
    let missing = store.edit_principal(
        "other",
        &user.id,
        None,
        TokenRange { after: 0, most: 10 },
        60,
        Box::new(|facts| facts.principal.as_ref().map(|_| None).ok_or(Error::NotFound)),
    );
    assert_eq!(missing.await, Err(Error::NotFound));
}

async fn a_lower_role_of_a_user_with_many_tokens_comes_with_the_last(location: Location) {
    use TokenKind::{Personal, Secret};
    let store = open_with_organization(&location).await;
    let user = add(&store, PrincipalKind::User, "ada").await.expect("a user");
    let mut exceeding = vec![];
    let mut after = None;
    for (index, kind) in [Personal, Secret, Personal, Personal, Secret, Personal].into_iter().enumerate() {
        let serial = add_token(&store, kind, &user.id).await.expect("a token").serial;
        if kind == Personal {
            exceeding.push(RevocationTarget::Token { serial });
        }
        after = after.or_else(|| (index == 1).then_some(serial));
    }
    let edit = |after| {
        let request = UpdatePrincipalRequest { name: None, role: Some(Role::Viewer) };
        let change = principal_edit::check(request).expect("a change");
        let catalogs = Catalogs::new(Catalog::space_api());
        let rule = move |facts: &_| principal_edit::edit(facts, &change, &None, &Actor::Operator, &catalogs, 2);
        store.edit_principal("o", &user.id, None, TokenRange { after, most: 2 }, 60, Box::new(rule))
    };
    let mut looked_at = 0;
    for (revoked, role, has_more) in [(1, Role::Owner, true), (3, Role::Owner, true), (4, Role::Viewer, false)] {
        let (edited, next) = edit(looked_at).await.expect("an edit");
        assert_eq!((edited.role, next.is_some()), (Some(role), has_more), "{revoked}");
        assert_eq!(feed(&store).await, exceeding[..revoked]);
        if looked_at == 0 {
            assert_eq!(next, after, "the last token that was looked at");
        }
        looked_at = next.unwrap_or_default();
    }
    let stored = store.principal("o", &user.id).await.expect("an answer").expect("a user");
    assert_eq!((stored.role, stored.version), (Some(Role::Viewer), 2));
}

async fn no_token_of_a_removed_principal_is_active(location: Location) {
    let store = open_with_organization(&location).await;
    for _ in 0..20 {
        let owner = add(&store, PrincipalKind::ServiceAccount, "service").await.expect("a principal").id;
        let (report, mut reports) = tokio::sync::mpsc::unbounded_channel();
        for _ in 0..6 {
            let (store, owner, report) = (store.clone(), owner.clone(), report.clone());
            tokio::spawn(async move {
                for _ in 0..4 {
                    report.send(add_token(&store, TokenKind::Secret, &owner).await).expect("a receiver");
                }
            });
        }
        drop(report);
        // One token is there before the removal and one comes after it. Between them the removal and the others race.
        let mut additions = vec![reports.recv().await.expect("an addition")];
        assert!(additions[0].is_ok(), "{additions:?}");
        remove_principal(&store, &owner, 60).await.expect("a removal");
        let late = add_token(&store, TokenKind::Secret, &owner).await;
        assert!(matches!(late, Err(Error::InvalidRequest(_))), "{late:?}");
        while let Some(addition) = reports.recv().await {
            additions.push(addition);
        }
        assert_eq!(additions.len(), 24);
        for addition in additions {
            match addition {
                Ok(AddedToken { serial, .. }) => {
                    assert_eq!(token(&store, serial).await.revoked_at, Some(60), "{serial}");
                }
                Err(error) => assert!(matches!(error, Error::InvalidRequest(_)), "{error}"),
            }
        }
    }
}
