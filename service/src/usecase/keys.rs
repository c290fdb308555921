//! The operator's view of the signing keys: list, rotate, revoke.

use daypass::Error;
use daypass::api::{Revocation, RevocationTarget};

use super::clock::now;
use crate::crypto::master_key::MasterKey;
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
pub(crate) async fn rotate(
    store: &dyn Store,
    master_key: &MasterKey,
    at_once: bool,
) -> Result<(StoredKey, KeyState), Error> {
    let now = now();
    let signs_from = now + if at_once { ANNOUNCED_SECONDS } else { PENDING_SECONDS };
    let new = SigningKey::generate(master_key, now, signs_from);
    let (change, master_key) = (KeyChange::Add(new.clone()), master_key.id().to_owned());
    let rule = move |keys: &Vec<StoredKey>| {
        require_own(keys, &master_key)?;
        Ok(vec![change.clone()])
    };
    store.change_keys(Box::new(rule)).await?;
    Ok((new, KeyState::Pending))
}

/// Adds a key if that is due, so many seconds after the last one: of several processes that find it due, one
/// adds it. One whose master key is no longer that of the store adds none.
pub(super) async fn rotate_if_due(
    store: &dyn Store,
    master_key: &MasterKey,
    keys: &[StoredKey],
    newest_mark: u64,
    every: u64,
) -> Result<(), Error> {
    let now = now();
    let moment = Moment { now, newest_mark };
    if !key::is_rotation_due(keys, every, moment) || key::find_foreign(keys, master_key.id()).is_some() {
        return Ok(());
    }
    let new = SigningKey::generate(master_key, now, now + PENDING_SECONDS);
    let master_key = master_key.id().to_owned();
    let rule = move |keys: &Vec<StoredKey>| {
        require_own(keys, &master_key)?;
        let is_due = key::is_rotation_due(keys, every, moment);
        Ok(is_due.then(|| KeyChange::Add(new.clone())).into_iter().collect())
    };
    store.change_keys(Box::new(rule)).await.map(drop)
}

/// Revokes a key, permanently. If no other key would sign now, the next one does at once, or else a new
/// one, which the master key seals. Without a master key none signs then.
pub(crate) async fn revoke(
    store: &dyn Store,
    master_key: Option<&MasterKey>,
    kid: &str,
) -> Result<KeyRevocation, Error> {
    let now = now();
    let target = RevocationTarget::Key { kid: kid.to_owned() };
    let spare = master_key.map(|master_key| SigningKey::generate(master_key, now, now));
    let kid = kid.to_owned();
    let moment = Moment { now, newest_mark: store.snapshot().await?.newest_mark };
    let changes = store.change_keys(Box::new(move |keys| key::revocation(keys, &kid, spare.as_ref(), moment))).await?;
    let successor = changes.into_iter().find_map(|change| match change {
        KeyChange::Add(key) => Some(key.kid),
        KeyChange::SignFrom { kid, .. } => Some(kid),
        KeyChange::Seal { .. } | KeyChange::Revoke { .. } => None,
    });
    let revocation = store.entry(target).await?.ok_or(Error::NotFound)?;
    Ok(KeyRevocation { revocation, successor })
}

/// Requires that this master key has sealed all keys, so that processes that opened them can open the next one too.
fn require_own(keys: &[StoredKey], master_key: &str) -> Result<(), Error> {
    let Some(foreign) = key::find_foreign(keys, master_key) else { return Ok(()) };
    let sealed_by = foreign.private.master_key.as_deref().unwrap_or("none");
    tracing::error!(
        kid = foreign.kid,
        sealed_by,
        given = master_key,
        "another master key seals the signing keys, give that one"
    );
    Err(Error::Unavailable)
}
