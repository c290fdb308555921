//! `daypass token list`: the operator lists tokens, page by page.

use std::io::{self, BufWriter, Write};
use std::num::NonZeroUsize;

use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use daypass::api::{TokenPage, TokenRecord};
use daypass::{Error, TokenKind};

use super::options::{Common, InOrganization};
use super::time;
use super::token::{CREATED, kinds, no_owner};
use crate::domain::hidden;
use crate::domain::page_limit::PageLimit;
use crate::domain::token::{self, TokenStatus};
use crate::domain::token_list::{Cursor, NamePart, TokenFilter, TokenList};
use crate::usecase::clock::now;
use crate::usecase::tokens;

pub(super) const EXAMPLES: &str = "\
Examples:
  daypass token list
  daypass token list --kind publishable --store /var/lib/daypass.db
  daypass token list --state active --name shop --limit 20
  daypass token list --owner svc_6kIYBmP8S3Ww0GAfX2B6sw";

/// The kinds that are listed, but not created here.
const OTHERS: [(TokenKind, &str); 2] = [
    (TokenKind::Bundle, "References to parameters, which applications create"),
    (TokenKind::OauthRefresh, "What users let OAuth clients have: all refresh tokens of one sign-in"),
];

#[derive(Args)]
pub(super) struct Options {
    /// List this kind only; bundle references are listed only with `--kind bundle`
    #[arg(long, value_parser = kinds(CREATED.into_iter().chain(OTHERS)))]
    kind: Option<TokenKind>,
    /// List tokens in this state only
    #[arg(long, value_parser = states())]
    state: Option<TokenStatus>,
    /// List only tokens with this part in their name, in upper or lower case
    #[arg(long, value_name = "PART", value_parser = |part: &str| NamePart::try_from(part.to_owned()))]
    name: Option<NamePart>,
    /// List only the tokens of the user, service account or application with this id
    #[arg(long, value_name = "ID")]
    owner: Option<String>,
    /// List the newest NUMBER tokens only [default: all]
    #[arg(long, value_name = "NUMBER")]
    limit: Option<NonZeroUsize>,
    #[command(flatten)]
    within: InOrganization,
    #[command(flatten)]
    common: Common,
}

/// Reads a state.
fn states() -> impl TypedValueParser<Value = TokenStatus> {
    let names = TokenStatus::ALL.map(|status| {
        let help = match status {
            TokenStatus::Active => "Can be used",
            TokenStatus::Suspended => "Can be used again once its organization is resumed",
            TokenStatus::Expired => "Has expired, and was not revoked",
            TokenStatus::Revoked => "Was revoked: alone, or with all of its organization's tokens",
        };
        PossibleValue::new(status.as_str()).help(help)
    });
    PossibleValuesParser::new(names)
        .try_map(|name| TokenStatus::ALL.into_iter().find(|status| status.as_str() == name).ok_or("expected a state"))
}

pub(super) async fn run(options: Options) -> anyhow::Result<()> {
    let Options { kind, state: status, name, owner, limit, within, common } = options;
    let filter = TokenFilter { kind, status, name, owner };
    let (store, organization) = within.open(&common).await?;
    let mut output = Output { out: BufWriter::new(io::stdout()), is_json: common.is_json(), count: 0 };
    let mut left = limit.map_or(usize::MAX, NonZeroUsize::get);
    let mut cursor: Option<Cursor> = None;
    loop {
        let list = TokenList { filter: filter.clone(), limit: PageLimit::at_most(left), cursor };
        let page = tokens::list(&*store, &organization, list).await;
        let TokenPage { tokens, next_cursor } = page.map_err(|error| match error {
            Error::NotFound => no_owner(filter.owner.as_deref(), &organization),
            error => common.explain(error, None),
        })?;
        if cursor.is_none() {
            output.begin()?;
        }
        output.add(&tokens)?;
        left -= tokens.len();
        cursor = next_cursor.map(Cursor::try_from).transpose().map_err(anyhow::Error::msg)?;
        if cursor.is_none() || left == 0 {
            return output.end();
        }
    }
}

/// A list that is printed page by page.
struct Output<W: Write> {
    out: W,
    is_json: bool,
    /// How many tokens were printed.
    count: usize,
}

impl<W: Write> Output<W> {
    fn begin(&mut self) -> anyhow::Result<()> {
        if self.is_json {
            write!(self.out, "{{\"tokens\":[")?;
        }
        Ok(())
    }

    fn add(&mut self, tokens: &[TokenRecord]) -> anyhow::Result<()> {
        for token in tokens {
            if self.is_json {
                write!(
                    self.out,
                    "{}{}",
                    if self.count > 0 { "," } else { "" },
                    hidden::show_json(&serde_json::to_string(token)?)
                )?;
            } else {
                let TokenRecord { id, kind, name, last_chars, last_used_at, .. } = token;
                let (kind, status) = (kind.as_str(), token::status(token, now()).as_str());
                let used = last_used_at.map_or("not used".to_owned(), time::show);
                writeln!(
                    self.out,
                    "{id:<26}  {kind:<11}  …{last_chars}  {status:<9}  {used:<33}  {}",
                    hidden::show(name)
                )?;
            }
            self.count += 1;
        }
        Ok(self.out.flush()?)
    }

    fn end(mut self) -> anyhow::Result<()> {
        if self.is_json {
            writeln!(self.out, "]}}")?;
        }
        Ok(self.out.flush()?)
    }
}
