//! Threekit: a shop's site with a configurator, and the product that the configurator belongs to.

use std::process::Command;

use anyhow::Result;
use serde::Deserialize;

use super::Started;
use super::parts::{AUDIENCE, Created, ServiceLine, Setting, scopes};
use crate::server::Server;
use crate::workspace::program;

/// The product that the configurator shows, as the API knows it.
const ASSET: &str = "5b0c2f1e-6b7e-4f0a-9f55-1d4c6f5b2a10";

/// What a user with the role `owner` gives to a private token.
const OF_OWNER: [&str; 14] = [
    "configurator:read",
    "configurator:update",
    "configuration:create",
    "configuration:read",
    "analytics:create",
    "analytics:read",
    "order:create",
    "order:read",
    "token:create",
    "token:read",
    "token:revoke",
    "token:introspect",
    "bundle:create",
    "daypass:administer",
];

/// What the command line prints of a principal or an organization.
#[derive(Deserialize)]
struct Record {
    id: String,
}

#[derive(Deserialize)]
struct ProductLine {
    api: String,
}

/// Starts its servers.
pub(super) fn start(setting: &Setting) -> Result<Started> {
    let (service, at) = setting.service(&["--protocols", "threekit"])?;
    // As in Threekit, whose organizations have as many tokens as they like.
    let unlimited = ["--publishable", "unlimited", "--secret", "unlimited"];
    let _: Record = setting.daypass(&[&["organization", "limits", &at.organization], &unlimited[..]].concat())?;
    let Record { id: account } = setting.daypass(&["service-account", "add", "--name", "Web shop"])?;
    let email = "ana@northlight.example";
    let Record { id: user } =
        setting.daypass(&["user", "add", "--name", "Ana", "--email", email, "--role", "owner"])?;

    let introspection = setting.token("secret", "Configurator API", &scopes(&["token:introspect"]))?;
    let public = setting.token("publishable", "Web shop", &["--origin", "127.0.0.1", "--owner", &account])?;
    let elsewhere = ["--origin", "*.threekit.com", "--owner", &account];
    let foreign = setting.token("publishable", "Preview", &elsewhere)?;
    let private = [vec!["--owner", &user], scopes(&OF_OWNER)].concat();
    let private = setting.token("secret", "Northlight's backend", &private)?;

    let (api, product) = configurator_api(&at, &introspection)?;
    let variables = [
        ("CONFIGURATOR_API", &*product.api),
        ("ORGANIZATION", &at.organization),
        ("SERVICE_ACCOUNT", &account),
        ("ASSET", ASSET),
        ("PRIVATE_TOKEN", &private.token),
        ("PUBLIC_TOKEN", &public.token),
        ("FOREIGN_TOKEN", &foreign.token),
    ];
    let (site, customer) = setting.site("examples/customer-site/systems/threekit.mjs", &at, &variables)?;

    let variables = vec![("PRIVATE_TOKEN", private.token.clone())];
    let tokens = [("privateToken", private.token), ("publicToken", public.token), ("foreignToken", foreign.token)];
    let info = setting.info(customer, at, [("api", product.api)], tokens);
    Ok(Started { servers: vec![site, api, service], info, variables })
}

/// Starts the product: its API, and its configurator's files.
fn configurator_api(at: &ServiceLine, introspection: &Created) -> Result<(Server, ProductLine)> {
    let mut serve = Command::new(program("configurator-api")?);
    serve
        .args(["--service", &at.listening, "--audience", AUDIENCE, "--organization", &at.organization])
        .args(["--listen", "127.0.0.1:0", "--app-dir", "www/configurator"])
        .env("DAYPASS_TOKEN", &introspection.token);
    Server::start("configurator-api", &mut serve)
}
