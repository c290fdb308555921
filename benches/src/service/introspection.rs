//! Introspection of a living token, beside a bare route and oidc-provider.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::json;

use super::node::{Node, introspect};
use super::server::{self, Server};
use super::{Bench, peers, stores};
use crate::Results;
use crate::load::Target;

const SCOPES: [&str; 4] =
    ["customAttributeValues:readPublic", "floor:queryPublic", "floor:readPrivate", "floor:readPublic"];

pub(super) fn measure(bench: &Bench<'_>) -> Result<Results> {
    let folder = stores::folder(bench)?;
    let node = Node::start(&stores::path(&folder, "introspection.db")?)?;
    let owner = node.told("ownerToken")?;
    let api = node.create(&owner, &json!({"kind": "secret", "name": "API", "scopes": ["token:introspect"]}))?;
    let token = node.create(&owner, &json!({"kind": "secret", "name": "Backend", "scopes": SCOPES}))?;
    let request = introspect(&api, &token);
    let answer = node.send(&request)?;
    let bare = peers::bare_route(answer)?;
    let oidc = OidcProvider::start()?;
    let path = request.replacen("/introspect", "/", 1);
    let servers = [
        Server { row: "introspection/daypass", process: node.id(), target: node.target(request) },
        Server {
            row: "introspection/bare",
            process: std::process::id(),
            target: Target { address: bare, requests: vec![path] },
        },
        Server {
            row: "introspection/oidc-provider",
            process: oidc.process.id(),
            target: Target { address: oidc.told.address, requests: vec![oidc.told.request.clone()] },
        },
    ];
    let mut results = Results::new();
    server::measure(bench, &servers, &mut results)?;
    Ok(results)
}

/// npm `oidc-provider`, as `oidc-provider.mjs` starts it. Dropping it stops the process.
struct OidcProvider {
    process: Child,
    told: Told,
}

/// The line that it prints when it listens.
#[derive(Deserialize)]
struct Told {
    address: std::net::SocketAddr,
    /// An introspection of a living token.
    request: String,
}

impl OidcProvider {
    fn start() -> Result<OidcProvider> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("oidc-provider.mjs");
        let mut process = Command::new("node").arg(script).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let mut line = String::new();
        BufReader::new(process.stdout.take().context("no output")?).read_line(&mut line)?;
        let told = serde_json::from_str(&line).ok().context("oidc-provider did not start")?;
        Ok(OidcProvider { process, told })
    }
}

impl Drop for OidcProvider {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
