//! How a service runs: [`Config`], and catalogues in files.

use std::num::NonZeroU32;
use std::path::Path;

use anyhow::Context;
use daypass::ForeignFormat;
use daypass::verify::SealingKey;

use crate::domain::catalogs::Catalogs;
use crate::domain::protocol::Protocol;
use crate::domain::session::SessionLimits;
use crate::private_files;

/// How a service runs, beside its store.
pub(crate) struct Config {
    /// The URL of this service in JWTs.
    pub(crate) issuer: String,
    /// The product that JWTs are for.
    pub(crate) audience: String,
    /// The systems whose protocols it speaks.
    pub(crate) protocols: Vec<Protocol>,
    /// The format of the personal tokens that Speckle's clients create; Daypass's own without it.
    pub(crate) personal_token_format: Option<ForeignFormat>,
    /// The format of the references that Kudo's clients get; Daypass's own without it.
    pub(crate) reference_format: Option<ForeignFormat>,
    /// Whether callers may accept patterns below a suffix that many owners share.
    pub(crate) accepts_shared_suffixes: bool,
    /// The shortest lifetime of a temporary token, in seconds.
    pub(crate) temporary_min_seconds: u64,
    /// Rotate the signing key every so many seconds; never without it.
    pub(crate) rotate_keys_every: Option<u64>,
    /// The key for the sealed parameters of bundles; none are accepted without it.
    pub(crate) sealing_key: Option<SealingKey>,
    /// How many bundle references each token may create a second.
    pub(crate) bundles_per_second: NonZeroU32,
    /// How people sign in.
    pub(crate) sign_in: SignInConfig,
    /// How many streams of the feed there may be.
    pub(crate) streams: StreamLimits,
    /// How often clients may call.
    pub(crate) rates: RateConfig,
}

/// How many streams of the feed there may be.
pub(crate) struct StreamLimits {
    /// The most in all.
    pub(crate) all: usize,
    /// The most by tokens of one organization.
    pub(crate) of_organization: usize,
}

/// How people sign in.
pub(crate) struct SignInConfig {
    /// The origin of the service's own pages.
    pub(crate) public_origin: String,
    /// How long sessions last.
    pub(crate) limits: SessionLimits,
    /// How many proxies are between clients and the service.
    pub(crate) proxies: usize,
    /// The OpenID Connect provider, if there is one.
    pub(crate) openid: Option<OpenIdSettings>,
}

/// How often clients may call, each second. `None` is no limit.
pub(crate) struct RateConfig {
    /// The refused authentications of an address.
    pub(crate) refused: Option<NonZeroU32>,
    /// The introspections of a token, and of an address.
    pub(crate) introspection: Option<NonZeroU32>,
    /// The tokens that a token mints, and that an address does.
    pub(crate) minting: Option<NonZeroU32>,
    /// The other requests with a token or a session, and of an address.
    pub(crate) administration: Option<NonZeroU32>,
}

/// The service as a client of an OpenID Connect provider.
pub(crate) struct OpenIdSettings {
    /// The provider.
    pub(crate) issuer: String,
    /// The client's id.
    pub(crate) client_id: String,
    /// The client's secret, if it has one.
    pub(crate) client_secret: Option<String>,
}

/// Loads the sealing key in a file.
///
/// # Errors
/// When the file cannot be read, others can read it, or it has no key. The error names the file and does not repeat its content.
pub(crate) fn load_sealing_key(file: &Path) -> anyhow::Result<SealingKey> {
    let context = || format!("the sealing key {}", file.display());
    let text = private_files::read_secret(file).with_context(context)?;
    SealingKey::parse(&text).with_context(context)
}

/// Reads the catalogue in a file.
///
/// # Errors
/// When the file cannot be read or is not a correct catalogue. The error names the file.
pub(crate) fn read_catalogs(file: &Path) -> anyhow::Result<Catalogs> {
    let context = || format!("the catalogue {}", file.display());
    let text = std::fs::read_to_string(file).with_context(context)?;
    Catalogs::from_json(&text).with_context(context)
}
