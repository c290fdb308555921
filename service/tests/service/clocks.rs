//! A service whose clock jumps by days, either way, while it runs. PostgreSQL's own clock stays right.

use std::time::{Duration, Instant};

use serde_json::json;

use super::oauth_clients::{OAuthClient, Tokens, add_code, add_developer};
use super::rotation::signer;
use super::running::{Daypass, FLOOR_READ, now, send, to_text};

const DAY: u64 = 86_400;
/// Longer than the time between two polls of the store.
const POLLS: Duration = Duration::from_millis(700);

/// Returns whether a token is active, as an API of the organization hears.
async fn is_active(daypass: &Daypass, api: &str, token: &str) -> bool {
    let request = daypass.post("/introspect").bearer_auth(api).form(&[("token", token)]);
    let (status, described) = send(request).await;
    assert_eq!(status, 200, "{}", described["message"]);
    described["active"] == true
}

/// Has the service read its clock for its callers. Within a process their time never goes back from then on.
async fn begin(daypass: &Daypass) {
    let token = daypass.create_temporary(&daypass.admin).await;
    assert!(is_active(daypass, &daypass.admin, &token).await);
    daypass.read_page(&daypass.admin, 0).await;
}

/// Mints tokens until this key signs one.
async fn expect_signer(daypass: &Daypass, kid: &str) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while signer(&daypass.create_temporary(&daypass.admin).await) != kid {
        assert!(Instant::now() < deadline, "the key {kid} does not sign");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn rotate(daypass: &Daypass) -> String {
    to_text(&daypass.json(&["key", "rotate", "--now"])["kid"])
}

/// Adds marks up to this number, as services do that run for so many hours.
fn run_for_hours(daypass: &Daypass, hours: u64) {
    daypass.execute(&format!("INSERT INTO feed_mark (number, seq) VALUES ({hours}, 0)"));
}

#[tokio::test]
async fn a_service_signs_and_accepts_tokens_whatever_its_clock_does() {
    for first in [0, 10, -10] {
        let mut daypass = Daypass::start_days_ahead(first, &[]);
        begin(&daypass).await;
        for days in [0, 10, -10, 400, -400, 0] {
            daypass.set_days_ahead(days);
            let token = daypass.create_temporary(&daypass.admin).await;
            assert!(is_active(&daypass, &daypass.admin, &token).await, "from {first} to {days} days ahead");
            tokio::time::sleep(POLLS).await;
        }
        let log = daypass.log();
        let is_logged = (20 * DAY - 2..=20 * DAY + 2).any(|seconds| log.contains(&format!("seconds=-{seconds}")));
        assert!(log.contains("the clock was set") && is_logged, "from {first}");
        if first <= 0 {
            // Within a process time never goes back: a new one accepts what was minted since the clock is right.
            daypass.restart();
            let token = daypass.create_temporary(&daypass.admin).await;
            let (status, described) = send(daypass.get("/v2/access-token/self").bearer_auth(&token)).await;
            assert_eq!((status, &described["revoked"]), (200, &json!(false)), "from {first}, after a restart");
        }
    }
}

#[tokio::test]
async fn a_rotation_lasts_although_the_clock_was_wrong() {
    let daypass = Daypass::start_days_ahead(0, &[]);
    begin(&daypass).await;
    daypass.set_days_ahead(-10);
    let second = rotate(&daypass);
    expect_signer(&daypass, &second).await;
    daypass.set_days_ahead(0);
    tokio::time::sleep(POLLS).await;
    assert_eq!(signer(&daypass.create_temporary(&daypass.admin).await), second, "the first key is back");

    daypass.set_days_ahead(10);
    let third = rotate(&daypass);
    expect_signer(&daypass, &third).await;
    let of_third = daypass.create_temporary(&daypass.admin).await;
    daypass.set_days_ahead(0);
    let of_second = daypass.create_temporary(&daypass.admin).await;
    assert_eq!(signer(&of_second), second);
    // It is published for an hour then, and waits no ten days.
    run_for_hours(&daypass, 2);
    expect_signer(&daypass, &third).await;
    assert!(is_active(&daypass, &daypass.admin, &of_second).await);
    // Another one that was added at the right time is not replaced by it once its time comes.
    let fourth = rotate(&daypass);
    expect_signer(&daypass, &fourth).await;
    daypass.set_days_ahead(11);
    tokio::time::sleep(POLLS).await;
    assert_eq!(signer(&daypass.create_temporary(&daypass.admin).await), fourth);
    daypass.set_days_ahead(10);
    let (_, jwks) = send(daypass.get("/.well-known/jwks.json")).await;
    let kids: Vec<_> = jwks["keys"].as_array().expect("keys").iter().map(|key| to_text(&key["kid"])).collect();
    assert!(kids.contains(&third), "a token of it may be valid: {}", signer(&of_third));
}

#[tokio::test]
async fn a_clock_that_is_set_back_stalls_no_rotation_by_age() {
    let daypass = Daypass::start_days_ahead(0, &["--rotate-keys-every", "30"]);
    let keys = || daypass.json(&["key", "list"])["keys"].as_array().map_or(0, Vec::len);
    tokio::time::sleep(POLLS).await;
    assert_eq!(keys(), 1);
    // By the clock, which was set back meanwhile, the key is new.
    run_for_hours(&daypass, 30 * 24 - 1);
    tokio::time::sleep(POLLS).await;
    assert_eq!(keys(), 1);
    run_for_hours(&daypass, 30 * 24);
    let deadline = Instant::now() + Duration::from_secs(20);
    while keys() == 1 {
        assert!(Instant::now() < deadline, "no key is added");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // A clock that is ahead, or behind, adds one, and not one at each poll.
    for (days, count) in [(0, 2), (31, 3), (0, 3), (31, 3)] {
        daypass.set_days_ahead(days);
        tokio::time::sleep(2 * POLLS).await;
        assert_eq!(keys(), count, "{days} days ahead");
    }
}

#[tokio::test]
async fn a_clock_that_jumps_deletes_no_living_bundle_reference() {
    let mut daypass = Daypass::start_days_ahead(0, &[]);
    let partner = daypass.create_partner().await;
    let redeem = async |daypass: &Daypass, reference: &str| {
        send(daypass.get("/verify").header("x-api-token", reference)).await.0
    };
    for days in [40, -40, 400] {
        let living = daypass.create_reference(&partner, &json!({"days": days})).await;
        daypass.set_days_ahead(days);
        for _ in 0..3 {
            // Each may delete old ones.
            let other = daypass.create_reference(&partner, &json!({})).await;
            // A process whose clock is set back takes it for expired: time never goes back.
            assert_eq!(redeem(&daypass, &other).await, if days > 0 { 200 } else { 403 }, "{days} days ahead");
        }
        daypass.set_days_ahead(0);
        daypass.restart();
        daypass.create_reference(&partner, &json!({})).await;
        assert_eq!(redeem(&daypass, &living).await, 200, "after {days} days ahead");
    }
}

#[tokio::test]
async fn no_revocation_is_forgotten_while_the_clock_is_wrong() {
    for days in [40, -40] {
        let mut daypass = Daypass::start_days_ahead(0, &[]);
        begin(&daypass).await;
        let (secret, id) = daypass.create_secret().await;
        let child = daypass.create_temporary(&secret).await;
        let [alone, also] =
            [daypass.create_temporary(&daypass.admin).await, daypass.create_temporary(&daypass.admin).await];
        daypass.revoke_by_text(&also).await;
        daypass.set_days_ahead(days);
        daypass.revoke(&id).await;
        daypass.revoke_by_text(&alone).await;
        // Longer than a poll, in which a process would delete what it takes for old.
        tokio::time::sleep(POLLS).await;
        let latest = daypass.read_page(&daypass.admin, 0).await.latest;
        for back in [0, 40, 0] {
            daypass.set_days_ahead(back);
            daypass.restart();
            tokio::time::sleep(POLLS).await;
            for token in [&secret, &child, &alone, &also] {
                assert!(!is_active(&daypass, &daypass.admin, token).await, "{days}, then {back}");
            }
            let page = daypass.read_page(&daypass.admin, 0).await;
            let seen = (page.latest, page.revocations.len(), page.deleted_up_to);
            assert_eq!(seen, (latest, 3, 0), "{days}, then {back}");
        }
    }
}

/// Makes one of everything that an organization's tokens can be, and returns their texts.
async fn make_everything(daypass: &Daypass, days: u64) -> Vec<String> {
    let (secret, _) = daypass.create_secret().await;
    let origins = ["a.example"];
    let (publishable, _) = daypass.create_token(json!({"kind": "publishable", "name": "n", "origins": origins})).await;
    let partner = daypass.create_partner().await;
    let temporary = daypass.create_temporary(&secret).await;
    let reference = daypass.create_reference(&partner, &json!({})).await;
    let request = daypass.post("/v2/bundle/create").bearer_auth(&partner).json(&json!({"parameters": {}}));
    let bundle = to_text(&send(request).await.1["bundle"]);
    let user = add_developer(daypass, "ada").await;
    let create = ["token", "create", "--kind", "personal", "--name", "n", "--owner", &user, "--scope", FLOOR_READ];
    let personal = to_text(&daypass.json(&create)["token"]);
    let client = OAuthClient::add(daypass, false).await;
    let code = add_code(daypass, &client, &user, now() + days * DAY + 60);
    let tokens = Tokens::of(client.redeem(&daypass.url, &code)).await;
    vec![secret, publishable, partner, temporary, reference, bundle, personal, tokens.access, tokens.refresh]
}

#[tokio::test]
async fn issued_before_now_spares_nothing_that_was_made_while_the_clock_was_ahead() {
    const AHEAD: u64 = 10;
    let daypass = Daypass::start_days_ahead(0, &[]);
    let before = daypass.create_secret().await.0;
    daypass.set_days_ahead(10);
    let made = make_everything(&daypass, AHEAD).await;
    for (index, token) in made.iter().enumerate() {
        assert!(is_active(&daypass, &daypass.admin, token).await, "{index}");
    }
    daypass.set_days_ahead(0);
    let request = daypass.post("/v2/revocation").bearer_auth(&daypass.admin).json(&json!({"issuedBefore": now()}));
    let (status, revocation) = send(request).await;
    assert_eq!(status, 200, "{}", revocation["message"]);
    let create = |options: &[&str]| {
        to_text(&daypass.json(&[&["token", "create", "--kind", "secret", "--name", "n"], options].concat())["token"])
    };
    let (api, later) = (create(&["--scope", "token:introspect"]), create(&[]));
    // The clock gets to that time, too.
    for days in [0, 10, -10, 10] {
        daypass.set_days_ahead(days);
        for (index, token) in made.iter().chain([&before, &daypass.admin]).enumerate() {
            assert!(!is_active(&daypass, &api, token).await, "{index}, {days} days ahead");
        }
        let minted = daypass.create_temporary(&later).await;
        assert!(is_active(&daypass, &api, &later).await && is_active(&daypass, &api, &minted).await, "{days}");
    }
}
