//! Tokens that were created over another system's protocol, as the command line shows them.

use serde_json::{Value, json};

use super::locations::create_speckle;
use super::oauth_clients::add_developer;
use super::running::{DEFAULT_PROTOCOLS, Daypass, send, to_text};

/// Finds the only token of a kind and a name in the command line's list, and expects that it shows the same by its id.
fn find(daypass: &Daypass, kind: &str, name: &str) -> Value {
    let list = daypass.json(&["token", "list", "--kind", kind, "--name", name]);
    let [found] = list["tokens"].as_array().expect("a list").as_slice() else { panic!("one token: {list}") };
    let id = to_text(&found["id"]);
    assert_eq!(&daypass.json(&["token", "show", &id]), found, "{name}");
    for command in [&["token", "list", "--kind", kind, "--name", name][..], &["token", "show", &id]] {
        let output = daypass.command(command);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success() && text.contains(&id) && text.contains(kind), "{text}");
    }
    found.clone()
}

#[tokio::test]
async fn speckles_tokens_have_their_kind_owner_scopes_and_limits() {
    let daypass = Daypass::start_with(&[DEFAULT_PROTOCOLS]);
    let user = add_developer(&daypass, "ada").await;
    let limits = json!([{"id": "p1", "type": "project"}, {"id": "w1", "type": "workspace"}]);
    let input = json!({"name": "Grasshopper", "scopes": ["streams:read", "profile:read"], "lifespan": 3_600_000,
        "limitResources": limits});
    let token = create_speckle(&daypass, &user, &input).await;
    let record = find(&daypass, "personal", "Grasshopper");
    assert_eq!((&record["kind"], &record["owner"]), (&json!("personal"), &json!(user)));
    let resources = json!([{"type": "streams", "id": "p1"}, {"type": "workspace", "id": "w1"}]);
    let grant = json!({"tenant": daypass.organization(), "scopes": ["profile:read", "streams:read"],
        "resources": resources});
    assert_eq!((&record["grants"], &record["origins"]), (&json!([grant]), &json!([])));
    let time = |field: &str| record[field].as_u64().expect("a time");
    assert_eq!(time("expiresAt") - time("createdAt"), 3600);
    assert!(token.ends_with(&to_text(&record["lastChars"])) && !record.to_string().contains(&token), "the token is in no record");
}

#[tokio::test]
async fn threekits_tokens_have_their_kind_owner_scopes_and_domains() {
    let daypass = Daypass::start_with(&[DEFAULT_PROTOCOLS]);
    let organization = daypass.organization();
    let account = to_text(&daypass.json(&["service-account", "add", "--name", "Configurator"])["id"]);
    let create = async |body: Value| {
        let (status, created) = send(daypass.post("/api/accesstokens").bearer_auth(&daypass.admin).json(&body)).await;
        assert_eq!(status, 201, "{}", created["message"]);
        to_text(&created["id"])
    };
    let public = create(json!({"name": "Web shop", "permissions": "public", "domains": ["*.shop.example", "localhost"],
        "orgId": organization, "serviceAccountId": account}))
    .await;
    let private = create(json!({"name": "Scripts", "permissions": "private", "domains": [], "orgId": organization})).await;

    let record = find(&daypass, "publishable", "Web shop");
    let scopes = json!(["analytics:create", "configuration:create", "configurator:read"]);
    assert_eq!((&record["kind"], &record["owner"]), (&json!("publishable"), &json!(account)));
    assert_eq!(record["origins"], json!(["*.shop.example", "localhost"]));
    assert_eq!(record["grants"], json!([{"tenant": organization, "scopes": scopes}]));
    assert!(record["expiresAt"].is_null() && !record.to_string().contains(&public));

    let record = find(&daypass, "secret", "Scripts");
    let creator = find(&daypass, "secret", "Owner");
    assert_eq!((&record["kind"], &record["owner"]), (&json!("secret"), &creator["owner"]));
    assert_eq!((&record["createdBy"], &record["origins"]), (&creator["id"], &json!([])));
    assert_eq!(record["grants"], creator["grants"], "what its creator may do in the organization");
    assert!(record["expiresAt"].is_null() && !record.to_string().contains(&private));
}
