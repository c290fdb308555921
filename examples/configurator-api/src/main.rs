//! A product as Threekit's customers have one: the API of a website configurator, which verifies with the crate
//! `daypass`, and the configurator's files.
//!
//! | file | what it is |
//! | --- | --- |
//! | `api` | the API: what each request requires |
//! | `scopes` | the scopes of the API, generated from its catalogue |
//! | `records` | what visitors saved and sent, in memory |

mod api;
mod records;
mod scopes;

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, X_CONTENT_TYPE_OPTIONS};
use clap::Parser;
use daypass::verify::http::{self, ServerLimits, raise_descriptor_limit};
use daypass::verify::{RateLimits, Verifier};
use daypass::{Catalog, OpaqueToken};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tower_http::services::ServeDir;
use tower_http::set_header::SetResponseHeaderLayer;
use tracing_subscriber::EnvFilter;

/// Serves a configurator. The environment variable DAYPASS_TOKEN holds a secret token with the scope token:introspect.
#[derive(Parser)]
struct Options {
    /// The address of the token service
    #[arg(long, value_name = "URL")]
    service: String,
    /// The audience in tokens for this API
    #[arg(long)]
    audience: String,
    /// The id of the organization that owns the configurator
    #[arg(long, value_name = "ID")]
    organization: String,
    /// Where it listens
    #[arg(long, value_name = "ADDRESS")]
    listen: SocketAddr,
    /// The configurator's files, served at /app/
    #[arg(long, value_name = "FOLDER")]
    app_dir: PathBuf,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let log = EnvFilter::try_from_default_env().unwrap_or_else(|_| "warn".into());
    tracing_subscriber::fmt().with_env_filter(log).with_writer(io::stderr).init();
    let Options { service, audience, organization, listen, app_dir } = Options::parse();

    // SECURITY: every user of the machine can read a command line, but not the environment.
    let token: OpaqueToken = std::env::var("DAYPASS_TOKEN")
        .context("the environment variable DAYPASS_TOKEN is missing")?
        .parse()
        .context("the environment variable DAYPASS_TOKEN")?;
    let listener = TcpListener::bind(listen).await.context("--listen")?;
    writeln!(io::stdout(), "{}", json!({ "api": format!("http://{}", listener.local_addr()?) }))?;

    let verifier = Verifier::connect(&service, audience, token)
        .await?
        .catalog(Catalog::threekit())
        .rate_limits(RateLimits::new())
        // One machine has one clock.
        .leeway(0);
    let api = api::router(organization, records::Records::default(), Arc::new(verifier));
    let router = Router::new().nest("/app", app(app_dir)).merge(api);

    let mut terminate = signal(SignalKind::terminate())?;
    let end = async move {
        tokio::select! {
            _ = terminate.recv() => (),
            _ = tokio::signal::ctrl_c() => (),
        }
    };
    raise_descriptor_limit();
    http::serve(listener, router, &ServerLimits::new(), end).await;
    Ok(())
}

/// Serves the configurator's modules, which pages of any site import. Nothing in them is confidential.
fn app(folder: PathBuf) -> Router {
    let header = |name, value| SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value));
    Router::new()
        .fallback_service(ServeDir::new(folder))
        .layer(header(ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
        .layer(header(CACHE_CONTROL, "no-cache"))
        .layer(header(X_CONTENT_TYPE_OPTIONS, "nosniff"))
}
