//! `/v2/catalog`: an operator reads and sets the catalogue.

use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};

use super::running::{Daypass, expect_error, send, to_text};

const PATH: &str = "/v2/catalog";

fn chairs(scopes: &[&str]) -> Value {
    let scopes: Vec<_> =
        scopes.iter().map(|scope| json!({"scope": scope, "description": "D", "publishable": false})).collect();
    json!({"name": "Chairs", "scopes": scopes, "aliases": []})
}

/// A service, and its operator token.
fn start() -> (Daypass, String) {
    let daypass = Daypass::start();
    let operator = to_text(&daypass.line["operatorToken"]);
    (daypass, operator)
}

fn put(daypass: &Daypass, token: &str, query: &str, catalog: &Value) -> RequestBuilder {
    daypass.request(Method::PUT, &format!("{PATH}{query}")).bearer_auth(token).json(catalog)
}

/// Returns the version in the tag of a response, and the body.
async fn tagged(request: RequestBuilder) -> (u64, Value) {
    let response: Response = request.send().await.expect("a response");
    assert_eq!(response.status(), 200);
    let tag = response.headers()["etag"].to_str().expect("text").trim_matches('"').parse().expect("a version");
    (tag, response.json().await.expect("JSON"))
}

#[tokio::test]
async fn an_operator_reads_the_catalogue_and_sets_the_version_that_was_read() {
    let (daypass, operator) = start();
    let show = || daypass.get(PATH).bearer_auth(&operator);
    let (version, mut catalog) = tagged(show()).await;
    assert_eq!((version, &catalog), (1, &daypass.json(&["catalog", "show"])));

    catalog["scopes"]
        .as_array_mut()
        .expect("scopes")
        .push(json!({"scope": "chair:sit", "description": "Sit", "publishable": true}));
    let set = |query, tag: &str| put(&daypass, &operator, query, &catalog).header("if-match", tag);
    let message = expect_error(set("", "\"7\""), 409, "version_conflict").await;
    assert!(message.contains("its version is 1"), "{message}");
    let done = json!({"name": "Space API", "changed": true, "removed": [], "tokens": 0});
    assert_eq!(tagged(set("", "\"1\"")).await, (2, done));
    expect_error(set("", "\"1\""), 409, "version_conflict").await;
    let same = json!({"name": "Space API", "changed": false, "removed": [], "tokens": 0});
    assert_eq!(tagged(set("?yes=true", "*")).await, (2, same));
    assert_eq!(tagged(show()).await, (2, catalog.clone()));
    assert_eq!(daypass.json(&["catalog", "show"]), catalog);

    // The node goes by it at once, or with its next poll.
    let body = json!({"kind": "publishable", "name": "n", "origins": ["a.example"], "scopes": ["chair:sit"]});
    let create = || daypass.post("/v2/access-token").bearer_auth(&daypass.admin).json(&body);
    for attempt in 0.. {
        let (_, answer) = send(create()).await;
        if to_text(&answer["message"]).contains("lacks") {
            break;
        }
        assert!(attempt < 200, "{answer}");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn scopes_that_active_tokens_hold_are_removed_only_with_yes() {
    let (daypass, operator) = start();
    let first = chairs(&["chair:sit", "chair:paint"]);
    // The owner token holds every scope of the Space API.
    let message = expect_error(put(&daypass, &operator, "", &first), 409, "scopes_in_use").await;
    assert!(message.starts_with("The new catalogue lacks scopes that 1 active token holds: "), "{message}");
    assert!(message.contains(" floor:export "), "{message}");
    assert_eq!(tagged(daypass.get(PATH).bearer_auth(&operator)).await.1["name"], "Space API");
    let (version, done) = tagged(put(&daypass, &operator, "?yes=true", &first)).await;
    assert_eq!((version, &done["tokens"]), (2, &json!(1)));
    assert!(done["removed"].as_array().is_some_and(|removed| removed.contains(&json!("floor:export"))), "{done}");

    let create = ["token", "create", "--kind", "secret", "--name", "n", "--scope", "chair:paint"];
    let ids = [0, 1].map(|_| to_text(&daypass.json(&create)["id"]));
    let less = chairs(&["chair:sit"]);
    let message = expect_error(put(&daypass, &operator, "?yes=false", &less), 409, "scopes_in_use").await;
    assert_eq!(message, "The new catalogue lacks scopes that 2 active tokens hold: chair:paint.");
    for id in ids {
        daypass.revoke(&id).await;
    }
    assert_eq!(tagged(put(&daypass, &operator, "", &less)).await.0, 3);
}

#[tokio::test]
async fn only_operators_and_only_correct_catalogues_are_accepted() {
    let (daypass, operator) = start();
    let catalog = chairs(&["chair:sit"]);
    for token in [&daypass.admin, &daypass.create_secret().await.0] {
        expect_error(put(&daypass, token, "?yes=true", &catalog), 403, "insufficient_scope").await;
        expect_error(daypass.get(PATH).bearer_auth(token), 403, "insufficient_scope").await;
    }
    expect_error(daypass.get(PATH), 401, "missing_token").await;
    expect_error(daypass.post(PATH).bearer_auth(&operator), 405, "method_not_allowed").await;
    for (query, body, code, says) in [
        ("?yes=maybe", catalog.clone(), "invalid_request", "yes"),
        ("?force=true", catalog.clone(), "invalid_request", "force"),
        ("", json!([catalog]), "invalid_body", "list"),
        ("", json!({"scopes": []}), "invalid_body", "name"),
        ("", json!({"name": "P", "scopes": [{"scope": "chair", "description": ""}]}), "invalid_body", "scopes[0].scope"),
        ("", json!({"name": "P", "scopes": [], "colour": 1}), "invalid_body", "colour"),
        ("", chairs(&["token:fly"]), "invalid_body", "`token:fly`"),
        ("", chairs(&["chair:sit", "chair:sit"]), "invalid_body", "twice"),
    ] {
        let message = expect_error(put(&daypass, &operator, query, &body), 400, code).await;
        assert!(message.contains(says), "{says}: {message}");
    }
    let tag = put(&daypass, &operator, "", &catalog).header("if-match", "1");
    assert!(expect_error(tag, 400, "invalid_request").await.contains("If-Match"));
    let large = json!({"name": "P".repeat(70_000), "scopes": []});
    expect_error(put(&daypass, &operator, "", &large), 413, "body_too_large").await;
    assert_eq!(tagged(daypass.get(PATH).bearer_auth(&operator)).await.0, 1);
}
