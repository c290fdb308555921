//! Speckle: `POST /graphql` with every kind of token, in every place, and with input of every kind; apps.

mod apps;
mod callers;
mod creation;
mod input;
mod places;
mod tokens;

use reqwest::RequestBuilder;
use serde_json::{Value, json};

use super::authorization_requests;
use super::locations;
use super::people;
use super::running::{self, Daypass, send, to_text};

/// What a page would ask first.
const WHO: &str = "{ activeUser { id email } }";
/// The seed's own request.
const SEED: &str = "{ user { id suuid streams { totalCount } } }";
const TOKENS: &str = "{ activeUser { apiTokens {
    id name lastChars scopes createdAt lifespan lastUsed limitResources { id type }
} } }";
const CREATE: &str = "mutation TokenCreate($token: ApiTokenCreateInput!) { data: apiTokenCreate(token: $token) }";
const REVOKE: &str = "mutation TokenRevoke($token: String!) { data: apiTokenRevoke(token: $token) }";

/// All that a person needs who manages personal tokens by a program.
const MANAGER: [&str; 8] = [
    "token:create", "token:revoke", "tokens:write", "tokens:read", "profile:read", "profile:email", "streams:read",
    "workspace:read",
];

fn start() -> Daypass {
    Daypass::start_with(&["--protocols=space-api,kudo,speckle"])
}

fn add_user(daypass: &Daypass, name: &str) -> String {
    let email = format!("{name}@example.com");
    to_text(&daypass.json(&["user", "add", "--name", name, "--email", &email, "--role", "developer"])["id"])
}

/// Creates a token of a user, and returns its text and id.
async fn token_of(daypass: &Daypass, kind: &str, owner: &str, scopes: &[&str]) -> (String, String) {
    daypass.create_token(json!({"kind": kind, "name": kind, "scopes": scopes, "owner": owner})).await
}

/// Asks without a token.
fn ask(daypass: &Daypass, query: &str) -> RequestBuilder {
    daypass.post("/graphql").json(&json!({"query": query}))
}

/// Asks with a token, and returns the response.
async fn ask_as(daypass: &Daypass, token: &str, query: &str, variables: Value) -> (u16, Value) {
    let body = json!({"query": query, "variables": variables});
    send(daypass.post("/graphql").bearer_auth(token).json(&body)).await
}

/// Creates a personal token, and returns the response's `data`.
async fn create_as(daypass: &Daypass, token: &str, input: Value) -> Value {
    let (status, body) = ask_as(daypass, token, CREATE, json!({"token": input})).await;
    assert_eq!((status, body.get("errors")), (200, None));
    body["data"]["data"].clone()
}

/// Returns the message and the code of the only error.
fn error_of((status, body): (u16, Value)) -> (u16, String, String) {
    let errors = body["errors"].as_array().expect("errors");
    assert_eq!((errors.len(), &body["data"]), (1, &Value::Null), "{errors:?}");
    (status, to_text(&errors[0]["message"]), to_text(&errors[0]["extensions"]["code"]))
}

