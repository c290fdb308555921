//! `daypass user consents` and `withdraw-consent`: what a user lets OAuth clients do.

use std::io::{self, Write};

use anyhow::bail;
use clap::Args;
use serde::Serialize;

use super::options::{Common, InOrganization, print_json};
use super::principal_kind::User;
use super::{principal, time};
use crate::domain::hidden;
use crate::domain::oauth::consent::Parties;
use crate::usecase::oauth::consents;

pub(super) const LIST: &str = "\
Example:
  daypass user consents usr_6kIYBmP8S3Ww0GAfX2B6sw";
pub(super) const WITHDRAW: &str = "\
Example:
  daypass user withdraw-consent usr_6kIYBmP8S3Ww0GAfX2B6sw app_6kIYBmP8S3Ww0GAfX2B6sw";

#[derive(Args)]
pub(super) struct List {
    /// The user's id, as `daypass user list` prints it
    id: String,
    #[command(flatten)]
    within: InOrganization,
    #[command(flatten)]
    common: Common,
}

#[derive(Args)]
pub(super) struct Withdraw {
    /// The user's id, as `daypass user list` prints it
    id: String,
    /// The application's id, as `daypass user consents` prints it
    client: String,
    #[command(flatten)]
    within: InOrganization,
    #[command(flatten)]
    common: Common,
}

/// What a user lets a client do.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    client_id: String,
    name: String,
    scopes: String,
    given_at: u64,
}

pub(super) async fn list(options: List) -> anyhow::Result<()> {
    #[derive(Serialize)]
    struct Consents {
        consents: Vec<Listed>,
    }

    let List { id, within, common } = options;
    let (store, organization) = within.open(&common).await?;
    principal::find::<User>(&*store, &organization, &id, &common).await?;
    let given = store.oauth_consents(&organization, &id).await.map_err(|error| common.explain(error, None))?;
    let listed = given.into_iter().map(|consent| Listed {
        client_id: consent.client.id().to_owned(),
        name: consent.client.principal.name,
        scopes: consent.scopes.to_string(),
        given_at: consent.given_at,
    });
    let consents: Vec<_> = listed.collect();
    if common.is_json() {
        return print_json(&Consents { consents });
    }
    let mut out = io::stdout().lock();
    for Listed { client_id, name, scopes, given_at } in &consents {
        writeln!(out, "{client_id:<26}  {}  ({scopes}, since {})", hidden::show(name), time::show(*given_at))?;
    }
    Ok(())
}

pub(super) async fn withdraw(options: Withdraw) -> anyhow::Result<()> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Withdrawn<'a> {
        user: &'a str,
        client_id: &'a str,
    }

    let Withdraw { id, client, within, common } = options;
    let (store, organization) = within.open(&common).await?;
    principal::find::<User>(&*store, &organization, &id, &common).await?;
    let given = store.oauth_consents(&organization, &id).await.map_err(|error| common.explain(error, None))?;
    if !given.iter().any(|consent| consent.client.id() == client) {
        let list = common.command(&format!("user consents {id}"));
        bail!("the user {id} has given no consent to an application with id {client}: list them with `{list}`");
    }
    let parties = Parties { organization, owner: id.clone(), client: client.clone() };
    consents::withdraw_of(&*store, parties).await.map_err(|error| common.explain(error, None))?;
    if common.is_json() {
        return print_json(&Withdrawn { user: &id, client_id: &client });
    }
    Ok(writeln!(
        io::stdout(),
        "The user {id} lets the application {client} do nothing any more: its tokens are revoked."
    )?)
}
