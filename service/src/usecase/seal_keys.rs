//! Seals the signing keys in the store, and seals them again by another master key.

use std::sync::Arc;

use anyhow::{Context, bail};
use daypass::Error;

use crate::crypto::master_key::MasterKey;
use crate::domain::key::{KeyChange, PrivateKey, StoredKey};
use crate::store::Store;

/// Returns whether the store has a sealed signing key, so that only the master key that sealed it will do.
pub(crate) async fn has_sealed_key(store: &dyn Store) -> Result<bool, Error> {
    Ok(store.snapshot().await?.keys.iter().any(|key| key.private.master_key.is_some()))
}

/// Seals the signing keys of a store that an earlier version made, and opens all keys. Returns how many it sealed.
///
/// # Errors
/// When the store does not answer, or the master key does not open a key.
pub(crate) async fn seal(store: &dyn Store, master_key: &Arc<MasterKey>) -> anyhow::Result<usize> {
    change(store, Arc::clone(master_key), |keys, master_key| {
        // SECURITY: an unsealed key among sealed ones was not written by an earlier version.
        let is_earlier = keys.iter().all(|key| key.private.master_key.is_none());
        let sealed = keys.iter().map(|key| {
            if is_earlier {
                return Ok(Some(seal_key(key, &key.private.bytes, master_key)));
            }
            master_key.open(&key.kid, &key.private).map(|_| None)
        });
        Ok(sealed.collect::<anyhow::Result<Vec<_>>>()?.into_iter().flatten().collect())
    })
    .await
}

/// Seals all signing keys by another master key. Returns how many it sealed: those that the other one has sealed before
/// stay as they are.
///
/// # Errors
/// When the store does not answer, or neither master key opens a key.
pub(crate) async fn reseal(store: &dyn Store, old: MasterKey, new: MasterKey) -> anyhow::Result<usize> {
    change(store, Arc::new((old, new)), |keys, (old, new)| {
        let change = |key: &StoredKey| {
            let PrivateKey { master_key, .. } = &key.private;
            if master_key.as_deref() == Some(new.id()) {
                return new.open(&key.kid, &key.private).map(|_| None);
            }
            Ok(Some(seal_key(key, &old.open(&key.kid, &key.private)?, new)))
        };
        Ok(keys.iter().map(change).collect::<anyhow::Result<Vec<_>>>()?.into_iter().flatten().collect())
    })
    .await
}

fn seal_key(key: &StoredKey, pkcs8: &[u8], master_key: &MasterKey) -> KeyChange {
    KeyChange::Seal { kid: key.kid.clone(), private: master_key.seal(&key.kid, pkcs8) }
}

/// Makes the changes that follow from all keys, in one transaction.
async fn change<K: Send + Sync + 'static>(
    store: &dyn Store,
    master_keys: Arc<K>,
    changes: fn(&[StoredKey], &K) -> anyhow::Result<Vec<KeyChange>>,
) -> anyhow::Result<usize> {
    let keys = store.snapshot().await.context("cannot read the signing keys")?.keys;
    // Before the transaction, where the cause can be returned.
    if changes(&keys, &master_keys)?.is_empty() {
        return Ok(0);
    }
    let rule = move |keys: &Vec<StoredKey>| {
        changes(keys, &master_keys).map_err(|cause| {
            tracing::error!(%cause, "the signing keys changed meanwhile");
            Error::Unavailable
        })
    };
    match store.change_keys(Box::new(rule)).await {
        Ok(done) => Ok(done.len()),
        Err(_) => bail!("cannot write the sealed signing keys to the store: the log above says why"),
    }
}
