//! The chores of this repository, run as `cargo xtask COMMAND`.

#![allow(clippy::print_stdout, reason = "a command-line tool speaks on standard output")]

mod bars;
mod bench;
mod browser;
mod demo;
mod fuzz;
mod pack;
mod package;
mod process;
mod setup;
mod size;
mod soak;
mod test;
mod tool;
mod wasm;

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};

use process::{Interrupted, cargo};

/// Cargo's arguments for all but the benchmarks, whose peers take minutes to build.
const CHECKED: [&str; 3] = ["--workspace", "--exclude", "daypass-bench"];
/// Cargo's arguments for all of these but xtask and the tests that have a step of their own. Cargo unites features over the
/// packages it is given, so that the same packages for the programs and for their tests mean one build of what they depend on.
const PRODUCT: [&str; 9] = [
    "--workspace",
    "--exclude",
    "daypass-bench",
    "--exclude",
    "xtask",
    "--exclude",
    "daypass-differential",
    "--exclude",
    "daypass-million",
];

/// Sets up, builds, shows and tests Daypass.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Make this machine ready, or say exactly what to install
    Setup,
    /// Build the WebAssembly for pkg/ and the native programs
    Build,
    /// Start the token service, a product with its embed, and a customer's site; end with Ctrl-C
    Demo(demo::Options),
    /// Run every check and every test, and end with a line `N passed, N failed`
    Test(test::Options),
    /// Build the npm package and pack it, into `target/package` unless told otherwise
    Pack(pack::Options),
    /// Show what a visitor downloads, in bytes
    Size,
    /// Measure what it costs, and fail if a bar is missed
    Bench(bench::Options),
    /// Run every fuzz target for a while, and rounds of tabs that freeze and die
    Soak(soak::Options),
    /// Run one WebAssembly test file in a browser (Cargo calls this)
    #[command(hide = true)]
    WasmTestRunner {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<OsString>,
    },
}

fn main() -> ExitCode {
    match run(Cli::parse().task) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(if error.is::<Interrupted>() { 130 } else { 1 })
        }
    }
}

fn run(task: Task) -> Result<ExitCode> {
    // Cargo chose the folder and the signals of its test runner.
    if let Task::WasmTestRunner { args } = task {
        test::wasm_test_runner(args)?;
        return Ok(ExitCode::SUCCESS);
    }

    process::handle_signals()?;
    let from = env::current_dir().context("no current folder")?;
    env::set_current_dir(root()).context("could not enter the repository")?;
    match task {
        Task::Setup => setup::all()?,
        Task::Build => build()?,
        Task::Demo(options) => demo::run(options, &from)?,
        Task::Test(options) => return test::run(&options),
        Task::Pack(options) => pack::run(&options, &from)?,
        Task::Size => return size::run(),
        Task::Bench(options) => return bench::run(&options, &from),
        Task::Soak(options) => return soak::run(&options),
        Task::WasmTestRunner { .. } => unreachable!("handled above"),
    }
    Ok(ExitCode::SUCCESS)
}

/// Builds everything that the demo runs.
fn build() -> Result<()> {
    setup::wasm_target()?;
    setup::npm()?;
    package::build()?;
    println!("building the native programs");
    process::run(cargo().args(["build", "--quiet"]).args(PRODUCT))
}

/// The repository's folder.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the repository")
}

/// Cargo's folder of build outputs.
fn target_dir() -> Result<PathBuf> {
    let metadata = process::output(cargo().args(["metadata", "--no-deps", "--format-version=1"]))?;
    let metadata: serde_json::Value = serde_json::from_str(&metadata)?;
    let folder = metadata["target_directory"].as_str().context("`cargo metadata` names no target folder")?;
    Ok(folder.into())
}

/// Where [`build`] puts a native program of this workspace, and Cargo put xtask itself.
fn program(name: &str) -> Result<PathBuf> {
    Ok(target_dir()?.join("debug").join(name))
}
