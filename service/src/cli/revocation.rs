//! `daypass revocation`: the operator reads the feed of revocations.

use std::io::{self, Write};

use clap::Subcommand;
use daypass::Error;
use daypass::api::Revocation;
use serde::Serialize;

use super::failure::Subject;
use super::options::{Common, print_json};
use super::time;
use crate::domain::revocation::read_after;
use crate::store::FeedPage;

const LIST: &str = "\
Examples:
  daypass revocation list
  daypass revocation list --organization org_6kIYBmP8S3Ww0GAfX2B6sw --after 120";

#[derive(Subcommand)]
pub(super) enum Command {
    /// List what was revoked, suspended, resumed or edited: number, time, what it was
    ///
    /// It is what products hear that follow the feed. Entries of tokens are kept for a day and some hours.
    #[command(after_help = LIST)]
    List {
        /// List the entries of this organization only [default: those of all]
        #[arg(long, env = "DAYPASS_ORGANIZATION", value_name = "ID")]
        organization: Option<String>,
        /// List the entries after this number only
        #[arg(long, value_name = "NUMBER", default_value_t = 0)]
        after: u64,
        #[command(flatten)]
        common: Common,
    },
}

pub(super) async fn run(command: Command) -> anyhow::Result<()> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct List {
        revocations: Vec<Revocation>,
        latest: u64,
        deleted_up_to: u64,
    }

    let Command::List { organization, after, common } = command;
    let store = common.open().await?;
    if let Some(id) = &organization {
        let found = store.organization(id).await.map_err(|error| common.explain(error, None))?;
        found.ok_or_else(|| common.explain(Error::NotFound, Some(Subject::Organization(id))))?;
    }
    let page = store.revocations(organization.as_deref(), Box::new(move |latest| Ok(read_after(after, *latest)))).await;
    let FeedPage { revocations, latest, deleted_up_to, .. } = page.map_err(|error| common.explain(error, None))?;
    if common.is_json() {
        return print_json(&List { revocations, latest, deleted_up_to });
    }
    let mut out = io::stdout().lock();
    for Revocation { seq, at, target } in &revocations {
        writeln!(out, "{seq:<8}  {}  {target}", time::show(*at))?;
    }
    Ok(())
}
