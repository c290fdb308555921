use std::sync::Arc;
use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::running::{Daypass, FLOOR_READ, expect_error, send};

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_minted_after_the_revocation_of_the_parent_was_acknowledged() {
    let daypass = Arc::new(Daypass::start());
    let (secret, id) = daypass.create_secret().await;
    let mint = {
        let daypass = Arc::clone(&daypass);
        move || {
            let request = daypass.post("/v2/temporary-access-token/create").bearer_auth(&secret);
            request.json(&json!({"scopes": [FLOOR_READ]}))
        }
    };
    let mut minting = JoinSet::new();
    let has_child = Arc::new(Notify::new());
    for _ in 0..4 {
        let (mint, has_child) = (mint.clone(), Arc::clone(&has_child));
        minting.spawn(async move {
            loop {
                match mint().send().await.expect("a response").status() {
                    StatusCode::OK => has_child.notify_one(),
                    StatusCode::UNAUTHORIZED => return,
                    status => panic!("{status}"),
                }
            }
        });
    }
    timeout(Duration::from_secs(60), has_child.notified()).await.expect("a child");
    daypass.revoke(&id).await;
    expect_error(mint(), 401, "token_revoked").await;
    minting.join_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_verified_before_a_revocation_mints_nothing_after_it() {
    let daypass = Daypass::start();
    let (secret, id) = daypass.create_secret().await;
    let partner = daypass.create_partner().await;
    let mints = [
        daypass.post("/v2/temporary-access-token/create").bearer_auth(&secret).json(&json!({"scopes": [FLOOR_READ]})),
        daypass.post("/v2/bundle/create").bearer_auth(&partner).json(&json!({"parameters": {}})),
    ];
    for (mint, id) in mints.into_iter().zip([id.as_str(), "northlight"]) {
        let mut other = daypass.session();
        // A reader still sees an active token; a request that mints waits for the end of this transaction.
        other.execute(&format!("BEGIN; UPDATE token SET revoked_at = 1 WHERE id = '{id}'"));
        let minted = tokio::spawn(mint.send());
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(!minted.is_finished(), "it was minted beside the revocation");
        other.execute("COMMIT");
        assert_eq!(minted.await.expect("a task").expect("a response").status(), StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_verified_before_an_edit_mints_nothing_that_outlives_the_parent() {
    let daypass = Daypass::start();
    let (secret, id) = daypass.create_secret().await;
    let partner = daypass.create_partner().await;
    let post = |path: &str, token: &str, body: Value| daypass.post(path).bearer_auth(token).json(&body);
    let mints = [
        (&*id, post("/v2/temporary-access-token/create", &secret, json!({"scopes": [FLOOR_READ]})), 400),
        ("northlight", post("/v2/bundle/create", &partner, json!({"parameters": {}})), 400),
        ("northlight", post("/v2/bundle/create", &partner, json!({"parameters": {}, "singleUse": true})), 400),
        // Its request names no lifetime: it gets a shorter one.
        ("northlight", post("/generate", &partner, json!({})), 200),
    ];
    for (id, mint, expected) in mints {
        daypass.execute(&format!("UPDATE token SET expires_at = NULL WHERE id = '{id}'"));
        let mut other = daypass.session();
        other.execute(&format!("BEGIN; UPDATE token SET expires_at = unixepoch() + 100 WHERE id = '{id}'"));
        let minted = tokio::spawn(send(mint));
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(!minted.is_finished(), "it was minted beside the edit");
        other.execute("COMMIT");
        let (status, minted) = minted.await.expect("a task");
        assert_eq!(status, expected, "{}", minted["message"]);
        let end = other.number(&format!("SELECT expires_at FROM token WHERE id = '{id}'"));
        if expected == 200 {
            assert_eq!(minted["expiration_time"], end);
        } else {
            assert_eq!(minted["error"], "duration_out_of_range");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revocation_on_the_command_line_takes_effect_at_once() {
    let daypass = Daypass::start();
    let (secret, id) = daypass.create_secret().await;
    daypass.create_temporary(&secret).await;
    assert!(daypass.token_command(&["revoke", &id]).status.success());
    let request = daypass.post("/v2/temporary-access-token/create").bearer_auth(&secret);
    expect_error(request.json(&json!({"scopes": [FLOOR_READ]})), 401, "token_revoked").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn at_most_a_hundred_tokens_of_a_kind_are_active() {
    let daypass = Arc::new(Daypass::start());
    for (kind, existing) in [("publishable", 0), ("secret", 1)] {
        let origins = if kind == "publishable" { json!(["a.example"]) } else { json!([]) };
        let body = json!({"kind": kind, "name": "n", "origins": origins});
        let mut making = JoinSet::new();
        for _ in 0..110 {
            let (daypass, body) = (Arc::clone(&daypass), body.clone());
            making.spawn(async move { daypass.post_token(body).await });
        }
        let answers = making.join_all().await;
        let made: Vec<_> = answers.iter().filter(|(status, _)| *status == 201).collect();
        assert_eq!(made.len(), 100 - existing, "{kind}");
        let refusals = answers.iter().filter(|(status, _)| *status != 201);
        for (status, refusal) in refusals {
            assert_eq!((*status, &refusal["error"]), (409, &json!("limit_reached")));
        }

        let [first, second] = [0, 1].map(|i: usize| made[i].1["id"].as_str().expect("an id").to_owned());
        daypass.revoke(&first).await;
        daypass.execute(&format!("UPDATE token SET expires_at = 1 WHERE id = '{second}'"));
        for expected in [201, 201, 409] {
            assert_eq!(daypass.post_token(body.clone()).await.0, expected, "expired and revoked tokens do not count");
        }
    }
}
