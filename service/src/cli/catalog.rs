//! `daypass catalog`: what a catalogue of scopes is good for without a service.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::Context;
use clap::Subcommand;

use crate::codegen::scope_types;
use crate::config::load_catalogs;

const TYPES: &str = "\
Example:
  daypass catalog types scopes.json --out src/scopes.ts";

#[derive(Subcommand)]
pub(super) enum Command {
    /// Print the scopes as TypeScript types, for pages that request them
    ///
    /// The module has the types `Scope` and `PublishableScope`, and no code. Where it is part of a TypeScript project, the
    /// package `daypass` accepts no other scopes. The same catalogue always gives the same text.
    #[command(after_help = TYPES)]
    Types {
        /// The JSON file with the product's scopes [default: the scopes of the Space API]
        #[arg(env = "DAYPASS_CATALOG", value_name = "FILE")]
        catalog: Option<PathBuf>,
        /// Write the module to this file instead of standard output
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
}

pub(super) fn run(command: Command) -> anyhow::Result<()> {
    let Command::Types { catalog, out } = command;
    let module = scope_types::module(load_catalogs(catalog.as_deref())?.product());
    match out {
        Some(file) => fs::write(&file, module).with_context(|| format!("{} cannot be written", file.display())),
        None => Ok(io::stdout().write_all(module.as_bytes())?),
    }
}
