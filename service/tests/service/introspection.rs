use serde_json::{Value, json};

use crate::running::{Daypass, expect_error, mistype, send};

#[tokio::test]
async fn introspection_returns_the_record_of_active_expired_and_revoked_tokens() {
    let daypass = Daypass::start();
    let (product, _) =
        daypass.create_token(json!({"kind": "secret", "name": "API", "scopes": ["token:introspect"]})).await;
    let (_, mut created) =
        daypass.post_token(json!({"kind": "publishable", "name": "n", "origins": ["a.example"]})).await;
    let token = created.as_object_mut().and_then(|record| record.remove("token")).expect("a token");
    let id = created["id"].as_str().expect("an id").to_owned();
    let ask = |token: &Value| {
        let hint = json!("access_token");
        send(daypass.post("/introspect").bearer_auth(&product).form(&[("token", token), ("token_type_hint", &hint)]))
    };
    assert_eq!(ask(&token).await, (200, json!({"active": true, "record": created})));
    daypass.sql().execute("UPDATE token SET expires_at = 7 WHERE id = ?1", [&id]).expect("a row");
    created["expiresAt"] = json!(7);
    assert_eq!(ask(&token).await, (200, json!({"active": false, "record": created})));
    daypass.sql().execute("UPDATE token SET expires_at = NULL WHERE id = ?1", [&id]).expect("a row");
    let revoked = daypass.revoke(&id).await;
    assert_eq!(ask(&token).await, (200, json!({"active": false, "record": revoked})));

    let temporary = json!(daypass.create_temporary(&daypass.admin).await);
    let text = token.as_str().expect("a text");
    for unknown in [temporary, json!(mistype(text)), json!(""), json!("x"), json!("dp_sec_%00")] {
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
    ] {
        expect_error(request, 400, "invalid_request").await;
    }
    expect_error(post().form(&[("token", "x".repeat(70_000))]), 413, "body_too_large").await;
}
