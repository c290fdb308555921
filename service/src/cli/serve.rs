//! `daypass serve`

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use clap::Args;
use clap::builder::BoolishValueParser;
use daypass::ForeignFormat;
use daypass::api::duration;
use serde::Serialize;
use tokio::net::TcpListener;

use super::options::{Json, on_store};
use super::quotas::QuotaOptions;
use super::sign_in::SignInOptions;
use super::stop::wait_for_stop;
use super::{catalog, connections, failure, issuer};
use crate::app::App;
use crate::config::{Config, load_sealing_key};
use crate::domain::protocol::Protocol;
use crate::router::router;
use crate::store::{self, Location};
use crate::usecase::bootstrap::{Start, bootstrap};
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
    #[arg(long, env = "DAYPASS_LISTEN", default_value = "127.0.0.1:8787", value_name = "HOST:PORT")]
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
    #[arg(long, env = "DAYPASS_AUDIENCE", value_name = "NAME")]
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
    quotas: QuotaOptions,
    #[command(flatten)]
    sign_in: SignInOptions,
    #[command(flatten)]
    output: Json,
}

pub(super) async fn run(options: Options) -> anyhow::Result<()> {
    let given = catalog::read(options.catalog.as_deref())?;
    let sealing_key = options.sealing_key_file.as_deref().map(load_sealing_key).transpose()?;
    let listen = &options.listen;
    // Before the store is created: a port in use must not cost the first tokens, which are shown once.
    let listener = TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen}"))?;
    let address = listener.local_addr()?;
    let listening = format!("http://{address}");
    let store = store::open_or_create(&options.store).await?;
    let reserve_bytes = options.quotas.disk_reserve_bytes();
    let (write_probe, writable) = WriteProbe::start(Arc::clone(&store), reserve_bytes).await;
    let catalogs = catalog::begin(&*store, given, &options.protocols, &options.store).await?;
    let start = bootstrap(&*store, &catalogs).await.map_err(|error| failure::of_store(error, &options.store))?;
    announce(&listening, &start, &options)?;

    let issuer = options.issuer.unwrap_or(listening);
    if let Some(warning) = issuer::warning(&issuer, address) {
        tracing::warn!(issuer, listening = %address, "{warning}: set --issuer to the URL by which others reach the service");
    }
    let sign_in = options.sign_in.config(&issuer)?;
    let audience = options.audience.unwrap_or_else(|| issuer.clone());
    let config = Config {
        issuer,
        audience,
        protocols: options.protocols,
        personal_token_format: (!options.speckle_daypass_tokens).then_some(ForeignFormat::Speckle),
        reference_format: options.kudo_uuid.then_some(ForeignFormat::Uuid),
        accepts_shared_suffixes: !options.refuse_shared_suffixes,
        temporary_min_seconds: options.temporary_min_seconds,
        rotate_keys_every: options.rotate_keys_every.map(|days| days * 86_400),
        sealing_key,
        bundles_per_second: options.quotas.bundles_per_second(),
        sign_in,
    };
    let (app, sync) = App::new(store, writable, config).await?;
    let uses = Arc::clone(&app.uses);
    tokio::spawn({
        let uses = Arc::clone(&uses);
        async move { uses.run().await }
    });
    // Once nothing polls the store the feed ends, so that its subscribers do not hold up the stop.
    tokio::spawn(async {
        tokio::select! {
            () = sync.run() => {}
            () = write_probe.run() => {}
            () = wait_for_stop() => {}
        }
    });
    connections::serve(listener, router(app)).await;
    uses.write().await;
    Ok(())
}

/// Prints where the service is and, at the first start, its tokens: the only place where they are ever shown.
fn announce(listening: &str, start: &Start, options: &Options) -> anyhow::Result<()> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Line<'a> {
        listening: &'a str,
        organization: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        owner_token: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        operator_token: Option<&'a str>,
    }

    let Start { organization, owner_token, operator_token } = start;
    let [owner_token, operator_token] =
        [owner_token, operator_token].map(|token| token.as_ref().map(|token| token.expose_secret()));
    let mut out = io::stdout().lock();
    if options.output.json {
        writeln!(out, "{}", serde_json::to_string(&Line { listening, organization, owner_token, operator_token })?)?;
        return Ok(out.flush()?);
    }
    writeln!(out, "Daypass listens on {listening}")?;
    writeln!(out, "  store         {}", options.store)?;
    writeln!(out, "  organization  {organization}")?;
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
        let create = on_store("token create", &options.store);
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
"#
        )?;
    }
    Ok(out.flush()?)
}
