//! The steps of `cargo xtask test`.

use std::fmt;
use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};
use clap::ValueEnum;

use super::cargo::cargo_test;
use super::outcome::Outcome;
use super::runner::{attempt, check};
use super::{node, wasm};
use crate::build::build;
use crate::process::cargo;
use crate::workspace::{CHECKED, PRODUCT, TESTING, program, target_dir};
use crate::{package, rust_app, setup};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(super) enum Step {
    /// Check that the machine has the tools that the steps need
    Setup,
    /// rustfmt
    Fmt,
    /// clippy, native and for WebAssembly
    Clippy,
    /// rustdoc
    Doc,
    /// The native tests
    Native,
    /// The native tests with a million cases each, optimized
    Million,
    /// The verifier beside other JWT libraries, in Node and in Python
    Differential,
    /// Published OAuth clients beside the running service
    Oauth,
    /// The running service beside its description, OpenAPI
    Openapi,
    /// The WebAssembly tests, in headless Chromium and in headless Firefox side by side
    Wasm,
    /// The package's type declarations
    Types,
    /// The packed npm package, installed and used: bundlers, Next.js, React, workers, Node, types
    Package,
    /// The documentation: every snippet as printed
    Docs,
    /// The demo, driven by Chromium and by Firefox side by side, and by clients
    E2e,
    /// Deployment: nginx, the unit of systemd, the container, and a release
    Deploy,
}

impl Step {
    /// Runs the step.
    pub(super) fn run(self) -> Result<Outcome> {
        match self {
            Self::Setup => setup::all().map(|()| Outcome::pass()),
            Self::Fmt => fmt(),
            Self::Clippy => clippy(),
            Self::Doc => doc(),
            Self::Native => native(),
            Self::Million => cargo_test(cargo().args(["test", "--profile", "million", "-p", "daypass-million"])),
            Self::Differential => differential(),
            Self::Oauth => oauth(),
            Self::Openapi => node::openapi(),
            Self::Wasm => wasm::wasm(),
            Self::Types => types(),
            Self::Package => node::package(),
            Self::Docs => node::docs(),
            Self::E2e => node::e2e(),
            Self::Deploy => node::deploy(),
        }
    }

    /// Returns whether the step runs tests, whose outcome can differ from run to run.
    pub(super) fn has_tests(self) -> bool {
        match self {
            Self::Setup | Self::Fmt | Self::Clippy | Self::Doc | Self::Types => false,
            Self::Native | Self::Million | Self::Differential | Self::Oauth | Self::Openapi | Self::Wasm => true,
            Self::Package | Self::Docs | Self::E2e | Self::Deploy => true,
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&format!("{self:?}").to_lowercase())
    }
}

fn fmt() -> Result<Outcome> {
    let parts: [(_, &[&str]); 3] = [
        ("workspace", &["--all"]),
        ("fuzz", &["--manifest-path", "fuzz/Cargo.toml"]),
        ("rust app", &["--manifest-path", rust_app::MANIFEST]),
    ];
    let fmt =
        |part: &str, what: &[&str]| Ok(attempt(check(cargo().arg("fmt").args(what).arg("--check")))?.or_name(part));
    parts.into_iter().map(|(part, what)| fmt(part, what)).sum()
}

fn doc() -> Result<Outcome> {
    let everything = ["doc", "--no-deps", "--features", TESTING];
    check(cargo().args(everything).args(CHECKED).env("RUSTDOCFLAGS", "-Dwarnings"))
}

fn clippy() -> Result<Outcome> {
    // `tests/browser.rs` includes its files.
    package::build()?;
    let targets = target_dir()?.to_string_lossy().into_owned();
    let native = [CHECKED.as_slice(), &["--all-targets"]].concat();
    let wasm32 = ["-p", "daypass", "--target", "wasm32-unknown-unknown"];
    let wasm = [wasm32.as_slice(), &["--features", "browser", "--tests"]].concat();
    let package = [wasm32.as_slice(), &["--no-default-features", "--features", "package"]].concat();
    // A workspace of its own, here without libFuzzer, which takes a minute to compile.
    let fuzz =
        ["--manifest-path", "fuzz/Cargo.toml", "--locked", "--no-default-features", "--target-dir", &targets].to_vec();
    let builds = rust_app::target()?.to_string_lossy().into_owned();
    let app = ["--manifest-path", rust_app::MANIFEST, "--locked", "--target", "wasm32-unknown-unknown", "--target-dir"];
    let app = [app.as_slice(), &[&builds]].concat();
    let clippy = |part: &str, what: &[&str]| {
        Ok(attempt(check(cargo().arg("clippy").args(what).args(["--", "-D", "warnings"])))?.or_name(part))
    };
    [("native", native), ("wasm", wasm), ("package", package), ("fuzz", fuzz), ("rust app", app)]
        .into_iter()
        .map(|(part, what)| clippy(part, &what))
        .sum()
}

fn native() -> Result<Outcome> {
    let parts: [(_, &[&str]); 2] = [("product", &PRODUCT), ("xtask", &["-p", "xtask"])];
    let test = |part: &str, what: &[&str]| {
        Ok(attempt(cargo_test(cargo().args(["test", "--no-fail-fast"]).args(what)))?.or_name(part))
    };
    parts.into_iter().map(|(part, what)| test(part, what)).sum()
}

fn differential() -> Result<Outcome> {
    setup::npm()?;
    let python = setup::python("tests/differential")?;
    // With the packages of the native tests, so that nothing is compiled twice.
    let packages =
        ["--workspace", "--exclude", "xtask", "--exclude", "daypass-million", "--exclude", "daypass-oauth-clients"];
    cargo_test(cargo().arg("test").args(packages).args(["--test", "differential"]).env("DAYPASS_PYTHON", python))
}

fn oauth() -> Result<Outcome> {
    setup::npm_in(Path::new(setup::OAUTH_TESTS))?;
    let python = setup::python(setup::OAUTH_TESTS)?;
    build()?;
    cargo_test(
        cargo()
            .args(["test", "-p", "daypass-oauth-clients"])
            .env("DAYPASS_PYTHON", python)
            .env("DAYPASS_SERVICE", program("daypass")?),
    )
}

fn types() -> Result<Outcome> {
    package::build()?;
    ensure!(Path::new("tests/types").is_dir(), "tests/types is missing");
    check(Command::new("node_modules/.bin/tsc").args(["-p", "tests/types"]))
}
