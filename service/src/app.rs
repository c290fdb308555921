//! What requests share: [`App`].

use std::sync::Arc;
use std::time::Instant;

use anyhow::Context;
use daypass::verify::http::Places;
use daypass::verify::{Cache, SealingKey, TokenLocation, Verifier};
use daypass::{Error, ForeignFormat};
use tokio::sync::{Notify, watch};

use crate::config::{Config, SignInConfig};
use crate::crypto::master_key::MasterKey;
use crate::domain::protocol::{self, Protocol};
use crate::domain::session::SessionLimits;
use crate::store::SharedStore;
use crate::usecase::answers::Answers;
use crate::usecase::catalog;
use crate::usecase::current_catalog::CurrentCatalog;
use crate::usecase::feed::Feed;
use crate::usecase::fresh_keys::FreshKeys;
use crate::usecase::introspect::StoreIntrospector;
use crate::usecase::jwt_issuer::JwtIssuer;
use crate::usecase::openid::OpenIdProvider;
use crate::usecase::passwords::Passwords;
use crate::usecase::rates::Rates;
use crate::usecase::refusals::Refusals;
use crate::usecase::signing_keys::SigningKeys;
use crate::usecase::sync::{FeedPosition, StoreSync};
use crate::usecase::token_uses::TokenUses;
use crate::usecase::write_probe::Writable;

/// The most memory that the callers take that were verified lately, in bytes, by each verifier.
const CALLERS: usize = 1024 * 1024;

/// The running service.
pub(crate) struct App {
    pub(crate) store: SharedStore,
    /// The scopes that exist, and the verifiers that know them.
    pub(crate) catalog: CurrentCatalog,
    pub(crate) jwt_issuer: JwtIssuer,
    pub(crate) feed: Feed,
    /// The open streams of the feed, by the organizations of their tokens.
    pub(crate) streams: Places<Arc<str>>,
    pub(crate) rates: Rates,
    /// When tokens were last used.
    pub(crate) uses: Arc<TokenUses>,
    /// The refusals that become entries of the audit trail.
    pub(crate) refusals: Arc<Refusals>,
    /// The responses of introspection that were given lately.
    pub(crate) answers: Answers,
    /// The systems whose protocols it speaks.
    pub(crate) protocols: Vec<Protocol>,
    /// The formats of tokens that it knows beside Daypass's own.
    pub(crate) foreign_formats: Vec<ForeignFormat>,
    /// The format of the personal tokens that Speckle's clients create; Daypass's own without it.
    pub(crate) personal_token_format: Option<ForeignFormat>,
    /// The format of the references that Kudo's clients get; Daypass's own without it.
    pub(crate) reference_format: Option<ForeignFormat>,
    /// Whether callers may accept patterns below a suffix that many owners share.
    pub(crate) accepts_shared_suffixes: bool,
    /// The shortest lifetime of a temporary token, in seconds.
    pub(crate) temporary_min_seconds: u64,
    /// The key for the sealed parameters of bundles.
    pub(crate) sealing_key: Option<SealingKey>,
    /// What people sign in with.
    pub(crate) sign_in: SignIn,
}

/// What people sign in with.
pub(crate) struct SignIn {
    pub(crate) passwords: Passwords,
    /// The origin of the service's own pages.
    pub(crate) public_origin: String,
    pub(crate) limits: SessionLimits,
    /// How many proxies are between clients and the service.
    pub(crate) proxies: usize,
    pub(crate) openid: Option<OpenIdProvider>,
}

impl App {
    /// Creates the service on a bootstrapped store that is probed and whose signing keys the master key sealed, and the
    /// poller that must run with it.
    ///
    /// # Errors
    /// When the store does not answer or has no catalogue, or a signing key cannot be read.
    pub(crate) async fn new(
        store: SharedStore,
        writable: Writable,
        config: Config,
        master_key: Arc<MasterKey>,
    ) -> anyhow::Result<(App, StoreSync)> {
        let Config {
            issuer,
            audience,
            protocols,
            personal_token_format,
            reference_format,
            accepts_shared_suffixes,
            temporary_min_seconds,
            rotate_keys_every,
            sealing_key,
            bundles_per_second,
            sign_in,
            streams,
            rates,
        } = config;
        let rates = Rates::new(&rates, bundles_per_second);
        let at = Instant::now();
        let snapshot = store.snapshot().await?;
        let keys = SigningKeys::load(&snapshot.keys, snapshot.newest_mark, master_key)?;
        // It logs what to do. Stored tokens work all the same, and a key may follow.
        let _ = keys.require_active();
        let start =
            FeedPosition { latest: snapshot.latest, deleted_up_to: snapshot.deleted_up_to, epoch: snapshot.epoch, at };
        let (sender, position) = watch::channel(start);
        let fresh_keys = FreshKeys { keys: keys.clone(), position: position.clone(), poll: Arc::new(Notify::new()) };
        let foreign_formats = protocol::foreign_formats(&protocols);
        // SECURITY: at Crafter's paths alone the parameter `accessTokenId` may be a secret.
        let is_of_all = |location: &TokenLocation| *location != TokenLocation::AccessTokenId;
        let locations: Vec<_> = TokenLocation::ALL.into_iter().filter(is_of_all).collect();
        let verifier = |overlooks_suspension| {
            Verifier::new(issuer.clone(), audience.clone())
                .introspector(StoreIntrospector { store: Arc::clone(&store), overlooks_suspension })
                .keys(fresh_keys.clone())
                .foreign_tokens(&foreign_formats)
                .public_url(&sign_in.public_origin)
                .locations(&locations)
                .rate_limits(Arc::clone(&rates.authentication))
                .cache(Cache::new(CALLERS))
        };
        let loaded = catalog::load(&*store).await?.context("the store has no catalogue")?;
        let catalog = CurrentCatalog::new(loaded, verifier(false), verifier(true));
        let sync = StoreSync {
            store: Arc::clone(&store),
            keys: keys.clone(),
            catalog: catalog.clone(),
            position: sender,
            wanted: Arc::clone(&fresh_keys.poll),
            rotate_every: rotate_keys_every,
        };
        let uses = Arc::new(TokenUses::new(Arc::clone(&store)));
        let refusals = Arc::new(Refusals::new(Arc::clone(&store)));
        let feed = Feed { store: Arc::clone(&store), keys, position };
        let jwt_issuer = JwtIssuer { keys: fresh_keys, writable, issuer, audience };
        let SignInConfig { public_origin, limits, proxies, openid } = sign_in;
        let openid = openid.map(|settings| OpenIdProvider::new(settings, &jwt_issuer.issuer)).transpose()?;
        let sign_in = SignIn { passwords: Passwords::default(), public_origin, limits, proxies, openid };
        let answers = Answers::new();
        let streams = Places::new("streams of the feed", streams.all, streams.of_organization);
        Ok((
            App {
                store,
                catalog,
                jwt_issuer,
                feed,
                streams,
                rates,
                uses,
                refusals,
                answers,
                protocols,
                foreign_formats,
                personal_token_format,
                reference_format,
                accepts_shared_suffixes,
                temporary_min_seconds,
                sealing_key,
                sign_in,
            },
            sync,
        ))
    }

    /// Requires that callers may accept patterns below a suffix that many owners share, if this one does.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`].
    pub(crate) fn check_shared_suffix(&self, is_accepted: bool) -> Result<(), Error> {
        if is_accepted && !self.accepts_shared_suffixes {
            let why = "The operator of this service refuses `acceptSharedSuffix`: name each site in `origins`.";
            return Err(Error::InvalidRequest(why.into()));
        }
        Ok(())
    }
}
