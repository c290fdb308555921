//! A token of each kind, in each place of a request where one system or another has it.

use reqwest::RequestBuilder;
use serde_json::json;

use super::running::{Daypass, FLOOR_READ, send, to_text};

/// The places in a request, by the names that tables of tests have.
pub(crate) const LOCATIONS: [&str; 8] =
    ["Bearer", "AL-Secret-Token", "bare", "pubtoken", "bearer_token", "cookie", "x-api-key", "x-api-token"];

/// Puts a token into a request.
pub(crate) fn place(request: RequestBuilder, location: &str, token: &str) -> RequestBuilder {
    match location {
        "Bearer" | "AL-Secret-Token" => request.header("authorization", format!("{location} {token}")),
        "bare" => request.header("authorization", token),
        "cookie" => request.header("cookie", format!("authn={token}")),
        "pubtoken" | "bearer_token" => request.query(&[(location, token)]),
        header => request.header(header, token),
    }
}

/// Creates an active token of each kind. The application token is `northlight`, which may create bundles.
pub(crate) async fn tokens(daypass: &Daypass) -> Vec<(&'static str, String)> {
    let scopes = [FLOOR_READ];
    let publishable = json!({"kind": "publishable", "name": "Page", "origins": ["page.example"]});
    let (publishable, _) = daypass.create_token(publishable).await;
    let (secret, _) = daypass.create_secret().await;
    let user = ["user", "add", "--name", "Ana", "--email", "ana@example.com", "--role", "developer"];
    let owner = to_text(&daypass.json(&user)["id"]);
    let personal = json!({"kind": "personal", "name": "Scripts", "scopes": scopes, "owner": owner});
    let (personal, _) = daypass.create_token(personal).await;
    let application = daypass.create_partner().await;
    let temporary = daypass.create_temporary(&secret).await;
    let reference = daypass.create_reference(&application, &json!({"file": "f"})).await;
    let bundle = daypass.post("/v2/bundle/create").bearer_auth(&application).json(&json!({"parameters": {}}));
    let bundle = to_text(&send(bundle).await.1["bundle"]);
    vec![
        ("publishable", publishable),
        ("secret", secret),
        ("personal", personal),
        ("application", application),
        ("temporary", temporary),
        ("reference", reference),
        ("signed bundle", bundle),
    ]
}
