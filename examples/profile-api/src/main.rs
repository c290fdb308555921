//! The program: an API with the tenants and profiles of Crafter Profile. `lib.rs` says what is where.

use std::future;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use clap::Parser;
use daypass::verify::http::{self, ServerLimits, raise_descriptor_limit};
use daypass::verify::{RateLimits, Verifier};
use daypass::{Catalog, ForeignFormat, OpaqueToken};
use serde_json::json;
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

/// Serves tenants and profiles. The environment variable DAYPASS_TOKEN holds a secret token with the scope
/// token:introspect.
#[derive(Parser)]
struct Options {
    /// The address of the token service
    #[arg(long, value_name = "URL")]
    service: String,
    /// The audience in tokens for this API
    #[arg(long)]
    audience: String,
    /// Where the API listens
    #[arg(long, value_name = "ADDRESS")]
    listen: SocketAddr,
    /// A tenant that exists at the start; repeat it for more
    #[arg(long = "tenant", value_name = "NAME")]
    tenants: Vec<String>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let log = EnvFilter::try_from_default_env().unwrap_or_else(|_| "warn".into());
    tracing_subscriber::fmt().with_env_filter(log).with_writer(io::stderr).init();
    let Options { service, audience, listen, tenants } = Options::parse();

    // SECURITY: every user of the machine can read a command line, but not the environment.
    let token: OpaqueToken = std::env::var("DAYPASS_TOKEN")
        .context("the environment variable DAYPASS_TOKEN is missing")?
        .parse()
        .context("the environment variable DAYPASS_TOKEN")?;
    let listener = TcpListener::bind(listen).await.context("--listen")?;
    writeln!(io::stdout(), "{}", json!({ "api": format!("http://{}", listener.local_addr()?) }))?;

    let verifier = Verifier::connect(&service, audience, token)
        .await?
        .catalog(Catalog::crafter())
        // Applications may have ids of their own choice, as at Crafter Profile.
        .foreign_tokens(&[ForeignFormat::ChosenId])
        .rate_limits(RateLimits::new());
    let router = profile_api::router(Arc::new(verifier), &tenants);
    raise_descriptor_limit();
    http::serve(listener, router, &ServerLimits::new(), future::pending()).await;
    Ok(())
}
