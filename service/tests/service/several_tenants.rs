//! Tokens with grants on several tenants.

use serde_json::{Value, json};

use super::running::{Daypass, FLOOR_READ, send, to_text};

#[tokio::test]
async fn an_application_token_has_a_grant_for_each_tenant_and_no_wider_one_than_its_creator() {
    let daypass = Daypass::start();
    let organization = daypass.organization();
    let create = async |caller: &str, grants: Value| {
        let body = json!({"kind": "secret", "name": "Sites", "grants": grants});
        send(daypass.post("/v2/access-token").bearer_auth(caller).json(&body)).await
    };
    // The owner token is for its organization alone.
    let own = json!([{"tenant": organization, "scopes": [FLOOR_READ]}]);
    assert_eq!(create(&daypass.admin, own.clone()).await.0, 201);
    for tenant in ["site1", "*"] {
        let grants = json!([own[0], {"tenant": tenant, "scopes": [FLOOR_READ]}]);
        let (status, error) = create(&daypass.admin, grants).await;
        assert_eq!((status, &error["error"]), (400, &json!("invalid_scope")), "{tenant}");
    }

    // The operator gives what no token of the organization holds.
    let created = daypass.json(&[
        "token", "create", "--kind", "secret", "--name", "Sites",
        "--grant", "site1=floor:readPrivate,floor:export", "--grant", "site2=floor:readPrivate",
        "--grant", &format!("{organization}=token:create"),
    ]);
    let sites = to_text(&created["token"]);
    assert_eq!(created["grants"], json!([
        {"tenant": "site1", "scopes": ["floor:export", "floor:readPrivate"]},
        {"tenant": "site2", "scopes": ["floor:readPrivate"]},
        {"tenant": organization, "scopes": ["token:create"]},
    ]));
    let one = |tenant: &str, scope: &str| json!([{"tenant": tenant, "scopes": [scope]}]);
    for (grants, expected) in [
        (one("site1", "floor:export"), 201),
        (json!([one("site1", "floor:export")[0], one("site2", FLOOR_READ)[0]]), 201),
        (json!([]), 201),
        (one("site2", "floor:export"), 400),
        (one("site3", FLOOR_READ), 400),
        (one("*", FLOOR_READ), 400),
        (one("site1", "token:create"), 400),
        (one("site1", "floor:nonsense"), 400),
        (json!([{"tenant": "site1", "scopes": []}]), 400),
        (one("", FLOOR_READ), 400),
        (json!([{"tenant": "site1", "scopes": [FLOOR_READ], "resources": [{"type": "flor", "id": "f1"}]}]), 400),
        (json!([{"tenant": "site1", "scope": [FLOOR_READ]}]), 400),
    ] {
        let (status, answer) = create(&sites, grants.clone()).await;
        assert_eq!(status, expected, "{grants}: {}", answer["message"]);
    }
    // Beside the fields of a token with one grant, they would be read in two ways.
    for (field, value) in [("tenant", json!("site1")), ("scopes", json!([FLOOR_READ])),
                           ("resources", json!([{"type": "floor", "id": "f1"}]))] {
        let mut body = json!({"kind": "secret", "name": "Sites", "grants": one("site1", FLOOR_READ)});
        body[field] = value;
        let (status, error) = send(daypass.post("/v2/access-token").bearer_auth(&sites).json(&body)).await;
        assert_eq!((status, &error["error"]), (400, &json!("invalid_request")), "{field}");
    }
}

#[test]
fn the_command_line_says_what_a_grant_looks_like() {
    let daypass = Daypass::start();
    for (grant, why) in [
        ("site1", "expected a tenant, `=` and its scopes with commas between"),
        ("site1=floor", "`floor` is not a scope: expected resource:action"),
        ("site1=", "`` is not a scope: expected resource:action"),
    ] {
        let output = daypass.token_command(&["create", "--kind", "secret", "--name", "n", "--grant", grant]);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && error.contains(why), "{error}");
    }
}
