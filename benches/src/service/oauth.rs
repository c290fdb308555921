//! Tokens of a client's own by OAuth, beside bare signing on a route and oidc-provider.

use anyhow::{Context, Result};
use base64ct::{Base64, Encoding};
use serde_json::{Value, json};

use super::node::{Node, post};
use super::oidc_provider::OidcProvider;
use super::server::{self, Server};
use super::{Bench, stores};
use crate::Results;

const SCOPES: [&str; 3] = ["floor:queryPublic", "floor:readPrivate", "floor:readPublic"];

/// Both servers authenticate the client by Basic and give it a token for the scope that it asks for. oidc-provider's token is
/// opaque, which is its default and costs it least; Daypass signs a JWT.
pub(super) fn measure(bench: &Bench<'_>) -> Result<Results> {
    let folder = stores::folder(bench)?;
    let node = Node::start(&stores::path(&folder, "oauth.db")?)?;
    let request = client_credentials(&node)?;
    node.send(&request)?;
    let oidc = OidcProvider::start()?;
    let servers = [
        Server { row: "oauth/daypass", process: node.id(), target: node.target(request) },
        Server { row: "oauth/oidc-provider", process: oidc.id(), target: oidc.client_credentials() },
    ];
    let mut results = Results::new();
    server::measure(bench, &servers, &mut results)?;
    Ok(results)
}

/// Adds a confidential client, and returns its request for a token.
fn client_credentials(node: &Node) -> Result<String> {
    let owner = node.told("ownerToken")?;
    let principals = format!("/v2/organization/{}/principal", node.told("organization")?);
    let application = json!({"kind": "application", "name": "Backend"}).to_string();
    let application = node.send(&post(&principals, &owner, "application/json", &application))?;
    let application: Value = serde_json::from_str(&application)?;
    let id = application["id"].as_str().context("no application")?;
    let client = json!({"confidential": true, "scopes": SCOPES, "grantTypes": ["client_credentials"]}).to_string();
    let put = post(&format!("{principals}/{id}/oauth-client"), &owner, "application/json", &client);
    node.send(&put.replacen("POST", "PUT", 1))?;
    let secret =
        node.create(&owner, &json!({"kind": "application", "name": "Secret", "owner": id, "scopes": SCOPES}))?;
    let form = "grant_type=client_credentials&scope=floor:readPrivate";
    let basic = Base64::encode_string(format!("{id}:{secret}").as_bytes());
    let request = post("/oauth/token", "", "application/x-www-form-urlencoded", form);
    Ok(request.replacen("Bearer ", &format!("Basic {basic}"), 1))
}
