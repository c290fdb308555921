//! `daypass token use`: the operator sees how a token was used.

use std::io::{self, Write};

use clap::Args;
use daypass::api::{OriginUse, UseDay, UseResponse};

use super::failure::Subject;
use super::options::{Common, InOrganization, print_json};
use super::time;
use crate::domain::days::Days;
use crate::domain::timestamp::rfc_3339;
use crate::usecase::clock::now;
use crate::usecase::token_use::use_of_token;

pub(super) const EXAMPLES: &str = "\
Examples:
  daypass token use tok_6kIYBmP8S3Ww0GAfX2B6sw
  daypass token use tok_6kIYBmP8S3Ww0GAfX2B6sw --since 2026-11-01 --until 2026-12-01";

#[derive(Args)]
pub(super) struct Options {
    /// The token's id, as `daypass token list` prints it
    id: String,
    /// Only days from this time on, in RFC 3339 or Unix seconds [default: 30 days before the last one]
    #[arg(long, value_name = "TIME", value_parser = time::parse)]
    since: Option<u64>,
    /// Only days before this time, in RFC 3339 or Unix seconds [default: today too]
    #[arg(long, value_name = "TIME", value_parser = time::parse)]
    until: Option<u64>,
    #[command(flatten)]
    within: InOrganization,
    #[command(flatten)]
    common: Common,
}

pub(super) async fn run(options: Options) -> anyhow::Result<()> {
    let Options { id, since, until, within, common } = options;
    let days = Days::between(since, until, now()).map_err(|error| common.explain(error, None))?;
    let (store, organization) = within.open(&common).await?;
    let days = use_of_token(&*store, &organization, &id, days).await;
    let days = days.map_err(|error| common.explain(error, Some(Subject::Token(&id))))?;
    if common.is_json() {
        return print_json(&UseResponse { days });
    }
    let mut out = io::stdout().lock();
    if days.is_empty() {
        return Ok(writeln!(out, "No use of this token was reported for these days.")?);
    }
    writeln!(out, "day         requests  accepted   refused  refreshes")?;
    for day in &days {
        print(&mut out, day)?;
    }
    Ok(())
}

/// Prints a day on one line, and on lines below it why requests were refused, and where they came from.
fn print(out: &mut impl Write, day: &UseDay) -> io::Result<()> {
    let UseDay { day, requests, accepted, refused, refreshes, origins, refused_origins, .. } = day;
    let date = rfc_3339(*day).map_or_else(|| day.to_string(), |time| time.chars().take(10).collect());
    writeln!(out, "{date}  {requests:>8}  {accepted:>8}  {:>8}  {refreshes:>9}", requests.saturating_sub(*accepted))?;
    for (code, count) in refused {
        writeln!(out, "            {code} {count}")?;
    }
    let mut list = |title: &str, origins: &[OriginUse]| {
        origins.iter().try_for_each(|OriginUse { origin, count }| writeln!(out, "            {title} {origin} {count}"))
    };
    list("from", origins)?;
    list("refused from", refused_origins)
}
