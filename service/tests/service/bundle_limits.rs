//! How many bundle references an organization and a token may create.

use serde_json::{Value, json};

use super::running::{Daypass, expect_error, send, to_text};

async fn set_limits(daypass: &Daypass, limits: Value) {
    let path = format!("/v2/organization/{}/limits", daypass.organization());
    let operator = to_text(&daypass.line["operatorToken"]);
    let request = daypass.request(reqwest::Method::PATCH, &path).bearer_auth(operator).json(&limits);
    assert_eq!(send(request).await.0, 200);
}

#[tokio::test]
async fn an_organization_has_as_many_references_and_bytes_as_its_limits_allow() {
    let daypass = Daypass::start();
    let partner = daypass.create_partner().await;
    let create = |text: &str| daypass.post("/generate").header("x-api-key", &partner).json(&json!({"text": text}));
    let single_use = || {
        let body = json!({"parameters": {}, "singleUse": true});
        daypass.post("/v2/bundle/create").bearer_auth(&partner).json(&body)
    };
    let first = daypass.create_reference(&partner, &json!({})).await;
    set_limits(&daypass, json!({"bundles": 2})).await;
    assert_eq!(send(create("")).await.0, 200);
    for request in [create(""), single_use()] {
        let message = expect_error(request, 409, "limit_reached").await;
        assert_eq!(message, "Limit reached: 2 bundles of the last two days.");
    }
    let signed = daypass.post("/v2/bundle/create").bearer_auth(&partner).json(&json!({"parameters": {}}));
    assert_eq!(send(signed).await.0, 200, "nothing is stored for it");
    assert_eq!(send(daypass.get("/verify").header("x-api-token", first)).await.0, 200, "what it has stays");

    set_limits(&daypass, json!({"bundles": null, "bundleBytes": 10_000})).await;
    let message = expect_error(create(&"x".repeat(10_000)), 409, "limit_reached").await;
    assert_eq!(message, "Limit reached: 10000 bytes of bundles of the last two days.");
    assert_eq!(send(create("")).await.0, 200);

    // As if a service had run for 50 hours: they are deleted, and no longer counted.
    set_limits(&daypass, json!({"bundles": 3})).await;
    expect_error(create(""), 409, "limit_reached").await;
    daypass.execute("INSERT INTO feed_mark (number, seq) VALUES (50, 0)");
    assert_eq!(send(create("")).await.0, 200);
    assert_eq!(daypass.session().number("SELECT count(*) FROM bundle"), 1);
    assert_eq!(daypass.session().number("SELECT sum(number) FROM usage"), 1);
}

#[tokio::test]
async fn a_token_creates_as_many_references_a_second_as_the_operator_allows() {
    let daypass = Daypass::start_with(&["--bundles-per-second", "1"]);
    let partner = daypass.create_partner().await;
    let body = json!({"kind": "application", "name": "n", "scopes": ["bundle:create"]});
    let (other, _) = daypass.create_token(body).await;
    let create = |key: &str| daypass.post("/generate").header("x-api-key", key).json(&json!({}));
    let mut created = 0;
    let refused = loop {
        let response = create(&partner).send().await.expect("a response");
        if response.status() != 200 {
            break response;
        }
        created += 1;
        assert!(created < 1000, "nothing refuses them");
    };
    assert!(created >= 10, "{created}");
    assert_eq!(refused.status(), 429);
    assert!(refused.headers()["retry-after"].to_str().is_ok_and(|wait| wait.parse::<u64>().is_ok_and(|wait| wait > 0)));
    assert_eq!(send(create(&other)).await.0, 200, "another token has a rate of its own");
}
