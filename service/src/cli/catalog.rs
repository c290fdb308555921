//! `daypass catalog`: the scopes of the product, in the store and as types for programs.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Subcommand;
use daypass::Alias;

use super::config_file::ConfigFile;
use super::options::{Common, on_store, print_json};
use super::{failure, shell};
use crate::codegen::scope_types::{self, Language};
use crate::config::read_catalogs;
use crate::domain::catalogs::Catalogs;
use crate::domain::protocol::{self, Protocol};
use crate::store::{Location, Store};
use crate::usecase::catalog::{self, Outcome, Removal};

const SET: &str = "\
Examples:
  daypass catalog set catalog.json
  daypass catalog set catalog.json --yes --store /var/lib/daypass.db";
const SHOW: &str = "\
Examples:
  daypass catalog show
  daypass catalog show --json --store /var/lib/daypass.db";
const TYPES: &str = "\
Examples:
  daypass catalog types --out src/scopes.ts
  daypass catalog types catalog.json --language rust --out src/scopes.rs";

#[derive(Subcommand)]
pub(super) enum Command {
    /// Set the product's scopes to those of a file
    ///
    /// Every running service on the store goes by them within a second. A scope that active tokens hold must stay in the
    /// catalogue, at least as an alias; `--yes` removes it nevertheless. Those tokens keep it, for APIs that still require
    /// it, but make no temporary token with it. `catalogs/schema.json` is the JSON Schema of the file. With `--json` the
    /// output is `{"name","changed","removed","tokens"}`: the scopes that were removed, and how many active tokens hold them.
    #[command(after_help = SET)]
    Set {
        /// The JSON file with the product's scopes
        file: PathBuf,
        /// Remove scopes that active tokens hold
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        common: Common,
    },
    /// Show the product's scopes, what each allows, and their older names
    ///
    /// With `--json` the output is the file that `daypass catalog set` reads.
    #[command(after_help = SHOW)]
    Show {
        #[command(flatten)]
        common: Common,
    },
    /// Print the scopes as types: in TypeScript for pages that request them, in Rust for APIs that require them
    ///
    /// The TypeScript module has the types `Scope` and `PublishableScope`, and no code. Where it is part of a project, the
    /// package `daypass` accepts no other scopes. The Rust module has a constant for each scope, and a type for the
    /// signatures of handlers: `FLOOR_READ` and `Scoped<FloorRead>`. It needs the crate `daypass`. Older names are in
    /// neither. The same catalogue always gives the same text.
    #[command(after_help = TYPES)]
    Types {
        /// A JSON file with the product's scopes [default: the scopes of the store]
        file: Option<PathBuf>,
        /// The language of the module
        #[arg(long, value_enum, default_value = "typescript")]
        language: Language,
        /// Write the module to this file instead of standard output
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// The SQLite file of the service, or the `postgres://` URL of its database
        #[arg(long, env = "DAYPASS_STORE", hide_env_values = true, default_value = "daypass.db", value_name = "STORE")]
        store: Location,
        #[command(flatten)]
        config: ConfigFile,
    },
}

pub(super) async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Set { file, yes, common } => set(&file, yes, &common).await,
        Command::Show { common } => show(&common).await,
        Command::Types { file, language, out, store, config: _ } => {
            types(file.as_deref(), language, out.as_deref(), store).await
        }
    }
}

async fn set(file: &Path, yes: bool, common: &Common) -> anyhow::Result<()> {
    let given = Given { catalogs: read_catalogs(file)?, file };
    let store = common.open().await?;
    let outcome =
        catalog::set(&*store, &given.catalogs, yes, &None).await.map_err(|error| common.explain(error, None))?;
    let (is_changed, removal) = match outcome {
        Outcome::Unchanged { .. } => (false, Removal::default()),
        Outcome::Set { removal, .. } => (true, removal),
        Outcome::Refused(removal) => bail!(given.refusal(&removal, &common.store)),
    };
    let Removal { tokens, scopes } = removal;
    let product = given.catalogs.product();
    if common.is_json() {
        return print_json(&serde_json::json!({
            "name": product.name, "changed": is_changed, "removed": scopes, "tokens": tokens,
        }));
    }
    let mut out = io::stdout().lock();
    if !is_changed {
        return Ok(writeln!(out, "{} has this catalogue already: {}.", common.store, product.name)?);
    }
    writeln!(out, "Catalogue of {} set: {}, {} scopes.", common.store, product.name, product.scopes.len())?;
    if tokens > 0 {
        writeln!(out, "Active tokens that hold scopes that it lacks ({scopes}): {tokens}.")?;
    }
    Ok(())
}

async fn show(common: &Common) -> anyhow::Result<()> {
    let store = common.open().await?;
    let catalogs = common.catalogs(&*store).await?;
    let product = catalogs.product();
    if common.is_json() {
        return print_json(product);
    }
    let mut out = io::stdout().lock();
    writeln!(out, "{}", product.name)?;
    for entry in &product.scopes {
        let publishable = if entry.publishable { " (publishable)" } else { "" };
        writeln!(out, "  {:<36}  {}{publishable}", entry.scope.as_str(), entry.description)?;
    }
    for Alias { alias, scopes } in &product.aliases {
        writeln!(out, "  {:<36}  older name of {scopes}", alias.as_str())?;
    }
    Ok(())
}

async fn types(file: Option<&Path>, language: Language, out: Option<&Path>, store: Location) -> anyhow::Result<()> {
    let catalogs = if let Some(file) = file {
        read_catalogs(file)?
    } else {
        let common = Common::on(store);
        let store = common.open().await?;
        common.catalogs(&*store).await?
    };
    let module = scope_types::module(catalogs.product(), language)?;
    match out {
        Some(file) => fs::write(file, module).with_context(|| format!("{} cannot be written", file.display())),
        None => Ok(io::stdout().write_all(module.as_bytes())?),
    }
}

/// A catalogue that an operator gave, and its file.
pub(super) struct Given<'a> {
    catalogs: Catalogs,
    file: &'a Path,
}

impl Given<'_> {
    /// Says what a catalogue would remove, and how to remove it.
    fn refusal(&self, removal: &Removal, store: &Location) -> String {
        let Removal { tokens, scopes } = removal;
        let (file, command) = (self.file.display(), on_store("catalog set", store));
        format!(
            "{tokens} active {} of {store} {} scopes that the catalogue {file} lacks ({scopes}): add them to the file, as \
             scopes or as aliases, or remove them with `{command} {} --yes`",
            if *tokens == 1 { "token" } else { "tokens" },
            if *tokens == 1 { "holds" } else { "hold" },
            shell::quote(self.file),
        )
    }
}

/// Reads the file of `serve --catalog`, before anything is changed.
pub(super) fn read(file: Option<&Path>) -> anyhow::Result<Option<Given<'_>>> {
    file.map(|file| Ok(Given { catalogs: read_catalogs(file)?, file })).transpose()
}

/// Sets the catalogue with which a service starts, if one was given or the store has none, and returns it. The first one
/// has the scopes of the systems whose protocols the service speaks.
pub(super) async fn begin(
    store: &dyn Store,
    given: Option<Given<'_>>,
    protocols: &[Protocol],
    location: &Location,
) -> anyhow::Result<Catalogs> {
    let explain = |error| failure::of_store(error, location);
    if let Some(given) = given {
        match catalog::set(store, &given.catalogs, false, &None).await.map_err(explain)? {
            Outcome::Unchanged { .. } | Outcome::Set { version: 1, .. } => {}
            Outcome::Set { .. } => {
                let file = given.file.display();
                tracing::warn!(%file, "the catalogue of the store was another one, replaced by that of --catalog");
            }
            Outcome::Refused(removal) => bail!(given.refusal(&removal, location)),
        }
        return Ok(given.catalogs);
    }
    catalog::set_first(store, protocol::catalog(protocols)).await.map_err(explain)?;
    let loaded = catalog::load(store).await.map_err(explain)?;
    Ok(loaded.context("the store lost its catalogue")?.catalogs)
}
