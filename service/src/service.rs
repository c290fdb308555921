//! What all requests share: [`Service`].

use daypass::verify::{StaticKeys, Verifier};

use crate::catalogs::Catalogs;
use crate::signing::SigningKeys;
use crate::store::Store;

/// The running service.
pub(crate) struct Service {
    pub(crate) store: Store,
    pub(crate) catalogs: Catalogs,
    pub(crate) keys: SigningKeys,
    /// Guards the service's own paths, as it does a product's.
    pub(crate) verifier: Verifier,
    pub(crate) issuer: String,
    pub(crate) audience: String,
    /// The shortest life of a temporary token, in seconds.
    pub(crate) temporary_least: u64,
}

impl Service {
    /// A service on a store that has begun.
    pub(crate) async fn new(
        store: Store,
        catalogs: Catalogs,
        issuer: String,
        audience: String,
        temporary_least: u64,
    ) -> anyhow::Result<Service> {
        let keys = SigningKeys::load(&store.signing_keys().await?)?;
        let verifier =
            Verifier::new(issuer.clone(), audience.clone()).lookup(store.clone()).keys(StaticKeys::from(keys.jwks()));
        Ok(Service { store, catalogs, keys, verifier, issuer, audience, temporary_least })
    }
}
