//! Tokens of a client's own by OAuth, beside bare signing on a route and oidc-provider.

use anyhow::{Context, Result};
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
    let client = json!({"isConfidential": true, "scopes": SCOPES, "grantTypes": ["client_credentials"]});
    let application = json!({"kind": "application", "name": "Backend", "client": client}).to_string();
    let application = node.send(&post(&principals, &owner, "application/json", &application))?;
    let application: Value = serde_json::from_str(&application)?;
    let id = application["id"].as_str().context("no client")?;
    let secret = node.create(&owner, &json!({"kind": "application", "name": "Secret", "owner": id}))?;
    let form = format!("grant_type=client_credentials&scope=floor%3AreadPrivate&client_id={id}&client_secret={secret}");
    Ok(format!(
        "POST /oauth/token HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\n\r\n{form}",
        form.len()
    ))
}
