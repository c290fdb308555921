//! The product's scopes in the store: reads and sets them, unless that removes what tokens hold.

use std::collections::HashMap;

use daypass::{Catalog, Error, ScopeSet};

use super::clock::now;
use crate::domain::catalog_change::{StoredCatalog, may_remove, removed, replacement, version};
use crate::domain::catalogs::Catalogs;
use crate::domain::hidden;
use crate::domain::versions::{self, Versions};
use crate::store::{GrantsSlice, Store};

/// How many tokens are read at once.
const PAGE: usize = 1000;

/// The catalogue of a store.
pub(crate) struct Loaded {
    /// Its version.
    pub(crate) version: u64,
    /// The scopes.
    pub(crate) catalogs: Catalogs,
}

/// What became of a catalogue that was to be set.
pub(crate) enum Outcome {
    /// The store had the same one.
    Unchanged {
        /// Its version.
        version: u64,
    },
    /// It is in the store.
    Set {
        /// Its version, of which the first is 1.
        version: u64,
        /// What it removed.
        removal: Removal,
    },
    /// Nothing was changed: it would remove this.
    Refused(Removal),
}

/// Scopes that a new catalogue lacks although active tokens hold them.
#[derive(Default)]
pub(crate) struct Removal {
    /// How many active tokens hold any of them.
    pub(crate) tokens: u64,
    /// The scopes.
    pub(crate) scopes: ScopeSet,
}

/// Reads the catalogue of the store, if it has one.
///
/// # Errors
/// [`Error::Unavailable`], with the cause in the log.
pub(crate) async fn load(store: &dyn Store) -> Result<Option<Loaded>, Error> {
    let Some(StoredCatalog { version, catalog }) = store.catalog().await? else { return Ok(None) };
    // It was correct when it was set. A later version of Daypass may have scopes of its own that are among these.
    let catalogs = Catalogs::checked(catalog).map_err(|cause| {
        tracing::error!(%cause, version, "the catalogue of the store is not correct");
        Error::Unavailable
    })?;
    Ok(Some(Loaded { version, catalogs }))
}

/// Sets the catalogue of the store. Unless `may_be_missed`, it must have every scope that active tokens hold of the
/// earlier one. It replaces these versions only, if some are named.
///
/// Services that have not read it yet may still create tokens with scopes that it lacks, for some 250 milliseconds.
///
/// # Errors
/// [`Error::VersionConflict`] if the store has another version.
pub(crate) async fn set(
    store: &dyn Store,
    new: &Catalogs,
    may_be_missed: bool,
    versions: &Versions,
) -> Result<Outcome, Error> {
    loop {
        let before = store.catalog().await?;
        let compared = version(before.as_ref());
        versions::require(versions, compared)?;
        let removal = match &before {
            Some(before) if before.catalog == *new.product() => return Ok(Outcome::Unchanged { version: compared }),
            Some(before) => count_holders(store, &before.catalog, new.product()).await?,
            None => Removal::default(),
        };
        if removal.tokens > 0 && !may_be_missed {
            return Ok(Outcome::Refused(removal));
        }
        let product = new.product().clone();
        let rule = move |stored: &Option<StoredCatalog>| Ok(replacement(stored.as_ref(), compared, &product));
        // Another process may have set one meanwhile.
        if store.set_catalog(Box::new(rule)).await? {
            let version = compared + 1;
            tracing::info!(name = &*hidden::show(&new.product().name), version, "catalogue set");
            return Ok(Outcome::Set { version, removal });
        }
    }
}

/// Sets the catalogue of a store that has none.
pub(crate) async fn set_first(store: &dyn Store, first: Catalog) -> Result<(), Error> {
    let rule = move |stored: &Option<StoredCatalog>| Ok(replacement(stored.as_ref(), 0, &first));
    store.set_catalog(Box::new(rule)).await.map(drop)
}

async fn count_holders(store: &dyn Store, before: &Catalog, after: &Catalog) -> Result<Removal, Error> {
    let mut removal = Removal::default();
    if !may_remove(before, after) {
        return Ok(removal);
    }
    let (now, mut last) = (now(), 0);
    // Most tokens hold the same scopes as many others.
    let mut compared: HashMap<ScopeSet, ScopeSet> = HashMap::new();
    loop {
        let GrantsSlice { grants, next } = store.active_grants(last, PAGE, now).await?;
        for token in &grants {
            let missing = compared.entry(token.scopes()).or_insert_with_key(|held| removed(held, before, after));
            removal.tokens += u64::from(!missing.is_empty());
        }
        removal.scopes = compared.values().flat_map(ScopeSet::iter).cloned().chain(removal.scopes).collect();
        if compared.len() > PAGE {
            compared.clear();
        }
        match next {
            Some(next) => last = next,
            None => return Ok(removal),
        }
    }
}
