//! The WebAssembly tests, in both browsers.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::cargo::cargo_test_as;
use super::outcome::Outcome;
use super::runner::{attempt, run_side_by_side};
use crate::process::cargo;
use crate::server::Server;
use crate::workspace::program;
use crate::{browser, package};

/// The variable that names the folder whose files the test pages can fetch.
const FILES: &str = "DAYPASS_TEST_FILES";

/// Runs all suites in each browser.
pub(super) fn wasm() -> Result<Outcome> {
    let browsers = browser::all()?;
    // `tests/browser.rs` includes its files.
    package::build()?;
    let arguments = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ];
    let chromium = json!({ "goog:chromeOptions": { "binary": browsers.chromium, "args": arguments } });
    let firefox = json!({ "moz:firefoxOptions": { "binary": browsers.firefox, "args": ["-headless"] } });
    let (mut server, address): (_, Value) =
        Server::start("the server of tests/client", Command::new("node").arg("tests/client/server.mjs"))?;
    let outcome = run_side_by_side(
        [
            ("chromium", ("CHROMEDRIVER", browsers.chromedriver, chromium)),
            ("firefox", ("GECKODRIVER", browsers.geckodriver, firefox)),
        ],
        |label, (variable, driver, capabilities)| test_in(label, variable, &driver, &capabilities, &address),
    )?;
    let server = attempt(server.check().map(|()| Outcome::default()))?;
    Ok([outcome, server].into_iter().sum())
}

/// Runs the test programs in the browser whose driver the variable names: Cargo passes each program to
/// [`run_wasm_tests`].
fn test_in(label: &str, variable: &str, driver: &Path, capabilities: &Value, server: &Value) -> Result<Outcome> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("webdriver.json");
    fs::write(&file, capabilities.to_string())?;
    // The port differs from run to run: in a file of the test page's origin it costs no rebuild.
    let files = folder.path().join("files");
    fs::create_dir(&files)?;
    fs::write(files.join("server.json"), server.to_string())?;

    // An array, since Cargo splits a string at the spaces of a path.
    let runner = json!([program("xtask")?, "wasm-test-runner"]);
    cargo_test_as(
        label,
        cargo()
            .arg("--config")
            .arg(format!("target.wasm32-unknown-unknown.runner={runner}"))
            .args(["test", "-p", "daypass", "--target", "wasm32-unknown-unknown", "--features", "browser"])
            .args(["--no-fail-fast", "--tests"])
            .env("WASM_BINDGEN_TEST_WEBDRIVER_JSON", file)
            .env(FILES, files)
            // The browser's temporary files are removed with the folder.
            .env("TMPDIR", folder.path())
            .env("WASM_BINDGEN_TEST_TIMEOUT", "120")
            .env("WASM_BINDGEN_USE_BROWSER", "1")
            // These would take precedence.
            .env_remove("CHROMEDRIVER_REMOTE")
            .env_remove("GECKODRIVER_REMOTE")
            .env_remove("GECKODRIVER")
            .env(variable, driver),
    )
}

/// Runs one WebAssembly test program; Cargo passes its file and the arguments after `--`.
pub(crate) fn run_wasm_tests(args: Vec<OsString>) -> Result<()> {
    // wasm-bindgen's runner serves the files of its own folder beside those of the tests.
    if let Some(files) = env::var_os(FILES) {
        env::set_current_dir(files).context("could not enter the folder of the test pages")?;
    }
    let line = std::iter::once("wasm-bindgen-test-runner".into()).chain(args);
    wasm_bindgen_cli::wasm_bindgen_test_runner::run_cli_with_args(line)
}
