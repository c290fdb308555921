//! What the commands on a store have in common.

use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::{Context, ensure};
use clap::Args;
use serde::Serialize;

use crate::store::Store;

#[derive(Args)]
pub(super) struct Common {
    /// The store
    #[arg(long, env = "DAYPASS_DATA", default_value = "daypass.db", value_name = "FILE")]
    data: PathBuf,
    /// Print JSON instead of text for people
    #[arg(long)]
    pub(super) json: bool,
}

impl Common {
    /// The store and its organization.
    pub(super) async fn open(&self) -> anyhow::Result<(Store, String)> {
        let data = self.data.display();
        let advice = || format!("there is no store at {data}: run `daypass serve --data {data}` first");
        ensure!(self.data.is_file(), advice());
        let store = Store::open(&self.data)?;
        let organization = store.organization().await?.with_context(advice)?;
        Ok((store, organization))
    }
}

pub(super) fn print_json(value: &impl Serialize) -> anyhow::Result<()> {
    Ok(writeln!(io::stdout(), "{}", serde_json::to_string(value)?)?)
}
