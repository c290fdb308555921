//! The Space API's protocol: temporary tokens, and the scopes as its clients write them.

use daypass::Catalog;
use daypass::verify::{Credentials, TokenLocation};
use reqwest::Method;
use serde_json::{Value, json};

use super::locations::{LOCATIONS, place, tokens};
use super::running::{DEFAULT_PROTOCOLS, Daypass, FLOOR_READ, expect_error, send, to_text};

const CREATE: &str = "/v2/temporary-access-token/create";

/// What creating a temporary token answers to each kind and format, in the order of [`LOCATIONS`]: the code, or `ok`. The
/// places: `Bearer`, `AL-Secret-Token`, bare; the five parameters of the query; a cookie, `x-api-key`, `x-api-token`.
const OUTCOMES: [(&str, [&str; LOCATIONS.len()]); 12] = [
    ("publishable", [ORIGIN, KIND, KIND, ORIGIN, ORIGIN, ORIGIN, ORIGIN, ORIGIN, KIND, KIND, KIND]),
    ("secret", ["ok", "ok", KIND, QUERY, QUERY, QUERY, QUERY, QUERY, KIND, KIND, KIND]),
    ("personal", [KIND, KIND, KIND, QUERY, QUERY, QUERY, QUERY, QUERY, KIND, KIND, KIND]),
    ("application", [KIND, KIND, KIND, QUERY, QUERY, QUERY, QUERY, QUERY, KIND, KIND, KIND]),
    // A bare text or a cookie is a token only if it looks like a stored one.
    ("temporary", [KIND, KIND, MISSING, QUERY, QUERY, QUERY, QUERY, QUERY, MISSING, KIND, KIND]),
    ("reference", [KIND, KIND, KIND, QUERY, QUERY, QUERY, QUERY, QUERY, KIND, KIND, KIND]),
    ("signed bundle", [KIND, KIND, MISSING, QUERY, QUERY, QUERY, QUERY, QUERY, MISSING, KIND, KIND]),
    ("oauthAccess", [KIND, KIND, MISSING, QUERY, QUERY, QUERY, QUERY, QUERY, MISSING, KIND, KIND]),
    // Only the token endpoint knows a refresh token.
    ("oauthRefresh", [NONE; LOCATIONS.len()]),
    // A format of another system is read where that system has it. Elsewhere it is no token, but for places that are for
    // tokens alone.
    ("Speckle's", [KIND, NONE, KIND, NONE, MISSING, MISSING, MISSING, MISSING, KIND, MISSING, MISSING]),
    ("UUID", [KIND, NONE, MISSING, NONE, MISSING, MISSING, MISSING, MISSING, MISSING, MISSING, KIND]),
    ("chosen id", [NONE, NONE, MISSING, NONE, MISSING, MISSING, MISSING, MISSING, MISSING, MISSING, MISSING]),
];
const KIND: &str = "kind_not_accepted";
const MISSING: &str = "missing_token";
const NONE: &str = "invalid_token";
const ORIGIN: &str = "origin_required";
const QUERY: &str = "secret_in_query";

#[tokio::test]
async fn only_a_secret_token_creates_temporary_ones() {
    let daypass = Daypass::start_with(&[DEFAULT_PROTOCOLS]);
    let mut outcomes = Vec::new();
    for (kind, token) in tokens(&daypass).await {
        let mut row = Vec::new();
        for location in LOCATIONS {
            let request = place(daypass.post(CREATE), location, &token).json(&json!({"scopes": [FLOOR_READ]}));
            let (status, answer) = send(request).await;
            row.push(if status == 200 { "ok".to_owned() } else { to_text(&answer["error"]) });
        }
        outcomes.push((kind, row));
    }
    let expected: Vec<_> = OUTCOMES.iter().map(|(kind, row)| (*kind, row.map(str::to_owned).to_vec())).collect();
    assert_eq!(outcomes, expected);
}

/// Creates a temporary token with one scope, and returns the scopes that an API sees.
async fn create(daypass: &Daypass, secret: &str, scope: &Value) -> String {
    let request = daypass.post(CREATE).bearer_auth(secret).json(&json!({"scopes": [scope]}));
    let (status, answer) = send(request).await;
    assert_eq!(status, 200, "{scope}: {answer}");
    let authorization = to_text(&answer["authorization"]);
    let token = authorization.strip_prefix("Bearer ").expect("a bearer token");
    let verifier = daypass.create_verifier().await.catalog(Catalog::space_api());
    let access = verifier.verify(&Credentials::new(token, TokenLocation::Bearer), None).await.expect("access");
    access.scopes().to_string()
}

#[tokio::test]
async fn scopes_are_texts_objects_and_older_names() {
    let daypass = Daypass::start_with(&["--protocols=space-api"]);
    let (secret, _) = daypass.create_secret().await;
    let all: Vec<_> = Catalog::space_api().scopes.into_iter().map(|scope| scope.scope.to_string()).collect();
    assert_eq!(all.len(), 16);
    for scope in all {
        let (resource, action) = scope.split_once(':').expect("two parts");
        assert_eq!(create(&daypass, &secret, &json!(scope)).await, scope);
        assert_eq!(create(&daypass, &secret, &json!({"resource": resource, "action": action})).await, scope);
    }
    for (written, scopes) in [
        (json!({"resource": "floor", "action": "readPrivate", "resourceId": "f1"}), "floor:readPrivate:f1"),
        (json!({"resource": "floor", "action": "readPrivate", "resourceId": null}), "floor:readPrivate"),
        // The documented type of its actions has `write`, and its table of scopes has `update`.
        (json!({"resource": "floor", "action": "write"}), "floor:update"),
        (json!("floor:read"), "floor:readPrivate floor:readPublic"),
        (json!({"resource": "floor", "action": "query"}), "floor:queryPrivate floor:queryPublic"),
        (json!("customFields:readPublic"), "customAttributeValues:readPublic"),
        (json!({"resource": "customFields", "action": "readPrivate"}), "customAttributeValues:readPrivate"),
        (json!("customFields:write"), "customAttributeValues:write"),
    ] {
        assert_eq!(create(&daypass, &secret, &written).await, scopes, "{written}");
    }
    for (wrong, code) in [
        (json!("floor:fly"), "invalid_scope"),
        (json!({"resource": "floor"}), "invalid_body"),
        (json!({"resource": "floor", "action": "export", "level": 1}), "invalid_body"),
        (json!(["floor", "export"]), "invalid_body"),
        (json!(1), "invalid_body"),
    ] {
        let request = daypass.post(CREATE).bearer_auth(&secret).json(&json!({"scopes": [wrong]}));
        expect_error(request, 400, code).await;
    }
}

#[tokio::test]
async fn a_publishable_token_has_four_scopes_at_most_and_its_name_and_domains_are_edited() {
    let daypass = Daypass::start_with(&["--protocols=space-api"]);
    let token = |scopes: Value| json!({"kind": "publishable", "name": "n", "origins": ["a.example"], "scopes": scopes});
    let (_, created) = daypass.post_token(json!({"kind": "publishable", "name": "n", "origins": ["a.example"]})).await;
    let four = ["customAttributeValues:readPublic", "customAttributes:read", "floor:queryPublic", "floor:readPublic"];
    assert_eq!(created["grants"][0]["scopes"], json!(four));
    for scope in Catalog::space_api().scopes {
        let scope = scope.scope.to_string();
        let (status, _) = daypass.post_token(token(json!([scope]))).await;
        assert_eq!(status, if four.contains(&&*scope) { 201 } else { 400 }, "{scope}");
    }
    let path = format!("/v2/access-token/{}", to_text(&created["id"]));
    let edit = json!({"name": "Renamed", "origins": ["*.b.example", "localhost"]});
    let (status, edited) = send(daypass.request(Method::PATCH, &path).bearer_auth(&daypass.admin).json(&edit)).await;
    assert_eq!((status, &edited["name"], &edited["origins"]), (200, &edit["name"], &edit["origins"]), "{edited}");
}

#[tokio::test]
async fn a_page_reads_why_its_secret_token_is_refused() {
    let daypass = Daypass::start();
    let (secret, _) = daypass.create_secret().await;
    let preflight = daypass
        .request(Method::OPTIONS, CREATE)
        .header("origin", "https://page.example")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization,content-type,x-sdk-version");
    let response = preflight.send().await.expect("a response");
    assert_eq!(response.status(), 204);
    assert_eq!(response.headers()["access-control-allow-origin"], "*");
    assert_eq!(response.headers()["access-control-allow-headers"], "authorization,content-type,x-sdk-version");
    assert_eq!(response.headers()["access-control-allow-methods"], "POST");
    let request = daypass
        .post(CREATE)
        .header("origin", "https://page.example")
        .header("authorization", format!("AL-Secret-Token {secret}"))
        .json(&json!({"scopes": [FLOOR_READ]}));
    let response = request.send().await.expect("a response");
    assert_eq!(response.status(), 403);
    assert_eq!(response.headers()["access-control-allow-origin"], "*");
    // The client shows `message`.
    let answer: Value = response.json().await.expect("JSON");
    assert_eq!((&answer["error"], answer["message"].is_string()), (&json!("secret_in_browser"), true));
}
