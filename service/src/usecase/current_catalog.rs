//! The catalogue of a running service: [`CurrentCatalog`].

use std::num::NonZeroU32;
use std::sync::{Arc, PoisonError, RwLock};

use daypass::Error;
use daypass::verify::{RateLimits, TokenLocation, Verifier};

use super::catalog::{self, Loaded};
use crate::domain::catalogs::Catalogs;
use crate::domain::hidden;
use crate::store::Store;

/// What a service decides by one version of the catalogue.
pub(crate) struct CatalogView {
    version: u64,
    /// The scopes that exist.
    pub(crate) catalogs: Catalogs,
    /// Guards the service's own paths, as it does a product's.
    pub(crate) verifier: Verifier,
    /// Guards what an API asks that must refuse tokens: also while its own organization is suspended.
    pub(crate) api_verifier: Verifier,
    /// Guards revocations: refuses no valid token because the client sent many that are not.
    ///
    /// SECURITY: a flood of invalid tokens from an address, such as that of a proxy, keeps nobody from a revocation.
    pub(crate) revocation_verifier: Verifier,
    /// Reads the tokens of Crafter's requests, in every location.
    pub(crate) crafter_verifier: Verifier,
}

impl CatalogView {
    fn new(loaded: Loaded, verifier: Verifier, api_verifier: Verifier) -> CatalogView {
        let Loaded { version, catalogs } = loaded;
        let [verifier, api_verifier] =
            [verifier, api_verifier].map(|verifier| verifier.catalog(catalogs.whole().clone()));
        let crafter_verifier = verifier.clone().locations(&TokenLocation::ALL);
        let no_limits = RateLimits::new().publishable(NonZeroU32::MAX).invalid_tokens(NonZeroU32::MAX);
        let revocation_verifier = verifier.clone().rate_limits(no_limits);
        CatalogView { version, catalogs, verifier, api_verifier, revocation_verifier, crafter_verifier }
    }

    pub(super) fn version(&self) -> u64 {
        self.version
    }
}

/// The catalogue as of the last poll of the store. Clones share it.
#[derive(Clone)]
pub(crate) struct CurrentCatalog(Arc<RwLock<Arc<CatalogView>>>);

impl CurrentCatalog {
    /// Begins with a catalogue, and with verifiers that have none yet.
    pub(crate) fn new(loaded: Loaded, verifier: Verifier, api_verifier: Verifier) -> CurrentCatalog {
        CurrentCatalog(Arc::new(RwLock::new(Arc::new(CatalogView::new(loaded, verifier, api_verifier)))))
    }

    /// Returns the present version, for the whole of a request.
    pub(crate) fn view(&self) -> Arc<CatalogView> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes over the catalogue of the store, if this version is another one.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if it cannot be read: then the earlier one stays.
    pub(super) async fn update(&self, store: &dyn Store, version: u64) -> Result<(), Error> {
        let view = self.view();
        if view.version == version {
            return Ok(());
        }
        let Some(loaded) = catalog::load(store).await? else { return Ok(()) };
        tracing::info!(
            version = loaded.version,
            name = &*hidden::show(&loaded.catalogs.product().name),
            "catalogue changed"
        );
        let new = CatalogView::new(loaded, view.verifier.clone(), view.api_verifier.clone());
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(new);
        Ok(())
    }
}
