//! A product that serves floor plans: its API, which verifies with the crate `daypass`, and its
//! embed's files.
//!
//! | file | what it is |
//! | --- | --- |
//! | `floors` | the data |
//! | `layout` | the data as the Space API's clients draw it |
//! | `scopes` | the scopes of the API, generated from its catalogue |
//! | `api` | the API: what each request requires |
//! | `embed` | the embed's files, on an origin of their own, and a page that only the token's origins may frame |

mod api;
mod embed;
mod floors;
mod layout;
mod scopes;
#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a panic is a failure")]
mod tests;

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use clap::Parser;
use daypass::verify::http::{self, ServerLimits, raise_descriptor_limit};
use daypass::verify::{Dpop, RateLimits, UseReports, Verifier};
use daypass::{Catalog, ForeignFormat, OpaqueToken};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// Serves floor plans. The environment variable DAYPASS_TOKEN holds a secret token with the scope
/// token:introspect.
#[derive(Parser)]
struct Options {
    /// The address of the token service
    #[arg(long, value_name = "URL")]
    service: String,
    /// The audience in tokens for this API
    #[arg(long)]
    audience: String,
    /// The id of the organization that owns the floors
    #[arg(long)]
    organization: String,
    /// Where the API listens
    #[arg(long, value_name = "ADDRESS")]
    listen: SocketAddr,
    /// Where the embed's files are served
    #[arg(long, value_name = "ADDRESS")]
    embed_listen: SocketAddr,
    /// The embed's files
    #[arg(long, value_name = "FOLDER")]
    embed_dir: PathBuf,
    /// The files of the npm package `daypass`, served at /daypass/
    #[arg(long, value_name = "FOLDER")]
    sdk_dir: PathBuf,
    /// Report to the token service how tokens are used, every so many seconds; the token needs the scope
    /// token:report too
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    report_use_every: Option<u64>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let log = EnvFilter::try_from_default_env().unwrap_or_else(|_| "warn".into());
    tracing_subscriber::fmt().with_env_filter(log).with_writer(io::stderr).init();
    let Options { service, audience, organization, listen, embed_listen, embed_dir, sdk_dir, report_use_every } =
        Options::parse();

    // SECURITY: every user of the machine can read a command line, but not the environment.
    let token: OpaqueToken = std::env::var("DAYPASS_TOKEN")
        .context("the environment variable DAYPASS_TOKEN is missing")?
        .parse()
        .context("the environment variable DAYPASS_TOKEN")?;
    let floors = floors::Floors::load().context("floors.json")?;

    let api = TcpListener::bind(listen).await.context("--listen")?;
    let embed = TcpListener::bind(embed_listen).await.context("--embed-listen")?;
    let api_url = format!("http://{}", api.local_addr()?);
    let embed_url = format!("http://{}", embed.local_addr()?);
    writeln!(io::stdout(), "{}", json!({ "api": api_url, "embed": embed_url }))?;

    let reports = report_use_every.map(|every| UseReports::every(Duration::from_secs(every), &service, token.clone()));
    let verifier = Verifier::connect(&service, audience, token)
        .await?
        .catalog(Catalog::space_api())
        // References to parameters, as Kudo has them.
        .foreign_tokens(&[ForeignFormat::Uuid])
        .public_url(&api_url)
        .dpop(Dpop::new(&api_url))
        .rate_limits(RateLimits::new())
        // One machine has one clock.
        .leeway(0);
    let verifier = match &reports {
        Some(reports) => verifier.use_reports(Arc::clone(reports)),
        None => verifier,
    };
    let verifier = Arc::new(verifier);
    let api_router = api::router(api::Building { organization, floors }, Arc::clone(&verifier));
    let embed_router = embed::router(embed::Config { service, api: api_url }, verifier, &embed_dir, &sdk_dir);
    raise_descriptor_limit();
    // The two count their connections together.
    let limits = ServerLimits::new();
    tokio::try_join!(serve(api, api_router, &limits), serve(embed, embed_router, &limits))?;
    if let Some(reports) = reports {
        reports.finish().await;
    }
    Ok(())
}

/// Serves until the process is asked to end, and completes the requests that have begun.
async fn serve(listener: TcpListener, router: Router, limits: &ServerLimits) -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let end = async move {
        tokio::select! {
            _ = terminate.recv() => (),
            _ = tokio::signal::ctrl_c() => (),
        }
    };
    http::serve(listener, router, limits, end).await;
    Ok(())
}
