//! `daypass crafter`: the operator creates the tokens that Crafter Profile has at its first start.

use std::io::{self, Write};

use anyhow::{anyhow, bail};
use clap::{Args, Subcommand};
use daypass::Error;
use serde::Serialize;

use super::options::{Common, InOrganization, print_json};
use crate::usecase::crafter;
use crate::usecase::tokens::CreateTokenResponse;

const BOOTSTRAP: &str = "\
Examples:
  daypass crafter bootstrap
  daypass crafter bootstrap --tenant site1 --tenant site2 --organization org_0aS1dF2gH3jK4lZ5xC6vBN";

#[derive(Subcommand)]
pub(super) enum Command {
    /// Create the tokens of `profile-admin`, `engine` and `social`, and print them this once
    ///
    /// Crafter Profile makes three tokens at its first start, whose ids everybody knows. These are random, and never
    /// expire. `profile-admin` is a master token and may do everything; `engine` and `social` read tenants and manage
    /// profiles and tickets. Those that the organization has already are left as they are: revoke one with `daypass
    /// token revoke`, and run the command again for a new one. With `--json` the output is `{"tokens":[…]}`.
    #[command(after_help = BOOTSTRAP)]
    Bootstrap(Bootstrap),
}

#[derive(Args)]
pub(super) struct Bootstrap {
    /// A tenant of the product that the tokens are for; repeat it for more, or `*` for all [default: `*`, if there is
    /// one organization beside the operator]
    #[arg(long = "tenant", value_name = "TENANT")]
    tenants: Vec<String>,
    #[command(flatten)]
    within: InOrganization,
    #[command(flatten)]
    common: Common,
}

pub(super) async fn run(Command::Bootstrap(options): Command) -> anyhow::Result<()> {
    let Bootstrap { mut tenants, within, common } = options;
    let (store, organization) = within.open(&common).await?;
    if tenants.is_empty() {
        // SECURITY: where several organizations share a product, `*` could reach the tenants of another.
        let organizations = store.organizations(None, 3).await.map_err(|error| common.explain(error, None))?;
        if organizations.into_iter().filter(|organization| !organization.is_operator).count() > 1 {
            bail!("{} has several organizations: name the tenants of {organization} with --tenant", common.store);
        }
        tenants.push("*".into());
    }
    let catalogs = common.catalogs(&*store).await?;
    let created = crafter::bootstrap(&*store, &catalogs, &organization, &tenants).await;
    let created = created.map_err(|error| match error {
        Error::InvalidScope(_) => anyhow!(
            "{error} The catalogue needs the scopes of Crafter Profile: add them (`{}` prints the file to edit)",
            common.command("catalog show --json")
        ),
        error => common.explain(error, None),
    })?;
    print(&created, &common)
}

fn print(created: &[CreateTokenResponse], common: &Common) -> anyhow::Result<()> {
    #[derive(Serialize)]
    struct Document<'a> {
        tokens: &'a [CreateTokenResponse],
    }

    if common.is_json() {
        return print_json(&Document { tokens: created });
    }
    let mut out = io::stdout().lock();
    if created.is_empty() {
        return Ok(writeln!(out, "The organization has these three tokens: nothing was created.")?);
    }
    for CreateTokenResponse { record, token } in created {
        writeln!(out, "{:<13}  {}", record.id, token.expose_secret())?;
    }
    Ok(writeln!(out, "\nThese are the values of `accessTokenId`. They are shown this once: copy them now.")?)
}
