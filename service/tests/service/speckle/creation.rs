//! Which personal tokens are created, and by whom.

use serde_json::json;

use super::people::join;
use super::{CREATE, MANAGER, add_user, ask_as, error_of, start, token_of};

#[tokio::test]
async fn nobody_creates_a_token_that_has_more_than_the_own_one() {
    let daypass = start();
    let user = add_user(&daypass, "ada");
    let (viewer, _) = join(&daypass, "vic@example.com", "viewer").await;
    let limited = json!({
        "kind": "secret", "name": "n", "owner": user, "scopes": MANAGER,
        "resources": [{"type": "streams", "id": "p1"}, {"type": "streams", "id": "p2"}],
    });
    let (limited, _) = daypass.create_token(limited).await;
    let (manager, _) = token_of(&daypass, "secret", &user, &MANAGER).await;
    let (no_own, _) = token_of(&daypass, "secret", &user, &["tokens:write", "profile:read"]).await;
    let (no_write, _) = token_of(&daypass, "secret", &user, &["token:create", "profile:read"]).await;
    let (of_viewer, _) = token_of(&daypass, "secret", &viewer, &MANAGER).await;
    let (personal, _) = token_of(&daypass, "personal", &user, &["profile:read", "tokens:read"]).await;
    let (unowned, _) = daypass.create_token(json!({"kind": "secret", "name": "n", "scopes": MANAGER})).await;
    let lacks = |scope: &str| format!("Your auth token does not have the required scope: {scope}.");
    let [foreign, resources] = [
        "You can't create a token with scopes that you don't have",
        "You can't create a token with access to resources that you don't have access to",
    ];
    let project = |id: &str| json!([{"id": id, "type": "project"}]);
    for (token, scopes, limits, expected) in [
        (&manager, &["profile:read"][..], json!(null), None),
        (&manager, &["streams:read"], project("p1"), None),
        (&limited, &["streams:read"], project("p1"), None),
        (&limited, &["streams:read"], json!(null), Some(resources)),
        (&limited, &["streams:read"], json!([]), Some(resources)),
        (&limited, &["streams:read"], project("p3"), Some(resources)),
        (&manager, &["profile:read", "users:read"], json!(null), Some(foreign)),
        (&manager, &["floor:fly"], json!(null), Some(foreign)),
        (&manager, &["nonsense"], json!(null), Some(foreign)),
        (&manager, &[], json!(null), Some("A token needs at least one scope")),
        (
            &manager,
            &["profile:read", "tokens:write"],
            json!(null),
            Some("You can't create a personal access token with the tokens:write scope"),
        ),
        (&no_own, &["profile:read"], json!(null), Some(&*lacks("token:create"))),
        (&no_write, &["profile:read"], json!(null), Some(&lacks("tokens:write"))),
        (&personal, &["profile:read"], json!(null), Some(&lacks("tokens:write"))),
        (&unowned, &["profile:read"], json!(null), Some("You do not have the required server role")),
        (
            &of_viewer,
            &["profile:read"],
            json!(null),
            Some("A user with the role viewer cannot have these scopes: they need developer."),
        ),
    ] {
        let input = json!({"token": {"name": "n", "scopes": scopes, "limitResources": limits}});
        let answer = ask_as(&daypass, token, CREATE, input).await;
        match expected {
            None => assert_eq!((answer.0, answer.1.get("errors")), (200, None)),
            Some(expected) => {
                let (status, message, _) = error_of(answer);
                assert_eq!((status, &*message), (200, expected), "{scopes:?} {limits}");
            }
        }
    }
    // The native API does not create one either.
    let native = json!({"kind": "personal", "name": "n", "owner": user, "scopes": ["tokens:write"]});
    let (status, refused) = daypass.post_token(native).await;
    assert_eq!((status, &refused["error"]), (400, &json!("invalid_scope")));
    for (name, lifespan, says) in [
        ("", json!(null), "The `name` must be 1 to 512 characters"),
        (&*"n".repeat(513), json!(null), "The `name` must be 1 to 512 characters"),
        ("n\u{7}", json!(null), "U+0007 at position 2"),
        ("n", json!(999), "The lifespan must be in milliseconds, at least 1000"),
        ("n", json!(-1), "The lifespan must be in milliseconds, at least 1000"),
        ("n", json!(i64::MAX), "before the year 10000"),
    ] {
        let input = json!({"token": {"name": name, "scopes": ["profile:read"], "lifespan": lifespan}});
        let (status, message, code) = error_of(ask_as(&daypass, &manager, CREATE, input).await);
        assert!(status == 200 && code == "BAD_USER_INPUT" && message.contains(says), "{lifespan}: {message}");
    }
}
