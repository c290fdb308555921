//! Introspection of a living token, beside a bare route and oidc-provider, and with all that can be recorded of it.

use anyhow::Result;
use serde_json::json;

use super::node::{Node, introspect};
use super::oidc_provider::OidcProvider;
use super::server::{self, Server};
use super::{Bench, peers, stores};
use crate::Results;
use crate::load::Target;

const SCOPES: [&str; 4] =
    ["customAttributeValues:readPublic", "floor:queryPublic", "floor:readPrivate", "floor:readPublic"];

pub(super) fn measure(bench: &Bench<'_>) -> Result<Results> {
    let folder = stores::folder(bench)?;
    let node = Node::start(&stores::path(&folder, "introspection.db")?)?;
    let request = prepare(&node)?;
    let recording = ["--access-log", "--metrics-listen=127.0.0.1:0"];
    let recorded = Node::start_with(&stores::path(&folder, "recorded.db")?, &recording)?;
    let recorded_request = prepare(&recorded)?;
    let answer = node.send(&request)?;
    let bare = peers::bare_route(answer)?;
    let oidc = OidcProvider::start()?;
    let path = request.replacen("/introspect", "/", 1);
    let servers = [
        Server { row: "introspection/daypass", process: node.id(), target: node.target(request) },
        Server { row: "introspection/recorded", process: recorded.id(), target: recorded.target(recorded_request) },
        Server {
            row: "introspection/bare",
            process: std::process::id(),
            target: Target { address: bare, requests: vec![path] },
        },
        Server { row: "introspection/oidc-provider", process: oidc.id(), target: oidc.introspection() },
    ];
    let mut results = Results::new();
    server::measure(bench, &servers, &mut results)?;
    Ok(results)
}

/// Creates a token, and returns an introspection of it.
fn prepare(node: &Node) -> Result<String> {
    let owner = node.told("ownerToken")?;
    let api = node.create(&owner, &json!({"kind": "secret", "name": "API", "scopes": ["token:introspect"]}))?;
    let token = node.create(&owner, &json!({"kind": "secret", "name": "Backend", "scopes": SCOPES}))?;
    Ok(introspect(&api, &token))
}
