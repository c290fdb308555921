//! `daypass token`: the operator makes, lists, shows and revokes tokens by the rules of the HTTP surface.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, Subcommand};
use daypass::api::{CreateTokenRequest, TokenRecord};
use daypass::{Scope, TokenKind};
use serde::Serialize;

use super::common::{Common, print_json};
use crate::catalogs::Catalogs;
use crate::issue::{self, Created, Grantor};
use crate::unique;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Create a token; it is shown this once
    Create(Create),
    /// List the tokens, newest first
    List {
        /// Only of this kind; bundle references are listed only so
        #[arg(long)]
        kind: Option<TokenKind>,
        #[command(flatten)]
        common: Common,
    },
    /// Show one token's record
    Show {
        /// The token's id
        id: String,
        #[command(flatten)]
        common: Common,
    },
    /// Revoke a token, and with it all that was made from it
    ///
    /// A running service refuses it at once. Products that follow the service's feed of revocations refuse it within a second,
    /// and its temporary tokens and signed bundles too. A product that does not follow it accepts those two to their end, a
    /// day at most. Tokens that a revoked one created are tokens of their own and stay.
    Revoke {
        /// The token's id
        id: String,
        #[command(flatten)]
        common: Common,
    },
}

#[derive(Args)]
pub(super) struct Create {
    /// publishable, secret or application
    #[arg(long)]
    kind: TokenKind,
    /// A name to remember it by
    #[arg(long)]
    name: String,
    /// What it may do [default: the publishable scopes, or all of the product's for a secret token]
    #[arg(long = "scope", value_name = "RESOURCE:ACTION")]
    scopes: Vec<Scope>,
    /// A site that may use a publishable token: example.com, *.example.com, https://example.com:8443
    #[arg(long = "origin", value_name = "ORIGIN")]
    origins: Vec<String>,
    /// The id of an application token [default: made up]
    #[arg(long)]
    id: Option<String>,
    /// When it ends, in Unix seconds [default: never]
    #[arg(long, value_name = "TIME")]
    expires_at: Option<u64>,
    /// The product's scopes, as JSON [default: those of the Space API]
    #[arg(long, env = "DAYPASS_CATALOG", value_name = "FILE")]
    catalog: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
}

pub(super) async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Create(create) => make(create).await,
        Command::List { kind, common } => {
            let (store, organization) = common.open().await?;
            let tokens = store.tokens(&organization, kind).await?;
            if common.json { print_json(&List { tokens }) } else { print_table(&tokens) }
        }
        Command::Show { id, common } => {
            let (store, organization) = common.open().await?;
            print(&store.token(&organization, &id).await?, common.json)
        }
        Command::Revoke { id, common } => {
            let (store, organization) = common.open().await?;
            print(&store.revoke(&organization, &id, unique::now()).await?, common.json)
        }
    }
}

async fn make(create: Create) -> anyhow::Result<()> {
    let Create { kind, name, scopes, origins, id, expires_at, catalog, common } = create;
    let catalogs = Catalogs::load(catalog.as_deref())?;
    let (store, organization) = common.open().await?;
    let scopes = (!scopes.is_empty()).then(|| scopes.into_iter().collect());
    let new = CreateTokenRequest { kind, name, scopes, origins, resources: vec![], expires_at, id };
    let created = issue::create(&store, &catalogs, &Grantor::operator(&organization), new).await?;
    if common.json {
        return print_json(&created);
    }
    let Created { record, token } = &created;
    print(record, false)?;
    Ok(writeln!(io::stdout(), "\n  {}\n\nThe token is shown this once: copy it now.", token.expose_secret())?)
}

#[derive(Serialize)]
struct List {
    tokens: Vec<TokenRecord>,
}

fn print_table(tokens: &[TokenRecord]) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    for token in tokens {
        let TokenRecord { id, kind, name, last_chars, .. } = token;
        writeln!(out, "{id:<26}  {:<11}  …{last_chars}  {:<13}  {name}", kind.as_str(), state(token))?;
    }
    Ok(())
}

fn print(token: &TokenRecord, json: bool) -> anyhow::Result<()> {
    if json {
        return print_json(token);
    }
    let mut out = io::stdout().lock();
    let TokenRecord { id, kind, name, last_chars, created_at, .. } = token;
    writeln!(out, "{kind} token {id}, …{last_chars}: {name}")?;
    writeln!(out, "  state    {}", state(token))?;
    writeln!(out, "  created  {created_at}")?;
    if let Some(end) = token.expires_at {
        writeln!(out, "  ends     {end}")?;
    }
    for grant in &token.grants {
        writeln!(out, "  scopes   {} (in {})", grant.scopes, grant.tenant)?;
    }
    for origin in &token.origins {
        writeln!(out, "  origin   {origin}")?;
    }
    Ok(())
}

fn state(token: &TokenRecord) -> &'static str {
    if token.revoked_at.is_some() {
        "revoked"
    } else if token.expires_at.is_some_and(|end| end <= unique::now()) {
        "expired"
    } else {
        "active"
    }
}
