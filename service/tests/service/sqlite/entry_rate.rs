//! How many entries an organization may add to the feed for what has no other bound.

use serde_json::json;

use super::running::{Daypass, send};

/// As many as come at once.
const AT_ONCE: usize = 10_000;

#[tokio::test(flavor = "multi_thread")]
async fn an_organization_that_edits_without_end_has_to_wait_and_still_revokes() {
    let daypass = Daypass::start();
    let (secret, id) = daypass.create_secret().await;
    let path = format!("/v2/access-token/{id}");
    // A refused edit counts too, and costs the test less: the version is wrong.
    let edit = || {
        let request = daypass.request(reqwest::Method::PATCH, &path).bearer_auth(&daypass.admin);
        request.header("if-match", "\"9\"").json(&json!({"name": "n"}))
    };
    let (temporary, other) = (daypass.create_temporary(&secret).await, daypass.create_temporary(&secret).await);
    let mut waits = None;
    for _ in 0..2 * AT_ONCE {
        let response = edit().send().await.expect("a response");
        if response.status() == 429 {
            waits = response.headers().get("retry-after").cloned();
            break;
        }
        assert_eq!(response.status(), 409);
    }
    assert!(waits.is_some(), "nothing makes it wait");
    // A moment later one entry is allowed again, so that it may have to be asked twice.
    let revoke = || daypass.post("/revoke").bearer_auth(&daypass.admin).form(&[("token", &temporary)]);
    while revoke().send().await.expect("a response").status() != 429 {}
    daypass.revoke(&id).await;
    let (_, described) = send(daypass.get("/v2/access-token/self").bearer_auth(&other)).await;
    assert_eq!(described["revoked"], true, "with its parent");
}
