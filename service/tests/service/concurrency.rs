use std::sync::Arc;

use reqwest::StatusCode;
use serde_json::json;
use tokio::task::JoinSet;

use crate::running::{Daypass, FLOOR_READ, refused};

#[tokio::test(flavor = "multi_thread")]
async fn whoever_mints_while_the_parent_is_revoked_is_recorded_or_refused() {
    let daypass = Arc::new(Daypass::start());
    let (secret, id) = daypass.secret().await;
    let mint = {
        let daypass = Arc::clone(&daypass);
        move || {
            let request = daypass.post("/v2/temporary-access-token/create").bearer_auth(&secret);
            request.json(&json!({"scopes": [FLOOR_READ]}))
        }
    };
    let mut minting = JoinSet::new();
    for _ in 0..4 {
        let mint = mint.clone();
        minting.spawn(async move {
            let mut minted = 0;
            loop {
                match mint().send().await.expect("an answer").status() {
                    StatusCode::OK => minted += 1,
                    StatusCode::UNAUTHORIZED => return minted,
                    status => panic!("{status}"),
                }
            }
        });
    }
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    daypass.revoke(&id).await;
    // The revocation was answered: no request that begins now mints.
    let recorded = children(&daypass);
    refused(mint(), 401, "token_revoked").await;
    let minted: usize = minting.join_all().await.into_iter().sum();
    assert!(minted > 0);
    assert_eq!((minted, children(&daypass)), (recorded, recorded), "every child is on record, none came later");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revocation_on_the_command_line_holds_at_once() {
    let daypass = Daypass::start();
    let (secret, id) = daypass.secret().await;
    daypass.temporary(&secret).await;
    assert!(daypass.token_command(&["revoke", &id]).status.success());
    let request = daypass.post("/v2/temporary-access-token/create").bearer_auth(&secret);
    refused(request.json(&json!({"scopes": [FLOOR_READ]})), 401, "token_revoked").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_living_tokens_of_a_kind_are_the_most() {
    let daypass = Arc::new(Daypass::start());
    for (kind, there_are) in [("publishable", 0), ("secret", 1)] {
        let origins = if kind == "publishable" { json!(["a.example"]) } else { json!([]) };
        let body = json!({"kind": kind, "name": "n", "origins": origins});
        let mut making = JoinSet::new();
        for _ in 0..110 {
            let (daypass, body) = (Arc::clone(&daypass), body.clone());
            making.spawn(async move { daypass.create(body).await });
        }
        let answers = making.join_all().await;
        let made: Vec<_> = answers.iter().filter(|(status, _)| *status == 201).collect();
        assert_eq!(made.len(), 100 - there_are, "{kind}");
        let refusals = answers.iter().filter(|(status, _)| *status != 201);
        for (status, refusal) in refusals {
            assert_eq!((*status, &refusal["error"]), (409, &json!("limit_reached")));
        }

        let [first, second] = [0, 1].map(|i: usize| made[i].1["id"].as_str().expect("an id").to_owned());
        daypass.revoke(&first).await;
        daypass.sql().execute("UPDATE token SET expires_at = 1 WHERE id = ?1", [&second]).expect("a row");
        for expected in [201, 201, 409] {
            assert_eq!(daypass.create(body.clone()).await.0, expected, "the dead do not count");
        }
    }
}

fn children(daypass: &Daypass) -> usize {
    daypass.sql().query_row("SELECT count(*) FROM minted", [], |row| row.get(0)).expect("a number")
}
