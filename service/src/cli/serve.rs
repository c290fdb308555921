//! `daypass serve`

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use clap::Args;
use daypass::api::duration;
use serde::Serialize;
use tokio::net::TcpListener;

use super::connections;
use super::stop::asked_to_stop;
use crate::api;
use crate::catalogs::Catalogs;
use crate::service::Service;
use crate::start::{self, Started};
use crate::store::Store;
use crate::watcher::StoreSync;

#[derive(Args)]
pub(super) struct Options {
    /// The address to listen on; port 0 takes any that is free
    #[arg(long, env = "DAYPASS_LISTEN", default_value = "127.0.0.1:8787", value_name = "HOST:PORT")]
    listen: String,
    /// The store: a SQLite file, made at the first start
    #[arg(long, env = "DAYPASS_DATA", default_value = "daypass.db", value_name = "FILE")]
    data: PathBuf,
    /// The URL of this service in signed tokens [default: http://, and the listening address]
    #[arg(long, env = "DAYPASS_ISSUER", value_name = "URL", value_parser = issuer)]
    issuer: Option<String>,
    /// The product that signed tokens are for [default: the issuer]
    #[arg(long, env = "DAYPASS_AUDIENCE", value_name = "NAME")]
    audience: Option<String>,
    /// The product's scopes, as JSON [default: those of the Space API]
    #[arg(long, env = "DAYPASS_CATALOG", value_name = "FILE")]
    catalog: Option<PathBuf>,
    /// The shortest life of a temporary token that may be asked for
    #[arg(long, env = "DAYPASS_TEMPORARY_MIN_SECONDS", default_value_t = duration::LEAST, value_name = "SECONDS",
          value_parser = clap::value_parser!(u64).range(1..=duration::MOST))]
    temporary_min_seconds: u64,
    /// Make a new signing key whenever the newest is so old, as `daypass key rotate` does [default: never]
    #[arg(long, env = "DAYPASS_ROTATE_KEYS_EVERY", value_name = "DAYS",
          value_parser = clap::value_parser!(u64).range(1..=3650))]
    rotate_keys_every: Option<u64>,
    /// Print one line of JSON instead of text for people
    #[arg(long, env = "DAYPASS_JSON")]
    json: bool,
}

fn issuer(text: &str) -> Result<String, &'static str> {
    let has_scheme = text.starts_with("http://") || text.starts_with("https://");
    if has_scheme && !text.contains(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '?' | '#')) {
        Ok(text.to_owned())
    } else {
        Err("expected an http or https URL without query and fragment")
    }
}

pub(super) async fn run(options: Options) -> anyhow::Result<()> {
    let catalogs = Catalogs::load(options.catalog.as_deref())?;
    let listen = &options.listen;
    // Before the store begins: a port that is taken must not cost the admin token, which is shown once.
    let listener = TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen}"))?;
    let listening = format!("http://{}", listener.local_addr()?);
    let store = Store::open_or_create(&options.data)?;
    let started = start::start(&store, &catalogs).await?;
    announce(&listening, &started, &options.data, options.json)?;

    let issuer = options.issuer.unwrap_or(listening);
    let audience = options.audience.unwrap_or_else(|| issuer.clone());
    let (service, watcher) = Service::new(store, catalogs, issuer, audience, options.temporary_min_seconds).await?;
    let watcher = StoreSync { rotate_every: options.rotate_keys_every.map(|days| days * 86_400), ..watcher };
    // Those who follow the feed are let go once nobody watches.
    tokio::spawn(async {
        tokio::select! {
            () = watcher.watch() => {}
            () = asked_to_stop() => {}
        }
    });
    connections::serve(listener, api::router(Arc::new(service))).await;
    Ok(())
}

/// Says on standard output where the service is and, at the first start, the admin token: the only place it is ever shown.
fn announce(listening: &str, started: &Started, data: &Path, json: bool) -> anyhow::Result<()> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Line<'a> {
        listening: &'a str,
        organization: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        admin_token: Option<&'a str>,
    }

    let Started { organization, admin_token } = started;
    let admin_token = admin_token.as_ref().map(|token| token.expose_secret());
    let data = data.display();
    let mut out = io::stdout().lock();
    if json {
        writeln!(out, "{}", serde_json::to_string(&Line { listening, organization, admin_token })?)?;
    } else {
        writeln!(out, "Daypass listens on {listening}, with the store {data}")?;
    }
    if let Some(admin_token) = admin_token.filter(|_| !json) {
        writeln!(
            out,
            r#"
This is the first start. The admin token of the organization {organization} is

  {admin_token}

It is shown this once. Keep it like a password: it makes and revokes tokens. Next, make a token for a page:

  daypass token create --data {data} --kind publishable --name "My site" --origin example.com
"#
        )?;
    }
    Ok(out.flush()?)
}
