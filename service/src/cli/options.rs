//! Options that several commands share.

use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::{Context, ensure};
use clap::Args;
use clap::builder::BoolishValueParser;
use serde::Serialize;

use super::shell;
use crate::catalogs::Catalogs;
use crate::store::Store;

/// `--json`
#[derive(Args)]
pub(super) struct Json {
    /// Print JSON instead of text
    #[arg(long, env = "DAYPASS_JSON", value_parser = BoolishValueParser::new())]
    pub(super) json: bool,
}

/// `--catalog`
#[derive(Args)]
pub(super) struct CatalogFile {
    /// The JSON file with the product's scopes [default: the scopes of the Space API]
    #[arg(long, env = "DAYPASS_CATALOG", value_name = "FILE")]
    pub(super) catalog: Option<PathBuf>,
}

impl CatalogFile {
    /// Reads the catalogue.
    pub(super) fn load(&self) -> anyhow::Result<Catalogs> {
        Catalogs::load(self.catalog.as_deref())
    }
}

/// The options of each command on a store.
#[derive(Args)]
pub(super) struct Common {
    /// The SQLite file of the service
    #[arg(long, env = "DAYPASS_DATA", default_value = "daypass.db", value_name = "FILE")]
    pub(super) data: PathBuf,
    #[command(flatten)]
    output: Json,
}

impl Common {
    /// Opens the store and finds its organization.
    pub(super) async fn open(&self) -> anyhow::Result<(Store, String)> {
        let advice = || format!("there is no store at {}: run `{}` first", self.data.display(), self.command("serve"));
        ensure!(self.data.is_file(), advice());
        let store = Store::open(&self.data)?;
        let organization = store.organization().await.map_err(|error| self.explain(error, None))?;
        Ok((store, organization.with_context(advice)?))
    }

    /// Returns whether to print JSON.
    pub(super) fn is_json(&self) -> bool {
        self.output.json
    }

    /// Returns a command on the same store, to be copied into a shell.
    pub(super) fn command(&self, command: &str) -> String {
        format!("{} {command} --data {}", shell::program(), shell::quote(&self.data))
    }
}

/// Prints one line of JSON.
pub(super) fn print_json(value: &impl Serialize) -> anyhow::Result<()> {
    Ok(writeln!(io::stdout(), "{}", serde_json::to_string(value)?)?)
}
