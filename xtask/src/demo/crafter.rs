//! Crafter Profile: its admin console, and a profile API that verifies access tokens.

use std::process::Command;

use anyhow::{Context, Result};
use serde::Deserialize;

use super::Started;
use super::parts::{Created, Setting, scopes};
use crate::server::Server;
use crate::workspace::program;

/// What `daypass crafter bootstrap --json` prints. It has no `Debug`, because it is secret.
#[derive(Deserialize)]
struct FirstTokens {
    tokens: Vec<Created>,
}

/// The line of JSON that the profile API prints when it listens.
#[derive(Deserialize)]
struct ProfileApiLine {
    api: String,
}

/// Starts its servers.
pub(super) fn start(setting: &Setting) -> Result<Started> {
    let (service, at) = setting.service(&["--protocols", "crafter"])?;
    let first: FirstTokens = setting.daypass(&["crafter", "bootstrap"])?;
    let master = first.tokens.into_iter().find(|token| token.id == "profile-admin").context("a master token")?;
    let introspection = setting.token("secret", "Profile API", &scopes(&["token:introspect"]))?;

    let mut serve = Command::new(program("profile-api")?);
    serve
        .args(["--service", &at.listening, "--audience", "profile-api", "--listen", "127.0.0.1:0"])
        .args(["--tenant", "site1", "--tenant", "site2", "--tenant", "site3"])
        .env("DAYPASS_TOKEN", &introspection.token);
    let (profile_api, product): (_, ProfileApiLine) = Server::start("profile-api", &mut serve)?;
    let variables = [("PROFILE_API", &*product.api), ("MASTER", &master.token)];
    let (site, customer) = setting.site("examples/customer-site/systems/crafter.mjs", &at, &variables)?;

    let variables = vec![("MASTER", master.token.clone())];
    let info = setting.info(customer, at, [("api", product.api)], [("masterToken", master.token)]);
    Ok(Started { servers: vec![site, profile_api, service], info, variables })
}
