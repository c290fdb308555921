//! `daypass organization limits`: how many active tokens of each kind an organization may have.

use std::io::{self, Write};

use daypass::api::{OrganizationLimits, OrganizationRecord, UpdateLimitsRequest};

use super::failure::Subject;
use super::options::{Common, print_json};
use crate::usecase::organizations;

/// The most tokens of a kind, if there is a limit.
#[derive(Clone, Copy)]
pub(super) struct Most(Option<u32>);

/// Reads a limit.
pub(super) fn parse(text: &str) -> Result<Most, &'static str> {
    if text == "unlimited" {
        return Ok(Most(None));
    }
    text.parse().map(|most| Most(Some(most))).map_err(|_| "expected a number of tokens, or `unlimited`")
}

/// Sets the limits of publishable, secret and application tokens that are given, and shows all of them.
pub(super) async fn run(id: &str, limits: [Option<Most>; 3], common: &Common) -> anyhow::Result<()> {
    let store = common.open().await?;
    let [publishable, secret, application] = limits.map(|most| most.map(|Most(most)| most));
    let done = if [publishable, secret, application].iter().any(Option::is_some) {
        organizations::set_limits(&*store, id, UpdateLimitsRequest { publishable, secret, application }).await
    } else {
        organizations::find(&*store, id).await
    };
    let record = done.map_err(|error| common.explain(error, Some(Subject::Organization(id))))?;
    if common.is_json() { print_json(&record) } else { print(&record) }
}

fn print(organization: &OrganizationRecord) -> anyhow::Result<()> {
    let OrganizationLimits { publishable, secret, application } = organization.limits;
    let mut out = io::stdout().lock();
    writeln!(out, "Active tokens that {} may have:", organization.id)?;
    for (kind, most) in [("publishable", publishable), ("secret", secret), ("application", application)] {
        writeln!(out, "  {kind:<11}  {}", most.map_or("unlimited".to_owned(), |most| most.to_string()))?;
    }
    Ok(())
}
