use std::time::{Duration, Instant};

use base64ct::{Base64UrlUnpadded, Encoding};
use daypass::api::RevocationTarget;
use daypass::verify::{Credentials, TokenLocation};
use serde_json::Value;

use super::backend::RANDOM_BYTES;
use super::running::{Daypass, expect_error, now, send, to_text};

const SELF: &str = "/v2/access-token/self";
/// The longest lifetime of a JWT, and the leeway of a verifier's clock.
const OUTLIVED: u64 = 86_400 + 60;

/// Returns the ids of the published keys, and when each expires.
async fn find_published(daypass: &Daypass) -> Vec<(String, Option<u64>)> {
    let (_, jwks) = send(daypass.get("/.well-known/jwks.json")).await;
    let keys = jwks["keys"].as_array().expect("a list");
    keys.iter().map(|key| (to_text(&key["kid"]), key["exp"].as_u64())).collect()
}

/// Waits until the service publishes these keys.
async fn expect_published(daypass: &Daypass, expected: &[(&str, Option<u64>)]) {
    let expected: Vec<_> = expected.iter().map(|(kid, end)| ((*kid).to_owned(), *end)).collect();
    let deadline = Instant::now() + Duration::from_secs(10);
    while find_published(daypass).await != expected {
        assert!(Instant::now() < deadline, "{:?} is not {expected:?}", find_published(daypass).await);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Returns the ids of the keys in the store, and the state of each.
fn list_keys(daypass: &Daypass) -> Vec<(String, String)> {
    let list = daypass.json(&["key", "list"]);
    list["keys"].as_array().expect("a list").iter().map(|key| (to_text(&key["kid"]), to_text(&key["state"]))).collect()
}

/// Returns the id of the key that signed this.
fn signer(token: &str) -> String {
    let header = Base64UrlUnpadded::decode_vec(token.split('.').next().expect("a header")).expect("base64url");
    to_text(&serde_json::from_slice::<Value>(&header).expect("JSON")["kid"])
}

async fn sign(daypass: &Daypass) -> (String, String) {
    let token = daypass.create_temporary(&daypass.admin).await;
    let kid = signer(&token);
    (token, kid)
}

/// Makes a key sign from another time on.
fn set_start(daypass: &Daypass, kid: &str, time: u64) {
    daypass.execute(&format!("UPDATE signing_key SET signs_from = {time} WHERE kid = '{kid}'"));
}

#[tokio::test]
async fn a_new_key_is_published_then_signs_and_the_old_one_expires_with_what_it_signed() {
    let daypass = Daypass::start();
    let (old_token, old) = sign(&daypass).await;
    let made = daypass.json(&["key", "rotate"]);
    let new = to_text(&made["kid"]);
    assert_eq!(made["state"], "pending");
    let starts_at = made["signsFrom"].as_u64().expect("a time");
    assert!(starts_at >= made["createdAt"].as_u64().expect("a time") + 300, "as long as the keys may be cached");
    expect_published(&daypass, &[(&old, None), (&new, None)]).await;
    assert_eq!(sign(&daypass).await.1, old);
    let before = daypass.create_verifier().await;

    let replaced_at = now();
    set_start(&daypass, &new, replaced_at);
    expect_published(&daypass, &[(&old, Some(replaced_at + OUTLIVED)), (&new, None)]).await;
    let (new_token, kid) = sign(&daypass).await;
    assert_eq!(kid, new);
    for verifier in [before, daypass.create_verifier().await] {
        for token in [&old_token, &new_token] {
            assert!(verifier.verify(&Credentials::new(token, TokenLocation::Bearer), None).await.is_ok());
        }
    }

    // A day later, by the marks of the feed too.
    let end = now() + 3;
    daypass.execute("INSERT INTO feed_mark (number, seq) VALUES (27, 0)");
    set_start(&daypass, &old, 0);
    set_start(&daypass, &new, end - OUTLIVED);
    expect_published(&daypass, &[(&old, Some(end)), (&new, None)]).await;
    assert_eq!(send(daypass.get(SELF).bearer_auth(&old_token)).await.0, 200);
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert_eq!(find_published(&daypass).await, [(new.clone(), None)]);
    expect_error(daypass.get(SELF).bearer_auth(&old_token), 401, "invalid_token").await;
    assert_eq!(send(daypass.get(SELF).bearer_auth(&new_token)).await.0, 200);
    let states: Vec<_> = list_keys(&daypass).into_iter().map(|(_, state)| state).collect();
    assert_eq!(states, ["expired", "active"]);
    assert_eq!(daypass.read_page(&daypass.admin, 0).await.latest, 0, "nothing was revoked");
}

#[tokio::test]
async fn a_new_key_can_sign_within_seconds_and_is_announced_before() {
    let daypass = Daypass::start();
    let (_, old) = sign(&daypass).await;
    let began = now();
    let made = daypass.json(&["key", "rotate", "--now"]);
    let new = to_text(&made["kid"]);
    assert_eq!(made["state"], "pending");
    let from = made["signsFrom"].as_u64().expect("a time");
    assert!((began + 3..=now() + 3).contains(&from));

    // In the JWKS, in the heartbeats and in the pages of the feed, while the old key signs.
    expect_published(&daypass, &[(&old, None), (&new, None)]).await;
    let mut events = daypass.subscribe(&daypass.admin, 0).await;
    events.until_heartbeat().await;
    let announced = [old.clone(), new.clone()];
    assert_eq!(
        (&events.keys[..], &daypass.read_page(&daypass.admin, 0).await.keys[..]),
        (&announced[..], &announced[..])
    );
    assert_eq!(sign(&daypass).await.1, old);

    while now() < from {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(sign(&daypass).await.1, new);
    expect_published(&daypass, &[(&old, Some(from + OUTLIVED)), (&new, None)]).await;
    assert_eq!(daypass.read_page(&daypass.admin, 0).await.keys, [new], "a retired key signs no more");
}

#[tokio::test]
async fn keys_are_rotated_by_age() {
    let daypass = Daypass::start_with(&["--rotate-keys-every", "30"]);
    let (_, first) = sign(&daypass).await;
    let age = |days: u64, seconds: u64| {
        let age = days * 86_400 + seconds;
        let update = format!("created_at = unixepoch() - {age}, signs_from = 0 WHERE kid = '{first}'");
        daypass.execute(&format!("UPDATE signing_key SET {update}"));
    };
    age(29, 86_000);
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(list_keys(&daypass).len(), 1);
    age(30, 1);
    let deadline = Instant::now() + Duration::from_secs(10);
    while list_keys(&daypass).len() == 1 {
        assert!(Instant::now() < deadline, "it makes no key");
    }
    tokio::time::sleep(Duration::from_millis(600)).await;
    let keys = list_keys(&daypass);
    assert_eq!(keys.len(), 2, "one new key, however often the service looks");
    assert_eq!([&*keys[0].1, &*keys[1].1], ["active", "pending"]);
    expect_published(&daypass, &[(&first, None), (&keys[1].0, None)]).await;
}

#[tokio::test]
async fn a_revoked_key_invalidates_all_it_signed_and_another_signs() {
    let daypass = Daypass::start();
    let (old_token, old) = sign(&daypass).await;
    let mut events = daypass.subscribe(&daypass.admin, 0).await;
    events.until_heartbeat().await;

    // It is the only key: a new one is created.
    let done = daypass.json(&["key", "revoke", &old, "--yes"]);
    let began = Instant::now();
    let second = to_text(&done["successor"]);
    assert_eq!(done["revocation"]["kid"], old);
    assert_eq!(events.next_revocation().await, RevocationTarget::Key { kid: old.clone() });
    expect_published(&daypass, &[(&second, None)]).await;
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    expect_error(daypass.get(SELF).bearer_auth(&old_token), 401, "invalid_token").await;
    let (second_token, kid) = sign(&daypass).await;
    assert_eq!(kid, second);
    let again = daypass.json(&["key", "revoke", &old, "--yes"]);
    assert_eq!((&again["revocation"], &again["successor"]), (&done["revocation"], &Value::Null));

    // The pending key signs at once.
    let third = to_text(&daypass.json(&["key", "rotate"])["kid"]);
    assert_eq!(daypass.json(&["key", "revoke", &second, "--yes"])["successor"], third);
    expect_published(&daypass, &[(&third, None)]).await;
    assert_eq!(sign(&daypass).await.1, third);
    expect_error(daypass.get(SELF).bearer_auth(&second_token), 401, "invalid_token").await;

    // A key that does not sign has no successor.
    let fourth = to_text(&daypass.json(&["key", "rotate"])["kid"]);
    expect_published(&daypass, &[(&third, None), (&fourth, None)]).await;
    assert_eq!(daypass.json(&["key", "revoke", &fourth, "--yes"])["successor"], Value::Null);
    expect_published(&daypass, &[(&third, None)]).await;
    assert_eq!(sign(&daypass).await.1, third);
    let page = daypass.read_page(&daypass.admin, 0).await;
    let kids = page.revocations.into_iter().map(|entry| entry.target);
    let expected = [old, second, fourth].map(|kid| RevocationTarget::Key { kid });
    assert!(kids.eq(expected));
}

#[tokio::test]
async fn jwts_outlive_a_restart_unless_their_key_is_revoked() {
    let mut daypass = Daypass::start_with(&["--issuer", "https://tokens.example"]);
    let (old_token, old) = sign(&daypass).await;
    let new = to_text(&daypass.json(&["key", "rotate", "--now"])["kid"]);
    set_start(&daypass, &new, now());
    daypass.restart();
    assert_eq!(sign(&daypass).await.1, new);
    assert_eq!(send(daypass.get(SELF).bearer_auth(&old_token)).await.0, 200);
    daypass.json(&["key", "revoke", &old, "--yes"]);
    daypass.restart();
    assert_eq!(find_published(&daypass).await, [(new, None)]);
    expect_error(daypass.get(SELF).bearer_auth(&old_token), 401, "invalid_token").await;
}

#[tokio::test]
async fn unreadable_keys_sign_nothing_and_verify_nothing() {
    let daypass = Daypass::start();
    let (token, kid) = sign(&daypass).await;
    daypass.json(&["key", "rotate"]);
    daypass.execute(&format!("UPDATE signing_key SET private_key = {RANDOM_BYTES}, revoked_at = 1 WHERE kid = '{kid}'"));
    let deadline = Instant::now() + Duration::from_secs(10);
    while send(daypass.get("/.well-known/jwks.json")).await.0 != 503 {
        assert!(Instant::now() < deadline, "unreadable keys are left out");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    expect_error(daypass.get(SELF).bearer_auth(&token), 503, "unavailable").await;
    let mint = daypass.post("/v2/temporary-access-token/create").bearer_auth(&daypass.admin);
    expect_error(mint.json(&serde_json::json!({"scopes": ["floor:readPublic"]})), 503, "unavailable").await;
}

#[test]
fn the_command_line_describes_keys_in_words() {
    let daypass = Daypass::start();
    let run = |arguments: &[&str]| {
        let output = daypass.command(arguments);
        String::from_utf8([output.stdout, output.stderr].concat()).expect("UTF-8")
    };
    let [(first, _)] = &list_keys(&daypass)[..] else { panic!("one key") };
    assert!(run(&["key", "rotate"]).contains("is pending: it signs from 20"));
    let list = run(&["key", "list"]);
    assert!(
        list.lines().count() == 2 && list.contains("active   from 20") && list.contains("pending  from 20"),
        "{list}"
    );
    let new = to_text(&daypass.json(&["key", "rotate", "--now"])["kid"]);
    set_start(&daypass, &new, now());
    assert!(run(&["key", "list"]).contains("retired  until 20"));
    let revoked = run(&["key", "revoke", first, "--yes"]);
    assert!(revoked.contains(&format!("everything signed by the key {first}.")) && revoked.lines().count() == 1);
    let (signing, _) =
        list_keys(&daypass).into_iter().find(|(_, state)| state == "active").expect("there always is an active key");
    assert!(run(&["key", "revoke", &signing, "--yes"]).contains("It was the active key: the key "));
    assert!(run(&["key", "list"]).contains("revoked  since 20"));
    assert!(run(&["key", "revoke", "unknown", "--yes"]).contains("no key with id unknown in "));
}
