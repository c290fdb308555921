//! `daypass token edit`: the operator edits tokens by the rules of the HTTP API.

use anyhow::{anyhow, ensure};
use clap::Args;
use daypass::api::UpdateTokenRequest;
use daypass::{Error, TokenKind};

use super::failure::Subject;
use super::options::{Common, InOrganization};
use super::{time, token};
use crate::domain::token_edit::Editor;
use crate::usecase::tokens;

pub(super) const EXAMPLES: &str = "\
Examples:
  daypass token edit tok_6kIYBmP8S3Ww0GAfX2B6sw --name \"Web shop\"
  daypass token edit tok_6kIYBmP8S3Ww0GAfX2B6sw --origin shop.example --origin '*.shop.example'
  daypass token edit tok_6kIYBmP8S3Ww0GAfX2B6sw --expires-at never --if-version 3";

#[derive(Args)]
pub(super) struct Options {
    /// The token's id, as `daypass token list` prints it
    id: String,
    /// Its new name
    #[arg(long)]
    name: Option<String>,
    /// A site that may use a publishable token from now on; repeat it for more. The sites that it had and that are not
    /// named are refused
    #[arg(long = "origin", value_name = "ORIGIN")]
    origins: Vec<String>,
    /// Accept origins such as `*--shop.netlify.app`, below a suffix that many owners share: anyone may take a name there
    /// that matches, and use the token. Those that it had need it no more
    #[arg(long)]
    accept_shared_suffix: bool,
    /// When it expires from now on, in RFC 3339 or Unix seconds, or `never`
    #[arg(long, value_name = "TIME", value_parser = parse_end)]
    expires_at: Option<End>,
    /// Edit it only if it has this version, as `daypass token show` prints it
    #[arg(long, value_name = "NUMBER")]
    if_version: Option<u64>,
    #[command(flatten)]
    within: InOrganization,
    #[command(flatten)]
    common: Common,
}

/// When a token expires, if ever.
#[derive(Clone, Copy)]
struct End(Option<u64>);

fn parse_end(text: &str) -> Result<End, String> {
    if text == "never" { Ok(End(None)) } else { time::parse(text).map(|end| End(Some(end))) }
}

pub(super) async fn run(options: Options) -> anyhow::Result<()> {
    let Options { id, name, origins, accept_shared_suffix, expires_at, if_version, within, common } = options;
    let origins = (!origins.is_empty()).then_some(origins);
    let expires_at = expires_at.map(|End(end)| end);
    ensure!(
        name.is_some() || origins.is_some() || expires_at.is_some(),
        "nothing to change: give the token a --name, an --origin or --expires-at"
    );
    let (store, organization) = within.open(&common).await?;
    if let Some(origins) = origins.as_deref().filter(|_| !accept_shared_suffix) {
        let record = tokens::find(&*store, &organization, &id).await;
        let record = record.map_err(|error| common.explain(error, Some(Subject::Token(&id))))?;
        token::check_shared_suffix(origins, &record.origins)?;
    }
    let request = UpdateTokenRequest { name, origins, expires_at, accept_shared_suffix };
    let versions = if_version.map(|version| vec![version]);
    let edited = tokens::edit(&*store, &Editor::Operator, &organization, &id, request, versions).await;
    let record = edited.map_err(|error| match error {
        Error::VersionConflict(version) => {
            let show = common.command(&format!("token show {id}"));
            anyhow!("the token {id} was edited meanwhile, its version is {version}: look at it with `{show}`")
        }
        Error::TokenImmutable(TokenKind::Application) => {
            let revoke = common.command(&format!("token revoke {id}"));
            anyhow!("application tokens are immutable: revoke it with `{revoke}`, and create it again with --id {id}")
        }
        error => common.explain(error, Some(Subject::Token(&id))),
    })?;
    token::print(&record, &common)
}
