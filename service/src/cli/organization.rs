//! `daypass organization`: the operator creates, lists, renames, limits, suspends and revokes organizations.

use std::io::{self, Write};

use anyhow::{anyhow, ensure};
use clap::Subcommand;
use daypass::Error;
use daypass::api::{CreateOrganizationRequest, OrganizationRecord, Revocation, RevocationTarget};
use serde::Serialize;

use super::confirmation::{Confirmation, show_counts};
use super::failure::Subject;
use super::options::{Common, print_json};
use super::{organization_limits as limits, time};
use crate::domain::hidden;
use crate::domain::page_limit::PageLimit;
use crate::store::{SharedStore, Store};
use crate::usecase::clock::now;
use crate::usecase::organizations::{self, Created};
use crate::usecase::revoke;
use crate::usecase::tokens::{self, CreateTokenResponse};

const CREATE: &str = "\
Examples:
  daypass organization create --name \"Northlight Studio\"
  daypass organization create --name \"Northlight Studio\" --id northlight";
const SHOW: &str = "\
Example:
  daypass organization show org_6kIYBmP8S3Ww0GAfX2B6sw";
const RENAME: &str = "\
Example:
  daypass organization rename org_6kIYBmP8S3Ww0GAfX2B6sw \"Northlight Studio\"";
const LIMITS: &str = "\
Examples:
  daypass organization limits org_6kIYBmP8S3Ww0GAfX2B6sw
  daypass organization limits org_6kIYBmP8S3Ww0GAfX2B6sw --publishable 500 --secret unlimited";
const SUSPEND: &str = "\
Example:
  daypass organization suspend org_6kIYBmP8S3Ww0GAfX2B6sw";
const RESUME: &str = "\
Example:
  daypass organization resume org_6kIYBmP8S3Ww0GAfX2B6sw";
const LIST: &str = "\
Examples:
  daypass organization list
  daypass organization list --store /var/lib/daypass.db";
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
    /// Create an organization, and print its owner token this once
    ///
    /// Each organization is a tenant of its own: its tokens never read, count or name those of another. The owner token
    /// administers the organization over HTTP: it creates, lists and revokes its tokens.
    #[command(after_help = CREATE)]
    Create {
        /// A name to recognize it by
        #[arg(long)]
        name: String,
        /// Its id, for ever [default: a random one]
        #[arg(long)]
        id: Option<String>,
        #[command(flatten)]
        common: Common,
    },
    /// List the organizations, oldest first
    ///
    /// The first start of `daypass serve` creates two: the first organization, and the operator, which administers the
    /// service.
    #[command(after_help = LIST)]
    List {
        #[command(flatten)]
        common: Common,
    },
    /// Show an organization
    #[command(after_help = SHOW)]
    Show {
        /// The organization's id, as `daypass organization list` prints it
        id: String,
        #[command(flatten)]
        common: Common,
    },
    /// Rename an organization; its id stays
    #[command(after_help = RENAME)]
    Rename {
        /// The organization's id, as `daypass organization list` prints it
        id: String,
        /// The new name
        name: String,
        #[command(flatten)]
        common: Common,
    },
    /// Set how many active tokens of each kind, principals and bundles an organization may have, or show it
    ///
    /// Without other limits an organization may have 100 publishable and 100 secret tokens, 10,000 application tokens,
    /// personal tokens and principals, and a million bundle references that take a gibibyte. What it has stays under a
    /// lower limit.
    #[command(after_help = LIMITS)]
    Limits {
        /// The organization's id, as `daypass organization list` prints it
        id: String,
        #[command(flatten)]
        limits: limits::LimitOptions,
        #[command(flatten)]
        common: Common,
    },
    /// Suspend an organization: its tokens are refused until it is resumed
    ///
    /// A running service refuses its tokens and all that was made from them within a second, and so do the products that
    /// follow its feed of revocations. The APIs of the organization itself still hear what to refuse. Nothing is revoked.
    #[command(after_help = SUSPEND)]
    Suspend {
        /// The organization's id, as `daypass organization list` prints it
        id: String,
        #[command(flatten)]
        common: Common,
    },
    /// Resume a suspended organization
    ///
    /// Its tokens are accepted again within a second, and what was made from them, unless it has expired or was revoked
    /// meanwhile.
    #[command(after_help = RESUME)]
    Resume {
        /// The organization's id, as `daypass organization list` prints it
        id: String,
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
    /// Its secret tokens are among them: afterwards, make a new one with `daypass token create`. Tokens end in the order
    /// in which they were created, up to the last one from before the time. If its own time is in the future it is from
    /// before too, since a clock was wrong. The same time again changes nothing.
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
        Command::Create { name, id, common } => create(name, id, &common).await,
        Command::List { common } => list(&common).await,
        Command::Show { id, common } => {
            let store = common.open().await?;
            let found = organizations::find(&*store, &id).await;
            show(&found.map_err(|error| common.explain(error, Some(Subject::Organization(&id))))?, &common)
        }
        Command::Rename { id, name, common } => {
            let store = common.open().await?;
            let renamed = organizations::rename(&*store, &id, &name).await;
            show(&renamed.map_err(|error| common.explain(error, Some(Subject::Organization(&id))))?, &common)
        }
        Command::Limits { id, limits, common } => limits::run(&id, limits, &common).await,
        Command::Suspend { id, common } => {
            let store = common.open().await?;
            let suspended = organizations::suspend(&*store, &id).await;
            show(&suspended.map_err(|error| common.explain(error, Some(Subject::Organization(&id))))?, &common)
        }
        Command::Resume { id, common } => {
            let store = common.open().await?;
            let resumed = organizations::resume(&*store, &id).await;
            show(&resumed.map_err(|error| common.explain(error, Some(Subject::Organization(&id))))?, &common)
        }
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

async fn create(name: String, id: Option<String>, common: &Common) -> anyhow::Result<()> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Json<'a> {
        #[serde(flatten)]
        record: &'a OrganizationRecord,
        owner_token: &'a CreateTokenResponse,
    }

    let store = common.open().await?;
    let catalogs = common.catalogs(&*store).await?;
    let request = CreateOrganizationRequest { name, id: id.clone() };
    let created = organizations::create(&*store, &catalogs, request).await;
    let Created { record, owner } = created.map_err(|error| match (error, &id) {
        (Error::AlreadyExists, Some(id)) => {
            anyhow!("{} has an organization with id {id}, active or revoked: choose another --id", common.store)
        }
        (error, _) => common.explain(error, None),
    })?;
    if common.is_json() {
        return print_json(&Json { record: &record, owner_token: &owner });
    }
    show(&record, common)?;
    Ok(writeln!(
        io::stdout(),
        "\nIts owner token, which creates and revokes its tokens:\n\n  {}\n\nThe token is shown this once: copy it now.",
        owner.token.expose_secret()
    )?)
}

/// Returns the times that belong to the state.
fn note(organization: &OrganizationRecord) -> String {
    let role = if organization.is_operator { "administers the service, " } else { "" };
    let created = format!("{role}created {}", time::show(organization.created_at));
    match (organization.revoked_at.or(organization.suspended_at), organization.issued_before) {
        (Some(at), _) => format!("since {}", time::show(at)),
        (None, Some(time)) => format!("{created}, tokens issued before {} are revoked", time::show(time)),
        (None, None) => created,
    }
}

fn show(organization: &OrganizationRecord, common: &Common) -> anyhow::Result<()> {
    if common.is_json() {
        return print_json(organization);
    }
    print_line(&mut io::stdout().lock(), organization)
}

fn print_line(out: &mut impl Write, organization: &OrganizationRecord) -> anyhow::Result<()> {
    let OrganizationRecord { id, name, state, .. } = organization;
    Ok(writeln!(out, "{id:<26}  {state:<9}  {}  ({})", hidden::show(name), note(organization))?)
}

async fn list(common: &Common) -> anyhow::Result<()> {
    #[derive(Serialize)]
    struct List {
        organizations: Vec<OrganizationRecord>,
    }

    let store = common.open().await?;
    let mut organizations = Vec::new();
    let mut cursor = None;
    loop {
        let page = organizations::list(&*store, PageLimit::default(), cursor.as_deref()).await;
        let page = page.map_err(|error| common.explain(error, None))?;
        organizations.extend(page.organizations);
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    if common.is_json() {
        return print_json(&List { organizations });
    }
    let mut out = io::stdout().lock();
    organizations.iter().try_for_each(|organization| print_line(&mut out, organization))
}

/// Opens the store if it has this organization.
async fn open(id: &str, common: &Common) -> anyhow::Result<SharedStore> {
    let store = common.open().await?;
    let found = organizations::find(&*store, id).await;
    found.map_err(|error| common.explain(error, Some(Subject::Organization(id))))?;
    Ok(store)
}

/// Says how many active tokens of each kind there are: those that were created before a time, if one is given.
async fn count_active(store: &dyn Store, id: &str, before: Option<u64>, common: &Common) -> anyhow::Result<String> {
    let counts = tokens::count_active(store, id, before).await.map_err(|error| common.explain(error, None))?;
    Ok(show_counts(&counts))
}

fn what_ends(id: &str, ends: &[String; 2], common: &Common) -> String {
    let [tokens, others] = ends;
    let store = &common.store;
    format!(
        "This revokes tokens of the organization {id} in {store}. What ends:\n\
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
        RevocationTarget::IssuedBefore { organization, time }
        | RevocationTarget::IssuedUpTo { organization, time, .. } => {
            format!("all tokens of the organization {organization} issued before {}", time::show(*time))
        }
        target => target.to_string(),
    };
    Ok(writeln!(io::stdout(), "Revoked at {}: {target}.", time::show(revocation.at))?)
}
