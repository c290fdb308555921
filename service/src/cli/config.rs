//! `daypass config`: the settings of the service, checked.

use std::io::{self, Write};

use clap::{ArgMatches, Subcommand};
use serde::Serialize;

use super::options::print_json;
use super::serve;
use super::settings::{Effective, Settings};
use crate::domain::hidden;

const CHECK: &str = "\
Examples:
  daypass config check --config daypass.toml
  daypass config check --config daypass.toml --json";

#[derive(Subcommand)]
pub(super) enum Command {
    /// Check the settings of `daypass serve`, and print where each comes from
    ///
    /// It takes the options of `daypass serve`, reads the same environment variables and file, and checks all that can be
    /// checked without a start: also the files that settings name and the command for the master key. It opens no port
    /// and no store. The exit code is 0 if the service could start with these settings.
    ///
    /// With `--json` the output is `{"settings":[{"key","value","source"}],
    /// "warnings":[…]}`. A secret is not printed.
    #[command(after_help = CHECK)]
    Check(Box<serve::Options>),
}

/// Checks the settings, given where they come from.
pub(super) async fn run(
    command: Command,
    settings: &Settings,
    description: &clap::Command,
    given: &ArgMatches,
) -> anyhow::Result<()> {
    #[derive(Serialize)]
    struct Checked<'a> {
        settings: &'a [Effective],
        warnings: &'a [String],
    }

    let Command::Check(options) = command;
    options.check().await?;
    let serve = description.find_subcommand("serve").expect("the command line has `serve`");
    let check = given.subcommand_matches("config").and_then(|given| given.subcommand_matches("check"));
    let effective = settings.effective(serve, check.expect("the command is `config check`"));
    let warnings: Vec<_> = settings.file.as_ref().and_then(|file| file.exposure()).into_iter().collect();
    if options.is_json() {
        return print_json(&Checked { settings: &effective, warnings: &warnings });
    }
    let mut out = io::stdout().lock();
    writeln!(out, "The settings are correct.")?;
    for Effective { key, value, source } in &effective {
        let value = hidden::show(value.as_deref().unwrap_or("not set"));
        writeln!(out, "  {key:<26}  {value:<40}  {}", hidden::show(source))?;
    }
    Ok(())
}
