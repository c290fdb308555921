//! `daypass token`: the operator creates, lists, shows, edits and revokes tokens by the rules of the HTTP API.

use std::io::{self, Write};

use anyhow::{anyhow, bail};
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};
use daypass::api::{CreateTokenRequest, TokenRecord};
use daypass::{Error, Grant, OriginPattern, ParseScopeError, Resource, Scope, TokenKind};

use super::failure::Subject;
use super::options::{Common, InOrganization, print_json};
use super::{time, token_edit, token_list, token_text, token_use};
use crate::domain::grantor::Grantor;
use crate::domain::hidden;
use crate::domain::origins::{is_shared, normalize_origin};
use crate::domain::token;
use crate::domain::token_fields::newly_shared;
use crate::usecase::clock::now;
use crate::usecase::revoke;
use crate::usecase::tokens::{self, CreateTokenResponse};

const CREATE: &str = "\
Examples:
  daypass token create --kind publishable --name \"Web shop\" --origin shop.example
  daypass token create --kind secret --name \"Web shop's backend\"
  daypass token create --kind secret --name \"Floor API\" --scope token:introspect
  daypass token create --kind application --name Partner --id partner --scope bundle:create
  daypass token create --kind secret --name \"One floor\" --scope floor:export --resource floor:f1
  daypass token create --kind application --name Two --grant a=floor:export --grant b=floor:update
  daypass token create --kind secret --name Trial --expires-at 2027-01-31T12:00:00Z
  daypass token create --kind secret --name \"Web shop's backend\" --owner svc_6kIYBmP8S3Ww0GAfX2B6sw
  daypass token create --kind personal --name \"Ada's scripts\" --scope floor:export --owner USER";
const SHOW: &str = "\
Example:
  daypass token show tok_6kIYBmP8S3Ww0GAfX2B6sw";
const REVOKE: &str = "\
Examples:
  daypass token revoke tok_6kIYBmP8S3Ww0GAfX2B6sw
  daypass token revoke --stdin --issuer https://tokens.example.com";

/// The kinds that the command line creates.
pub(super) const CREATED: [(TokenKind, &str); 4] = [
    (TokenKind::Publishable, "For web pages: anyone can read it, and it works from its origins only"),
    (TokenKind::Secret, "For a backend"),
    (TokenKind::Personal, "For a user's own programs, with scopes of the product that the user's role has"),
    (TokenKind::Application, "For one application or partner, with an id of your choice"),
];
#[derive(Subcommand)]
pub(super) enum Command {
    /// Create a token, and print it this once
    #[command(after_help = CREATE)]
    Create(Create),
    /// List the tokens, newest first: id, kind, last characters, state, time of the last use, name
    ///
    /// Tokens are printed as they are read, however many there are. With `--json` the output is one document,
    /// `{"tokens":[…]}`, which is complete if the command succeeds.
    #[command(after_help = token_list::EXAMPLES)]
    List(token_list::Options),
    /// Show a token's record
    #[command(after_help = SHOW)]
    Show {
        /// The token's id, as `daypass token list` prints it
        id: String,
        #[command(flatten)]
        within: InOrganization,
        #[command(flatten)]
        common: Common,
    },
    /// Edit a token: its name, its expiry, the sites that may use it
    ///
    /// Publishable tokens have all three, secret and personal tokens a name and an expiry. Application tokens are immutable: revoke
    /// one, and create it again with the same id. A running service applies the edit at once, and products that follow
    /// its feed of revocations within a second. Temporary tokens and bundles that were made from the token stay as they
    /// are: to end them, revoke it.
    #[command(after_help = token_edit::EXAMPLES)]
    Edit(token_edit::Options),
    /// Tell how a token was used, day by day, as far as APIs report it
    ///
    /// For each day: the requests with the token and with what was made from it, how many of them were accepted, the
    /// temporary tokens that were minted, then the reasons of refusals and the origins of most requests. An API reports
    /// nothing unless its verifier is told to. A day is kept for 90 days.
    #[command(after_help = token_use::EXAMPLES)]
    Use(token_use::Options),
    /// Tell what a token is that is given in full, on standard input
    ///
    /// The answer is that of the service's `/introspect`, with `--json` in whole. The token is not in the command line,
    /// which other users of the machine can see.
    #[command(after_help = token_text::EXAMPLES)]
    Introspect(token_text::Introspect),
    /// Revoke a token, and with it all that was made from it
    ///
    /// A running service refuses it at once. Products that follow the service's feed of revocations refuse it within
    /// a second, and its temporary tokens and signed bundles too. A product that does not follow it accepts those two
    /// to their end, a day at most. Tokens that a revoked token created are tokens of their own and stay active.
    #[command(after_help = REVOKE)]
    Revoke {
        /// The token's id, as `daypass token list` prints it
        #[arg(required_unless_present = "stdin")]
        id: Option<String>,
        /// Revoke the token that is on standard input in full, which may be a temporary token or a signed bundle too
        #[arg(long, conflicts_with = "id")]
        stdin: bool,
        #[command(flatten)]
        issuer: token_text::IssuerOptions,
        #[command(flatten)]
        within: InOrganization,
        #[command(flatten)]
        common: Common,
    },
}

#[derive(Args)]
pub(super) struct Create {
    /// What the token is for
    #[arg(long, value_parser = kinds(CREATED))]
    kind: TokenKind,
    /// A name to recognize it by
    #[arg(long)]
    name: String,
    /// A scope that the token has; repeat it for more [default: the publishable scopes, or all of the product's for a
    /// secret token]
    #[arg(long = "scope", value_name = "RESOURCE:ACTION")]
    scopes: Vec<Scope>,
    /// A tenant, and the scopes that the token has there, such as `site1=tenant:read,tenant:update`; repeat it for more
    /// tenants. It replaces --tenant, --scope and --resource
    #[arg(long = "grant", value_name = "TENANT=SCOPE,…", value_parser = parse_grant,
          conflicts_with_all = ["scopes", "resources", "tenant"])]
    grants: Vec<Grant>,
    /// A resource that the token is limited to, such as `floor:f1`; repeat it for more. It reaches only these of their
    /// type, and all of other types
    #[arg(long = "resource", value_name = "TYPE:ID", value_parser = parse_resource)]
    resources: Vec<Resource>,
    /// A site that may use a publishable token; repeat it for more: `example.com`, `*.example.com`, `pr-*.example.com`,
    /// `https://example.com:8443`, `vscode-webview:`
    #[arg(long = "origin", value_name = "ORIGIN")]
    origins: Vec<String>,
    /// Accept origins such as `*--shop.netlify.app`, below a suffix that many owners share: anyone may take a name there
    /// that matches, and use the token
    #[arg(long)]
    accept_shared_suffix: bool,
    /// The id of an application token [default: a random one]
    #[arg(long)]
    id: Option<String>,
    /// When the token expires, in RFC 3339 or Unix seconds [default: never]
    #[arg(long, value_name = "TIME", value_parser = time::parse)]
    expires_at: Option<u64>,
    /// The id of the user, service account or application that the token belongs to, and with which it is revoked; a
    /// personal token needs a user [default: nobody]
    #[arg(long, value_name = "ID")]
    owner: Option<String>,
    /// The tenant that the token is for, or `*` for all [default: its organization]
    #[arg(long, value_name = "TENANT")]
    tenant: Option<String>,
    #[command(flatten)]
    within: InOrganization,
    #[command(flatten)]
    common: Common,
}

/// Reads one of these kinds.
pub(super) fn kinds(
    kinds: impl IntoIterator<Item = (TokenKind, &'static str)>,
) -> impl TypedValueParser<Value = TokenKind> {
    let names = kinds.into_iter().map(|(kind, help)| PossibleValue::new(kind.as_str()).help(help));
    PossibleValuesParser::new(names).try_map(|name| name.parse::<TokenKind>().map_err(|cause| cause.to_string()))
}

fn parse_resource(text: &str) -> Result<Resource, &'static str> {
    let (kind, id) = text.split_once(':').ok_or("expected the type of a resource, a colon and its id")?;
    Ok(Resource { kind: kind.to_owned(), id: id.to_owned() })
}

fn parse_grant(text: &str) -> Result<Grant, String> {
    // A tenant's name may have any character.
    let (tenant, scopes) = text.rsplit_once('=').ok_or("expected a tenant, `=` and its scopes with commas between")?;
    let scopes = scopes.split(',').map(str::parse).collect::<Result<_, ParseScopeError>>();
    Ok(Grant { tenant: tenant.to_owned(), scopes: scopes.map_err(|cause| cause.to_string())?, resources: vec![] })
}

pub(super) async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Create(create) => run_create(create).await,
        Command::List(options) => token_list::run(options).await,
        Command::Edit(options) => token_edit::run(options).await,
        Command::Show { id, within, common } => {
            let (store, organization) = within.open(&common).await?;
            let token = tokens::find(&*store, &organization, &id).await;
            print(&token.map_err(|error| common.explain(error, Some(Subject::Token(&id))))?, &common)
        }
        Command::Use(options) => token_use::run(options).await,
        Command::Introspect(options) => token_text::introspect(options).await,
        Command::Revoke { id: None, issuer, within, common, .. } => token_text::revoke(issuer, &within, &common).await,
        Command::Revoke { id: Some(id), within, common, .. } => {
            let (store, organization) = within.open(&common).await?;
            let token = revoke::token(&*store, &organization, &id).await;
            print(&token.map_err(|error| common.explain(error, Some(Subject::Token(&id))))?, &common)
        }
    }
}

async fn run_create(create: Create) -> anyhow::Result<()> {
    create.check()?;
    let Create {
        kind,
        name,
        scopes,
        grants,
        resources,
        origins,
        accept_shared_suffix,
        id,
        expires_at,
        owner,
        tenant,
        within,
        common,
    } = create;
    let (store, organization) = within.open(&common).await?;
    let catalogs = common.catalogs(&*store).await?;
    let scopes = (!scopes.is_empty()).then(|| scopes.into_iter().collect());
    let new = CreateTokenRequest {
        kind,
        name,
        scopes,
        origins,
        resources,
        tenant,
        grants: (!grants.is_empty()).then_some(grants),
        expires_at,
        id: id.clone(),
        owner: owner.clone(),
        accept_shared_suffix,
    };
    let created = tokens::create(&*store, &catalogs, &Grantor::operator(&organization), new).await;
    let created = created.map_err(|error| match error {
        Error::InvalidScope(_) => {
            anyhow!("{error} `{}` lists the scopes of the catalogue", common.command("catalog show"))
        }
        Error::NotFound => no_owner(owner.as_deref(), &organization),
        error => common.explain(error, id.as_deref().map(Subject::Token)),
    })?;
    if common.is_json() {
        return print_json(&created);
    }
    let CreateTokenResponse { record, token } = &created;
    let mut out = io::stdout().lock();
    print_record(&mut out, record)?;
    Ok(writeln!(out, "\n  {}\n\nThe token is shown this once: copy it now.", token.expose_secret())?)
}

/// Says that the organization does not have a principal.
pub(super) fn no_owner(owner: Option<&str>, organization: &str) -> anyhow::Error {
    anyhow!(
        "the organization {organization} has no user, service account or application with id {}",
        owner.unwrap_or_default()
    )
}

impl Create {
    /// Refuses options that do not fit the token.
    fn check(&self) -> anyhow::Result<()> {
        let kind = self.kind;
        match (kind, self.origins.is_empty()) {
            (TokenKind::Publishable, true) => {
                bail!("a publishable token needs --origin: the site that may use it, such as --origin example.com")
            }
            (TokenKind::Publishable, false) | (_, true) => {}
            (_, false) => bail!("--origin is for publishable tokens: no browser may hold a token of kind {kind}"),
        }
        if !self.accept_shared_suffix {
            check_shared_suffix(&self.origins, &[])?;
        }
        if self.id.is_some() && kind != TokenKind::Application {
            bail!("--id is for application tokens: leave it out");
        }
        if kind == TokenKind::Personal && self.owner.is_none() {
            bail!("a personal token needs --owner: the id of a user, as `daypass user list` prints it");
        }
        if self.expires_at.is_some_and(|time| time <= now()) {
            bail!("--expires-at must be in the future");
        }
        Ok(())
    }
}

/// Refuses origins that anyone may match, unless the token has them.
pub(super) fn check_shared_suffix(origins: &[String], present: &[OriginPattern]) -> anyhow::Result<()> {
    let patterns: Vec<_> = origins.iter().filter_map(|origin| normalize_origin(origin).ok()).collect();
    match newly_shared(&patterns, present).next() {
        Some(pattern) => bail!(
            "anyone may take a name that matches {pattern}, below a suffix that many owners share, and use the token \
             there: name each site, or accept that risk with --accept-shared-suffix"
        ),
        None => Ok(()),
    }
}

/// Prints the details of a token, which name it by its prefix and its last characters.
pub(super) fn print(token: &TokenRecord, common: &Common) -> anyhow::Result<()> {
    if common.is_json() {
        return print_json(token);
    }
    let mut out = io::stdout().lock();
    print_record(&mut out, token)?;
    let prefix = token.kind.prefix().unwrap_or_default();
    Ok(writeln!(out, "  token    {prefix}…{}", token.last_chars)?)
}

fn print_record(out: &mut impl Write, token: &TokenRecord) -> anyhow::Result<()> {
    let TokenRecord { id, kind, name, last_chars, version, .. } = token;
    writeln!(out, "{kind} token {id}, …{last_chars}: {}", hidden::show(name))?;
    writeln!(out, "  state    {}", token::status(token, now()).as_str())?;
    writeln!(out, "  version  {version}")?;
    let times = [
        ("created", Some(token.created_at)),
        ("used   ", token.last_used_at),
        ("expires", token.expires_at),
        ("revoked", token.revoked_at),
    ];
    for (event, time) in times {
        if let Some(time) = time {
            writeln!(out, "  {event}  {}", time::show(time))?;
        }
    }
    if let Some(creator) = &token.created_by {
        writeln!(out, "  creator  {creator}")?;
    }
    if let Some(owner) = &token.owner {
        writeln!(out, "  owner    {owner}")?;
    }
    for grant in &token.grants {
        writeln!(out, "  scopes   {} (in {})", grant.scopes, grant.tenant)?;
        for Resource { kind, id } in &grant.resources {
            writeln!(out, "  only     {kind}:{id}")?;
        }
    }
    for origin in &token.origins {
        let note = if is_shared(origin) { " (anyone may take a name that matches)" } else { "" };
        writeln!(out, "  origin   {origin}{note}")?;
    }
    Ok(())
}
