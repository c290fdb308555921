//! Tokens stay valid when a product renames its scopes.

use daypass::Scope;
use daypass::verify::{Credentials, TokenLocation};
use serde_json::{Value, json};

use super::running::{Daypass, send, to_text};

static SEAT_USE: Scope = Scope::literal("seat:use");

fn write(catalog: &Value) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().expect("a file");
    rewrite(&file, catalog);
    file
}

fn rewrite(file: &tempfile::NamedTempFile, catalog: &Value) {
    std::fs::write(file, catalog.to_string()).expect("a file");
}

fn start(file: &tempfile::NamedTempFile) -> Daypass {
    Daypass::start_with(&["--catalog", file.path().to_str().expect("UTF-8")])
}

fn chairs() -> Value {
    json!({"name": "Chairs", "scopes": [{"scope": "chair:sit", "description": "Sit"}]})
}

fn seats() -> Value {
    json!({
        "name": "Seats",
        "scopes": [{"scope": "seat:use", "description": "Use"}],
        "aliases": [{"alias": "chair:sit", "scopes": ["seat:use"]}],
    })
}

/// Returns whether a temporary token with this scope may use the seat `c1`, the seat `c2` and all; `None` if it is
/// refused.
async fn check_seats(daypass: &Daypass, secret: &str, scope: &str) -> Option<[bool; 3]> {
    let asked = daypass.post("/v2/temporary-access-token/create").bearer_auth(secret);
    let (status, answer) = send(asked.json(&json!({"scopes": [scope]}))).await;
    if status == 400 {
        assert_eq!(answer["error"], "invalid_scope");
        return None;
    }
    let authorization = to_text(&answer["authorization"]);
    let token = authorization.strip_prefix("Bearer ").expect("a bearer token");
    let access = daypass
        .create_verifier()
        .await
        .verify(&Credentials::new(token, TokenLocation::Bearer), None)
        .await
        .expect("access");
    let required = || access.require(&SEAT_USE).tenant(access.organization());
    Some([required().resource("c1").is_met(), required().resource("c2").is_met(), required().is_met()])
}

#[tokio::test]
async fn a_scope_granted_by_an_older_name_is_held_by_the_current_name() {
    let file = write(&chairs());
    let mut daypass = start(&file);
    let (secret, _) = daypass.create_token(json!({"kind": "secret", "name": "n", "scopes": ["chair:sit"]})).await;
    rewrite(&file, &seats());
    daypass.restart();
    for scope in ["chair:sit", "seat:use"] {
        assert_eq!(check_seats(&daypass, &secret, scope).await, Some([true, true, true]), "{scope}");
    }
    assert_eq!(check_seats(&daypass, &secret, "chair:sit:c1").await, Some([true, false, false]));
}

#[tokio::test]
async fn a_limit_set_by_an_older_name_holds_by_the_current_name() {
    let file = write(&chairs());
    let mut daypass = start(&file);
    let chair = json!([{"type": "chair", "id": "c1"}]);
    let limited = json!({"kind": "secret", "name": "n", "scopes": ["chair:sit", "token:create"], "resources": chair});
    let (limited, _) = daypass.create_token(limited).await;
    rewrite(&file, &seats());
    daypass.restart();
    for scope in ["chair:sit", "chair:sit:c1", "seat:use:c1"] {
        assert_eq!(check_seats(&daypass, &limited, scope).await, Some([true, false, false]), "{scope}");
    }
    for scope in ["seat:use", "seat:use:c2", "chair:sit:c2"] {
        assert_eq!(check_seats(&daypass, &limited, scope).await, None, "{scope}");
    }
    // The token grants what it has, and no more.
    let new =
        |resources: &Value| json!({"kind": "secret", "name": "n", "scopes": ["chair:sit"], "resources": resources});
    let create = |body: Value| send(daypass.post("/v2/access-token").bearer_auth(&limited).json(&body));
    let (status, made) = create(new(&chair)).await;
    assert_eq!(status, 201, "{made}");
    assert_eq!(check_seats(&daypass, &to_text(&made["token"]), "chair:sit").await, Some([true, false, false]));
    for wider in [json!([]), json!([{"type": "chair", "id": "c2"}]), json!([{"type": "seat", "id": "c1"}])] {
        let (status, refused) = create(new(&wider)).await;
        assert_eq!((status, &refused["error"]), (400, &json!("invalid_scope")));
    }
}

#[tokio::test]
async fn a_new_limit_by_an_older_name_holds_by_the_current_name() {
    let file = write(&seats());
    let daypass = start(&file);
    for scope in ["chair:sit", "seat:use", "seat:use:c1"] {
        let resources = json!([{"type": "chair", "id": "c1"}]);
        let new = json!({"kind": "secret", "name": "n", "scopes": [scope], "resources": resources});
        let (secret, _) = daypass.create_token(new).await;
        assert_eq!(check_seats(&daypass, &secret, "chair:sit").await, Some([true, false, false]), "{scope}");
        assert_ne!(check_seats(&daypass, &secret, "seat:use:c2").await, Some([false, true, false]), "{scope}");
    }
}

#[tokio::test]
async fn a_token_with_every_scope_within_limits_grants_by_older_names() {
    let file = write(&chairs());
    let mut daypass = start(&file);
    let chair = json!([{"type": "chair", "id": "c1"}]);
    let (all, id) = daypass.create_token(json!({"kind": "secret", "name": "n", "resources": chair})).await;
    let grants = json!([{"tenant": daypass.organization(), "scopes": ["*"], "resources": chair}]).to_string();
    daypass.execute(&format!("UPDATE token SET grants = '{grants}' WHERE id = '{id}'"));
    rewrite(&file, &seats());
    daypass.restart();
    assert_eq!(check_seats(&daypass, &all, "seat:use").await, Some([true, false, false]));
    for (resources, expected) in [(&chair, 201), (&json!([]), 400)] {
        let new = json!({"kind": "secret", "name": "n", "scopes": ["seat:use"], "resources": resources});
        let (status, made) = send(daypass.post("/v2/access-token").bearer_auth(&all).json(&new)).await;
        assert_eq!(status, expected, "{made}");
        if status == 201 {
            assert_eq!(check_seats(&daypass, &to_text(&made["token"]), "seat:use").await, Some([true, false, false]));
        }
    }
}
