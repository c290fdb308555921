//! The command line.

mod address;
mod audit;
mod audit_options;
mod backup;
mod catalog;
mod completions;
mod config;
mod config_file;
mod confirmation;
mod connections;
mod crafter;
mod doctor;
mod failure;
mod issuer;
mod key;
mod key_file;
mod log;
mod manual;
mod master_key;
mod metrics;
mod oauth_client;
mod options;
mod organization;
mod organization_limits;
mod principal;
mod principal_kind;
mod quotas;
mod rates;
mod revocation;
mod serve;
mod settings;
mod settings_file;
mod shell;
mod sign_in;
mod stop;
mod system_user;
mod time;
mod token;
mod token_edit;
mod token_list;
mod token_text;
mod token_use;
mod user;
mod user_consents;

use std::io;
use std::process::ExitCode;

use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};
use settings::Settings;
use settings_file::SettingsFile;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;

use crate::domain::log_text::LogFormat;

use crate::domain::hidden;

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
    Serve(Box<serve::Options>),
    /// Check the settings of the service
    #[command(subcommand)]
    Config(config::Command),
    /// Create, list, show, edit and revoke tokens
    #[command(subcommand)]
    Token(token::Command),
    /// Create, list, rename, limit, suspend and revoke organizations, the tenants of the service
    #[command(subcommand)]
    Organization(organization::Command),
    /// Add, list, show, edit, invite and remove the users of an organization, and withdraw their consents
    #[command(subcommand)]
    User(user::Command),
    /// Add, list, show, edit and remove the service accounts of an organization, to which its tokens can belong
    #[command(subcommand)]
    ServiceAccount(principal::Command<principal_kind::ServiceAccount>),
    /// Add, list, show, edit and remove the applications of an organization: OAuth clients, and what tokens can belong to
    #[command(subcommand)]
    Application(principal::Command<principal_kind::Application>),
    /// List, rotate and revoke the keys that sign temporary tokens and bundles, and make those that seal
    #[command(subcommand)]
    Key(key::Command),
    /// Write a copy of the store to a file, while the service runs
    ///
    /// The copy is as of one moment, complete and checked. It does not have the master key, without which its signing keys
    /// cannot be used. An SQLite store is copied to an SQLite file. A database is copied by `pg_dump`, in its custom format.
    Backup(backup::Backup),
    /// Write a backup to a place without a store
    ///
    /// Whatever was revoked after the backup is active again in the restored store: revoke it before the service
    /// starts.
    /// The feed of the restored store begins another history, so that verifiers read all of it.
    Restore(backup::Restore),
    /// Check the store and a running service, and say what to do
    ///
    /// One line for each check: permissions, disk, version of the tables, clock, signing keys, master key, and the issuer
    /// and the feed of the running service. The exit code is 1 if one fails.
    Doctor(doctor::Options),
    /// Set and show the catalogue, the scopes of the product, and turn it into TypeScript types
    #[command(subcommand)]
    Catalog(catalog::Command),
    /// List what was revoked, as products hear it that follow the feed
    #[command(subcommand)]
    Revocation(revocation::Command),
    /// List and export the audit trail: who did what, from where, when, and with which outcome
    #[command(subcommand)]
    Audit(audit::Command),
    /// Create the first tokens of Crafter Profile's applications
    #[command(subcommand)]
    Crafter(crafter::Command),
    /// Print the completions of a shell
    ///
    /// The shell loads the script, such as by `source <(daypass completions bash)` in `~/.bashrc`, or from a folder of
    /// its own: `daypass completions fish > ~/.config/fish/completions/daypass.fish`.
    #[command(after_help = completions::EXAMPLES)]
    Completions(completions::Options),
    /// Print the manual page, or write one for each command to a folder
    #[command(after_help = manual::EXAMPLES)]
    Man(manual::Options),
}

/// Returns the description of the command line, which the reference is generated from.
#[must_use]
pub fn command() -> clap::Command {
    Cli::command()
}

/// Does what the command line says.
pub(crate) async fn run() -> ExitCode {
    let description = command();
    let settings = match Settings::gather(&description, std::env::args_os().collect()) {
        Ok(settings) => settings,
        Err(cause) => {
            eprintln!("error: {}", hidden::show_lines(&format!("{cause:#}")));
            return ExitCode::from(2);
        }
    };
    let parsed = description.clone().try_get_matches_from(&settings.arguments);
    let parsed = parsed.and_then(|given| Ok((Cli::from_arg_matches(&given)?.command, given)));
    let (command, given) = parsed.unwrap_or_else(|cause| settings.exit(&cause));
    let (level, format) = match &command {
        Command::Serve(options) => (LevelFilter::INFO, options.log.log_format),
        _ => (LevelFilter::WARN, LogFormat::Text),
    };
    let filter = match (log::filter(level), &command) {
        (Ok(filter), _) => filter,
        (Err(cause), Command::Serve(_) | Command::Config(_)) => {
            eprintln!("error: {cause}");
            return ExitCode::from(2);
        }
        (Err(cause), _) => {
            eprintln!("warning: it is ignored that {cause}");
            EnvFilter::new(level.to_string())
        }
    };
    log::start(filter, format);
    let exposure = settings.file.as_ref().and_then(SettingsFile::exposure);
    if let Some(warning) = exposure {
        tracing::warn!("{warning}");
    }
    let acting = match command {
        Command::Serve(_) => Actor::Service,
        _ => Actor::CommandLine(system_user::name()),
    };
    let done = Acting::locally(acting).run(run_command(command, &settings, &description, &given)).await;
    match done {
        Ok(()) => ExitCode::SUCCESS,
        // A program such as `head` reads no more: that needs no message.
        Err(cause) if is_broken_pipe(&cause) => ExitCode::FAILURE,
        Err(cause) => {
            let message = format!("{cause:#}");
            eprintln!("error: {}", hidden::show_lines(&message));
            settings.print_note(&message);
            ExitCode::FAILURE
        }
    }
}

async fn run_command(
    command: Command,
    settings: &Settings,
    description: &clap::Command,
    given: &ArgMatches,
) -> anyhow::Result<()> {
    match command {
        Command::Serve(options) => serve::run(*options).await,
        Command::Config(command) => config::run(command, settings, description, given).await,
        Command::Token(command) => token::run(command).await,
        Command::Organization(command) => organization::run(command).await,
        Command::User(command) => user::run(command).await,
        Command::ServiceAccount(command) => principal::run(command).await,
        Command::Application(command) => principal::run(command).await,
        Command::Key(command) => key::run(command).await,
        Command::Catalog(command) => catalog::run(command).await,
        Command::Revocation(command) => revocation::run(command).await,
        Command::Backup(backup) => backup::back_up(backup).await,
        Command::Restore(restore) => backup::restore(restore).await,
        Command::Doctor(options) => doctor::run(options).await,
        Command::Audit(command) => audit::run(command).await,
        Command::Crafter(command) => crafter::run(command).await,
        Command::Completions(options) => completions::run(options),
        Command::Man(options) => manual::run(options),
    }
}

fn is_broken_pipe(cause: &anyhow::Error) -> bool {
    cause.downcast_ref::<io::Error>().is_some_and(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
}
