//! Personal tokens: created, listed, revoked, and seen by the native API.

use serde_json::{Value, json};

use super::running::{Daypass, send, to_text};
use super::{MANAGER, REVOKE, TOKENS, WHO, add_user, ask_as, create_as, error_of, start, token_of};

#[tokio::test]
async fn a_personal_token_is_created_shown_once_listed_and_revoked() {
    let daypass = start();
    let user = add_user(&daypass, "ada");
    let (manager, _) = token_of(&daypass, "secret", &user, &MANAGER).await;
    let limits = json!([{"id": "p1", "type": "project"}, {"id": "w1", "type": "workspace"}]);
    let input = json!({
        "name": "Grasshopper", "scopes": ["streams:read", "profile:read"], "lifespan": 3_600_999,
        "limitResources": limits,
    });
    let token = to_text(&create_as(&daypass, &manager, input).await);
    assert!(token.len() == 42 && token.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')), "its format");
    assert_eq!(ask_as(&daypass, &token, WHO, json!({})).await.1["data"]["activeUser"]["id"], json!(user));

    let (_, listed) = ask_as(&daypass, &manager, TOKENS, json!({})).await;
    let listed = listed["data"]["activeUser"]["apiTokens"].as_array().expect("a list").clone();
    assert_eq!(listed.len(), 1);
    let (id, record) = (to_text(&listed[0]["id"]), &listed[0]);
    assert_eq!(record["name"], "Grasshopper");
    assert_eq!(record["scopes"], json!(["profile:read", "streams:read"]));
    assert_eq!((&record["lifespan"], &record["limitResources"]), (&json!(3_600_000), &limits));
    assert!(id == token[..10] && record["lastChars"] == token[36..], "as Speckle takes them from the token");
    assert!(!record.to_string().contains(&token));
    assert!(to_text(&record["createdAt"]).ends_with(".000Z"));

    // The native API and the command line show the same token, with its kind and limits.
    let native = send(daypass.get(&format!("/v2/access-token/{id}")).bearer_auth(&daypass.admin)).await.1;
    assert_eq!((&native["kind"], &native["owner"]), (&json!("personal"), &json!(user)));
    let resources = json!([{"type": "streams", "id": "p1"}, {"type": "workspace", "id": "w1"}]);
    assert_eq!(native["grants"][0]["resources"], resources);
    let lifetime = native["expiresAt"].as_u64().expect("a time") - native["createdAt"].as_u64().expect("a time");
    assert_eq!(lifetime, 3600);
    let introspection = daypass.post("/introspect").bearer_auth(&daypass.admin).form(&[("token", &token)]);
    assert_eq!(send(introspection).await.1["record"]["id"], json!(id));
    let printed = daypass.json(&["token", "list", "--kind", "personal"]).to_string();
    assert!(printed.contains(&id) && printed.contains("\"w1\""), "{printed}");

    assert!(!daypass.log().contains(&token) && !daypass.log().contains(&token[10..]), "no log has it");

    // Each way to name a token revokes it, once.
    for form in ["id", "text", "bearer"] {
        let input = json!({"name": form, "scopes": ["profile:read"], "lifespan": 0});
        let token = to_text(&create_as(&daypass, &manager, input).await);
        let (_, listed) = ask_as(&daypass, &manager, TOKENS, json!({})).await;
        let newest = &listed["data"]["activeUser"]["apiTokens"][0];
        assert_eq!(newest["lifespan"], json!(3_154_000_000_000_u64), "it never expires");
        let named = match form {
            "id" => to_text(&newest["id"]),
            "text" => token.clone(),
            _ => format!("Bearer {token}"),
        };
        let (status, body) = ask_as(&daypass, &manager, REVOKE, json!({"token": named})).await;
        assert_eq!((status, &body["data"]["data"]), (200, &json!(true)), "{form}");
        assert_eq!(ask_as(&daypass, &token, WHO, json!({})).await.0, 403, "{form}");
        let again = error_of(ask_as(&daypass, &manager, REVOKE, json!({"token": named})).await);
        assert_eq!(again.1, "Did not revoke token", "{form}");
    }
}

#[tokio::test]
async fn tokens_of_the_native_api_and_of_others_are_told_apart() {
    let daypass = start();
    let [ada, bob] = ["ada", "bob"].map(|name| add_user(&daypass, name));
    let (manager, manager_id) = token_of(&daypass, "secret", &ada, &MANAGER).await;
    let native = json!({
        "kind": "personal", "name": "Native", "owner": ada, "scopes": ["floor:readPrivate", "streams:write:s1"],
        "resources": [{"type": "floor", "id": "f1"}, {"type": "streams", "id": "s1"}],
    });
    let (_, id) = daypass.create_token(native).await;
    let (text, bobs) = token_of(&daypass, "personal", &bob, &["profile:read", "tokens:read"]).await;
    let (_, listed) = ask_as(&daypass, &manager, TOKENS, json!({})).await;
    let listed = &listed["data"]["activeUser"]["apiTokens"];
    assert_eq!(listed.as_array().map(Vec::len), Some(1), "no secret token, and none of another user");
    assert_eq!((&listed[0]["id"], &listed[0]["lastUsed"]), (&json!(id), &Value::Null));
    assert_eq!(listed[0]["scopes"], json!(["floor:readPrivate", "streams:write:s1"]));
    assert_eq!(listed[0]["limitResources"], json!([{"id": "f1", "type": "floor"}, {"id": "s1", "type": "project"}]));

    for named in [&bobs, &text, &manager_id, &manager, &"tok_none".to_owned(), &String::new(), &"Bearer".to_owned()] {
        let refused = error_of(ask_as(&daypass, &manager, REVOKE, json!({"token": named})).await);
        assert_eq!(refused, (200, "Did not revoke token".into(), "BAD_USER_INPUT".into()));
    }
    let other = "query($id: String) { user(id: $id) { id name email apiTokens { id } } }";
    let refused = error_of(ask_as(&daypass, &manager, other, json!({"id": bob})).await);
    assert_eq!(refused.1, "Your auth token does not have the required scope: users:read.");
    let (reader, _) = token_of(&daypass, "personal", &ada, &["users:read", "tokens:read"]).await;
    let (_, body) = ask_as(&daypass, &reader, other, json!({"id": bob})).await;
    assert_eq!(body["errors"][0]["message"], "You can only view your own tokens");
    let (_, body) = ask_as(&daypass, &reader, &other.replace(" apiTokens { id }", ""), json!({"id": bob})).await;
    assert_eq!(body["data"]["user"], json!({"id": bob, "name": "bob", "email": null}));
}

#[tokio::test]
async fn tokens_are_in_daypasss_format_if_the_service_is_told_so() {
    let daypass = Daypass::start_with(&["--protocols=speckle", "--speckle-daypass-tokens"]);
    let user = add_user(&daypass, "ada");
    let (manager, _) = token_of(&daypass, "secret", &user, &MANAGER).await;
    let token = to_text(&create_as(&daypass, &manager, json!({"name": "n", "scopes": ["profile:read"]})).await);
    assert!(token.starts_with("dp_per_"), "its prefix");
    assert_eq!(ask_as(&daypass, &token, WHO, json!({})).await.1["data"]["activeUser"]["id"], json!(user));
    let (status, body) = ask_as(&daypass, &manager, REVOKE, json!({"token": token})).await;
    assert_eq!((status, &body["data"]["data"]), (200, &json!(true)));
}
