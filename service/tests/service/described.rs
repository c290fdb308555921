//! Holds what the service answers against its own description, `GET /openapi.json`: [`require`].

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

use jsonschema::Validator;
use reqwest::Method;
use serde_json::{Value, json};

/// The description, in which no response has a field that is not described.
static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let mut document = daypass_service::openapi("http://127.0.0.1");
    for schema in document["components"]["schemas"].as_object_mut().expect("schemas").values_mut() {
        if schema["properties"].is_object() && schema["additionalProperties"].is_null() {
            schema["unevaluatedProperties"] = false.into();
        }
    }
    document
});

/// The validators of responses, by the method, the path and the status.
static VALIDATORS: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);

/// Requires that a response of JSON is described, with its status, its code and all of its fields. Other systems'
/// protocols pass.
///
/// SECURITY: the message does not have the body, which may have a token.
pub(crate) fn require(method: &Method, path: &str, status: u16, body: &Value) {
    if let Err(why) = check(method, path, status, body) {
        panic!("/openapi.json does not describe a response of {method} {path} with {status}: {why}");
    }
}

fn check(method: &Method, path: &str, status: u16, body: &Value) -> Result<(), String> {
    let Some((route, operations)) = find(path) else { return Ok(()) };
    let operation = &operations[method.as_str().to_lowercase()];
    if operation.is_null() {
        return if status == 405 { Ok(()) } else { Err("it has no such operation".into()) };
    }
    let response = &operation["responses"][status.to_string()];
    let schema = &response["content"]["application/json"]["schema"];
    if schema.is_null() {
        return Err("it has no JSON with this status".into());
    }
    let error = validator(&format!("{method} {route} {status}"), schema).iter_errors(body).next().map(|error| {
        let (part, rule) = (error.instance_path().to_string(), error.schema_path().to_string());
        format!("`{part}` is not as `{rule}` says; the code is {}", body["error"])
    });
    error.map_or(Ok(()), Err)
}

/// Finds the route of a path. One without parameters comes first.
fn find(path: &str) -> Option<(&'static str, &'static Value)> {
    let routes = DOCUMENT["paths"].as_object().expect("paths");
    let is_route = |route: &str| {
        let (parts, wanted) = (path.split('/'), route.split('/'));
        route.matches('/').count() == path.matches('/').count()
            && parts.zip(wanted).all(|(part, wanted)| part == wanted || (wanted.starts_with('{') && !part.is_empty()))
    };
    let found = routes.iter().filter(|(route, _)| is_route(route)).min_by_key(|(route, _)| route.matches('{').count());
    found.map(|(route, operations)| (route.as_str(), operations))
}

fn validator(name: &str, schema: &Value) -> Arc<Validator> {
    let mut validators = VALIDATORS.lock().expect("no test panics meanwhile");
    let validator = validators.entry(name.to_owned()).or_insert_with(|| {
        let whole = json!({ "allOf": [schema], "components": DOCUMENT["components"] });
        Arc::new(jsonschema::draft202012::new(&whole).expect("a schema"))
    });
    Arc::clone(validator)
}

#[test]
fn a_response_that_is_not_described_is_noticed() {
    let health = |status, body| check(&Method::GET, "/health", status, &body);
    assert_eq!(health(200, json!({ "status": "ok" })), Ok(()));
    for (status, body) in [
        (201, json!({ "status": "ok" })),
        (200, json!({ "status": "ok", "more": 1 })),
        (200, json!({ "status": 1 })),
        (200, json!({})),
    ] {
        assert!(health(status, body.clone()).is_err(), "{status} {body}");
    }
    let refusal = |error| json!({ "error": error, "message": "", "help": "", "status": 401 });
    let list = |path, error| check(&Method::GET, path, 401, &refusal(error));
    assert_eq!(list("/v2/access-token", "missing_token"), Ok(()));
    assert!(list("/v2/access-token", "sign_in_failed").is_err());
    assert_eq!(list("/api/accesstokens", "anything"), Ok(()));
    assert!(check(&Method::PUT, "/health", 200, &json!({})).is_err());
}
