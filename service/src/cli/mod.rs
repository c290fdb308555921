//! The command line.

mod audit;
mod audit_options;
mod catalog;
mod confirmation;
mod connections;
mod crafter;
mod failure;
mod issuer;
mod key;
mod key_sealing;
mod oauth_client;
mod options;
mod organization;
mod organization_limits;
mod principal;
mod principal_kind;
mod serve;
mod shell;
mod sign_in;
mod stop;
mod system_user;
mod time;
mod token;
mod token_edit;
mod token_list;
mod user;

use std::io;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;

use crate::domain::audit::actor::Actor;
use crate::store::Acting;

const START: &str = "\
Start with `daypass serve`: at its first start it prints the first tokens and the next commands.
The other commands work on the service's store, whether or not the service is running.";

/// The Daypass token service
#[derive(Parser)]
#[command(name = "daypass", version, after_help = START)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the service
    Serve(serve::Options),
    /// Create, list, show, edit and revoke tokens
    #[command(subcommand)]
    Token(token::Command),
    /// Create, list, rename, limit, suspend and revoke organizations, the tenants of the service
    #[command(subcommand)]
    Organization(organization::Command),
    /// Add, list, edit and remove the users of an organization
    #[command(subcommand)]
    User(user::Command),
    /// Add, list, edit and remove the service accounts of an organization, to which its tokens can belong
    #[command(subcommand)]
    ServiceAccount(principal::Command<principal_kind::ServiceAccount>),
    /// Add, list, show, edit and remove the applications of an organization: OAuth clients, and what tokens can belong to
    #[command(subcommand)]
    Application(oauth_client::Command),
    /// List, rotate and revoke the keys that sign temporary tokens and bundles, and make one that seals
    #[command(subcommand)]
    Key(key::Command),
    /// Set and show the catalogue, the scopes of the product, and turn it into TypeScript types
    #[command(subcommand)]
    Catalog(catalog::Command),
    /// List and export the audit trail: who did what, from where, when, and with which outcome
    #[command(subcommand)]
    Audit(audit::Command),
    /// Create the first tokens of Crafter Profile's applications
    #[command(subcommand)]
    Crafter(crafter::Command),
}

/// Returns the description of the command line, which the reference is generated from.
#[must_use]
pub fn command() -> clap::Command {
    Cli::command()
}

/// Does what the command line says.
pub(crate) async fn run() -> ExitCode {
    let command = Cli::parse().command;
    log_from(if matches!(command, Command::Serve(_)) { LevelFilter::INFO } else { LevelFilter::WARN });
    let acting = match command {
        Command::Serve(_) => Actor::Service,
        _ => Actor::CommandLine(system_user::name()),
    };
    let done = Acting::locally(acting).run(run_command(command)).await;
    match done {
        Ok(()) => ExitCode::SUCCESS,
        // A program such as `head` reads no more: that needs no message.
        Err(cause) if is_broken_pipe(&cause) => ExitCode::FAILURE,
        Err(cause) => {
            eprintln!("error: {cause:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run_command(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Serve(options) => serve::run(options).await,
        Command::Token(command) => token::run(command).await,
        Command::Organization(command) => organization::run(command).await,
        Command::User(command) => user::run(command).await,
        Command::ServiceAccount(command) => principal::run(command).await,
        Command::Application(command) => oauth_client::run(command).await,
        Command::Key(command) => key::run(command).await,
        Command::Catalog(command) => catalog::run(command).await,
        Command::Audit(command) => audit::run(command).await,
        Command::Crafter(command) => crafter::run(command).await,
    }
}

fn is_broken_pipe(cause: &anyhow::Error) -> bool {
    cause.downcast_ref::<io::Error>().is_some_and(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
}

/// Logs to standard error from this level on, unless `RUST_LOG` sets another. Standard output is for answers.
fn log_from(level: LevelFilter) {
    let filter = EnvFilter::builder().with_default_directive(level.into()).from_env_lossy();
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}
