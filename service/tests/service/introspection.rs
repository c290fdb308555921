use base64ct::{Base64, Encoding};
use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};

use super::running::{Daypass, FLOOR_READ, expect_error, mistype, send, to_text};

/// What is told about a token that is not active, to the byte.
const INACTIVE: &str = r#"{"active":false}"#;
const BOTH: [&str; 2] = ["Bearer", r#"Basic realm="daypass", charset="UTF-8""#];

/// Asks what a token is, as the admin.
async fn ask(daypass: &Daypass, token: &str) -> String {
    let form = [("token", token), ("token_type_hint", "refresh_token")];
    let response =
        daypass.post("/introspect").bearer_auth(&daypass.admin).form(&form).send().await.expect("a response");
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(response.headers()["cache-control"], "no-store");
    response.text().await.expect("a body")
}

async fn ask_json(daypass: &Daypass, token: &str) -> Value {
    serde_json::from_str(&ask(daypass, token).await).expect("JSON")
}

/// Returns the claims of a JWT.
fn claims(jwt: &str) -> Value {
    let payload = jwt.split('.').nth(1).expect("a payload");
    let payload = base64ct::Base64UrlUnpadded::decode_vec(payload).expect("base64url");
    serde_json::from_slice(&payload).expect("claims")
}

#[tokio::test]
async fn a_stored_token_has_the_members_of_rfc_7662_and_its_record() {
    let daypass = Daypass::start_with(&["--issuer", "https://tokens.example/", "--audience", "my-api"]);
    let (_, mut created) = daypass
        .post_token(
            json!({"kind": "secret", "name": "n", "scopes": [FLOOR_READ, "token:read"], "expiresAt": 4e9 as u64}),
        )
        .await;
    let token = created.as_object_mut().and_then(|record| record.remove("token")).expect("a token");
    let expected = json!({
        "active": true,
        "scope": format!("{FLOOR_READ} token:read"),
        "client_id": created["id"],
        "token_type": "Bearer",
        "exp": 4_000_000_000_u64,
        "iat": created["createdAt"],
        "sub": daypass.organization(),
        "aud": "my-api",
        "iss": "https://tokens.example",
        "jti": created["id"],
        "record": created,
    });
    assert_eq!(ask_json(&daypass, &to_text(&token)).await, expected);

    let floor = json!([{"type": "floor", "id": "f1"}]);
    let body = json!({"kind": "secret", "name": "n", "scopes": [FLOOR_READ], "resources": floor});
    let (limited, _) = daypass.create_token(body).await;
    let limited = ask_json(&daypass, &limited).await;
    assert_eq!((&limited["active"], limited.get("scope"), limited.get("exp")), (&json!(true), None, None), "{limited}");
    assert_eq!(limited["record"]["grants"][0]["resources"], floor);

    let partner = daypass.create_partner().await;
    let reference = daypass.create_reference(&partner, &json!({})).await;
    let reference = ask_json(&daypass, &reference).await;
    assert_eq!((&reference["active"], &reference["client_id"]), (&json!(true), &json!("northlight")), "{reference}");
}

#[tokio::test]
async fn a_jwt_has_the_members_of_rfc_7662_until_it_is_revoked() {
    let daypass = Daypass::start();
    let (secret, id) = daypass.create_secret().await;
    let jkt = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
    let mint = daypass.post("/v2/temporary-access-token/create").bearer_auth(&secret);
    let (_, minted) = send(mint.json(&json!({"scopes": [FLOOR_READ], "dpopJkt": jkt}))).await;
    let bound = to_text(&minted["authorization"]).strip_prefix("DPoP ").expect("a bound token").to_owned();
    let free = daypass.create_temporary(&secret).await;
    for (token, token_type) in [(&bound, "DPoP"), (&free, "Bearer")] {
        let mut expected = claims(token);
        let members = expected.as_object_mut().expect("an object");
        assert_eq!(members.get("cnf"), (token_type == "DPoP").then(|| json!({"jkt": jkt})).as_ref());
        members.remove("root_serial");
        members.remove("feed_seq");
        members.insert("active".into(), json!(true));
        members.insert("scope".into(), json!(FLOOR_READ));
        members.insert("token_type".into(), json!(token_type));
        assert_eq!(expected["client_id"], json!(id));
        assert_eq!(ask_json(&daypass, token).await, expected);
    }
    daypass.revoke_by_text(&bound).await;
    assert_eq!(ask(&daypass, &bound).await, INACTIVE);
    assert_eq!(ask_json(&daypass, &free).await["active"], json!(true));
    daypass.revoke(&id).await;
    assert_eq!(ask(&daypass, &free).await, INACTIVE);
}

#[tokio::test]
async fn of_a_token_that_is_not_active_nothing_else_is_told() {
    let daypass = Daypass::start_with(&["--temporary-min-seconds", "1"]);
    let (expired, expired_id) = daypass.create_secret().await;
    let (revoked, revoked_id) = daypass.create_secret().await;
    let (foreign, foreign_id) = daypass.create_secret().await;
    let of_expired = daypass.create_temporary(&expired).await;
    let of_foreign = daypass.create_temporary(&foreign).await;
    let mint = daypass.post("/v2/temporary-access-token/create").bearer_auth(&daypass.admin);
    let (_, short) = send(mint.json(&json!({"scopes": [FLOOR_READ], "durationSeconds": 1}))).await;
    let short = to_text(&short["authorization"]).strip_prefix("Bearer ").expect("a token").to_owned();
    let other = Daypass::start();
    let forged = other.create_temporary(&other.admin).await;

    for token in [&expired, &revoked, &foreign, &of_expired, &of_foreign] {
        assert_eq!(ask_json(&daypass, token).await["active"], json!(true));
    }
    daypass.execute(&format!("UPDATE token SET expires_at = 7 WHERE id = '{expired_id}'"));
    daypass.revoke(&revoked_id).await;
    daypass.execute("INSERT INTO organization (id, created_at) VALUES ('org_other', 1)");
    daypass.execute(&format!("UPDATE token SET organization = 'org_other' WHERE id = '{foreign_id}'"));
    tokio::time::sleep(std::time::Duration::from_millis(2100)).await;
    let mistyped = mistype(&daypass.admin);
    let text = ["x", "a.b.c", "dp_sec_%00"];
    for token in
        [&expired, &revoked, &foreign, &of_foreign, &short, &forged, &mistyped].map(String::as_str).iter().chain(&text)
    {
        assert_eq!(ask(&daypass, token).await, INACTIVE);
    }
    // Minted before its parent expired, it lives as long as it says.
    assert_eq!(ask_json(&daypass, &of_expired).await["active"], json!(true));
}

#[tokio::test]
async fn a_verifier_gets_the_record_alone_of_active_expired_and_revoked_tokens() {
    let daypass = Daypass::start();
    let (product, _) =
        daypass.create_token(json!({"kind": "secret", "name": "API", "scopes": ["token:introspect"]})).await;
    let (_, mut created) =
        daypass.post_token(json!({"kind": "publishable", "name": "n", "origins": ["a.example"]})).await;
    let token = created.as_object_mut().and_then(|record| record.remove("token")).expect("a token");
    let id = created["id"].as_str().expect("an id").to_owned();
    let ask = |token: &Value| {
        let form = json!({"token": token, "token_type_hint": "access_token", "record": "true"});
        send(daypass.post("/introspect").bearer_auth(&product).form(&form))
    };
    assert_eq!(ask(&token).await, (200, json!({"active": true, "record": created})));
    daypass.execute(&format!("UPDATE token SET expires_at = 7 WHERE id = '{id}'"));
    created["expiresAt"] = json!(7);
    assert_eq!(ask(&token).await, (200, json!({"active": false, "record": created})));
    daypass.execute(&format!("UPDATE token SET expires_at = NULL WHERE id = '{id}'"));
    let revoked = daypass.revoke(&id).await;
    assert_eq!(ask(&token).await, (200, json!({"active": false, "record": revoked})));

    let temporary = json!(daypass.create_temporary(&daypass.admin).await);
    let text = token.as_str().expect("a text");
    for unknown in [temporary, json!(mistype(text)), json!("x"), json!("dp_sec_%00")] {
        assert_eq!(ask(&unknown).await, (200, json!({"active": false})), "{unknown}");
    }
}

#[tokio::test]
async fn the_request_is_a_form() {
    let daypass = Daypass::start();
    let post = || daypass.post("/introspect").bearer_auth(&daypass.admin);
    for request in [
        post(),
        post().json(&json!({"token": "x"})),
        post().form(&[("name", "x")]),
        post().form(&[("token", "x"), ("token", "y")]),
        post().form(&[("token", "x"), ("record", "yes")]),
    ] {
        expect_error(request, 400, "invalid_request").await;
    }
    expect_error(post().form(&[("token", "x".repeat(70_000))]), 413, "body_too_large").await;
}

/// Sends a request that is refused with 401, and returns its code, its message and its challenges.
async fn refuse(request: RequestBuilder) -> (String, String, Vec<String>) {
    let response: Response = request.form(&[("token", "x")]).send().await.expect("a response");
    assert_eq!(response.status(), 401);
    let challenges = response.headers().get_all("www-authenticate").iter();
    let challenges = challenges.map(|value| value.to_str().expect("text").to_owned()).collect();
    let body: Value = response.json().await.expect("JSON");
    (to_text(&body["error"]), to_text(&body["message"]), challenges)
}

#[tokio::test]
async fn the_caller_authenticates_with_basic_too_and_401_offers_both_schemes() {
    let daypass = Daypass::start();
    let (token, id) =
        daypass.create_token(json!({"kind": "secret", "name": "API", "scopes": ["token:introspect"]})).await;
    let (other, other_id) = daypass.create_secret().await;
    let post = || daypass.post("/introspect");
    let raw = |text: &str| post().header("authorization", format!("Basic {}", Base64::encode_string(text.as_bytes())));
    let encoded = format!("{}:{}", id.replace('_', "%5F"), token.replace('_', "%5F"));
    for request in [post().basic_auth(&id, Some(&token)), raw(&encoded)] {
        let (status, answer) = send(request.form(&[("token", &other)])).await;
        assert_eq!((status, &answer["active"], &answer["jti"]), (200, &json!(true), &json!(other_id)));
    }
    let [bearer, basic] = BOTH;
    for (request, message) in [
        (post().basic_auth(&other_id, Some(&token)), "The id is not that of the token."),
        (post().basic_auth(&id, Some(mistype(&token))), "The token is not valid."),
        (post().basic_auth(&id, Some("")), "The token is not valid."),
        (raw("x"), "The credentials are not the base64 of"),
        (post().header("authorization", "basic x"), "The credentials are not the base64 of"),
    ] {
        let (code, said, challenges) = refuse(request).await;
        assert_eq!((&*code, challenges), ("invalid_client", vec![basic.to_owned(), bearer.to_owned()]));
        assert!(said.contains(message), "{said}");
    }
    let wrong = post().bearer_auth(mistype(&token));
    let challenge = r#"Bearer error="invalid_token""#.to_owned();
    let (code, _, challenges) = refuse(wrong).await;
    assert_eq!((&*code, challenges), ("invalid_token", vec![challenge, basic.to_owned()]));
    let (code, _, challenges) = refuse(post()).await;
    assert_eq!((&*code, challenges), ("missing_token", BOTH.map(str::to_owned).to_vec()));

    // Every check of a Bearer token is one of a Basic one.
    let form = |request: RequestBuilder| request.form(&[("token", "x")]);
    let basic = || post().basic_auth(&id, Some(&token));
    expect_error(form(basic().header("origin", "https://a.example")), 403, "secret_in_browser").await;
    expect_error(form(basic().bearer_auth(&token)), 400, "invalid_request").await;
    expect_error(form(basic().basic_auth(&id, Some(&token))), 400, "invalid_request").await;
    expect_error(form(basic().header("x-api-key", &token)), 400, "invalid_request").await;
    expect_error(form(post().basic_auth(&other_id, Some(&other))), 403, "insufficient_scope").await;
    let temporary = daypass.create_temporary(&daypass.admin).await;
    expect_error(form(post().basic_auth(&id, Some(&temporary))), 403, "kind_not_accepted").await;
    daypass.revoke(&id).await;
    assert!(refuse(basic()).await.1.contains("The token was revoked."));
    assert!(!daypass.log().contains(&token[7..]));

    // Revocation takes it too (RFC 7009, section 2.1).
    let (revoker, revoker_id) =
        daypass.create_token(json!({"kind": "secret", "name": "R", "scopes": ["token:revoke"]})).await;
    let revoke = || daypass.post("/revoke").form(&[("token", &other)]);
    assert_eq!(refuse(revoke().basic_auth(&other_id, Some(&revoker))).await.0, "invalid_client");
    expect_error(revoke().basic_auth(&other_id, Some(&other)), 403, "insufficient_scope").await;
    assert_eq!(refuse(revoke()).await.2, BOTH);
    let revoked = revoke().basic_auth(&revoker_id, Some(&revoker)).send().await.expect("a response");
    assert_eq!(revoked.status(), 200);
    let (_, described) = send(daypass.get("/v2/access-token/self").bearer_auth(&other)).await;
    assert_eq!(described["revoked"], true);

    // Elsewhere Basic is no credential.
    expect_error(daypass.get("/v2/access-token").basic_auth("x", Some(&daypass.admin)), 401, "missing_token").await;
}
