//! `daypass serve`

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, ensure};
use clap::Args;
use clap::builder::BoolishValueParser;
use daypass::ForeignFormat;
use daypass::api::duration;
use daypass::verify::http::ServerLimits;
use daypass::verify::{SealingKey, http};
use serde::Serialize;
use tokio::net::TcpListener;

use super::audit_options::AuditOptions;
use super::catalog::Given;
use super::config_file::ConfigFile;
use super::connections::ConnectionOptions;
use super::log::LogOptions;
use super::master_key::{self, MasterKeyOptions, StoreMasterKey};
use super::metrics::MetricsOptions;
use super::options::{Json, on_store};
use super::quotas::QuotaOptions;
use super::rates::RateOptions;
use super::sign_in::SignInOptions;
use super::stop::{StopOptions, wait_for_second_stop, wait_for_stop};
use super::{address, catalog, failure, issuer, shell};
use crate::app::App;
use crate::config::{Config, OpenIdSettings, StreamLimits, load_sealing_key};
use crate::crypto::master_key::MasterKey;
use crate::domain::hidden;
use crate::domain::protocol::Protocol;
use crate::http::log::Recorder;
use crate::metrics;
use crate::router::router;
use crate::store::{self, Location};
use crate::usecase::audit::delete_old;
use crate::usecase::bootstrap::{Start, bootstrap};
use crate::usecase::token_use;
use crate::usecase::write_probe::WriteProbe;

const EXAMPLES: &str = "\
Examples:
  daypass serve
  daypass serve --store /var/lib/daypass.db --issuer https://tokens.example.com
  DAYPASS_STORE=postgres://daypass:PASSWORD@db.example/daypass daypass serve
  DAYPASS_LISTEN=127.0.0.1:9000 daypass serve --json";

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Options {
    /// The address to listen on; port 0 takes a free port
    #[arg(long, env = "DAYPASS_LISTEN", default_value = "127.0.0.1:8787", value_name = "HOST:PORT",
          value_parser = address::parse)]
    listen: String,
    /// The store of tokens and keys: an SQLite file, created at the first start, or the URL of a PostgreSQL database
    ///
    /// The URL is `postgres://USER:PASSWORD@HOST/DATABASE`, with several hosts if there is a standby. Set it in the
    /// environment if it has a password, because other users of the machine can see command lines.
    #[arg(long, env = "DAYPASS_STORE", hide_env_values = true, default_value = "daypass.db", value_name = "STORE")]
    store: Location,
    /// The URL of this service in JWTs [default: http:// and the address]
    #[arg(long, env = "DAYPASS_ISSUER", value_name = "URL", value_parser = issuer::parse)]
    issuer: Option<String>,
    /// The audience of JWTs: the product that they are for [default: the issuer]
    #[arg(long, env = "DAYPASS_AUDIENCE", value_name = "NAME", value_parser = parse_audience)]
    audience: Option<String>,
    /// Set the product's scopes to those of this JSON file, as `daypass catalog set` does [default: those of the store,
    /// which are those of the protocols at first]
    #[arg(long, env = "DAYPASS_CATALOG", value_name = "FILE")]
    catalog: Option<PathBuf>,
    /// The systems whose clients the service answers, at their own paths: space-api, kudo, crafter, speckle, threekit
    #[arg(long, env = "DAYPASS_PROTOCOLS", value_name = "NAMES", value_delimiter = ',', default_values_t = Protocol::ALL)]
    protocols: Vec<Protocol>,
    /// Create the personal tokens of Speckle's clients in Daypass's format, which secret scanners know
    #[arg(long, env = "DAYPASS_SPECKLE_DAYPASS_TOKENS")]
    speckle_daypass_tokens: bool,
    /// The shortest lifetime that can be requested for a temporary token
    #[arg(long, env = "DAYPASS_TEMPORARY_MIN_SECONDS", default_value_t = duration::LEAST, value_name = "SECONDS",
          value_parser = clap::value_parser!(u64).range(1..=duration::MOST))]
    temporary_min_seconds: u64,
    /// Refuse `acceptSharedSuffix`, by which callers allow patterns such as `*--shop.netlify.app`: anyone may take a name
    /// there that matches. Tokens that have one keep it
    #[arg(long, env = "DAYPASS_REFUSE_SHARED_SUFFIXES", value_parser = BoolishValueParser::new())]
    refuse_shared_suffixes: bool,
    /// Make the tokens of Kudo's `/generate` UUIDs, as Kudo does [default: references of Daypass, which are harder to guess]
    #[arg(long, env = "DAYPASS_KUDO_UUID", value_parser = BoolishValueParser::new())]
    kudo_uuid: bool,
    /// Rotate the signing key every DAYS days, as `daypass key rotate` does [default: never]
    #[arg(long, env = "DAYPASS_ROTATE_KEYS_EVERY", value_name = "DAYS",
          value_parser = clap::value_parser!(u64).range(1..=3650))]
    rotate_keys_every: Option<u64>,
    /// The file with the key for the sealed parameters of bundles, as `daypass key sealing` writes it
    #[arg(long, env = "DAYPASS_SEALING_KEY_FILE", value_name = "FILE")]
    sealing_key_file: Option<PathBuf>,
    #[command(flatten)]
    master_key: MasterKeyOptions,
    #[command(flatten)]
    quotas: QuotaOptions,
    #[command(flatten)]
    sign_in: SignInOptions,
    #[command(flatten)]
    audit: AuditOptions,
    #[command(flatten)]
    pub(super) log: LogOptions,
    #[command(flatten)]
    metrics: MetricsOptions,
    #[command(flatten)]
    connections: ConnectionOptions,
    #[command(flatten)]
    rates: RateOptions,
    #[command(flatten)]
    stop: StopOptions,
    #[command(flatten)]
    config: ConfigFile,
    #[command(flatten)]
    output: Json,
}

/// Reads an audience.
fn parse_audience(text: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        return Err("expected a name".to_owned());
    }
    hidden::refuse_in("audience", text).map_err(|error| error.to_string())?;
    Ok(text.to_owned())
}

/// What the files and the command say that settings name, and what the process may have.
pub(super) struct Read<'a> {
    catalog: Option<Given<'a>>,
    sealing_key: Option<SealingKey>,
    openid: Option<OpenIdSettings>,
    /// The master key that was given, if one was.
    master_key: Option<MasterKey>,
    limits: ServerLimits,
    streams: StreamLimits,
}

impl Options {
    /// Reads the files that the settings name, runs the command for the master key, and checks that the settings fit
    /// together. Nothing is created or opened.
    ///
    /// # Errors
    /// When a file or the master key cannot be read or is wrong, a URL has a host that no URL has, the process may
    /// not have as many descriptors as the limits need, or two settings contradict each other.
    pub(super) async fn check(&self) -> anyhow::Result<Read<'_>> {
        let catalog = catalog::read(self.catalog.as_deref())?;
        let sealing_key = self.sealing_key_file.as_deref().map(load_sealing_key).transpose()?;
        let openid = self.sign_in.openid()?;
        if let Some(issuer) = &self.issuer {
            issuer::origin(issuer)?;
        }
        self.store.check()?;
        let metrics = self.metrics.metrics_listen.as_ref();
        ensure!(
            metrics.is_none_or(|metrics| *metrics != self.listen || metrics.ends_with(":0")),
            "--metrics-listen and --listen are both {}: give the metrics a port of their own",
            self.listen
        );
        let (limits, streams) = self.connections.limits()?;
        let master_key = self.master_key.given(&self.store).await?;
        Ok(Read { catalog, sealing_key, openid, master_key, limits, streams })
    }

    /// Returns whether the output is JSON.
    pub(super) fn is_json(&self) -> bool {
        self.output.json
    }

    /// Returns how the service runs that has this issuer.
    fn config(
        &self,
        issuer: String,
        sealing_key: Option<SealingKey>,
        openid: Option<OpenIdSettings>,
        streams: StreamLimits,
    ) -> anyhow::Result<Config> {
        Ok(Config {
            sign_in: self.sign_in.config(&issuer, openid)?,
            audience: self.audience.clone().unwrap_or_else(|| issuer.clone()),
            issuer,
            protocols: self.protocols.clone(),
            personal_token_format: (!self.speckle_daypass_tokens).then_some(ForeignFormat::Speckle),
            reference_format: self.kudo_uuid.then_some(ForeignFormat::Uuid),
            accepts_shared_suffixes: !self.refuse_shared_suffixes,
            temporary_min_seconds: self.temporary_min_seconds,
            rotate_keys_every: self.rotate_keys_every.map(|days| days * 86_400),
            sealing_key,
            bundles_per_second: self.quotas.bundles_per_second(),
            streams,
            rates: self.rates.config(),
        })
    }
}

pub(super) async fn run(options: Options) -> anyhow::Result<()> {
    let Read { catalog: given, sealing_key, openid, master_key, limits, streams } = options.check().await?;
    // Before the store is created: a port in use must not cost the first tokens, which are shown once.
    let listener = listen(&options.listen).await?;
    let metrics_listener = match &options.metrics.metrics_listen {
        None => None,
        Some(address) => Some(listen(address).await?),
    };
    let address = listener.local_addr()?;
    let listening = format!("http://{address}");
    let issuer = options.issuer.clone().unwrap_or_else(|| listening.clone());
    if let Some(warning) = issuer::warning(&issuer, address) {
        tracing::warn!(issuer, listening = %address, "{warning}: set --issuer to the URL by which others reach the service");
    }
    let config = options.config(issuer, sealing_key, openid, streams)?;
    if metrics_listener.is_some() {
        metrics::enable();
    }
    let metrics_address = metrics_listener.as_ref().map(TcpListener::local_addr).transpose()?;
    let metrics = metrics_address.map(|address| format!("http://{address}/metrics"));

    let store = store::open_or_create(&options.store).await?;
    let (write_probe, writable) = WriteProbe::start(Arc::clone(&store), options.quotas.disk_reserve_bytes()).await;
    let StoreMasterKey { key: master_key, created } = master_key::of_store(master_key, &*store, &options.store).await?;
    let catalogs = catalog::begin(&*store, given, &options.protocols, &options.store).await?;
    let start =
        bootstrap(&*store, &catalogs, &master_key).await.map_err(|error| failure::of_store(error, &options.store))?;
    announce(&listening, metrics.as_deref(), &start, created.as_deref(), &options)?;

    let access_log = options.log.start_access_log()?.map(Arc::new);
    let recorder = Recorder { access_log: access_log.clone(), proxies: config.sign_in.proxies };
    let (app, sync) = App::new(store, writable, config, master_key).await?;
    let (uses, refusals) = (Arc::clone(&app.uses), Arc::clone(&app.refusals));
    tokio::spawn(delete_old(Arc::clone(&app.store), options.audit.audit_days));
    tokio::spawn(token_use::delete_old(Arc::clone(&app.store)));
    tokio::spawn({
        let (uses, refusals) = (Arc::clone(&uses), Arc::clone(&refusals));
        async move { tokio::join!(uses.run(), refusals.run()) }
    });
    if let Some(listener) = metrics_listener {
        super::metrics::serve(listener, app.feed.position.clone(), options.stop.grace());
    }
    // Once nothing polls the store the feed ends, so that its subscribers do not hold up the stop.
    tokio::spawn(async {
        tokio::select! {
            () = sync.run() => {}
            () = write_probe.run() => {}
            () = wait_for_stop() => {}
        }
    });
    let limits = limits.grace(options.stop.grace());
    let served = http::serve(listener, router(app, recorder), &limits, wait_for_stop());
    tokio::select! {
        () = served => {}
        () = wait_for_second_stop() => tracing::warn!("stopped while requests were open"),
    }
    uses.write().await;
    refusals.finish().await;
    if let Some(access_log) = access_log {
        access_log.close();
    }
    Ok(())
}

async fn listen(address: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))
}

/// Prints where the service is and, at the first start, its tokens: the only place where they are ever shown.
fn announce(
    listening: &str,
    metrics: Option<&str>,
    start: &Start,
    master_key_file: Option<&Path>,
    options: &Options,
) -> anyhow::Result<()> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Line<'a> {
        listening: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        metrics: Option<&'a str>,
        organization: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        owner_token: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        operator_token: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        master_key_file: Option<&'a Path>,
    }

    let Start { organization, owner_token, operator_token } = start;
    let [owner_token, operator_token] =
        [owner_token, operator_token].map(|token| token.as_ref().map(|token| token.expose_secret()));
    let mut out = io::stdout().lock();
    if options.output.json {
        let line = Line { listening, metrics, organization, owner_token, operator_token, master_key_file };
        writeln!(out, "{}", serde_json::to_string(&line)?)?;
        return Ok(out.flush()?);
    }
    writeln!(out, "Daypass listens on {listening}")?;
    let url = options.issuer.as_deref().unwrap_or(listening).trim_end_matches('/');
    writeln!(out, "  console       {url}/console")?;
    writeln!(out, "  store         {}", options.store)?;
    if let Some(metrics) = metrics {
        writeln!(out, "  metrics       {metrics}")?;
    }
    writeln!(out, "  organization  {organization}")?;
    if let Some(file) = master_key_file {
        writeln!(out, "  master key    {}", file.display())?;
        writeln!(
            out,
            r#"
The master key is new. It seals the signing keys in the store: keep a copy of its file, apart from
the backups of the store. In production, move it away and name it with --master-key-file."#
        )?;
    }
    if let Some(operator_token) = operator_token {
        writeln!(
            out,
            r#"
The operator token administers the service: it creates and revokes organizations. Keep it like a
password. It is shown this once:

  {operator_token}"#
        )?;
    }
    if let Some(owner_token) = owner_token {
        let own = shell::quote(url);
        let [create, add, invite] =
            ["token create", "user add", "user invite"].map(|command| on_store(command, &options.store));
        writeln!(
            out,
            r#"
This is the first start. The owner token creates and revokes the organization's tokens, so keep it
like a password. It is shown this once:

  {owner_token}

Next, create tokens, each of which is shown once too.
For a web page (replace example.com by its site):

  {create} --kind publishable --name "My site" --origin example.com

For a backend, which creates temporary tokens for its pages:

  {create} --kind secret --name "My backend"

For an API that verifies tokens:

  {create} --kind secret --name "My API" --scope token:introspect

Or create them in the console. Its first user is yours: the second command makes the link by which
the user sets a password, and takes the id, usr_…, that the first prints.

  {add} --name "Ada Lovelace" --email ada@example.com --role owner
  {invite} usr_… --issuer {own}
"#
        )?;
    }
    Ok(out.flush()?)
}
