use daypass::verify::{Credentials, TokenLocation};
use serde_json::{Value, json};

use crate::running::{Daypass, FLOOR_READ, answer, refused, text};

const PATH: &str = "/v2/access-token/self";

#[tokio::test]
async fn a_holder_learns_why_a_token_is_refused() {
    let daypass = Daypass::start();
    let origins = ["*.northlight.example"];
    let body = json!({"kind": "publishable", "name": "n", "origins": origins, "scopes": ["floor:readPublic"]});
    let (token, id) = daypass.made(body).await;
    let expected = |end: Value, revoked: bool, seen: Value, allowed: bool| {
        json!({"kind": "publishable", "scopes": ["floor:readPublic"], "origins": origins, "expiresAt": end,
            "revoked": revoked, "originSeen": seen, "originAllowed": allowed})
    };
    for (origin, allowed) in [
        ("https://shop.northlight.example", true),
        ("https://northlight.example", false),
        ("https://elsewhere.example", false),
        ("null", false),
    ] {
        let request = daypass.get(PATH).query(&[("pubtoken", &token)]).header("origin", origin);
        let response = request.send().await.expect("an answer");
        assert_eq!(response.headers()["access-control-allow-origin"], "*");
        assert_eq!(response.headers()["cache-control"], "no-store");
        let described: Value = response.json().await.expect("JSON");
        assert_eq!(described, expected(Value::Null, false, json!(origin), allowed));
    }
    daypass.revoke(&id).await;
    daypass.sql().execute("UPDATE token SET expires_at = 5 WHERE id = ?1", [&id]).expect("a row");
    let dead = answer(daypass.get(PATH).bearer_auth(&token)).await;
    assert_eq!(dead, (200, expected(json!(5), true, Value::Null, false)));
}

#[tokio::test]
async fn a_child_is_revoked_with_its_parent() {
    let daypass = Daypass::start();
    let (secret, id) = daypass.secret().await;
    let temporary = daypass.temporary(&secret).await;
    let partner = daypass.partner().await;
    let body = json!({"parameters": {}});
    let bundle = || async {
        let (_, answered) = answer(daypass.post("/v2/bundle/create").bearer_auth(&partner).json(&body)).await;
        text(&answered["bundle"])
    };
    let (signed, reference) = (bundle().await, daypass.reference(&partner, &json!({})).await);
    let is_revoked = async |token: &str| {
        let (status, described) = answer(daypass.get(PATH).bearer_auth(token)).await;
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
    // A product that asks nobody does not learn of the signed ones' revocation.
    let verifier = daypass.verifier().await;
    for child in [&temporary, &signed] {
        assert!(verifier.verify(&Credentials::new(child, TokenLocation::Bearer), None).await.is_ok());
    }
    // The next token with the same id is another parent: the dead one's children stay dead, its own live.
    let partner = daypass.partner().await;
    let (_, answered) = answer(daypass.post("/v2/bundle/create").bearer_auth(&partner).json(&body)).await;
    assert!(is_revoked(&signed).await && !is_revoked(&text(&answered["bundle"])).await);
}

#[tokio::test]
async fn every_kind_is_described_by_every_carrier_that_takes_it() {
    let daypass = Daypass::start();
    let partner = daypass.partner().await;
    let temporary = daypass.temporary(&daypass.admin).await;
    let reference = daypass.reference(&partner, &json!({})).await;
    let old_scheme = format!("AL-Secret-Token {}", daypass.admin);
    for (header, value, kind, scopes) in [
        ("authorization", &*format!("Bearer {temporary}"), "temporary", json!([FLOOR_READ])),
        ("authorization", &*old_scheme, "secret", Value::Null),
        ("x-api-key", &*partner, "application", json!(["bundle:create", FLOOR_READ])),
        ("x-api-token", &*reference, "bundle", json!([FLOOR_READ])),
    ] {
        let (status, described) = answer(daypass.get(PATH).header(header, value)).await;
        assert_eq!((status, &described["kind"]), (200, &json!(kind)));
        assert_eq!(described["originAllowed"], true);
        if !scopes.is_null() {
            assert_eq!(described["scopes"], scopes, "{kind}");
        }
    }
}

#[tokio::test]
async fn strangers_and_leaked_secrets_learn_nothing() {
    let daypass = Daypass::start();
    refused(daypass.get(PATH), 401, "missing_token").await;
    let from_page = daypass.get(PATH).bearer_auth(&daypass.admin).header("origin", "https://a.example");
    refused(from_page, 403, "secret_in_browser").await;
    refused(daypass.get(PATH).query(&[("pubtoken", &daypass.admin)]), 400, "secret_in_query").await;
    refused(daypass.get(PATH).header("x-api-key", &daypass.admin), 403, "kind_not_accepted").await;
    let two = daypass.get(PATH).bearer_auth(&daypass.admin).header("x-api-key", &daypass.admin);
    refused(two, 400, "invalid_request").await;
}
