//! Personal tokens: they belong to a user, have scopes of the product alone, and no more than the user's role.

use daypass::api::RevocationTarget;
use reqwest::Method;
use serde_json::{Value, json};

use super::running::{Daypass, expect_error, send, to_text};

/// Adds a user, and returns its id.
fn add_user(daypass: &Daypass, name: &str, role: &str) -> String {
    let email = format!("{name}@example.com");
    to_text(&daypass.json(&["user", "add", "--name", name, "--email", &email, "--role", role])["id"])
}

fn body(owner: &str, scopes: &[&str]) -> Value {
    json!({"kind": "personal", "name": "Scripts", "scopes": scopes, "owner": owner})
}

async fn create(daypass: &Daypass, owner: &str, scopes: &[&str]) -> Value {
    let (status, created) = daypass.post_token(body(owner, scopes)).await;
    assert_eq!(status, 201, "{}", created["message"]);
    created
}

#[tokio::test]
async fn a_personal_token_needs_a_user_and_has_no_more_than_the_users_role() {
    let daypass = Daypass::start();
    let [viewer, developer, owner] =
        ["viewer", "developer", "owner"].map(|role| add_user(&daypass, role, role));
    let service = to_text(&daypass.json(&["service-account", "add", "--name", "Shop"])["id"]);
    for (owner, scopes, code, says) in [
        (&*viewer, &["floor:readPublic"][..], None, ""),
        (&developer, &["floor:readPublic", "floor:export"], None, ""),
        (&owner, &["floor:export"], None, ""),
        (&viewer, &["floor:export"], Some("invalid_request"), "role viewer cannot have these scopes: they need developer"),
        (&service, &["floor:readPublic"], Some("invalid_request"), "A personal token needs an `owner`"),
        (&owner, &["token:read"], Some("invalid_scope"), "A personal token cannot hold `token:read`"),
        (&owner, &["floor:export", "token:create"], Some("invalid_scope"), "cannot hold `token:create`"),
        (&owner, &["daypass:administer"], Some("invalid_scope"), "cannot hold `daypass:administer`"),
        (&owner, &["bundle:create"], Some("invalid_scope"), "cannot hold `bundle:create`"),
    ] {
        let request = daypass.post("/v2/access-token").bearer_auth(&daypass.admin).json(&body(owner, scopes));
        match code {
            Some(code) => {
                let message = expect_error(request, 400, code).await;
                assert!(message.contains(says), "{owner} {scopes:?}: {message}");
            }
            None => assert_eq!(send(request).await.0, 201, "{owner} {scopes:?}"),
        }
    }
    let operator = to_text(&daypass.json(&["token", "create", "--kind", "secret", "--name", "n", "--scope",
        "token:create", "--scope", "floor:export", "--tenant", "*"])["token"]);
    let mut everywhere = body(&owner, &["floor:export"]);
    everywhere["tenant"] = json!("*");
    let request = daypass.post("/v2/access-token").bearer_auth(operator).json(&everywhere);
    let message = expect_error(request, 400, "invalid_request").await;
    assert!(message.contains("own organization"), "{message}");
    let unowned = json!({"kind": "personal", "name": "n", "scopes": ["floor:export"]});
    let request = daypass.post("/v2/access-token").bearer_auth(&daypass.admin).json(&unowned);
    expect_error(request, 400, "invalid_request").await;
    let mut defaults = body(&owner, &[]);
    defaults.as_object_mut().expect("an object").remove("scopes");
    let request = daypass.post("/v2/access-token").bearer_auth(&daypass.admin).json(&defaults);
    let message = expect_error(request, 400, "invalid_scope").await;
    assert!(message.contains("must name its scopes"), "{message}");
    let output = daypass.token_command(&["create", "--kind", "personal", "--name", "n", "--scope", "floor:export"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("a personal token needs --owner"));
}

#[tokio::test]
async fn a_personal_token_is_accepted_by_products_and_manages_nothing() {
    let daypass = Daypass::start();
    let user = add_user(&daypass, "ada", "owner");
    let created = create(&daypass, &user, &["floor:export"]).await;
    let (token, id) = (to_text(&created["token"]), to_text(&created["id"]));
    assert!(token.starts_with("dp_per_"), "its prefix");
    let introspection = daypass.post("/introspect").bearer_auth(&daypass.admin).form(&[("token", &token)]);
    let (_, introspected) = send(introspection).await;
    assert_eq!((&introspected["active"], &introspected["scope"]), (&json!(true), &json!("floor:export")));
    assert_eq!(introspected["record"]["owner"], json!(user));
    for (method, path) in [
        (Method::GET, "/v2/access-token".to_owned()),
        (Method::POST, "/v2/access-token".to_owned()),
        (Method::DELETE, format!("/v2/access-token/{id}")),
        (Method::GET, format!("/v2/organization/{}/principal", daypass.organization())),
        (Method::POST, "/v2/temporary-access-token/create".to_owned()),
    ] {
        let request = daypass.request(method, &path).bearer_auth(&token).json(&json!({}));
        expect_error(request, 403, "kind_not_accepted").await;
    }
    let edit = daypass.request(Method::PATCH, &format!("/v2/access-token/{id}")).bearer_auth(&daypass.admin);
    let (status, edited) = send(edit.json(&json!({"name": "Reports"}))).await;
    assert_eq!((status, &edited["name"], &edited["owner"]), (200, &json!("Reports"), &json!(user)));
}

#[tokio::test]
async fn a_lower_role_revokes_the_personal_tokens_that_grant_more() {
    let daypass = Daypass::start();
    let user = add_user(&daypass, "ada", "developer");
    let public = create(&daypass, &user, &["floor:readPublic"]).await;
    let private = create(&daypass, &user, &["floor:readPublic", "floor:export"]).await;
    let secret = daypass.post_token(json!({"kind": "secret", "name": "n", "owner": user})).await.1;
    let is_revoked = async |token: &Value| {
        let request = daypass.get("/v2/access-token/self").bearer_auth(to_text(&token["token"]));
        send(request).await.1["revoked"] == true
    };

    let output = daypass.command(&["user", "edit", &user, "--role", "viewer"]);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && error.contains("active tokens that grant more: 1"), "{error}");
    assert!(!is_revoked(&private).await, "nothing happened yet");
    // Without such tokens there is nothing to confirm.
    assert_eq!(daypass.json(&["user", "edit", &user, "--role", "admin"])["role"], "admin");
    assert_eq!(daypass.json(&["user", "edit", &user, "--role", "developer"])["role"], "developer");

    let path = format!("/v2/organization/{}/principal/{user}", daypass.organization());
    let edit = daypass.request(Method::PATCH, &path).bearer_auth(&daypass.admin);
    assert_eq!(send(edit.json(&json!({"role": "viewer"}))).await.1["role"], "viewer");
    assert_eq!((is_revoked(&private).await, is_revoked(&public).await, is_revoked(&secret).await), (true, false, false));
    let entries = daypass.read_page(&daypass.admin, 0).await.revocations;
    let expected = RevocationTarget::Token { serial: private["serial"].as_u64().expect("a number") };
    assert_eq!(entries.last().map(|entry| &entry.target), Some(&expected));

    let created = create(&daypass, &user, &["floor:readPublic"]).await;
    assert_eq!(created["owner"], json!(user));
    daypass.json(&["user", "edit", &user, "--role", "developer"]);
    assert!(is_revoked(&private).await, "a revocation is permanent");
    let again = create(&daypass, &user, &["floor:export"]).await;
    daypass.json(&["user", "edit", &user, "--role", "viewer", "--yes"]);
    assert!(is_revoked(&again).await);
}
