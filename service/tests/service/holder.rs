use daypass::verify::{Credentials, TokenLocation};
use serde_json::{Value, json};

use super::running::{Daypass, FLOOR_READ, expect_error, send, to_text};

const PATH: &str = "/v2/access-token/self";

#[tokio::test]
async fn a_token_holder_learns_why_the_token_is_refused() {
    let daypass = Daypass::start();
    let origins = ["*.northlight.example"];
    let body = json!({"kind": "publishable", "name": "n", "origins": origins, "scopes": ["floor:readPublic"]});
    let (token, id) = daypass.create_token(body).await;
    let expected = |end: Value, revoked: bool, seen: Value, allowed: bool| {
        json!({"kind": "publishable", "scopes": ["floor:readPublic"], "origins": origins, "expiresAt": end,
            "revoked": revoked, "suspended": false, "originSeen": seen, "originAllowed": allowed})
    };
    for (origin, allowed) in [
        ("https://shop.northlight.example", true),
        ("https://northlight.example", false),
        ("https://elsewhere.example", false),
        ("null", false),
    ] {
        let request = daypass.get(PATH).query(&[("pubtoken", &token)]).header("origin", origin);
        let response = request.send().await.expect("a response");
        assert_eq!(response.headers()["access-control-allow-origin"], "*");
        assert_eq!(response.headers()["cache-control"], "no-store");
        let described: Value = response.json().await.expect("JSON");
        assert_eq!(described, expected(Value::Null, false, json!(origin), allowed));
    }
    // Without `Origin`, as an image is loaded, or a page of the service itself asks.
    let own = daypass.url.trim_end_matches('/');
    for (name, value, seen, allowed) in [
        ("referer", "https://shop.northlight.example/", Some("https://shop.northlight.example"), true),
        ("referer", "https://elsewhere.example/", Some("https://elsewhere.example"), false),
        ("sec-fetch-site", "same-origin", Some(own), false),
        ("sec-fetch-site", "cross-site", None, false),
    ] {
        let described = send(daypass.get(PATH).query(&[("pubtoken", &token)]).header(name, value)).await;
        assert_eq!(described, (200, expected(Value::Null, false, json!(seen), allowed)), "{name}: {value}");
    }
    daypass.revoke(&id).await;
    daypass.execute(&format!("UPDATE token SET expires_at = 5 WHERE id = '{id}'"));
    let described = send(daypass.get(PATH).bearer_auth(&token)).await;
    assert_eq!(described, (200, expected(json!(5), true, Value::Null, false)));
}

#[tokio::test]
async fn a_child_is_revoked_with_its_parent() {
    let daypass = Daypass::start();
    let (secret, id) = daypass.create_secret().await;
    let temporary = daypass.create_temporary(&secret).await;
    let partner = daypass.create_partner().await;
    let body = json!({"parameters": {}});
    let bundle = || async {
        let (_, answered) = send(daypass.post("/v2/bundle/create").bearer_auth(&partner).json(&body)).await;
        to_text(&answered["bundle"])
    };
    let (signed, reference) = (bundle().await, daypass.create_reference(&partner, &json!({})).await);
    let is_revoked = async |token: &str| {
        let (status, described) = send(daypass.get(PATH).bearer_auth(token)).await;
        assert_eq!(status, 200, "{described}");
        described["revoked"] == true
    };
    for child in [&temporary, &signed, &reference] {
        assert!(!is_revoked(child).await);
    }
    daypass.revoke(&id).await;
    assert!(is_revoked(&temporary).await && !is_revoked(&signed).await && !is_revoked(&reference).await);
    daypass.revoke("northlight").await;
    for child in [&temporary, &signed, &reference] {
        assert!(is_revoked(child).await);
    }
    // A verifier without the feed does not learn that JWTs are revoked.
    let verifier = daypass.create_verifier().await;
    for child in [&temporary, &signed] {
        assert!(verifier.verify(&Credentials::new(child, TokenLocation::Bearer), None).await.is_ok());
    }
    // The next token with the same id is another parent: the children of the revoked one stay revoked.
    let partner = daypass.create_partner().await;
    let (_, answered) = send(daypass.post("/v2/bundle/create").bearer_auth(&partner).json(&body)).await;
    assert!(is_revoked(&signed).await && !is_revoked(&to_text(&answered["bundle"])).await);
}

#[tokio::test]
async fn every_kind_is_described_in_every_location_that_accepts_it() {
    let daypass = Daypass::start();
    let partner = daypass.create_partner().await;
    let temporary = daypass.create_temporary(&daypass.admin).await;
    let reference = daypass.create_reference(&partner, &json!({})).await;
    let old_scheme = format!("AL-Secret-Token {}", daypass.admin);
    for (header, value, kind, scopes) in [
        ("authorization", &*format!("Bearer {temporary}"), "temporary", json!([FLOOR_READ])),
        ("authorization", &*old_scheme, "secret", Value::Null),
        ("x-api-key", &*partner, "application", json!(["bundle:create", FLOOR_READ])),
        ("x-api-token", &*reference, "bundle", json!([FLOOR_READ])),
    ] {
        let (status, described) = send(daypass.get(PATH).header(header, value)).await;
        assert_eq!((status, &described["kind"]), (200, &json!(kind)));
        assert_eq!(described["originAllowed"], true);
        if !scopes.is_null() {
            assert_eq!(described["scopes"], scopes, "{kind}");
        }
    }
}

#[tokio::test]
async fn unauthenticated_callers_and_leaked_secrets_learn_nothing() {
    let daypass = Daypass::start();
    expect_error(daypass.get(PATH), 401, "missing_token").await;
    let from_page = daypass.get(PATH).bearer_auth(&daypass.admin).header("origin", "https://a.example");
    expect_error(from_page, 403, "secret_in_browser").await;
    expect_error(daypass.get(PATH).query(&[("pubtoken", &daypass.admin)]), 400, "secret_in_query").await;
    expect_error(daypass.get(PATH).header("x-api-key", &daypass.admin), 403, "kind_not_accepted").await;
    let two = daypass.get(PATH).bearer_auth(&daypass.admin).header("x-api-key", "dp_app_x");
    expect_error(two, 400, "invalid_request").await;
    let twice = daypass.get(PATH).bearer_auth(&daypass.admin).header("x-api-key", &daypass.admin);
    expect_error(twice, 403, "kind_not_accepted").await;
}
