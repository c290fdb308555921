//! `daypass audit`: the operator lists and exports the audit trail.

use std::io::{self, BufWriter, Write};
use std::num::NonZeroUsize;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand, ValueEnum};
use daypass::Error;

use super::failure::Subject;
use super::options::Common;
use super::time;
use crate::domain::audit::export::{Format, json};
use crate::domain::audit::list::{ActionFilter, AuditCursor, AuditFilter};
use crate::domain::audit::{Entry, Outcome};
use crate::domain::hidden;
use crate::domain::page_limit::PageLimit;
use crate::store::SharedStore;
use crate::usecase::audit::{self, AuditPage, Export};
use crate::usecase::organizations;

const LIST: &str = "\
Examples:
  daypass audit list
  daypass audit list --limit 20 --outcome refused
  daypass audit list --action token --since 2026-11-30T00:00:00Z
  daypass audit list --target tok_6kIYBmP8S3Ww0GAfX2B6sw --store /var/lib/daypass.db";
const EXPORT: &str = "\
Examples:
  daypass audit export > trail.csv
  daypass audit export --json --since 2026-11-01T00:00:00Z --until 2026-12-01T00:00:00Z > november.ndjson
  daypass audit export --format ndjson --organization org_6kIYBmP8S3Ww0GAfX2B6sw";

#[derive(Subcommand)]
pub(super) enum Command {
    /// List the entries, newest first: time, outcome, action, target, actor, address, what changed
    ///
    /// Characters that are not seen are shown as `\u202e`. With `--json` the output is one document,
    /// `{"entries":[…],"oldestAt":…}`, which is complete if the command succeeds.
    #[command(after_help = LIST)]
    List {
        #[command(flatten)]
        filter: Filter,
        /// List the newest NUMBER entries only
        #[arg(long, value_name = "NUMBER", default_value = "100")]
        limit: NonZeroUsize,
        #[command(flatten)]
        common: Common,
    },
    /// Export the entries, newest first, as CSV or as lines of JSON; the export is an entry itself
    #[command(after_help = EXPORT)]
    Export {
        #[command(flatten)]
        filter: Filter,
        /// The form of the export [default: csv, or ndjson with --json]
        #[arg(long)]
        format: Option<ExportFormat>,
        #[command(flatten)]
        common: Common,
    },
}

/// The form of an export.
#[derive(Clone, Copy, ValueEnum)]
pub(super) enum ExportFormat {
    /// Comma-separated values with a header, whose cells no spreadsheet takes for formulas
    Csv,
    /// An object a line
    Ndjson,
}

#[derive(Args)]
pub(super) struct Filter {
    /// Only entries that concern the organization with this id [default: all, and those of the service itself]
    #[arg(long, value_name = "ID")]
    organization: Option<String>,
    /// Only entries of the token, user or application with this id, or with this name or email
    #[arg(long, value_name = "ID")]
    actor: Option<String>,
    /// Only entries of this action, such as `token.create`, or of a group, such as `token`
    #[arg(long, value_name = "ACTION", value_parser = |action: &str| ActionFilter::try_from(action.to_owned()))]
    action: Option<ActionFilter>,
    /// Only entries about the token, user, key or other object with this id
    #[arg(long, value_name = "ID")]
    target: Option<String>,
    /// Only entries with this outcome
    #[arg(long, value_parser = outcomes())]
    outcome: Option<Outcome>,
    /// Only entries from this time on, in RFC 3339 or Unix seconds
    #[arg(long, value_name = "TIME", value_parser = time::parse)]
    since: Option<u64>,
    /// Only entries before this time, in RFC 3339 or Unix seconds
    #[arg(long, value_name = "TIME", value_parser = time::parse)]
    until: Option<u64>,
}

/// Reads an outcome.
fn outcomes() -> impl TypedValueParser<Value = Outcome> {
    let names = Outcome::ALL.map(|outcome| {
        let help = match outcome {
            Outcome::Ok => "It was done",
            Outcome::Refused => "The caller may not do it",
            Outcome::Failed => "The service could not do it",
        };
        PossibleValue::new(outcome.as_str()).help(help)
    });
    PossibleValuesParser::new(names)
        .try_map(|name| Outcome::ALL.into_iter().find(|outcome| outcome.as_str() == name).ok_or("expected an outcome"))
}

impl Filter {
    /// Opens the store, and checks that it has the organization.
    async fn open(self, common: &Common) -> anyhow::Result<(SharedStore, AuditFilter)> {
        let Filter { organization, actor, action, target, outcome, since, until } = self;
        let store = common.open().await?;
        if let Some(id) = &organization {
            let found = organizations::find(&*store, id).await;
            found.map_err(|error| common.explain(error, Some(Subject::Organization(id))))?;
        }
        Ok((store, AuditFilter { organization, actor, action, target, outcome, since, until }))
    }
}

pub(super) async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::List { filter, limit, common } => list(filter, limit.get(), &common).await,
        Command::Export { filter, format, common } => {
            let format = match format {
                Some(ExportFormat::Csv) => Format::Csv,
                None if !common.is_json() => Format::Csv,
                Some(ExportFormat::Ndjson) | None => Format::JsonLines,
            };
            export(filter, format, &common).await
        }
    }
}

async fn list(filter: Filter, mut left: usize, common: &Common) -> anyhow::Result<()> {
    let (store, filter) = filter.open(common).await?;
    let mut out = BufWriter::new(io::stdout());
    let mut cursor: Option<AuditCursor> = None;
    let mut is_first = true;
    if common.is_json() {
        write!(out, "{{\"entries\":[")?;
    }
    let oldest_at = loop {
        let page = audit::list(&*store, filter.clone(), cursor, PageLimit::at_most(left)).await;
        let AuditPage { entries, next_cursor, oldest_at } = page.map_err(|error| common.explain(error, None))?;
        for entry in &entries {
            match common.is_json() {
                true if is_first => write!(out, "{}", json(entry))?,
                true => write!(out, ",{}", json(entry))?,
                false => print(&mut out, entry)?,
            }
            is_first = false;
        }
        left -= entries.len();
        cursor = next_cursor.map(AuditCursor::try_from).transpose().map_err(anyhow::Error::msg)?;
        if cursor.is_none() || left == 0 {
            break oldest_at;
        }
    };
    if common.is_json() {
        writeln!(out, "],\"oldestAt\":{}}}", serde_json::to_string(&oldest_at)?)?;
    }
    Ok(out.flush()?)
}

/// Prints an entry on one line.
fn print(out: &mut impl Write, entry: &Entry) -> io::Result<()> {
    let Entry { at, organization, actor, action, target, address, outcome, code, facts, .. } = entry;
    let outcome =
        code.as_ref().map_or_else(|| outcome.as_str().to_owned(), |code| format!("{} {code}", outcome.as_str()));
    let target = target.as_ref().map_or_else(|| "-".to_owned(), |target| format!("{} {}", target.kind, target.id));
    let who = [Some(&*actor.kind), actor.id.as_deref(), actor.name.as_deref()];
    let who = who.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let [within, from] = [organization, address].map(|text| text.as_deref().unwrap_or("-"));
    let facts = if facts.is_empty() { String::new() } else { serde_json::to_string(facts)? };
    let line =
        format!("{}  {outcome}  {action}  {target}  by {who}  in {within}  from {from}  {facts}", time::show(*at));
    writeln!(out, "{}", hidden::show(line.trim_end()))
}

async fn export(filter: Filter, format: Format, common: &Common) -> anyhow::Result<()> {
    let (store, filter) = filter.open(common).await?;
    let explain = |error: Error| common.explain(error, None);
    let mut export = Export::begin(store, filter).await.map_err(explain)?;
    let mut out = BufWriter::new(io::stdout());
    write!(out, "{}", format.header())?;
    while let Some(entries) = export.next().await.map_err(explain)? {
        write!(out, "{}", format.lines(&entries))?;
    }
    Ok(out.flush()?)
}
