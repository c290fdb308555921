//! What a store does with OAuth's codes, families of refresh tokens, consents and requests that are kept.

use daypass::api::{CreatePrincipalRequest, PrincipalKind, RevocationTarget, Role};
use daypass::verify::TokenHash;
use daypass::{Catalog, Error, OpaqueToken, ScopeSet, TokenKind};

use super::suite::{on_every_store, open_with_organization};
use super::{Location, SharedStore, TokenSelector, open};
use crate::crypto::random;
use crate::domain::catalogs::Catalogs;
use crate::domain::oauth::client::{ClientSettings, GrantType};
use crate::domain::oauth::code::{self, CodeUse, NewCode, NewTokens, Presented};
use crate::domain::oauth::consent::{self, Parties};
use crate::domain::oauth::family::{self, RefreshUse};
use crate::domain::oauth::request::KeptRequest;
use crate::domain::principal::{self, Actor};
use crate::domain::principal_edit::remove;

on_every_store!(
    a_code_and_each_refresh_token_are_used_once,
    a_refused_use_changes_nothing,
    a_withdrawal_ends_the_families_of_one_user_with_one_client,
    a_withdrawal_leaves_out_what_ended_long_ago_and_the_oldest_of_many_are_found,
    a_client_is_removed_with_the_last_of_its_families,
    a_client_that_was_read_before_is_as_it_was_committed_last,
    what_is_old_is_deleted_with_what_is_new,
    a_family_keeps_its_last_thousand_refresh_tokens,
    a_code_ends_the_oldest_that_wait_beyond_a_hundred,
    a_kept_request_is_taken_once,
);

fn scopes() -> ScopeSet {
    ScopeSet::from_iter(["floor:readPrivate".parse().expect("a scope")])
}

fn catalogs() -> Catalogs {
    Catalogs::new(Catalog::space_api())
}

fn token() -> OpaqueToken {
    OpaqueToken::generate(TokenKind::OauthRefresh, random::fill).expect("an opaque kind")
}

async fn add(store: &SharedStore, kind: PrincipalKind) -> String {
    let (email, role) = match kind {
        PrincipalKind::User => (Some(format!("{}@example.com", random::id())), Some(Role::Developer)),
        _ => (None, None),
    };
    let request = CreatePrincipalRequest { kind, name: "Name".into(), email, role };
    let new = principal::new(request, "o", &random::id(), &Actor::Operator, 50).expect("a principal");
    store.add_principal(new.clone(), Box::new(|_| Ok(()))).await.expect("a principal");
    new.id
}

/// Adds a client and a user who lets it read floors.
pub(super) async fn add_parties(store: &SharedStore) -> Parties {
    let (client, owner) = (add(store, PrincipalKind::Application).await, add(store, PrincipalKind::User).await);
    let settings = ClientSettings {
        is_confidential: false,
        redirect_uris: vec!["https://app.example/back".into()],
        scopes: scopes(),
        grant_types: GrantType::ALL.to_vec(),
    };
    let rule = {
        let settings = settings.clone();
        move |_: &_| Ok(settings.clone())
    };
    let stored = store.set_oauth_client("o", &client, Box::new(rule)).await.expect("a client");
    assert_eq!((stored.id(), &stored.settings), (&*client, &settings));
    let parties = Parties { organization: "o".into(), owner, client };
    give(store, &parties).await;
    parties
}

pub(super) async fn give(store: &SharedStore, parties: &Parties) {
    let rule = |facts: &_| consent::give(facts, &scopes(), &catalogs());
    store.give_oauth_consent(parties.clone(), 60, Box::new(rule)).await.expect("a consent");
}

pub(super) async fn add_code(
    store: &SharedStore,
    parties: &Parties,
    hash: [u8; 32],
    created_at: u64,
) -> Result<(), Error> {
    let new = NewCode {
        hash,
        parties: parties.clone(),
        redirect_uri: None,
        challenge: "challenge".into(),
        scopes: scopes(),
        jkt: None,
        created_at,
    };
    let rule = |facts: &_| code::may_issue(facts, &scopes(), &catalogs());
    store.add_oauth_code(new, Box::new(rule)).await
}

/// Uses a code, and returns the serial number of the new family and its first refresh token.
pub(super) async fn use_code(
    store: &SharedStore,
    parties: &Parties,
    hash: [u8; 32],
    at: u64,
) -> Result<(u64, TokenHash), String> {
    let (client, redirect_uri, challenge) = (parties.client.clone(), None, "challenge".into());
    let presented = Presented { client, redirect_uri, challenge, jkt: None };
    let tokens = NewTokens { id: random::id(), family: token(), refresh: token() };
    let rule = move |code: &Option<_>| Ok(code::exchange(code.as_ref(), &presented, &tokens, &catalogs(), at));
    match store.use_oauth_code(hash, Box::new(rule)).await.expect("an answer") {
        CodeUse::Exchange(family) => {
            Ok((family.token.record.serial, TokenHash::of(&family.refresh.expect("a refresh token"))))
        }
        CodeUse::Reused { serial, .. } => Err(format!("reused {serial}")),
        CodeUse::Refused(why) => Err(why.to_owned()),
    }
}

/// Adds and uses a code.
pub(super) async fn begin(store: &SharedStore, parties: &Parties) -> (u64, TokenHash) {
    let mut hash = [0; 32];
    random::fill(&mut hash);
    add_code(store, parties, hash, 100).await.expect("a code");
    use_code(store, parties, hash, 110).await.expect("a family")
}

/// Uses a refresh token, and returns the next one.
pub(super) async fn refresh(
    store: &SharedStore,
    client: &str,
    hash: TokenHash,
    at: u64,
) -> Result<TokenHash, &'static str> {
    let presented = family::Presented { client: client.to_owned(), scope: None, jkt: None };
    let rule = move |facts: &Option<_>| Ok(family::refresh(facts.as_ref(), &presented, &catalogs(), at));
    let next = TokenHash::of(&token());
    match store.use_refresh_token(hash, next, at, Box::new(rule)).await.expect("an answer") {
        RefreshUse::Rotate { .. } => Ok(next),
        RefreshUse::Reused { .. } => Err("reused"),
        RefreshUse::Refused(_) => Err("refused"),
    }
}

pub(super) async fn is_revoked(store: &SharedStore, serial: u64) -> bool {
    let record = store.token(TokenSelector::Serial(serial)).await.expect("an answer").expect("a token");
    record.revoked_at.is_some()
}

pub(super) async fn feed(store: &SharedStore) -> Vec<RevocationTarget> {
    let page = store.revocations(Some("o"), Box::new(|_| Ok(0))).await.expect("a page");
    page.revocations.into_iter().map(|entry| entry.target).collect()
}

async fn a_code_ends_the_oldest_that_wait_beyond_a_hundred(location: Location) {
    let store = open_with_organization(&location).await;
    let parties = add_parties(&store).await;
    add_code(&store, &parties, [250; 32], 50).await.expect("a code");
    use_code(&store, &parties, [250; 32], 60).await.expect("a family");
    for number in 0..100 {
        add_code(&store, &parties, [number; 32], 100 + u64::from(number)).await.expect("a code");
    }
    // The clock may have been set back: the new one stays, and so does one that was used.
    add_code(&store, &parties, [200; 32], 90).await.expect("a code");
    for (hash, is_there) in [(0, false), (1, true), (99, true), (200, true), (250, true)] {
        assert_eq!(store.oauth_code([hash; 32]).await.expect("an answer").is_some(), is_there, "{hash}");
    }
}

async fn a_code_and_each_refresh_token_are_used_once(location: Location) {
    let store = open_with_organization(&location).await;
    let parties = add_parties(&store).await;
    add_code(&store, &parties, [1; 32], 100).await.expect("a code");
    let (serial, first) = use_code(&store, &parties, [1; 32], 110).await.expect("a family");
    assert_eq!(use_code(&store, &parties, [1; 32], 111).await.map(drop), Err(format!("reused {serial}")));
    let record = store.token(TokenSelector::Serial(serial)).await.expect("an answer").expect("a token");
    assert_eq!(
        (record.owner.as_deref(), record.created_by.as_deref()),
        (Some(&*parties.owner), Some(&*parties.client))
    );

    let second = refresh(&store, &parties.client, first, 200).await.expect("the next one");
    let facts = store.refresh_token(first).await.expect("an answer").expect("a refresh token");
    assert_eq!((facts.used_at, facts.client.id(), facts.family.last_used_at), (Some(200), &*parties.client, Some(200)));
    assert_eq!(refresh(&store, &parties.client, first, 201).await.map(drop), Err("reused"));
    let third = refresh(&store, &parties.client, second, 300).await.expect("the next one");
    let facts = store.refresh_token(third).await.expect("an answer").expect("a refresh token");
    assert_eq!((facts.used_at, facts.family.serial), (None, serial));
    assert_eq!(facts.family.expires_at, Some(300 + 30 * 86_400));
    assert!(store.refresh_token(TokenHash::of(&token())).await.expect("an answer").is_none());
    assert_eq!(feed(&store).await, [], "a use has no entry");
}

async fn a_refused_use_changes_nothing(location: Location) {
    let store = open_with_organization(&location).await;
    let (parties, others) = (add_parties(&store).await, add_parties(&store).await);
    add_code(&store, &parties, [1; 32], 100).await.expect("a code");
    let as_another = Parties { client: others.client.clone(), ..parties.clone() };
    assert!(use_code(&store, &as_another, [1; 32], 110).await.is_err());
    assert!(use_code(&store, &parties, [2; 32], 110).await.is_err());
    let (_, first) = use_code(&store, &parties, [1; 32], 110).await.expect("a family");
    assert_eq!(refresh(&store, &others.client, first, 120).await.map(drop), Err("refused"));
    assert_eq!(refresh(&store, &parties.client, TokenHash::of(&token()), 120).await.map(drop), Err("refused"));
    refresh(&store, &parties.client, first, 130).await.expect("the next one");
    // Nobody has consented that the other client acts for this user.
    assert_eq!(add_code(&store, &as_another, [3; 32], 100).await.map_err(|error| error.status()), Err(400));
}

async fn a_withdrawal_ends_the_families_of_one_user_with_one_client(location: Location) {
    let store = open_with_organization(&location).await;
    let parties = add_parties(&store).await;
    let another = Parties { owner: add(&store, PrincipalKind::User).await, ..parties.clone() };
    give(&store, &another).await;
    let others = begin(&store, &another).await;
    let families = [begin(&store, &parties).await, begin(&store, &parties).await, begin(&store, &parties).await];
    add_code(&store, &parties, [1; 32], 100).await.expect("a code");
    let withdraw = async || {
        let rule = |families: &Vec<u64>| Ok(consent::withdraw(families, 2));
        store.withdraw_oauth_consent(parties.clone(), 150, 2, Box::new(rule)).await
    };
    assert_eq!(withdraw().await, Ok(false));
    assert_eq!(store.oauth_consents("o", &parties.owner).await.map(|consents| consents.len()), Ok(1), "until the end");
    assert_eq!([withdraw().await, withdraw().await], [Ok(true), Ok(true)]);
    for (serial, first) in families {
        assert!(is_revoked(&store, serial).await);
        assert_eq!(refresh(&store, &parties.client, first, 160).await.map(drop), Err("refused"));
    }
    assert_eq!(feed(&store).await, families.map(|(serial, _)| RevocationTarget::Token { serial }));
    assert!(use_code(&store, &parties, [1; 32], 110).await.is_err());
    assert_eq!(store.oauth_consents("o", &parties.owner).await, Ok(vec![]));
    // A later consent gives its codes no life.
    give(&store, &parties).await;
    assert!(use_code(&store, &parties, [1; 32], 110).await.is_err());
    refresh(&store, &another.client, others.1, 160).await.expect("the next one");
    assert_eq!(store.oauth_consents("o", &another.owner).await.map(|consents| consents.len()), Ok(1));
}

async fn a_withdrawal_leaves_out_what_ended_long_ago_and_the_oldest_of_many_are_found(location: Location) {
    let store = open_with_organization(&location).await;
    let (parties, others) = (add_parties(&store).await, add_parties(&store).await);
    let families = [begin(&store, &parties).await, begin(&store, &others).await, begin(&store, &parties).await];
    let [first, _, last] = families.map(|(serial, _)| serial);
    let end = 110 + 30 * 86_400;
    let surplus = async |at, kept, most| store.surplus_oauth_families(last, at, kept, most).await.expect("families");
    for (at, kept, most, expected) in [
        (end - 1, 0, 9, &[last, first][..]),
        (end - 1, 0, 1, &[last]),
        (end - 1, 1, 9, &[first]),
        (end - 1, 2, 9, &[]),
        (end, 0, 9, &[]),
    ] {
        assert_eq!(surplus(at, kept, most).await, expected, "{at} {kept} {most}");
    }
    for (at, expected) in [(end + 86_401, 0), (end + 86_400, 2)] {
        let rule = |families: &Vec<u64>| Ok(consent::withdraw(families, 9));
        store.withdraw_oauth_consent(parties.clone(), at, 9, Box::new(rule)).await.expect("a withdrawal");
        assert_eq!(feed(&store).await.len(), expected);
    }
    assert!(surplus(end - 1, 0, 9).await.is_empty());
}

async fn a_client_is_removed_with_the_last_of_its_families(location: Location) {
    let store = open_with_organization(&location).await;
    let (parties, others) = (add_parties(&store).await, add_parties(&store).await);
    let kept = begin(&store, &others).await;
    let families = [begin(&store, &parties).await, begin(&store, &parties).await, begin(&store, &parties).await];
    let counted = store.count_owned("o", &parties.client, 120).await.expect("counts");
    assert_eq!(counted, [(TokenKind::OauthRefresh, 3)]);
    let remove_two = async || {
        let rule = |facts: &_| remove(facts, &Actor::Operator, 2);
        let removed = store.remove_principal("o", &parties.client, None, 150, 2, Box::new(rule)).await;
        removed.expect("a principal").removed_at
    };
    assert_eq!((remove_two().await, remove_two().await), (None, Some(150)));
    for (serial, _) in families {
        assert!(is_revoked(&store, serial).await);
    }
    assert_eq!(feed(&store).await.len(), 3);
    assert!(!is_revoked(&store, kept.0).await);
    let ids = store.oauth_clients("o", 0, 10).await.expect("clients").into_iter().map(|client| client.principal.id);
    assert_eq!(ids.collect::<Vec<_>>(), std::slice::from_ref(&others.client));
    let removed = store.oauth_client(&parties.client).await.expect("an answer").expect("a client");
    assert!(removed.require_active().is_err());
}

async fn a_client_that_was_read_before_is_as_it_was_committed_last(location: Location) {
    let store = open_with_organization(&location).await;
    // As another process has it.
    let other = open(&location).await.expect("a store").expect("a store");
    let Parties { client: id, .. } = add_parties(&store).await;
    let read = async |store: &SharedStore| store.oauth_client(&id).await.expect("an answer").expect("a client");
    for (by, addresses) in
        [(&store, "https://b.example/"), (&other, "https://c.example/"), (&store, "https://d.example/")]
    {
        let before = [read(&store).await, read(&other).await, read(&store).await, read(&other).await];
        assert!(before.iter().all(|client| *client == before[0]));
        let settings = ClientSettings { redirect_uris: vec![addresses.into()], ..before[0].settings.clone() };
        by.set_oauth_client("o", &id, Box::new(move |_: &_| Ok(settings.clone()))).await.expect("a client");
        for store in [&store, &other] {
            assert_eq!(read(store).await.settings.redirect_uris, [addresses]);
        }
    }
    let suspended = RevocationTarget::Suspended { organization: "o".into() };
    let entries = vec![suspended.clone()];
    other.revoke("o", suspended, 100, Box::new(move |_| Ok(entries.clone()))).await.expect("an entry");
    assert!(read(&store).await.require_active().is_err() && read(&other).await.require_active().is_err());
}

async fn what_is_old_is_deleted_with_what_is_new(location: Location) {
    let store = open_with_organization(&location).await;
    let parties = add_parties(&store).await;
    add_code(&store, &parties, [1; 32], 100).await.expect("a code");
    let (serial, first) = use_code(&store, &parties, [1; 32], 110).await.expect("a family");
    refresh(&store, &parties.client, first, 200).await.expect("the next one");
    // A used code is known for a day after its end.
    for (at, expected) in [(160 + code::KEPT, format!("reused {serial}")), (161 + code::KEPT, String::new())] {
        let mut hash = [9; 32];
        random::fill(&mut hash);
        add_code(&store, &parties, hash, at).await.expect("a code");
        let used = use_code(&store, &parties, [1; 32], at).await.map(drop).expect_err("a used code");
        assert!(used.starts_with(&expected) && used.starts_with("reused") != expected.is_empty(), "{at} {used}");
    }
    // A use by a clock that is years ahead deletes no refresh token.
    let (_, other) = begin(&store, &parties).await;
    let rule = |facts: &Option<family::RefreshFacts>| {
        let family = facts.as_ref().expect("a refresh token").family.clone();
        Ok(RefreshUse::Rotate { family: Box::new(family), scopes: scopes() })
    };
    store.use_refresh_token(other, TokenHash::of(&token()), 1 << 40, Box::new(rule)).await.expect("a use");
    assert_eq!(refresh(&store, &parties.client, first, 210).await.map(drop), Err("reused"));
}

async fn a_family_keeps_its_last_thousand_refresh_tokens(location: Location) {
    let store = open_with_organization(&location).await;
    let parties = add_parties(&store).await;
    let (_, first) = begin(&store, &parties).await;
    let (mut last, mut second) = (first, None);
    for use_number in 1..=family::MOST_KEPT {
        let is_known = store.refresh_token(first).await.expect("an answer").is_some();
        assert!(is_known, "after {use_number} uses");
        last = refresh(&store, &parties.client, last, 200).await.expect("the next one");
        second = second.or(Some(last));
    }
    assert!(store.refresh_token(first).await.expect("an answer").is_none());
    assert_eq!(refresh(&store, &parties.client, first, 201).await.map(drop), Err("refused"));
    assert_eq!(refresh(&store, &parties.client, second.expect("a token"), 201).await.map(drop), Err("reused"));
}

async fn a_kept_request_is_taken_once(location: Location) {
    let store = open_with_organization(&location).await;
    let parties = add_parties(&store).await;
    let keep = async |hash, at, expires_at| {
        let (client, parameters) = (parties.client.clone(), r#"{"state":"s"}"#.into());
        let request = KeptRequest { client, parameters, expires_at };
        store.keep_oauth_request(hash, request, at, 10, Box::new(|_| Ok(()))).await.expect("a request");
    };
    let parameters =
        |request: Result<Option<KeptRequest>, Error>| request.expect("an answer").map(|one| one.parameters);
    keep([1; 32], 100, 160).await;
    assert_eq!(parameters(store.oauth_request([1; 32]).await).as_deref(), Some(r#"{"state":"s"}"#));
    let (one, other) = tokio::join!(store.take_oauth_request([1; 32]), store.take_oauth_request([1; 32]));
    assert_eq!([one, other].map(parameters).into_iter().flatten().count(), 1);
    assert_eq!(parameters(store.oauth_request([1; 32]).await), None);
    keep([2; 32], 100, 160).await;
    keep([3; 32], 160, 200).await;
    assert!(parameters(store.oauth_request([2; 32]).await).is_some());
    keep([4; 32], 161, 200).await;
    assert_eq!(parameters(store.oauth_request([2; 32]).await), None);
    for (count_to, expected) in [(1, 1), (10, 2)] {
        let request = KeptRequest { client: parties.client.clone(), parameters: "{}".into(), expires_at: 300 };
        let rule = move |others: &usize| if *others == expected { Err(Error::NotFound) } else { Ok(()) };
        let refused = store.keep_oauth_request([5; 32], request, 161, count_to, Box::new(rule)).await;
        assert_eq!(refused, Err(Error::NotFound), "{count_to}");
    }
    assert_eq!(parameters(store.oauth_request([5; 32]).await), None);
    // Those that have ended do not count, also if there are more than are deleted at once.
    for number in 0..1005_u16 {
        let mut hash = [7; 32];
        hash[..2].copy_from_slice(&number.to_be_bytes());
        keep(hash, 200, 400).await;
    }
    let request = KeptRequest { client: parties.client.clone(), parameters: "{}".into(), expires_at: 600 };
    let rule = |others: &usize| if *others == 0 { Ok(()) } else { Err(Error::TooManyRequests(60)) };
    assert_eq!(store.keep_oauth_request([6; 32], request, 500, 10, Box::new(rule)).await, Ok(()));
}
