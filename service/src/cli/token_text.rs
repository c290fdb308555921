//! `daypass token introspect`, and `revoke --stdin`: the operator has a token in full.

use std::io::{self, Read, Write};
use std::time::Instant;

use anyhow::{Context, bail, ensure};
use clap::Args;
use daypass::api::IntrospectionResponse;
use daypass::verify::Verifier;

use super::master_key::MasterKeyOptions;
use super::options::{Common, InOrganization};
use super::{issuer, master_key, time};
use crate::domain::hidden;
use crate::domain::protocol::{self, Protocol};
use crate::store::{SharedStore, Store};
use crate::usecase::answers::Answers;
use crate::usecase::catalog;
use crate::usecase::current_catalog::CurrentCatalog;
use crate::usecase::fresh_keys::FreshKeys;
use crate::usecase::introspect::Introspection;
use crate::usecase::jwt_issuer::JwtIssuer;
use crate::usecase::revoke;
use crate::usecase::token_uses::TokenUses;
use crate::usecase::write_probe::Writable;

pub(super) const EXAMPLES: &str = "\
Example:
  daypass token introspect --issuer https://tokens.example.com";

/// The longest text that is read.
const MOST: u64 = 1024 * 1024;

/// By what a temporary token or a signed bundle is known.
#[derive(Args)]
pub(super) struct IssuerOptions {
    /// The URL of the service, as in `daypass serve --issuer`: of temporary tokens and signed bundles
    #[arg(long, env = "DAYPASS_ISSUER", default_value = "http://127.0.0.1:8787", value_name = "URL",
          value_parser = issuer::parse)]
    issuer: String,
    /// Their audience, as in `daypass serve --audience` [default: the issuer]
    #[arg(long, env = "DAYPASS_AUDIENCE", value_name = "NAME")]
    audience: Option<String>,
    #[command(flatten)]
    master_key: MasterKeyOptions,
}

#[derive(Args)]
pub(super) struct Introspect {
    #[command(flatten)]
    issuer: IssuerOptions,
    #[command(flatten)]
    within: InOrganization,
    #[command(flatten)]
    common: Common,
}

impl IssuerOptions {
    async fn load(self, store: &dyn Store, common: &Common) -> anyhow::Result<JwtIssuer> {
        let given = self.master_key.given(&common.store).await?;
        let master_key = master_key::of_store(given, store, &common.store).await?.key;
        let snapshot = store.snapshot().await.map_err(|error| common.explain(error, None))?;
        let audience = self.audience.unwrap_or_else(|| self.issuer.clone());
        let keys = FreshKeys::of_snapshot(snapshot, master_key)?;
        Ok(JwtIssuer { keys, writable: Writable::of_command(), issuer: self.issuer, audience })
    }
}

/// Reads a token.
///
/// SECURITY: from standard input, because other users of the machine can see command lines.
fn read_token() -> anyhow::Result<String> {
    let mut text = String::new();
    io::stdin().lock().take(MOST).read_to_string(&mut text).context("cannot read the token from standard input")?;
    let text = text.trim().to_owned();
    ensure!(!text.is_empty(), "no token: write it to standard input, such as with `< token.txt`");
    Ok(text)
}

pub(super) async fn introspect(options: Introspect) -> anyhow::Result<()> {
    let Introspect { issuer, within, common } = options;
    let token = read_token()?;
    let (store, organization): (SharedStore, _) = within.open(&common).await?;
    let jwt_issuer = issuer.load(&*store, &common).await?;
    let loaded = catalog::load(&*store).await.map_err(|error| common.explain(error, None))?;
    let loaded = loaded.with_context(|| format!("{} has no catalogue of scopes", common.store))?;
    let verifier = || Verifier::new(&*jwt_issuer.issuer, &*jwt_issuer.audience);
    let view = CurrentCatalog::new(loaded, verifier(), verifier()).view();
    let introspection = Introspection {
        store: &*store,
        catalog: &view,
        jwt_issuer: &jwt_issuer,
        uses: &TokenUses::new(store.clone()),
        answers: &Answers::new(),
        formats: &protocol::foreign_formats(&Protocol::ALL),
        organization: Some(&organization),
        since: Instant::now(),
    };
    let json = introspection.tell(&token).await.map_err(|error| common.explain(error, None))?;
    let json = String::from_utf8_lossy(&json);
    let mut out = io::stdout().lock();
    if common.is_json() {
        return Ok(writeln!(out, "{}", hidden::show_json(&json))?);
    }
    print(&mut out, &serde_json::from_str(&json)?, &organization)
}

fn print(out: &mut impl Write, response: &IntrospectionResponse, organization: &str) -> anyhow::Result<()> {
    if !response.active {
        return Ok(writeln!(out, "It is no active token of the organization {organization}.")?);
    }
    writeln!(out, "It is an active token of the organization {organization}.")?;
    let IntrospectionResponse { client_id, scope, iat, exp, .. } = response;
    if let Some(id) = client_id {
        writeln!(out, "  token    {id}")?;
    }
    if let Some(scope) = scope {
        writeln!(out, "  scopes   {scope}")?;
    }
    for (event, time) in [("created", iat), ("expires", exp)] {
        if let Some(time) = time {
            writeln!(out, "  {event}  {}", time::show(*time))?;
        }
    }
    Ok(())
}

/// Revokes the token on standard input.
pub(super) async fn revoke(issuer: IssuerOptions, within: &InOrganization, common: &Common) -> anyhow::Result<()> {
    let token = read_token()?;
    let (store, organization) = within.open(common).await?;
    let jwt_issuer = issuer.load(&*store, common).await?;
    let formats = protocol::foreign_formats(&Protocol::ALL);
    let revoked = revoke::credential(&*store, &jwt_issuer, None, &formats, &organization, &token).await;
    if !revoked.map_err(|error| common.explain(error, None))? {
        bail!(
            "the text on standard input is no token of the organization {organization} in {}; for a temporary token or a \
             signed bundle, name the service with --issuer",
            common.store
        );
    }
    if common.is_json() {
        return super::options::print_json(&serde_json::json!({"revoked": true}));
    }
    Ok(writeln!(io::stdout(), "The token is revoked, and all that was made from it.")?)
}
