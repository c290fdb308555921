//! The document, from the operations: [`document`].

use std::collections::BTreeMap;

use daypass::{ErrorBody, ErrorCode};
use schemars::SchemaGenerator;
use serde_json::{Map, Value, json};

use super::super::oauth_error::OAuthErrorBody;
use super::callers::security_schemes;
use super::operation::{Body, Content, Errors, Success};
use super::schemas::{Schemas, clean};
use super::{Callers, Field, Header, Operation, Tag, headers};

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";
const HTML: &str = "text/html";

/// What holds for every operation.
const INTRODUCTION: &str = "\
The API of the Daypass token service: access tokens for embeds.

- Times are Unix time in seconds, and durations are seconds.
- JSON bodies are objects in UTF-8. An unknown field is refused (400 `invalid_body`). A body has at most 64 KiB.
- Every error of JSON is an `ErrorBody`: its `error` is a stable code, and its `help` says what to do. Besides the errors \
that an operation lists, an unknown path is 404 `not_found`, and another method 405 `method_not_allowed` with `Allow`.
- 429 and 503 have `Retry-After`. 401 has `WWW-Authenticate`. Every response has `X-Request-Id`.
- A request has one token. The errors of an operation include those of every token that a request may have.
- HEAD works wherever GET does.

The paths of the systems that Daypass replaces (`daypass serve --protocols`) are left out, and so are the pages for people: \
see the documentation.";

/// What an id is: 1 to 128 characters.
const ID: &str = "^[A-Za-z0-9][A-Za-z0-9._~-]{0,127}$";

/// Makes the document for a service at this URL.
pub(crate) fn document(issuer: &str, operations: &[Operation]) -> Value {
    let mut schemas = Schemas::new();
    let mut paths = BTreeMap::<_, Map<String, Value>>::new();
    for operation in operations {
        let method = operation.method.as_str().to_lowercase();
        paths.entry(operation.path).or_default().insert(method, describe(operation, &mut schemas));
    }
    let (components, own_forms) = schemas.components();
    let operations = paths.values_mut().flat_map(Map::values_mut);
    for body in operations.filter_map(|operation| operation.get_mut("requestBody")) {
        *body = own_forms.apply(body.take());
    }
    let tags = Tag::ALL.map(Tag::texts).map(|(name, description)| json!({ "name": name, "description": description }));
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Daypass token service",
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": issuer }],
        "tags": tags,
        "paths": paths,
        "components": {
            "schemas": components,
            "headers": headers::components(),
            "securitySchemes": security_schemes(),
        },
    });
    clean(&mut document);
    // Lists, whose lines stay as they are.
    document["info"]["description"] = INTRODUCTION.into();
    document["components"]["schemas"]["ErrorBody"]["properties"]["error"]["description"] = codes().into();
    document
}

/// Returns what each code means, as a list.
fn codes() -> String {
    let row = |code: &ErrorCode| format!("- `{code}` ({}): {}", code.status(), code.meaning());
    let rows: Vec<_> = ErrorCode::ALL.iter().filter(|code| code.status() > 0).map(row).collect();
    format!("The code's stable name.\n\n{}", rows.join("\n"))
}

fn describe(operation: &Operation, schemas: &mut Schemas) -> Value {
    let who = operation.callers.describe();
    let description =
        if operation.description.is_empty() { who } else { format!("{}\n\n{who}", operation.description) };
    let (name, _) = operation.tag.texts();
    let mut described = json!({
        "operationId": operation.id,
        "summary": operation.summary,
        "description": description,
        "tags": [name],
        "security": operation.callers.security(),
        "parameters": parameters(operation, schemas),
        "responses": responses(operation, schemas),
    });
    if let Some(body) = &operation.body {
        let (media_type, schema) = match body {
            Body::Json(schema) => (JSON, schemas.of_request(*schema)),
            Body::Form(fields) => (FORM, form(fields)),
        };
        described["requestBody"] = json!({ "required": true, "content": { media_type: { "schema": schema } } });
    }
    described
}

fn form(fields: &[Field]) -> Value {
    let text = |field: &Field| json!({ "type": "string", "description": field.description });
    let properties: Map<_, _> = fields.iter().map(|field| (field.name.to_owned(), text(field))).collect();
    let required: Vec<_> = fields.iter().filter(|field| field.is_required).map(|field| field.name).collect();
    json!({ "type": "object", "properties": properties, "required": required })
}

fn parameters(operation: &Operation, schemas: &mut Schemas) -> Vec<Value> {
    let names = operation.path.split('{').skip(1).filter_map(|rest| rest.split_once('}'));
    let mut parameters: Vec<_> = names.map(|(name, _)| path_parameter(operation.path, name)).collect();
    if let Some(query) = operation.query {
        let schema = schemas.of_request(query);
        let is_required = |name: &str| schema["required"].as_array().is_some_and(|names| names.contains(&name.into()));
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            let (mut field, required) = (field.clone(), is_required(name));
            let description = field.as_object_mut().and_then(|field| field.remove("description")).unwrap_or_default();
            let field = without_null(field);
            parameters.push(json!({
                "name": name, "in": "query", "required": required, "description": description, "schema": field,
            }));
        }
    }
    let names_organization = matches!(operation.callers, Callers::Managers(_));
    if names_organization && !operation.path.starts_with("/v2/organization/{id}") {
        let what = "With a session: the organization that the request is about. A user of one alone need not name it.";
        parameters.push(headers::parameter("Daypass-Organization", what));
    }
    parameters.extend(operation.headers.iter().map(|(name, what)| headers::parameter(name, what)));
    parameters
}

/// Returns the schema of a field of a query, which is absent where a field of JSON may be `null`.
fn without_null(mut field: Value) -> Value {
    let is_null = |part: &Value| *part == "null" || part["type"] == "null";
    for key in ["type", "anyOf"] {
        let Some(parts) = field[key].as_array() else { continue };
        let mut others = parts.iter().filter(|part| !is_null(part)).cloned();
        match (others.next(), others.next()) {
            (Some(only), None) if key == "type" => field[key] = only,
            (Some(only), None) => return only,
            _ => {}
        }
    }
    field
}

fn path_parameter(path: &str, name: &str) -> Value {
    let (description, schema) = match name {
        "id" if path.starts_with("/v2/organization/") => ("The organization's id.", json!({ "pattern": ID })),
        "id" => ("The token's id.", json!({ "pattern": ID })),
        "principal" => ("The principal's id.", json!({ "pattern": ID })),
        "client" => ("The client's id.", json!({ "pattern": ID })),
        "version" => ("The version of the service.", json!({ "minLength": 1 })),
        "file" => ("The file's name.", json!({ "minLength": 1 })),
        _ => unreachable!("say what {name} in {path} is"),
    };
    let mut schema = schema;
    schema["type"] = "string".into();
    json!({ "name": name, "in": "path", "required": true, "description": description, "schema": schema })
}

fn responses(operation: &Operation, schemas: &mut Schemas) -> Map<String, Value> {
    let successes = operation.successes.iter().map(|success| (success.status.to_string(), done(success, schemas)));
    let mut responses: Map<_, _> = successes.collect();
    let mut by_status = BTreeMap::<_, Vec<_>>::new();
    for code in operation.all_codes() {
        by_status.entry(code.status()).or_default().push(code);
    }
    for (status, codes) in by_status {
        let refused = refused(status, &codes, operation.errors, schemas);
        // `GET /ready` has a body of its own with 503.
        responses.entry(status.to_string()).or_insert(refused);
    }
    responses
}

fn done(success: &Success, schemas: &mut Schemas) -> Value {
    let mut content = Map::new();
    for part in &success.contents {
        let (media_type, schema) = match part {
            Content::Json(schema) => (JSON, schemas.of_response(*schema)),
            Content::Text(media_type) => (*media_type, json!({ "type": "string" })),
        };
        content.insert(media_type.to_owned(), json!({ "schema": schema }));
    }
    let mut response = json!({ "description": success.description, "headers": headers::references(&success.headers) });
    if !content.is_empty() {
        response["content"] = content.into();
    }
    response
}

fn refused(status: u16, codes: &[ErrorCode], errors: Errors, schemas: &mut Schemas) -> Value {
    let names: Vec<_> = codes.iter().map(|code| code.as_str()).collect();
    let native = |schemas: &mut Schemas| {
        let body = schemas.of_response(SchemaGenerator::subschema_for::<ErrorBody>);
        json!({ "allOf": [body, { "properties": { "error": { "enum": names } } }] })
    };
    let oauth = |schemas: &mut Schemas| schemas.of_response(SchemaGenerator::subschema_for::<OAuthErrorBody>);
    let (media_type, schema) = match errors {
        Errors::Native => (JSON, native(schemas)),
        Errors::OAuth => (JSON, oauth(schemas)),
        Errors::ByCaller => (JSON, json!({ "anyOf": [native(schemas), oauth(schemas)] })),
        Errors::Page => (HTML, json!({ "type": "string" })),
    };
    let description = match errors {
        Errors::Native | Errors::ByCaller => format!("`{}`", names.join("`, `")),
        Errors::OAuth => "See `OAuthErrorBody`.".to_owned(),
        Errors::Page => "A page that says what is wrong.".to_owned(),
    };
    let headers: &[_] = match status {
        401 => &[Header::Challenge],
        429 | 503 => &[Header::RetryAfter],
        _ => &[],
    };
    let content = json!({ media_type: { "schema": schema } });
    json!({ "description": description, "headers": headers::references(headers), "content": content })
}
