//! Bad input, answered as GraphQL answers it.

use serde_json::{Value, json};

use super::running::{send, to_text};
use super::{CREATE, MANAGER, WHO, add_user, ask_as, start, token_of};

#[tokio::test]
async fn bad_input_is_answered_as_graphql_answers_it() {
    let daypass = start();
    let raw = async |body: String| {
        send(daypass.post("/graphql").header("content-type", "application/json").body(body)).await
    };
    let query = |text: &str| json!({"query": text}).to_string();
    let aliases: String = (0..2000).map(|number| format!("a{number}: activeUser {{ id }} ")).collect();
    // With the fragment in its places, one selection more than is accepted.
    let names: String = "__typename ".repeat(333);
    let types = |fields: &str| format!("{{ __schema {{ types {{ {fields} }} }} }}");
    let scopes: String = (0..19).map(|number| format!("s{number}: scopes {{ name }} ")).collect();
    for (body, status, code) in [
        (String::new(), 400, "BAD_REQUEST"),
        ("{".into(), 400, "BAD_REQUEST"),
        ("[]".into(), 400, "BAD_REQUEST"),
        ("{}".into(), 400, "BAD_REQUEST"),
        ("null".into(), 400, "BAD_REQUEST"),
        (r#"{"query": 3}"#.into(), 400, "BAD_REQUEST"),
        (r#"{"query": "{ serverInfo { name } }", "variables": []}"#.into(), 400, "BAD_REQUEST"),
        (query(" "), 400, "BAD_REQUEST"),
        (query("{"), 400, "GRAPHQL_PARSE_FAILED"),
        (query("{ serverInfo { name } } }"), 400, "GRAPHQL_PARSE_FAILED"),
        (query("{ \u{0} }"), 400, "GRAPHQL_PARSE_FAILED"),
        (query("{ nothing }"), 400, "GRAPHQL_VALIDATION_FAILED"),
        (query("{ serverInfo }"), 400, "GRAPHQL_VALIDATION_FAILED"),
        (query("query { ...f } fragment f on Query { ...f }"), 400, "GRAPHQL_VALIDATION_FAILED"),
        (query("subscription { serverInfo { name } }"), 400, "GRAPHQL_VALIDATION_FAILED"),
        (query("query($id: String!) { user(id: $id) { id } }"), 200, "BAD_USER_INPUT"),
        (query(&format!("{{ user(id: {}1{}) {{ id }} }}", "[".repeat(60), "]".repeat(60))), 400, ""),
        (query(&"{a".repeat(20_000)), 400, "GRAPHQL_PARSE_FAILED"),
        (query(&format!("{{ user(id: {}", "[".repeat(50_000))), 400, "GRAPHQL_PARSE_FAILED"),
        (query(&format!("{{ user(id: {}", "{a:".repeat(15_000))), 400, "GRAPHQL_PARSE_FAILED"),
        (query(&format!("{{ {aliases} }}")), 400, "GRAPHQL_VALIDATION_FAILED"),
        (query(&format!("{{ ...f ...f }} fragment f on Query {{ {names} }}")), 400, "GRAPHQL_VALIDATION_FAILED"),
        (query(&types("fields { type { fields { type { fields { name } } } } }")), 400, "GRAPHQL_VALIDATION_FAILED"),
        (query("{ activeUser { a: apiTokens { id } b: apiTokens { id } } }"), 400, "GRAPHQL_VALIDATION_FAILED"),
        (query(&format!("{{ serverInfo {{ {scopes} }} }}")), 400, "GRAPHQL_VALIDATION_FAILED"),
        (query(&" ".repeat(70_000)), 413, "BAD_REQUEST"),
    ] {
        let (seen, answer) = raw(body.clone()).await;
        let seen_code = answer["errors"][0]["extensions"]["code"].as_str().unwrap_or_default();
        let start: String = body.chars().take(80).collect();
        assert_eq!((seen, &answer["data"]), (status, &Value::Null), "{start}: {}", answer["errors"][0]["message"]);
        assert!(code.is_empty() || seen_code == code, "{start}: {seen_code}");
    }
    for (open, close, depth) in [("[", "]", 31_000), ("{a:", "}", 15_000), ("{a", "}", 20_000)] {
        let deep = format!("{{ user(id: {}1{}) {{ id }} }}", open.repeat(depth), close.repeat(depth));
        let (status, answer) = raw(query(&deep)).await;
        let message = to_text(&answer["errors"][0]["message"]);
        assert!(status == 400 && message.contains("nested too deeply"), "{open}: {status}");
    }
    let user = add_user(&daypass, "ada");
    let (manager, _) = token_of(&daypass, "secret", &user, &MANAGER).await;
    for input in [
        json!({}),
        json!({"token": null}),
        json!({"token": {"name": "n"}}),
        json!({"token": {"name": 1, "scopes": ["profile:read"]}}),
        json!({"token": {"name": "n", "scopes": [null]}}),
        json!({"token": {"name": "n", "scopes": {"a": 1}}}),
        json!({"token": {"name": "n", "scopes": ["profile:read"], "lifespan": "1000.0"}}),
        json!({"token": {"name": "n", "scopes": ["profile:read"], "lifespan": ""}}),
        json!({"token": {"name": "n", "scopes": ["profile:read"], "lifespan": 1.5}}),
        json!({"token": {"name": "n", "scopes": ["profile:read"], "lifespan": 1e30}}),
        json!({"token": {"name": "n", "scopes": ["profile:read"], "unknown": 1}}),
        json!({"token": {"name": "n", "scopes": ["profile:read"], "limitResources": [{"id": "p"}]}}),
        json!({"token": {"name": "n", "scopes": ["profile:read"], "limitResources": [{"id": "p", "type": "floor"}]}}),
        json!({"token": {"name": "n", "scopes": ["streams:read"], "limitResources": [{"id": "a b", "type": "project"}]
        }}),
    ] {
        let (status, body) = ask_as(&daypass, &manager, CREATE, input.clone()).await;
        assert!([200, 400].contains(&status) && body["data"].is_null(), "{input}: {status}");
        let code = to_text(&body["errors"][0]["extensions"]["code"]);
        assert!(["BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED"].contains(&&*code), "{input}: {code}");
    }
    for lifespan in [json!(86_400_000), json!(86_400_000.0), json!("86400000")] {
        let input = json!({"token": {"name": "n", "scopes": ["profile:read"], "lifespan": lifespan}});
        assert_eq!(ask_as(&daypass, &manager, CREATE, input).await.1.get("errors"), None, "{lifespan}");
    }
    let (_, answer) = ask_as(&daypass, &manager, "{ activeUser { apiTokens { lifespan } } }", json!({})).await;
    assert_eq!(answer["data"]["activeUser"]["apiTokens"], json!(vec![json!({"lifespan": 86_400_000}); 3]));
    let text = daypass.post("/graphql").header("content-type", "text/plain").body(query(WHO));
    assert_eq!(send(text).await.0, 400, "a simple request of another site's page");
    assert_eq!(send(daypass.get("/graphql?query={serverInfo{name}}")).await.0, 405);
    // What tools ask for.
    let accepted = [
        "{ serverInfo { scopes { name } } activeUser { apiTokens { id scopes limitResources { id } } } }".to_owned(),
        types("fields { type { fields { name } } }"),
        "{ __schema { types { ...t } } } fragment t on __Type { fields { args { type { ...r } } type { ...r } }
            inputFields { type { ...r } } interfaces { ...r } possibleTypes { ...r } }
            fragment r on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }".into(),
    ];
    for text in accepted {
        let (status, answer) = raw(query(&text)).await;
        assert_eq!((status, answer.get("errors")), (200, None), "{text}");
    }
}
