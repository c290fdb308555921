//! Published OAuth clients beside the running service: `cargo xtask test --only oauth`.
#![allow(missing_docs, clippy::unwrap_used, reason = "the names of the tests say what they hold; a panic is a failure")]

mod api;
mod crate_oauth2;
mod person;
mod scripts;
mod world;

use std::env;
use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use scripts::complete;
use world::World;

/// A setting that the step gives.
fn setting(name: &str) -> OsString {
    env::var_os(name).unwrap_or_else(|| panic!("{name} is missing: run `cargo xtask test --only oauth`"))
}

fn script(program: impl Into<OsString>, file: &str) -> Command {
    let mut command = Command::new(program.into());
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join(file));
    command
}

/// What every client completes with a user's consent.
const ALL: [&str; 5] = ["code", "refresh", "exchange", "introspection", "revocation"];

#[tokio::test(flavor = "multi_thread")]
async fn oauth4webapi_completes_every_flow_with_proofs_and_nonces() {
    let world = World::start().await;
    let done = complete(&world, script("node", "oauth4webapi.mjs")).await;
    assert_eq!(done, [&ALL[..], &["dpop", "nonces", "par", "discovery", "credentials"]].concat());
}

#[tokio::test(flavor = "multi_thread")]
async fn openid_client_completes_every_flow_with_proofs_and_nonces() {
    let world = World::start().await;
    let done = complete(&world, script("node", "openid-client.mjs")).await;
    assert_eq!(done, [&ALL[..], &["dpop", "nonces", "par", "credentials"]].concat());
}

#[tokio::test(flavor = "multi_thread")]
async fn authlib_completes_every_flow() {
    let world = World::start().await;
    let done = complete(&world, script(setting("DAYPASS_PYTHON"), "authlib_client.py")).await;
    assert_eq!(done, [&ALL[..], &["credentials"]].concat());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_crate_oauth2_completes_every_flow() {
    crate_oauth2::complete(&World::start().await).await;
}
