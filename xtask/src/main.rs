//! The chores of this repository, run as `cargo xtask COMMAND`.

#![allow(clippy::print_stdout, reason = "a command-line tool prints to standard output")]

mod bars;
mod bench;
mod browser;
mod build;
mod declarations;
mod demo;
mod files;
mod findings;
mod fuzz;
mod origins;
mod pack;
mod package;
mod process;
mod release;
mod rust_app;
mod sbom;
mod server;
mod setup;
mod size;
mod soak;
mod test;
mod tool;
mod wasm;
mod wasm_crates;
mod workspace;

use std::env;
use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};

use process::{Interrupted, cargo};

/// Sets up, builds, shows and tests Daypass.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Prepare this machine, or say exactly what to install
    Setup,
    /// Build the WebAssembly for pkg/ and the native programs
    Build,
    /// Start the token service, a product, and a customer's site for one of the systems; stop with Ctrl-C
    Demo(demo::Options),
    /// Run every check and every test; the last lines name the failed tests and count: `N passed, N failed`
    Test(test::Options),
    /// Write the reference pages and the TypeScript types that come from tables in Rust
    Codegen,
    /// Build the npm package and pack it, by default into `target/package`
    Pack(pack::Options),
    /// Make a release: an archive for this machine, the npm package, a bill of materials, and sums
    Release(release::Options),
    /// Print what a visitor downloads, in bytes
    Size(size::Options),
    /// Measure times, allocations, memory and sizes; fail if a bar is missed
    Bench(bench::Options),
    /// Run every fuzz target for some seconds, and rounds of tabs that freeze and die
    Soak(soak::Options),
    /// Run the scripts of findings/, which show surprises of other software
    Findings(findings::Options),
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
    // Cargo starts its test runner in a folder of its choice and sends it signals: both stay as they are.
    if let Task::WasmTestRunner { args } = task {
        test::run_wasm_tests(args)?;
        return Ok(ExitCode::SUCCESS);
    }

    process::handle_signals()?;
    let from = env::current_dir().context("no current folder")?;
    env::set_current_dir(workspace::root()).context("could not enter the repository")?;
    match task {
        Task::Setup => setup::all()?,
        Task::Build => build::build()?,
        Task::Demo(options) => demo::run(options, &from)?,
        Task::Test(options) => return test::run(&options),
        Task::Codegen => {
            process::run(cargo().args(["run", "--quiet", "-p", "daypass-service", "--example", "codegen"]))?
        }
        Task::Pack(options) => pack::run(&options, &from)?,
        Task::Release(options) => release::run(&options, &from)?,
        Task::Size(options) => return size::run(&options, &from),
        Task::Bench(options) => return bench::run(&options, &from),
        Task::Soak(options) => return soak::run(&options),
        Task::Findings(options) => return findings::run(&options),
        Task::WasmTestRunner { .. } => unreachable!("handled above"),
    }
    Ok(ExitCode::SUCCESS)
}
