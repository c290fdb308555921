//! `daypass organization`: the operator lists organizations, and revokes more than one token at once.

use std::io::{self, Write};

use anyhow::ensure;
use clap::Subcommand;
use daypass::api::{Revocation, RevocationTarget};
use daypass::{Error, TokenKind};
use serde::Serialize;

use super::confirmation::Confirmation;
use super::failure::Subject;
use super::options::{Common, print_json};
use super::time;
use crate::domain::organization::Organization;
use crate::store::{SharedStore, Store};
use crate::usecase::clock::now;
use crate::usecase::{organizations, revoke, tokens};

const LIST: &str = "\
Examples:
  daypass organization list
  daypass organization list --data /var/lib/daypass.db";
const REVOKE: &str = "\
Examples:
  daypass organization revoke org_6kIYBmP8S3Ww0GAfX2B6sw
  daypass organization revoke org_6kIYBmP8S3Ww0GAfX2B6sw --yes";
const REVOKE_ISSUED_BEFORE: &str = "\
Examples:
  daypass organization revoke-issued-before org_6kIYBmP8S3Ww0GAfX2B6sw 2026-01-31T12:00:00Z
  daypass organization revoke-issued-before org_6kIYBmP8S3Ww0GAfX2B6sw $(date +%s) --yes";

#[derive(Subcommand)]
pub(super) enum Command {
    /// List the organizations, oldest first
    ///
    /// A store has one organization, which the first start of `daypass serve` creates.
    #[command(after_help = LIST)]
    List {
        #[command(flatten)]
        common: Common,
    },
    /// Revoke an organization for ever: all its tokens, also those created later
    ///
    /// There is no way back. A running service refuses the tokens within a second, and so do the products that follow
    /// its feed of revocations. A product that does not follow it accepts temporary tokens and signed bundles to
    /// their end, a day at most.
    #[command(after_help = REVOKE)]
    Revoke {
        /// The organization's id, as `daypass organization list` prints it
        id: String,
        #[command(flatten)]
        confirmation: Confirmation,
        #[command(flatten)]
        common: Common,
    },
    /// Revoke all of an organization's tokens that were issued before a time
    ///
    /// Its secret tokens are among them: afterwards, make a new one with `daypass token create`. An earlier time than
    /// one that was given before changes nothing.
    #[command(after_help = REVOKE_ISSUED_BEFORE)]
    RevokeIssuedBefore {
        /// The organization's id, as `daypass organization list` prints it
        id: String,
        /// The first second whose tokens stay active, in RFC 3339 or Unix seconds; not in the future
        #[arg(value_parser = time::parse)]
        time: u64,
        #[command(flatten)]
        confirmation: Confirmation,
        #[command(flatten)]
        common: Common,
    },
}

pub(super) async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::List { common } => list(&common).await,
        Command::Revoke { id, confirmation, common } => {
            let store = open(&id, &common).await?;
            let tokens = count_active(&*store, &id, None, &common).await?;
            let ends = [format!("active tokens: {tokens}"), "every token created for it later".into()];
            confirmation.require(&what_ends(&id, &ends, &common))?;
            print(revoke::organization(&*store, &id).await, &id, &common)
        }
        Command::RevokeIssuedBefore { id, time, confirmation, common } => {
            ensure!(time <= now(), "the time must not be in the future");
            let store = open(&id, &common).await?;
            let tokens = count_active(&*store, &id, Some(time), &common).await?;
            let before = time::show(time);
            let ends = [
                format!("active tokens created before {before}: {tokens}"),
                format!("every temporary token and signed bundle issued before {before}"),
            ];
            confirmation.require(&what_ends(&id, &ends, &common))?;
            print(revoke::issued_before(&*store, &id, time).await, &id, &common)
        }
    }
}

/// An organization as it is printed.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    id: String,
    state: &'static str,
    created_at: u64,
    issued_before: Option<u64>,
    revoked_at: Option<u64>,
}

impl From<Organization> for Listed {
    fn from(organization: Organization) -> Listed {
        let Organization { id, created_at, issued_before, revoked_at } = organization;
        let state = if revoked_at.is_some() { "revoked" } else { "active" };
        Listed { id, state, created_at, issued_before, revoked_at }
    }
}

impl Listed {
    /// Returns the times that belong to the state.
    fn note(&self) -> String {
        let created = format!("created {}", time::show(self.created_at));
        match (self.revoked_at, self.issued_before) {
            (Some(at), _) => format!("since {}", time::show(at)),
            (None, Some(time)) => format!("{created}, tokens issued before {} are revoked", time::show(time)),
            (None, None) => created,
        }
    }
}

async fn list(common: &Common) -> anyhow::Result<()> {
    #[derive(Serialize)]
    struct List {
        organizations: Vec<Listed>,
    }

    let (store, _) = common.open().await?;
    let organizations = organizations::list(&*store).await.map_err(|error| common.explain(error, None))?;
    let organizations: Vec<Listed> = organizations.into_iter().map(Listed::from).collect();
    if common.is_json() {
        return print_json(&List { organizations });
    }
    let mut out = io::stdout().lock();
    for organization in &organizations {
        writeln!(out, "{}  {:<7}  {}", organization.id, organization.state, organization.note())?;
    }
    Ok(())
}

/// Opens the store if it has this organization.
async fn open(id: &str, common: &Common) -> anyhow::Result<SharedStore> {
    let (store, _) = common.open().await?;
    let organizations = organizations::list(&*store).await.map_err(|error| common.explain(error, None))?;
    if organizations.iter().any(|organization| organization.id == id) {
        Ok(store)
    } else {
        Err(common.explain(Error::NotFound, Some(Subject::Organization(id))))
    }
}

/// Says how many active tokens of each kind there are: those that were created before a time, if one is given.
async fn count_active(store: &dyn Store, id: &str, before: Option<u64>, common: &Common) -> anyhow::Result<String> {
    let counts = tokens::count_active(store, id, before).await.map_err(|error| common.explain(error, None))?;
    let count_of =
        |kind: TokenKind| counts.iter().find(|(counted, _)| *counted == kind).map(|(_, count)| (kind, count));
    let kinds = TokenKind::ALL.into_iter().filter_map(count_of);
    let kinds: Vec<_> = kinds.map(|(kind, count)| format!("{count} {kind}")).collect();
    Ok(if kinds.is_empty() { "none".into() } else { kinds.join(", ") })
}

fn what_ends(id: &str, ends: &[String; 2], common: &Common) -> String {
    let [tokens, others] = ends;
    let file = common.data.display();
    format!(
        "This revokes tokens of the organization {id} in {file}. What ends:\n\
         - {tokens}\n\
         - every temporary token and bundle made from them\n\
         - {others}"
    )
}

fn print(revoked: Result<Revocation, Error>, id: &str, common: &Common) -> anyhow::Result<()> {
    let revocation = revoked.map_err(|error| common.explain(error, Some(Subject::Organization(id))))?;
    if common.is_json() {
        return print_json(&revocation);
    }
    let target = match &revocation.target {
        RevocationTarget::IssuedBefore { organization, time } => {
            format!("all tokens of the organization {organization} issued before {}", time::show(*time))
        }
        target => target.to_string(),
    };
    Ok(writeln!(io::stdout(), "Revoked at {}: {target}.", time::show(revocation.at))?)
}
