//! Speckle: the token service, and the page of a person's profile with the personal tokens.

use anyhow::Result;
use serde::Deserialize;

use super::Started;
use super::parts::{Setting, scopes};

/// What the server's own pages do for the person who is signed in there.
const PAGES: [&str; 9] = [
    "token:create",
    "token:revoke",
    "tokens:write",
    "tokens:read",
    "profile:read",
    "profile:email",
    "streams:read",
    "streams:write",
    "users:read",
];

#[derive(Deserialize)]
struct User {
    id: String,
}

/// Starts its servers.
pub(super) fn start(setting: &Setting) -> Result<Started> {
    let (service, at) = setting.service(&["--protocols", "speckle"])?;
    let email = "ana@northlight.example";
    let User { id: user } =
        setting.daypass(&["user", "add", "--name", "Ana", "--email", email, "--role", "developer"])?;
    let pages = [vec!["--owner", &user], scopes(&PAGES)].concat();
    let pages = setting.token("secret", "The server's own pages", &pages)?;
    let script = ["--owner", &user, "--scope", "profile:read", "--scope", "streams:read"];
    let script = setting.token("personal", "Nightly export", &script)?;
    let variables = [("APP_TOKEN", &*pages.token)];
    let (site, customer) = setting.site("examples/customer-site/systems/speckle.mjs", &at, &variables)?;
    let variables = vec![("TOKEN", script.token.clone())];
    let info = setting.info(customer, at, [], [("appToken", pages.token), ("scriptToken", script.token)]);
    Ok(Started { servers: vec![site, service], info, variables })
}
