//! The servers that several systems start, and the tokens that the command line creates for them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::System;
use super::info::Info;
use crate::package;
use crate::process::output;
use crate::server::{Server, parse};
use crate::workspace::program;

/// The audience that the product's API requires and the service writes into tokens.
pub(super) const AUDIENCE: &str = "floor-api";

/// Where a demo runs.
pub(super) struct Setting {
    system: System,
    folder: PathBuf,
    /// The port of the customer's site.
    port: u16,
    /// The service's database, which the command line opens.
    store: PathBuf,
}

/// The line of JSON that the service prints when it listens. It has no `Debug`, because it is secret.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ServiceLine {
    pub(super) listening: String,
    pub(super) organization: String,
    pub(super) owner_token: String,
}

#[derive(Deserialize)]
pub(super) struct FloorApiLine {
    pub(super) api: String,
    pub(super) embed: String,
}

#[derive(Deserialize)]
pub(super) struct SiteLine {
    pub(super) listening: String,
}

/// A token just created. It has no `Debug`, because it is secret.
#[derive(Deserialize)]
pub(super) struct Created {
    pub(super) id: String,
    pub(super) token: String,
}

impl Setting {
    pub(super) fn new(system: System, folder: &Path, port: u16) -> Self {
        Self { system, folder: folder.to_owned(), port, store: folder.join("daypass.db") }
    }

    /// Starts the token service with these options.
    pub(super) fn service(&self, options: &[&str]) -> Result<(Server, ServiceLine)> {
        let mut serve = Command::new(program("daypass")?);
        serve.args(["serve", "--json", "--listen", "127.0.0.1:0", "--audience", AUDIENCE]);
        Server::start("the token service", serve.args(options).arg("--store").arg(&self.store))
    }

    /// Starts the product `floor-api`: its API, and its embed's files.
    pub(super) fn floor_api(&self, at: &ServiceLine, introspection: &Created) -> Result<(Server, FloorApiLine)> {
        let mut serve = Command::new(program("floor-api")?);
        serve
            .args(["--service", &at.listening, "--audience", AUDIENCE, "--organization", &at.organization])
            .args(["--listen", "127.0.0.1:0", "--embed-listen", "127.0.0.1:0", "--report-use-every", "10"])
            .args(["--embed-dir", "www/embed", "--sdk-dir", package::FOLDER])
            .env("DAYPASS_TOKEN", &introspection.token);
        Server::start("floor-api", &mut serve)
    }

    /// Starts a script that serves the customer's site, with these environment variables and `DAYPASS_SERVICE`.
    pub(super) fn site(
        &self,
        script: &str,
        at: &ServiceLine,
        variables: &[(&str, &str)],
    ) -> Result<(Server, SiteLine)> {
        let mut serve = Command::new("node");
        serve.arg(script).env("PORT", self.port.to_string()).env("DAYPASS_SERVICE", &at.listening);
        Server::start("the customer's site", serve.envs(variables.iter().copied()))
    }

    /// Runs a command of `daypass` on the service's store, and reads what it prints.
    pub(super) fn daypass<T: DeserializeOwned>(&self, arguments: &[&str]) -> Result<T> {
        let mut daypass = Command::new(program("daypass")?);
        daypass.args(arguments).args(["--json", "--store"]).arg(&self.store);
        parse(&format!("daypass {}", arguments[..2].join(" ")), &output(&mut daypass)?)
    }

    /// Creates a token with `daypass token create`.
    pub(super) fn token(&self, kind: &str, name: &str, options: &[&str]) -> Result<Created> {
        let create = ["token", "create", "--kind", kind, "--name", name];
        self.daypass(&[&create, options].concat())
    }

    /// Revokes a token with `daypass token revoke`.
    pub(super) fn revoke(&self, token: &Created) -> Result<()> {
        let mut revoke = Command::new(program("daypass")?);
        revoke.args(["token", "revoke", &token.id, "--store"]).arg(&self.store);
        output(&mut revoke).map(drop)
    }

    /// Returns what `--info` writes, with the other origins and the tokens of the system.
    pub(super) fn info<const A: usize, const T: usize>(
        &self,
        site: SiteLine,
        at: ServiceLine,
        addresses: [(&'static str, String); A],
        tokens: [(&'static str, String); T],
    ) -> Info {
        let mut secrets = BTreeMap::from(tokens);
        secrets.insert("ownerToken", at.owner_token);
        Info {
            system: self.system.name(),
            site: site.listening,
            service: at.listening,
            addresses: addresses.into(),
            organization: at.organization,
            data: self.store.clone(),
            tokens: self.folder.join("tokens.env"),
            secrets,
        }
    }
}

/// Returns the options `--scope SCOPE` for each of these scopes.
pub(super) fn scopes<'a>(scopes: &[&'a str]) -> Vec<&'a str> {
    scopes.iter().flat_map(|scope| ["--scope", scope]).collect()
}
