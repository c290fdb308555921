//! A token of each kind and format, in each place of a request where one system or another has it.

use reqwest::RequestBuilder;
use serde_json::{Value, json};

use super::crafter;
use super::oauth_clients::{OAuthClient, add_developer};
use super::running::{DEFAULT_PROTOCOLS, Daypass, send, to_text};

/// The places in a request, by the names that tables of tests have.
pub(crate) const LOCATIONS: [&str; 11] = [
    "Bearer", "AL-Secret-Token", "bare", "pubtoken", "bearer_token", "access_token", "accessTokenId", "embedToken",
    "cookie", "x-api-key", "x-api-token",
];

/// Puts a token into a request.
pub(crate) fn place(request: RequestBuilder, location: &str, token: &str) -> RequestBuilder {
    match location {
        "Bearer" | "AL-Secret-Token" => request.header("authorization", format!("{location} {token}")),
        "bare" => request.header("authorization", token),
        "cookie" => request.header("cookie", format!("authn={token}")),
        "pubtoken" | "bearer_token" | "access_token" | "accessTokenId" | "embedToken" => request.query(&[(location, token)]),
        header => request.header(header, token),
    }
}

/// Creates an active token of each kind, and of each format of another system, in a service that speaks every protocol.
/// The application token is `northlight`, which may create bundles; the chosen id is that of a master token.
pub(crate) async fn tokens(daypass: &Daypass) -> Vec<(&'static str, String)> {
    let publishable = json!({"kind": "publishable", "name": "Page", "origins": ["page.example"]});
    let (publishable, _) = daypass.create_token(publishable).await;
    let (secret, _) = daypass.create_secret().await;
    let owner = add_developer(daypass, "ana").await;
    let personal = json!({"kind": "personal", "name": "Scripts", "scopes": ["profile:read"], "owner": owner});
    let (personal, _) = daypass.create_token(personal).await;
    let application = daypass.create_partner().await;
    let temporary = daypass.create_temporary(&secret).await;
    let reference = daypass.create_reference(&application, &json!({"file": "f"})).await;
    let bundle = daypass.post("/v2/bundle/create").bearer_auth(&application).json(&json!({"parameters": {}}));
    let bundle = to_text(&send(bundle).await.1["bundle"]);
    let family = OAuthClient::add(daypass, false).await.begin(daypass, &owner).await;
    vec![
        ("publishable", publishable),
        ("secret", secret),
        ("personal", personal),
        ("application", application.clone()),
        ("temporary", temporary),
        ("reference", reference),
        ("signed bundle", bundle),
        ("oauthAccess", family.access),
        ("oauthRefresh", family.refresh),
        ("Speckle's", create_speckle(daypass, &owner, &json!({"name": "n", "scopes": ["profile:read"]})).await),
        ("UUID", create_uuid(daypass, &application).await),
        ("chosen id", create_chosen(daypass, &crafter::bootstrap(daypass)[0], CHOSEN).await),
    ]
}

/// An id as a caller of Crafter chooses it, which is no UUID.
pub(crate) const CHOSEN: &str = "corporate-site.2014";

/// Creates a user's personal token in Speckle's format, over its protocol.
pub(crate) async fn create_speckle(daypass: &Daypass, user: &str, input: &Value) -> String {
    let scopes = ["token:create", "tokens:write", "profile:read", "streams:read"];
    let manager = json!({"kind": "secret", "name": "Manager", "scopes": scopes, "owner": user});
    let (manager, _) = daypass.create_token(manager).await;
    let query = "mutation($token: ApiTokenCreateInput!) { data: apiTokenCreate(token: $token) }";
    let body = json!({"query": query, "variables": {"token": input}});
    let (status, created) = send(daypass.post("/graphql").bearer_auth(&manager).json(&body)).await;
    assert_eq!(status, 200, "{}", created["errors"]);
    to_text(&created["data"]["data"])
}

/// Creates a bundle whose reference is a UUID, as a service beside this one gives them.
pub(crate) async fn create_uuid(daypass: &Daypass, application: &str) -> String {
    let beside = daypass.start_beside_with(&[DEFAULT_PROTOCOLS, "--kudo-uuid"].map(str::to_owned));
    let generate = reqwest::Client::new().post(format!("{}/generate", beside.url)).header("x-api-key", application);
    let (status, session) = send(generate.json(&json!({"file": "u"}))).await;
    assert_eq!(status, 200, "{}", session["message"]);
    to_text(&session["token"])
}

/// Creates a master token with a chosen id over Crafter's protocol, as the holder of another.
pub(crate) async fn create_chosen(daypass: &Daypass, master: &str, id: &str) -> String {
    let token = json!({"id": id, "application": "site manager", "master": true, "tenantPermissions": []});
    let (status, created) = crafter::call(crafter::create(daypass, master, &token)).await;
    assert_eq!(status, 200, "{}", created["message"]);
    to_text(&created["id"])
}
