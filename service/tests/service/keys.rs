use std::time::{Duration, Instant};

use base64ct::{Base64UrlUnpadded, Encoding};
use daypass::api::RevocationTarget;
use daypass::verify::{Credentials, TokenLocation};
use serde_json::Value;

use crate::running::{Daypass, answer, now, refused, text};

const SELF: &str = "/v2/access-token/self";
/// What a token lives at most, and the leeway of a verifier's clock.
const OUTLIVED: u64 = 86_400 + 60;

/// The names of the published keys, and when each ends.
async fn published(daypass: &Daypass) -> Vec<(String, Option<u64>)> {
    let (_, jwks) = answer(daypass.get("/.well-known/jwks.json")).await;
    let keys = jwks["keys"].as_array().expect("a list");
    keys.iter().map(|key| (text(&key["kid"]), key["exp"].as_u64())).collect()
}

/// Waits until the service has noticed.
async fn published_becomes(daypass: &Daypass, expected: &[(&str, Option<u64>)]) {
    let expected: Vec<_> = expected.iter().map(|(kid, end)| ((*kid).to_owned(), *end)).collect();
    let deadline = Instant::now() + Duration::from_secs(1);
    while published(daypass).await != expected {
        assert!(Instant::now() < deadline, "{:?} is not {expected:?}", published(daypass).await);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The names of the keys in the store, and what each is for.
fn listed(daypass: &Daypass) -> Vec<(String, String)> {
    let list = daypass.json(&["key", "list"]);
    list["keys"].as_array().expect("a list").iter().map(|key| (text(&key["kid"]), text(&key["state"]))).collect()
}

/// The name of the key that signed this.
fn signer(token: &str) -> String {
    let header = Base64UrlUnpadded::decode_vec(token.split('.').next().expect("a header")).expect("base64url");
    text(&serde_json::from_slice::<Value>(&header).expect("JSON")["kid"])
}

async fn signed(daypass: &Daypass) -> (String, String) {
    let token = daypass.temporary(&daypass.admin).await;
    let kid = signer(&token);
    (token, kid)
}

/// Lets a key sign from another time on.
fn turn(daypass: &Daypass, kid: &str, time: u64) {
    let update = "UPDATE signing_key SET signs_from = ?2 WHERE kid = ?1";
    daypass.sql().execute(update, rusqlite::params![kid, time]).expect("a row");
}

#[tokio::test]
async fn a_new_key_is_published_first_then_signs_and_the_old_one_ends_with_what_it_signed() {
    let daypass = Daypass::start();
    let (old_token, old) = signed(&daypass).await;
    let made = daypass.json(&["key", "rotate"]);
    let new = text(&made["kid"]);
    assert_eq!(made["state"], "pending");
    let turn_comes = made["signsFrom"].as_u64().expect("a time");
    assert!(turn_comes >= made["createdAt"].as_u64().expect("a time") + 300, "as long as the keys may be cached");
    published_becomes(&daypass, &[(&old, None), (&new, None)]).await;
    assert_eq!(signed(&daypass).await.1, old);
    let before = daypass.verifier().await;

    let taken_over = now();
    turn(&daypass, &new, taken_over);
    published_becomes(&daypass, &[(&old, Some(taken_over + OUTLIVED)), (&new, None)]).await;
    let (new_token, kid) = signed(&daypass).await;
    assert_eq!(kid, new);
    for verifier in [before, daypass.verifier().await] {
        for token in [&old_token, &new_token] {
            assert!(verifier.verify(&Credentials::new(token, TokenLocation::Bearer), None).await.is_ok());
        }
    }

    // A day later.
    let end = now() + 3;
    turn(&daypass, &old, 0);
    turn(&daypass, &new, end - OUTLIVED);
    published_becomes(&daypass, &[(&old, Some(end)), (&new, None)]).await;
    assert_eq!(answer(daypass.get(SELF).bearer_auth(&old_token)).await.0, 200);
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert_eq!(published(&daypass).await, [(new.clone(), None)]);
    refused(daypass.get(SELF).bearer_auth(&old_token), 401, "invalid_token").await;
    assert_eq!(answer(daypass.get(SELF).bearer_auth(&new_token)).await.0, 200);
    let states: Vec<_> = listed(&daypass).into_iter().map(|(_, state)| state).collect();
    assert_eq!(states, ["expired", "active"]);
    assert_eq!(daypass.page(&daypass.admin, 0).await.latest, 0, "nothing was revoked");
}

#[tokio::test]
async fn a_new_key_can_sign_at_once() {
    let daypass = Daypass::start();
    let (_, old) = signed(&daypass).await;
    let began = now();
    let made = daypass.json(&["key", "rotate", "--now"]);
    let new = text(&made["kid"]);
    assert_eq!(made["state"], "active");
    let from = made["signsFrom"].as_u64().expect("a time");
    assert!((began..=now()).contains(&from));
    published_becomes(&daypass, &[(&old, Some(from + OUTLIVED)), (&new, None)]).await;
    assert_eq!(signed(&daypass).await.1, new);
}

#[tokio::test]
async fn keys_can_be_rotated_by_their_age() {
    let daypass = Daypass::start_with(&["--rotate-keys-every", "30"]);
    let (_, first) = signed(&daypass).await;
    let age = |days: u64, seconds: u64| {
        let update = "UPDATE signing_key SET created_at = unixepoch() - ?1, signs_from = 0 WHERE kid = ?2";
        daypass.sql().execute(update, rusqlite::params![days * 86_400 + seconds, first]).expect("a row");
    };
    age(29, 86_000);
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(listed(&daypass).len(), 1);
    age(30, 1);
    tokio::time::sleep(Duration::from_millis(1200)).await;
    let keys = listed(&daypass);
    assert_eq!(keys.len(), 2, "one new key, however often one looks");
    assert_eq!([&*keys[0].1, &*keys[1].1], ["active", "pending"]);
    published_becomes(&daypass, &[(&first, None), (&keys[1].0, None)]).await;
}

#[tokio::test]
async fn a_revoked_key_ends_with_all_it_signed_and_another_signs() {
    let daypass = Daypass::start();
    let (old_token, old) = signed(&daypass).await;
    let mut events = daypass.follow(&daypass.admin, 0).await;
    events.until_current().await;

    // The only key: a new one is made.
    let done = daypass.json(&["key", "revoke", &old, "--yes"]);
    let began = Instant::now();
    let second = text(&done["successor"]);
    assert_eq!(done["revocation"]["kid"], old);
    assert_eq!(events.revoked().await, RevocationTarget::Key { kid: old.clone() });
    published_becomes(&daypass, &[(&second, None)]).await;
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    refused(daypass.get(SELF).bearer_auth(&old_token), 401, "invalid_token").await;
    let (second_token, kid) = signed(&daypass).await;
    assert_eq!(kid, second);
    let again = daypass.json(&["key", "revoke", &old, "--yes"]);
    assert_eq!((&again["revocation"], &again["successor"]), (&done["revocation"], &Value::Null));

    // One that is published already signs at once.
    let third = text(&daypass.json(&["key", "rotate"])["kid"]);
    assert_eq!(daypass.json(&["key", "revoke", &second, "--yes"])["successor"], third);
    published_becomes(&daypass, &[(&third, None)]).await;
    assert_eq!(signed(&daypass).await.1, third);
    refused(daypass.get(SELF).bearer_auth(&second_token), 401, "invalid_token").await;

    // One that does not sign has no successor.
    let fourth = text(&daypass.json(&["key", "rotate"])["kid"]);
    published_becomes(&daypass, &[(&third, None), (&fourth, None)]).await;
    assert_eq!(daypass.json(&["key", "revoke", &fourth, "--yes"])["successor"], Value::Null);
    published_becomes(&daypass, &[(&third, None)]).await;
    assert_eq!(signed(&daypass).await.1, third);
    let page = daypass.page(&daypass.admin, 0).await;
    let kids = page.revocations.into_iter().map(|entry| entry.target);
    let expected = [old, second, fourth].map(|kid| RevocationTarget::Key { kid });
    assert!(kids.eq(expected));
}

#[tokio::test]
async fn what_a_key_signed_lives_through_a_restart_and_what_a_revoked_one_did_does_not() {
    let mut daypass = Daypass::start_with(&["--issuer", "https://tokens.example"]);
    let (old_token, old) = signed(&daypass).await;
    let new = text(&daypass.json(&["key", "rotate", "--now"])["kid"]);
    daypass.restart();
    assert_eq!(signed(&daypass).await.1, new);
    assert_eq!(answer(daypass.get(SELF).bearer_auth(&old_token)).await.0, 200);
    daypass.json(&["key", "revoke", &old, "--yes"]);
    daypass.restart();
    assert_eq!(published(&daypass).await, [(new, None)]);
    refused(daypass.get(SELF).bearer_auth(&old_token), 401, "invalid_token").await;
}

#[tokio::test]
async fn keys_that_cannot_be_read_sign_nothing_and_let_nothing_pass() {
    let daypass = Daypass::start();
    let (token, kid) = signed(&daypass).await;
    daypass.json(&["key", "rotate"]);
    let change = "UPDATE signing_key SET pkcs8 = x'00', revoked_at = 1 WHERE kid = ?1";
    daypass.sql().execute(change, [&kid]).expect("a row");
    published_becomes(&daypass, &[]).await;
    refused(daypass.get(SELF).bearer_auth(&token), 401, "invalid_token").await;
    let mint = daypass.post("/v2/temporary-access-token/create").bearer_auth(&daypass.admin);
    refused(mint.json(&serde_json::json!({"scopes": ["floor:readPublic"]})), 503, "unavailable").await;
}

#[test]
fn the_operator_is_told_in_words_too() {
    let daypass = Daypass::start();
    let run = |arguments: &[&str]| {
        let output = daypass.command(arguments);
        String::from_utf8([output.stdout, output.stderr].concat()).expect("UTF-8")
    };
    let [(first, _)] = &listed(&daypass)[..] else { panic!("one key") };
    assert!(run(&["key", "rotate"]).contains("is pending: it signs from 20"));
    let list = run(&["key", "list"]);
    assert!(
        list.lines().count() == 2 && list.contains("active   from 20") && list.contains("pending  from 20"),
        "{list}"
    );
    assert!(run(&["key", "rotate", "--now"]).contains("is active: it signs from now on"));
    assert!(run(&["key", "list"]).contains("retired  until 20"));
    let revoked = run(&["key", "revoke", first, "--yes"]);
    assert!(revoked.contains(&format!("everything signed by the key {first}.")) && revoked.lines().count() == 1);
    let (signing, _) = listed(&daypass).into_iter().find(|(_, state)| state == "active").expect("there always is one");
    assert!(run(&["key", "revoke", &signing, "--yes"]).contains("It was the active key: the key "));
    assert!(run(&["key", "list"]).contains("revoked  since 20"));
    assert!(run(&["key", "revoke", "unknown", "--yes"]).contains("no key with id unknown in "));
}
