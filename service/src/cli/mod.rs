//! The command line.

mod catalog;
mod common;
mod connections;
mod key;
mod organization;
mod serve;
mod stop;
mod token;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use daypass::Error;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;

/// The Daypass token service.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the service
    Serve(serve::Options),
    /// Create, list, show and revoke tokens in a store, whether or not a service runs on it
    #[command(subcommand)]
    Token(token::Command),
    /// Revoke all tokens of an organization, or those that were issued before a time
    #[command(subcommand)]
    Organization(organization::Command),
    /// List, rotate and revoke the keys that sign temporary tokens and bundles
    #[command(subcommand)]
    Key(key::Command),
    /// Turn a catalogue of scopes into types
    #[command(subcommand)]
    Catalog(catalog::Command),
}

/// Does what the command line says.
pub(crate) async fn run() -> ExitCode {
    let command = Cli::parse().command;
    log_from(if matches!(command, Command::Serve(_)) { LevelFilter::INFO } else { LevelFilter::WARN });
    let done = match command {
        Command::Serve(options) => serve::run(options).await,
        Command::Token(command) => token::run(command).await,
        Command::Organization(command) => organization::run(command).await,
        Command::Key(command) => key::run(command).await,
        Command::Catalog(command) => catalog::run(command),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(cause) => {
            eprintln!("error: {cause:#}");
            if let Some(error) = cause.downcast_ref::<Error>() {
                eprintln!("{}", error.help());
            }
            ExitCode::FAILURE
        }
    }
}

/// Logs to standard error from this level on, unless `RUST_LOG` says otherwise. Standard output is for answers.
fn log_from(level: LevelFilter) {
    let filter = EnvFilter::builder().with_default_directive(level.into()).from_env_lossy();
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}
