//! The options of `daypass serve` for people who sign in.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;

use super::issuer;
use crate::config::{OpenIdSettings, SignInConfig};
use crate::domain::session::SessionLimits;

#[derive(Args)]
pub(super) struct SignInOptions {
    /// How long a person stays signed in without a request
    #[arg(long, env = "DAYPASS_SESSION_IDLE_MINUTES", default_value_t = 480, value_name = "MINUTES",
          value_parser = clap::value_parser!(u64).range(1..=43_200))]
    session_idle_minutes: u64,
    /// How long a person stays signed in at most
    #[arg(long, env = "DAYPASS_SESSION_HOURS", default_value_t = 168, value_name = "HOURS",
          value_parser = clap::value_parser!(u64).range(1..=8760))]
    session_hours: u64,
    /// How many reverse proxies requests pass that add the client's address to X-Forwarded-For
    ///
    /// Failed sign-ins are counted by the client's address. Without proxies the header is ignored, since clients can
    /// write it too.
    #[arg(long, env = "DAYPASS_PROXIES", default_value_t = 0, value_name = "COUNT",
          value_parser = clap::value_parser!(u8).range(0..=16))]
    proxies: u8,
    /// The issuer of the OpenID Connect provider by which people can sign in, as its metadata names it
    ///
    /// Register the service there as a client whose redirect URI is the issuer of the service and
    /// `/v2/session/openid-connect/callback`.
    #[arg(long, env = "DAYPASS_OIDC_ISSUER", value_name = "URL",
          value_parser = issuer::parse_provider)]
    oidc_issuer: Option<String>,
    /// The id of the service as a client of the OpenID Connect provider
    #[arg(long, env = "DAYPASS_OIDC_CLIENT_ID", value_name = "ID")]
    oidc_client_id: Option<String>,
    /// The file with the secret of that client [default: the environment variable DAYPASS_OIDC_CLIENT_SECRET, or none]
    #[arg(long, env = "DAYPASS_OIDC_CLIENT_SECRET_FILE", value_name = "FILE")]
    oidc_client_secret_file: Option<PathBuf>,
}

impl SignInOptions {
    /// Returns the service as a client of the OpenID Connect provider, if there is one.
    ///
    /// # Errors
    /// When one of its settings is lacking, or the file with the secret cannot be read.
    pub(super) fn openid(&self) -> anyhow::Result<Option<OpenIdSettings>> {
        let (issuer, client_id) = match (&self.oidc_issuer, &self.oidc_client_id) {
            (Some(issuer), Some(client_id)) => (issuer, client_id),
            (Some(_), None) => {
                bail!("--oidc-issuer needs --oidc-client-id: set it to the id of the service as a client there")
            }
            (None, Some(_)) => bail!("--oidc-client-id needs --oidc-issuer: set it to the URL of the provider"),
            (None, None) if self.oidc_client_secret_file.is_some() => {
                bail!("--oidc-client-secret-file needs --oidc-issuer and --oidc-client-id: set them too")
            }
            (None, None) => return Ok(None),
        };
        let client_secret = client_secret(self.oidc_client_secret_file.as_deref())?;
        Ok(Some(OpenIdSettings { issuer: issuer.clone(), client_id: client_id.clone(), client_secret }))
    }

    /// Returns how people sign in to a service with this issuer.
    ///
    /// # Errors
    /// When the issuer is not a URL.
    pub(super) fn config(&self, service: &str, openid: Option<OpenIdSettings>) -> anyhow::Result<SignInConfig> {
        let SignInOptions { session_idle_minutes, session_hours, proxies, .. } = self;
        let limits = SessionLimits { idle: session_idle_minutes * 60, total: session_hours * 3600 };
        let public_origin = issuer::origin(service)?;
        Ok(SignInConfig { public_origin, limits, proxies: (*proxies).into(), openid })
    }
}

/// Reads the secret of the client from the file, or the environment.
///
/// SECURITY: it is no option, because other users of the machine can see command lines.
fn client_secret(file: Option<&Path>) -> anyhow::Result<Option<String>> {
    let Some(file) = file else { return Ok(std::env::var("DAYPASS_OIDC_CLIENT_SECRET").ok()) };
    let context = || format!("cannot read the OpenID Connect client secret in {}", file.display());
    Ok(Some(std::fs::read_to_string(file).with_context(context)?.trim_end().to_owned()))
}
