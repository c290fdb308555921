//! `daypass user`, `daypass service-account`, `daypass application`: the operator manages principals by the rules of the
//! HTTP API.

use std::io::{self, Write};

use anyhow::{anyhow, ensure};
use clap::{Args, Subcommand};
use daypass::Error;
use daypass::api::{CreatePrincipalRequest, PrincipalKind, PrincipalRecord, Role, UpdatePrincipalRequest};
use serde::Serialize;

use super::confirmation::{Confirmation, show_counts};
use super::failure::Subject;
use super::oauth_client::{self, CheckedClient, ClientChange, WithClient};
use super::options::{Common, InOrganization, print_json};
use super::principal_kind::Kind;
use super::time;
use crate::domain::hidden;
use crate::domain::page_limit::PageLimit;
use crate::domain::principal::Actor;
use crate::store::{SharedStore, Store};
use crate::usecase::principals;

#[derive(Subcommand)]
pub(super) enum Command<K: Kind> {
    #[command(about = K::ADD, after_help = K::ADD_EXAMPLES)]
    Add(Add<K>),
    #[command(about = K::LIST, after_help = K::LIST_EXAMPLES)]
    List {
        #[command(flatten)]
        within: InOrganization,
        #[command(flatten)]
        common: Common,
    },
    #[command(about = K::SHOW, after_help = K::SHOW_EXAMPLES)]
    Show {
        /// Its id, as the command `list` prints it
        id: String,
        #[command(flatten)]
        within: InOrganization,
        #[command(flatten)]
        common: Common,
    },
    #[command(about = K::EDIT, long_about = K::EDIT_LONG, after_help = K::EDIT_EXAMPLES)]
    Edit(Edit<K>),
    #[command(about = K::REMOVE, long_about = K::REMOVE_LONG, after_help = K::REMOVE_EXAMPLES)]
    Remove(Remove),
}

#[derive(Args)]
pub(super) struct Add<K: Kind> {
    /// A name to recognize it by
    #[arg(long)]
    name: String,
    #[command(flatten)]
    fields: K::New,
    #[command(flatten)]
    within: InOrganization,
    #[command(flatten)]
    common: Common,
}

#[derive(Args)]
pub(super) struct Edit<K: Kind> {
    /// Its id, as the command `list` prints it
    id: String,
    /// Its new name
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    fields: K::Change,
    /// Edit it only if it has this version, as `add`, `list` and `edit` print it with `--json`
    #[arg(long, value_name = "NUMBER")]
    if_version: Option<u64>,
    #[command(flatten)]
    confirmation: Confirmation,
    #[command(flatten)]
    within: InOrganization,
    #[command(flatten)]
    common: Common,
}

#[derive(Args)]
pub(super) struct Remove {
    /// Its id, as the command `list` prints it
    id: String,
    #[command(flatten)]
    confirmation: Confirmation,
    #[command(flatten)]
    within: InOrganization,
    #[command(flatten)]
    common: Common,
}

pub(super) async fn run<K: Kind>(command: Command<K>) -> anyhow::Result<()> {
    match command {
        Command::Add(add) => run_add(add).await,
        Command::List { within, common } => list::<K>(&within, &common).await,
        Command::Show { id, within, common } => show::<K>(&id, &within, &common).await,
        Command::Edit(edit) => run_edit(edit).await,
        Command::Remove(remove) => run_remove::<K>(remove).await,
    }
}

async fn run_add<K: Kind>(add: Add<K>) -> anyhow::Result<()> {
    let Add { name, fields, within, common } = add;
    let (store, organization) = within.open(&common).await?;
    let (email, role) = K::email_and_role(&fields);
    let client = match K::new_client(fields) {
        Some(options) => CheckedClient::new(options, &*store, &organization, None, &common).await?,
        None => None,
    };
    let request = CreatePrincipalRequest { kind: K::KIND, name, email: email.clone(), role };
    let added = principals::add(&*store, Actor::Operator, &organization, request).await;
    let record = added.map_err(|error| match (error, email) {
        (Error::AlreadyExists, Some(email)) => {
            let list = common.command(&format!("{} list --organization {organization}", K::WORD));
            anyhow!("the organization {organization} has a user with the email address {email}: see `{list}`")
        }
        (error, _) => common.explain(error, None),
    })?;
    let client = match client {
        Some(client) => Some(client.set(&*store, &organization, &record.id, &common).await?),
        None => None,
    };
    oauth_client::print(record, client, &common)
}

async fn list<K: Kind>(within: &InOrganization, common: &Common) -> anyhow::Result<()> {
    #[derive(Serialize)]
    struct List {
        principals: Vec<WithClient>,
    }

    let (store, organization) = within.open(common).await?;
    let (mut principals, mut cursor) = (vec![], None);
    loop {
        let limit = PageLimit::default();
        let page = principals::list(&*store, &organization, Some(K::KIND), limit, cursor.as_deref()).await;
        let page = page.map_err(|error| common.explain(error, None))?;
        principals.extend(page.principals);
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    let principals = WithClient::all::<K>(principals, &*store, &organization, common).await?;
    if common.is_json() {
        return print_json(&List { principals });
    }
    let mut out = io::stdout().lock();
    principals.iter().try_for_each(|principal| principal.print(&mut out))
}

async fn show<K: Kind>(id: &str, within: &InOrganization, common: &Common) -> anyhow::Result<()> {
    let (store, organization) = within.open(common).await?;
    let principal = find::<K>(&*store, &organization, id, common).await?;
    let client = match K::KIND {
        PrincipalKind::Application => oauth_client::find(&*store, &organization, id, common).await?,
        PrincipalKind::User | PrincipalKind::ServiceAccount => None,
    };
    oauth_client::print(principal, client, common)
}

async fn run_edit<K: Kind>(edit: Edit<K>) -> anyhow::Result<()> {
    let Edit { id, name, fields, if_version, confirmation, within, common } = edit;
    let role = K::new_role(&fields);
    let client = K::client_change(fields).filter(ClientChange::has_any);
    let has_change = name.is_some() || role.is_some();
    ensure!(has_change || client.is_some(), "nothing to change: {}", K::NOTHING);
    let (store, organization) = within.open(&common).await?;
    let before = find::<K>(&*store, &organization, &id, &common).await?;
    let edited_meanwhile = |version: u64| {
        let list = common.command(&format!("{} list --organization {organization}", K::WORD));
        anyhow!("{id} was edited meanwhile, its version is {version}: look at it with `{list}`")
    };
    // Before the client, whose settings have no version.
    if if_version.is_some_and(|version| version != before.version) {
        return Err(edited_meanwhile(before.version));
    }
    let client = match client {
        Some(client) => client.check(&*store, &organization, &id, &confirmation, &common).await?,
        None => None,
    };
    let catalogs = common.catalogs(&*store).await?;
    if let Some(role) = role.filter(|role| Some(*role) < before.role) {
        let count = principals::count_exceeding(&*store, &catalogs, &organization, &id, role).await;
        let count = count.map_err(|error| common.explain(error, None))?;
        if count > 0 {
            confirmation.require(&format!(
                "This gives the user {id} ({}) in {} the role {role}. What ends:\n\
                 - active tokens that grant more: {count}\n\
                 - every temporary token and bundle made from them",
                hidden::show(&before.name),
                common.store
            ))?;
        }
    }
    let client = match client {
        Some(client) => client.save(&*store, &organization, &id, &common).await?,
        None => None,
    };
    if !has_change {
        return oauth_client::print(before, client, &common);
    }
    let (request, versions) = (UpdatePrincipalRequest { name, role }, if_version.map(|version| vec![version]));
    let edited = principals::edit(&*store, &catalogs, Actor::Operator, &organization, &id, request, versions).await;
    let record = edited.map_err(|error| match error {
        Error::VersionConflict(version) => edited_meanwhile(version),
        error => common.explain(error, Some(Subject::Principal(K::WORD, &id))),
    })?;
    oauth_client::print(record, client, &common)
}

async fn run_remove<K: Kind>(remove: Remove) -> anyhow::Result<()> {
    let Remove { id, confirmation, within, common } = remove;
    let (store, organization): (SharedStore, _) = within.open(&common).await?;
    let PrincipalRecord { name, .. } = find::<K>(&*store, &organization, &id, &common).await?;
    let counts = principals::count_owned(&*store, &organization, &id).await;
    let counts = show_counts(&counts.map_err(|error| common.explain(error, None))?);
    confirmation.require(&format!(
        "This removes the {} {id} ({}) from the organization {organization} in {}. What ends:\n\
         - active tokens: {counts}\n\
         - every temporary token and bundle made from them",
        K::NOUN,
        hidden::show(&name),
        common.store
    ))?;
    let removed = principals::remove(&*store, Actor::Operator, &organization, &id).await;
    let removed = removed.map_err(|error| common.explain(error, Some(Subject::Principal(K::WORD, &id))))?;
    oauth_client::print(removed, None, &common)
}

/// Finds a principal of the kind that the command is about.
pub(super) async fn find<K: Kind>(
    store: &dyn Store,
    organization: &str,
    id: &str,
    common: &Common,
) -> anyhow::Result<PrincipalRecord> {
    let found = match principals::find(store, organization, id).await {
        Ok(principal) if principal.kind != K::KIND => Err(Error::NotFound),
        found => found,
    };
    found.map_err(|error| common.explain(error, Some(Subject::Principal(K::WORD, id))))
}

/// Prints a principal on one line.
pub(super) fn print_line(out: &mut impl Write, principal: &PrincipalRecord) -> anyhow::Result<()> {
    let PrincipalRecord { id, name, email, role, created_at, removed_at, .. } = principal;
    let role = role.map_or(String::new(), |role: Role| format!("{role:<9}  "));
    let email = email.as_ref().map_or(String::new(), |email| format!("  <{email}>"));
    let note = match removed_at {
        Some(at) => format!("removed {}", time::show(*at)),
        None => format!("created {}", time::show(*created_at)),
    };
    Ok(writeln!(out, "{id:<26}  {role}{}{}  ({note})", hidden::show(name), hidden::show(&email))?)
}
