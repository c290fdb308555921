//! `daypass user`: the commands of principals, `invite` and consents.

use std::io::{self, Write};

use clap::{Args, Subcommand};
use serde::Serialize;

use super::failure::Subject;
use super::options::{Common, InOrganization, print_json};
use super::principal_kind::User;
use super::{issuer, principal, time, user_consents};
use crate::domain::principal::Actor;
use crate::usecase::invitations;

const INVITE: &str = "\
Examples:
  daypass user invite usr_6kIYBmP8S3Ww0GAfX2B6sw --issuer https://tokens.example.com
  DAYPASS_ISSUER=https://tokens.example.com daypass user invite usr_6kIYBmP8S3Ww0GAfX2B6sw";

#[derive(Subcommand)]
pub(super) enum Command {
    #[command(flatten)]
    Principal(principal::Command<User>),
    /// Invite a user to sign in, and print the link this once
    ///
    /// Who opens the link sets a password, or comes through the OpenID Connect provider, and is the user from then on:
    /// give it to the person alone. It can be used once, within 7 days. A new link replaces the earlier one.
    #[command(after_help = INVITE)]
    Invite(Invite),
    /// List the applications that a user lets act for them: id, name, scopes, since when
    #[command(after_help = user_consents::LIST)]
    Consents(user_consents::List),
    /// Withdraw a user's consent to an application, and revoke the tokens that the application has for the user
    #[command(after_help = user_consents::WITHDRAW)]
    WithdrawConsent(user_consents::Withdraw),
}

#[derive(Args)]
pub(super) struct Invite {
    /// The user's id, as `daypass user list` prints it
    id: String,
    /// The URL of the service, as in `daypass serve --issuer`
    #[arg(long, env = "DAYPASS_ISSUER", default_value = "http://127.0.0.1:8787", value_name = "URL",
          value_parser = issuer::parse)]
    issuer: String,
    #[command(flatten)]
    within: InOrganization,
    #[command(flatten)]
    common: Common,
}

pub(super) async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Principal(command) => principal::run(command).await,
        Command::Invite(invite) => run_invite(invite).await,
        Command::Consents(list) => user_consents::list(list).await,
        Command::WithdrawConsent(withdraw) => user_consents::withdraw(withdraw).await,
    }
}

async fn run_invite(invite: Invite) -> anyhow::Result<()> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Json<'a> {
        link: &'a str,
        expires_at: u64,
    }

    let Invite { id, issuer, within, common } = invite;
    let (store, organization) = within.open(&common).await?;
    let invited = invitations::invite(&*store, &organization, &id, Actor::Operator).await;
    let invited = invited.map_err(|error| common.explain(error, Some(Subject::Principal("user", &id))))?;
    let link = invited.link(&issuer);
    if common.is_json() {
        return print_json(&Json { link: &link, expires_at: invited.expires_at });
    }
    let expires = time::show(invited.expires_at);
    Ok(writeln!(io::stdout(), "{link}\n\nThe link is shown this once. It can be used once, until {expires}.")?)
}
