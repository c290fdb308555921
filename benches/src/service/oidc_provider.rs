//! The peer for OAuth: [`OidcProvider`].

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::load::Target;

/// npm `oidc-provider`, as `oidc-provider.mjs` starts it. Dropping it stops the process.
pub(super) struct OidcProvider {
    process: Child,
    told: Told,
}

/// The line that it prints when it listens.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    address: SocketAddr,
    /// An introspection of a living token.
    introspection: String,
    /// A client that asks for a token of its own.
    client_credentials: String,
}

impl OidcProvider {
    pub(super) fn start() -> Result<OidcProvider> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("oidc-provider.mjs");
        let mut process = Command::new("node").arg(script).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let mut line = String::new();
        BufReader::new(process.stdout.take().context("no output")?).read_line(&mut line)?;
        let told = serde_json::from_str(&line).ok().context("oidc-provider did not start")?;
        Ok(OidcProvider { process, told })
    }

    /// Returns the id of its process.
    pub(super) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Returns it as the target of an introspection.
    pub(super) fn introspection(&self) -> Target {
        self.target(&self.told.introspection)
    }

    /// Returns it as the target of a client that asks for a token of its own.
    pub(super) fn client_credentials(&self) -> Target {
        self.target(&self.told.client_credentials)
    }

    fn target(&self, request: &str) -> Target {
        Target { address: self.told.address, requests: vec![request.to_owned()] }
    }
}

impl Drop for OidcProvider {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
