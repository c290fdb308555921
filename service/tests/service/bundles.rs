use base64ct::{Base64UrlUnpadded, Encoding};
use daypass::TokenKind;
use daypass::verify::{Credentials, TokenLocation};
use serde_json::{Value, json};

use super::running::{Daypass, FLOOR_READ, expect_error, mistype, now, send, to_text};

/// Parameters to be returned byte for byte: unknown keys, their order, number texts, nesting, escapes.
const POSTED: &str =
    r#"{"file":"test.dwg","zoom":1.50,"big":12345678901234567890123,"a":{"z":[1,{}],"b":null},"é":"\u00e9"}"#;

fn wrong_token() -> (u16, Value) {
    (403, json!({"error": "wrong_token", "message": "Wrong token"}))
}

#[tokio::test]
async fn a_reference_redeems_to_the_posted_parameters_and_their_application() {
    let daypass = Daypass::start();
    let partner = daypass.create_partner().await;
    let request = daypass.post("/generate").header("x-api-key", &partner).header("content-type", "application/json");
    let (status, session) = send(request.body(POSTED)).await;
    assert_eq!((status, session.as_object().map(serde_json::Map::len)), (200, Some(2)), "{session}");
    let end = session["expiration_time"].as_u64().expect("a time");
    assert!((now() + 3595..=now() + 3600).contains(&end));

    // A browser or a virus scanner may fetch twice.
    for _ in 0..2 {
        let request = daypass.get("/verify").header("x-api-token", to_text(&session["token"]));
        let response = request.header("origin", "https://editor.example").send().await.expect("a response");
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "application/json");
        assert_eq!(response.headers()["cache-control"], "no-store");
        // The page learns when the reference expires; the body has the parameters only.
        assert_eq!(response.headers()["daypass-expires-at"], end.to_string());
        let readable = response.headers()["access-control-expose-headers"].to_str().expect("text");
        assert!(readable.split(", ").any(|name| name == "Daypass-Expires-At"), "{readable}");
        let expected = POSTED.replace(r#""\u00e9"}"#, r#""\u00e9","auth":"northlight"}"#);
        assert_eq!(response.text().await.expect("a body"), expected);
    }
}

#[tokio::test]
async fn the_application_of_a_bundle_cannot_be_forged() {
    let daypass = Daypass::start();
    let partner = daypass.create_partner().await;
    let reference = daypass.create_reference(&partner, &json!({"auth": "somebody else", "file": "f"})).await;
    let verified = send(daypass.get("/verify").header("x-api-token", reference)).await;
    assert_eq!(verified, (200, json!({"auth": "northlight", "file": "f"})));
}

#[tokio::test]
async fn every_invalid_token_is_a_wrong_token() {
    let daypass = Daypass::start();
    let partner = daypass.create_partner().await;
    let reference = daypass.create_reference(&partner, &json!({})).await;
    let (secret, _) = daypass.create_secret().await;
    let scopes = [FLOOR_READ];
    let (without_scope, _) = daypass.create_token(json!({"kind": "application", "name": "n", "scopes": scopes})).await;
    let signed = signed_bundle(&daypass, &partner).await;
    for key in ["", "x", &secret, &reference, &without_scope, &mistype(&partner), &daypass.admin] {
        let refusal = send(daypass.post("/generate").header("x-api-key", key).json(&json!({}))).await;
        assert_eq!(refusal, wrong_token());
    }
    for token in ["", "x", "bbf18f21-3d0d-4a4c-b650-9c14d4075ce0", &secret, &partner, &signed] {
        assert_eq!(send(daypass.get("/verify").header("x-api-token", token)).await, wrong_token());
    }
    assert_eq!(send(daypass.post("/generate").json(&json!({}))).await, wrong_token());
    assert_eq!(send(daypass.get("/verify")).await, wrong_token());
    let from_page = daypass.post("/generate").header("x-api-key", &partner).header("origin", "https://a.example");
    assert_eq!(send(from_page.json(&json!({}))).await, wrong_token());
}

#[tokio::test]
async fn a_body_that_is_not_an_object_is_refused() {
    let daypass = Daypass::start();
    let partner = daypass.create_partner().await;
    let deep = format!(r#"{{"a":{}{}}}"#, "[".repeat(200), "]".repeat(200));
    for body in ["", "{", "[]", "1", r#""text""#, "null", r#"{"a":1,"a":2}"#, &deep] {
        let post = daypass.post("/generate").header("x-api-key", &partner);
        let (status, answer) = send(post.header("content-type", "application/json").body(body.to_owned())).await;
        assert_eq!((status, &answer["error"], &answer["message"]), (403, &json!("wrong_token"), &json!("Wrong token")));
        assert!(to_text(&answer["reason"]).starts_with("The body is not valid"), "{answer}");
        let post = daypass.post("/v2/bundle/create").bearer_auth(&partner).header("content-type", "application/json");
        expect_error(post.body(format!(r#"{{"parameters":{body}}}"#)), 400, "invalid_body").await;
    }
}

#[tokio::test]
async fn a_reference_ends_by_expiry_by_revocation_and_with_its_parent() {
    let daypass = Daypass::start();
    let partner = daypass.create_partner().await;
    let verify = |reference: &str| send(daypass.get("/verify").header("x-api-token", reference));

    let expired = daypass.create_reference(&partner, &json!({})).await;
    daypass.execute("UPDATE token SET expires_at = 1 WHERE kind = 'bundle'");
    assert_eq!(verify(&expired).await, wrong_token());

    let revoked = daypass.create_reference(&partner, &json!({})).await;
    let list = async || {
        let (_, list) = send(daypass.get("/v2/access-token?kind=bundle").bearer_auth(&daypass.admin)).await;
        list["tokens"].as_array().expect("a list").iter().map(|token| to_text(&token["id"])).collect::<Vec<_>>()
    };
    let ids = list().await;
    assert_eq!(ids.len(), 2, "the clock may be wrong by which one expired long ago");
    daypass.revoke(&ids[0]).await;
    assert_eq!(verify(&revoked).await, wrong_token());

    // As if a service had run for 50 hours.
    daypass.execute("INSERT INTO feed_mark (number, seq) VALUES (50, 0)");
    let orphan = daypass.create_reference(&partner, &json!({})).await;
    let left = list().await;
    assert!(left.len() == 1 && !ids.contains(&left[0]), "references from before are deleted");
    assert_eq!(verify(&orphan).await.0, 200);
    daypass.revoke("northlight").await;
    assert_eq!(verify(&orphan).await, wrong_token());
    let (_, introspected) =
        send(daypass.post("/introspect").bearer_auth(&daypass.admin).form(&[("token", &*orphan), ("record", "true")]))
            .await;
    assert_eq!(introspected["active"], false);
    assert!(introspected["record"]["revokedAt"].is_u64(), "{introspected}");
}

#[tokio::test]
async fn a_reference_never_outlives_its_parent() {
    let daypass = Daypass::start();
    let end = now() + 100;
    let body = json!({"kind": "application", "name": "n", "scopes": ["bundle:create"], "expiresAt": end});
    let (partner, _) = daypass.create_token(body).await;
    let (_, session) = send(daypass.post("/generate").header("x-api-key", partner).json(&json!({}))).await;
    assert_eq!(session["expiration_time"], end);
}

#[tokio::test]
async fn a_signed_bundle_is_verified_with_the_published_keys() {
    let daypass = Daypass::start();
    let partner = daypass.create_partner().await;
    let body = format!(r#"{{"parameters":{POSTED},"origins":["*.Northlight.example"],"durationSeconds":60}}"#);
    let request = daypass.post("/v2/bundle/create").bearer_auth(&partner).header("content-type", "application/json");
    let (status, answered) = send(request.body(body)).await;
    assert_eq!(status, 200, "{answered}");
    let end = answered["expiresAt"].as_u64().expect("a time");
    assert!((now() + 55..=now() + 60).contains(&end));

    let bundle = to_text(&answered["bundle"]);
    let verifier = daypass.create_verifier().await;
    let credentials = Credentials::new(&bundle, TokenLocation::Bearer);
    let access = verifier.verify(&credentials.from_origin("https://a.northlight.example"), None).await.expect("access");
    assert_eq!((access.kind(), access.parent()), (TokenKind::Bundle, Some("northlight")));
    assert_eq!(access.scopes().to_string(), FLOOR_READ, "no scope of Daypass itself");
    assert!(verifier.verify(&credentials.from_origin("https://elsewhere.example"), None).await.is_err());

    let payload = bundle.split('.').nth(1).expect("three parts");
    let payload = String::from_utf8(Base64UrlUnpadded::decode_vec(payload).expect("base64url")).expect("UTF-8");
    assert!(payload.ends_with(&format!(r#","parameters":{POSTED}}}"#)), "{payload}");
}

#[tokio::test]
async fn every_bundle_that_is_signed_is_accepted_by_verifiers() {
    let daypass = Daypass::start();
    let partner = daypass.create_partner().await;
    let verifier = daypass.create_verifier().await;
    let nested = |levels: usize| format!(r#"{}1{}"#, r#"{"a":"#.repeat(levels), "}".repeat(levels));
    let create = |field: &str, json: &str| {
        let body = if field == "parameters" { json.to_owned() } else { format!(r#"{{}},"{field}":{json}"#) };
        let post = daypass.post("/v2/bundle/create").bearer_auth(&partner).header("content-type", "application/json");
        post.body(format!(r#"{{"parameters":{body}}}"#))
    };
    for json in [&nested(126), r#"{"a":{"b":1,"c":{"b":2}},"b":[{"b":1},{"b":2}]}"#] {
        let (status, answered) = send(create("parameters", json)).await;
        assert_eq!(status, 200, "{}", answered["message"]);
        let bundle = to_text(&answered["bundle"]);
        let verified = verifier.verify(&Credentials::new(&bundle, TokenLocation::Bearer), None).await;
        assert_eq!(verified.map(|access| access.kind()), Ok(TokenKind::Bundle));
    }
    for field in ["parameters", "sealed"] {
        for (json, why) in [
            (&*nested(127), "nested"),
            (r#"{"config":{"a":1,"a":2}}"#, "twice"),
            (r#"{"config":[[{"b":1,"a":1,"\u0062":2}]]}"#, "twice"),
        ] {
            let message = expect_error(create(field, json), 400, "invalid_body").await;
            assert!(message.contains(field) && message.contains(why), "{message}");
        }
    }
}

#[tokio::test]
async fn a_signed_bundle_has_limits() {
    let daypass = Daypass::start();
    let partner = daypass.create_partner().await;
    for (body, status, code) in [
        (json!({"parameters": {}, "durationSeconds": 59}), 400, "duration_out_of_range"),
        (json!({"parameters": {}, "durationSeconds": 86_401}), 400, "duration_out_of_range"),
        (json!({"parameters": {}, "durationSeconds": -1}), 400, "invalid_body"),
        (json!({"parameters": {}, "origins": ["*.com"]}), 400, "invalid_request"),
        (json!({"parameters": {}, "origin": ["a.example"]}), 400, "invalid_body"),
        (json!({"durationSeconds": 60}), 400, "invalid_body"),
        (json!({"parameters": {"long": "x".repeat(20_000)}}), 400, "invalid_request"),
        (json!({"parameters": {"long": "x".repeat(70_000)}}), 413, "body_too_large"),
    ] {
        expect_error(daypass.post("/v2/bundle/create").bearer_auth(&partner).json(&body), status, code).await;
    }
    let body = json!({"parameters": {}});
    let from_page = daypass.post("/v2/bundle/create").bearer_auth(&partner).header("origin", "https://a.example");
    expect_error(from_page.json(&body), 403, "secret_in_browser").await;
    let with_secret = daypass.post("/v2/bundle/create").bearer_auth(&daypass.admin).json(&body);
    assert_eq!(send(with_secret).await.0, 200);
    daypass.revoke("northlight").await;
    expect_error(daypass.post("/v2/bundle/create").bearer_auth(&partner).json(&body), 401, "token_revoked").await;
}

async fn signed_bundle(daypass: &Daypass, partner: &str) -> String {
    let request = daypass.post("/v2/bundle/create").bearer_auth(partner).json(&json!({"parameters": {}}));
    to_text(&send(request).await.1["bundle"])
}
