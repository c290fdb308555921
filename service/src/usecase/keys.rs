//! The operator's view of the signing keys: list, rotate, revoke.

use daypass::Error;
use daypass::api::{Revocation, RevocationTarget};

use super::clock::now;
use crate::crypto::signing_key::SigningKey;
use crate::domain::key::{self, ANNOUNCED_SECONDS, KeyChange, KeyState, Moment, PENDING_SECONDS, StoredKey};
use crate::store::{Snapshot, Store};

/// The result of a key's revocation.
pub(crate) struct KeyRevocation {
    /// The revocation that is in force.
    pub(crate) revocation: Revocation,
    /// The id of the key that signs from now on, if the revoked key was the active one.
    pub(crate) successor: Option<String>,
}

/// Returns the keys with their states, in the order in which they were added.
pub(crate) async fn list(store: &dyn Store) -> Result<Vec<(StoredKey, KeyState)>, Error> {
    let Snapshot { keys, newest_mark, .. } = store.snapshot().await?;
    let states = KeyState::of(&keys, Moment { now: now(), newest_mark });
    Ok(keys.into_iter().zip(states).collect())
}

/// Adds a key that replaces the active one: when every verifier has it, or as soon as those have it that
/// follow the feed.
pub(crate) async fn rotate(store: &dyn Store, at_once: bool) -> Result<(StoredKey, KeyState), Error> {
    let now = now();
    let signs_from = now + if at_once { ANNOUNCED_SECONDS } else { PENDING_SECONDS };
    let new = SigningKey::generate(now, signs_from);
    let change = KeyChange::Add(new.clone());
    store.change_keys(Box::new(move |_| Ok(vec![change.clone()]))).await?;
    Ok((new, KeyState::Pending))
}

/// Adds a key if that is due, so many seconds after the last one: of several processes that find it due, one
/// adds it.
pub(super) async fn rotate_if_due(
    store: &dyn Store,
    keys: &[StoredKey],
    newest_mark: u64,
    every: u64,
) -> Result<(), Error> {
    let now = now();
    let moment = Moment { now, newest_mark };
    if !key::is_rotation_due(keys, every, moment) {
        return Ok(());
    }
    let new = SigningKey::generate(now, now + PENDING_SECONDS);
    let rule = move |keys: &Vec<StoredKey>| {
        let is_due = key::is_rotation_due(keys, every, moment);
        Ok(is_due.then(|| KeyChange::Add(new.clone())).into_iter().collect())
    };
    store.change_keys(Box::new(rule)).await.map(drop)
}

/// Revokes a key, permanently. If no other key would sign now, the next one does at once, or else a new
/// one.
pub(crate) async fn revoke(store: &dyn Store, kid: &str) -> Result<KeyRevocation, Error> {
    let now = now();
    let (target, spare) = (RevocationTarget::Key { kid: kid.to_owned() }, SigningKey::generate(now, now));
    let kid = kid.to_owned();
    let moment = Moment { now, newest_mark: store.snapshot().await?.newest_mark };
    let changes = store.change_keys(Box::new(move |keys| key::revocation(keys, &kid, &spare, moment))).await?;
    let successor = changes.into_iter().find_map(|change| match change {
        KeyChange::Add(key) => Some(key.kid),
        KeyChange::SignFrom { kid, .. } => Some(kid),
        KeyChange::Revoke { .. } => None,
    });
    let revocation = store.entry(target).await?.ok_or(Error::NotFound)?;
    Ok(KeyRevocation { revocation, successor })
}
