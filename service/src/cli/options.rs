//! Options that several commands share.

use std::io::{self, Write};

use anyhow::{Context, bail};
use clap::Args;
use clap::builder::BoolishValueParser;
use daypass::Error;
use serde::Serialize;

use super::config_file::ConfigFile;
use super::failure::Subject;
use super::shell;
use crate::domain::catalogs::Catalogs;
use crate::domain::hidden;
use crate::store::{self, Location, SharedStore, Store};
use crate::usecase::catalog;

/// `--json`
#[derive(Args)]
pub(super) struct Json {
    /// Print JSON instead of text
    #[arg(long, env = "DAYPASS_JSON", value_parser = BoolishValueParser::new())]
    pub(super) json: bool,
}

/// The options of each command on a store.
#[derive(Args)]
pub(super) struct Common {
    /// The SQLite file of the service, or the `postgres://` URL of its database
    #[arg(long, env = "DAYPASS_STORE", hide_env_values = true, default_value = "daypass.db", value_name = "STORE")]
    pub(super) store: Location,
    #[command(flatten)]
    config: ConfigFile,
    #[command(flatten)]
    output: Json,
}

impl Common {
    /// Opens the store, which a first start has made.
    pub(super) async fn open(&self) -> anyhow::Result<SharedStore> {
        let advice = || {
            let (store, serve) = (&self.store, self.command("serve"));
            format!("there is no store at {store}: run `{serve}` first, or name the store of your service with --store")
        };
        let store = store::open(&self.store).await?.with_context(advice)?;
        let first = store.first_organization().await.map_err(|error| self.explain(error, None))?;
        first.with_context(advice)?;
        Ok(store)
    }

    /// Reads the catalogue of the store.
    pub(super) async fn catalogs(&self, store: &dyn Store) -> anyhow::Result<Catalogs> {
        let loaded = catalog::load(store).await.map_err(|error| self.explain(error, None))?;
        // Only a store that no service of this version has used yet.
        let advice = || {
            let (serve, set) = (self.command("serve"), self.command("catalog set FILE"));
            format!("{} has no catalogue of scopes yet: run `{serve}`, or set one with `{set}`", self.store)
        };
        Ok(loaded.with_context(advice)?.catalogs)
    }

    /// Returns whether to print JSON.
    pub(super) fn is_json(&self) -> bool {
        self.output.json
    }

    /// Returns a command on the same store, to be copied into a shell.
    pub(super) fn command(&self, command: &str) -> String {
        on_store(command, &self.store)
    }
}

/// Returns a command on a store, to be copied into a shell.
///
/// SECURITY: a URL with a password is left out. The shell has it in `DAYPASS_STORE`, or can get it there.
pub(super) fn on_store(command: &str, store: &Location) -> String {
    let store = match store {
        Location::File(path) => shell::quote(path),
        Location::Database(url) => url.without_secret().map_or_else(|| "\"$DAYPASS_STORE\"".into(), shell::quote),
    };
    format!("{} {command} --store {store}", shell::program())
}

/// `--organization`
#[derive(Args)]
pub(super) struct InOrganization {
    /// The organization's id, as `daypass organization list` prints it [default: the only one beside the operator]
    #[arg(long, env = "DAYPASS_ORGANIZATION", value_name = "ID")]
    organization: Option<String>,
}

impl InOrganization {
    /// Opens the store, and chooses the organization.
    pub(super) async fn open(&self, common: &Common) -> anyhow::Result<(SharedStore, String)> {
        let store = common.open().await?;
        if let Some(id) = &self.organization {
            let found = store.organization(id).await.map_err(|error| common.explain(error, None))?;
            let Some(found) = found else {
                return Err(common.explain(Error::NotFound, Some(Subject::Organization(id))));
            };
            return Ok((store, found.id));
        }
        // One of three is the operator.
        let organizations = store.organizations(None, 3).await.map_err(|error| common.explain(error, None))?;
        let mut others = organizations.into_iter().filter(|organization| !organization.is_operator);
        match (others.next(), others.next()) {
            (Some(only), None) => Ok((store, only.id)),
            _ => bail!(
                "{} has several organizations: name one with --organization (`{}` lists them)",
                common.store,
                common.command("organization list")
            ),
        }
    }
}

/// Prints one line of JSON.
pub(super) fn print_json(value: &impl Serialize) -> anyhow::Result<()> {
    Ok(writeln!(io::stdout(), "{}", hidden::show_json(&serde_json::to_string(value)?))?)
}
