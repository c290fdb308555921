//! What all requests share: [`Service`].

use std::time::Instant;

use daypass::jwt::Claims;
use daypass::verify::Verifier;
use tokio::sync::watch;

use crate::catalogs::Catalogs;
use crate::feed::Feed;
use crate::signing::SigningKeys;
use crate::store::Store;
use crate::watcher::{Seen, StoreSync};

/// The running service.
pub(crate) struct Service {
    pub(crate) store: Store,
    pub(crate) catalogs: Catalogs,
    pub(crate) keys: SigningKeys,
    pub(crate) feed: Feed,
    /// Guards the service's own paths, as it does a product's.
    pub(crate) verifier: Verifier,
    pub(crate) issuer: String,
    pub(crate) audience: String,
    /// The shortest life of a temporary token, in seconds.
    pub(crate) temporary_least: u64,
}

impl Service {
    /// A service on a store that has begun, and who is to watch that store for it.
    pub(crate) async fn new(
        store: Store,
        catalogs: Catalogs,
        issuer: String,
        audience: String,
        temporary_least: u64,
    ) -> anyhow::Result<(Service, StoreSync)> {
        let beside = store.beside()?;
        let at = Instant::now();
        let look = beside.look().await?;
        let keys = SigningKeys::load(&look.keys)?;
        let (sender, seen) = watch::channel(Seen { latest: look.latest, at });
        let watcher = StoreSync { store: beside.clone(), keys: keys.clone(), seen: sender, rotate_every: None };
        let verifier = Verifier::new(issuer.clone(), audience.clone())
            .introspector(store.clone())
            .keys(keys.clone())
            .catalog(catalogs.whole().clone());
        let feed = Feed { store: beside, seen };
        Ok((Service { store, catalogs, keys, feed, verifier, issuer, audience, temporary_least }, watcher))
    }

    /// What a signed token of this service claims, whether or not it lives; `None` of anything else.
    pub(crate) fn claims(&self, text: &str) -> Option<Claims> {
        self.keys.claims(text).filter(|claims| claims.iss == self.issuer && claims.aud == self.audience)
    }
}
