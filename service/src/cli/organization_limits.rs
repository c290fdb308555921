//! `daypass organization limits`: how much of each kind an organization may have.

use std::io::{self, Write};
use std::str::FromStr;

use clap::Args;
use daypass::api::{OrganizationLimits, OrganizationRecord, UpdateLimitsRequest};

use super::failure::Subject;
use super::options::{Common, print_json};
use crate::usecase::organizations;

/// The limits to set. Those that are not given stay as they are.
#[derive(Args)]
pub(super) struct LimitOptions {
    /// The most active publishable tokens, or `unlimited`
    #[arg(long, value_name = "NUMBER", value_parser = parse::<u32>)]
    publishable: Option<Most<u32>>,
    /// The most active secret tokens, or `unlimited`
    #[arg(long, value_name = "NUMBER", value_parser = parse::<u32>)]
    secret: Option<Most<u32>>,
    /// The most active application tokens, or `unlimited`
    #[arg(long, value_name = "NUMBER", value_parser = parse::<u32>)]
    application: Option<Most<u32>>,
    /// The most active personal tokens, of all users together, or `unlimited`
    #[arg(long, value_name = "NUMBER", value_parser = parse::<u32>)]
    personal: Option<Most<u32>>,
    /// The most users, service accounts and applications, or `unlimited`
    #[arg(long, value_name = "NUMBER", value_parser = parse::<u32>)]
    principals: Option<Most<u32>>,
    /// The most bundle references that are stored, those of the last two days, or `unlimited`
    #[arg(long, value_name = "NUMBER", value_parser = parse::<u32>)]
    bundles: Option<Most<u32>>,
    /// The most bytes that these references take in the store, or `unlimited`
    #[arg(long, value_name = "BYTES", value_parser = parse::<u64>)]
    bundle_bytes: Option<Most<u64>>,
}

/// The most of something, if there is a limit.
#[derive(Clone, Copy)]
struct Most<T>(Option<T>);

/// Reads a limit.
fn parse<T: FromStr>(text: &str) -> Result<Most<T>, &'static str> {
    if text == "unlimited" {
        return Ok(Most(None));
    }
    text.parse().map(|most| Most(Some(most))).map_err(|_| "expected a number, or `unlimited`")
}

/// Sets the limits that are given, and shows all of them.
pub(super) async fn run(id: &str, limits: LimitOptions, common: &Common) -> anyhow::Result<()> {
    let store = common.open().await?;
    let LimitOptions { publishable, secret, application, personal, principals, bundles, bundle_bytes } = limits;
    let request = UpdateLimitsRequest {
        publishable: publishable.map(|most| most.0),
        secret: secret.map(|most| most.0),
        application: application.map(|most| most.0),
        personal: personal.map(|most| most.0),
        principals: principals.map(|most| most.0),
        bundles: bundles.map(|most| most.0),
        bundle_bytes: bundle_bytes.map(|most| most.0),
    };
    let done = if request == UpdateLimitsRequest::default() {
        organizations::find(&*store, id).await
    } else {
        organizations::set_limits(&*store, id, request).await
    };
    let record = done.map_err(|error| common.explain(error, Some(Subject::Organization(id))))?;
    if common.is_json() { print_json(&record) } else { print(&record) }
}

fn print(organization: &OrganizationRecord) -> anyhow::Result<()> {
    let OrganizationLimits { publishable, secret, application, personal, principals, bundles, bundle_bytes } =
        organization.limits;
    let mut out = io::stdout().lock();
    writeln!(out, "What {} may have:", organization.id)?;
    for (name, most) in [
        ("publishable tokens", publishable.map(u64::from)),
        ("secret tokens", secret.map(u64::from)),
        ("application tokens", application.map(u64::from)),
        ("personal tokens", personal.map(u64::from)),
        ("principals", principals.map(u64::from)),
        ("bundle references", bundles.map(u64::from)),
        ("bytes of them", bundle_bytes),
    ] {
        writeln!(out, "  {name:<18}  {}", most.map_or("unlimited".to_owned(), |most| most.to_string()))?;
    }
    Ok(())
}
