//! The signing keys.

use daypass::Error;
use daypass::api::Revocation;

use super::{Store, sqlite};

/// A private key as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct StoredKey {
    /// Its thumbprint.
    pub(crate) kid: String,
    /// The key pair, as PKCS #8.
    pub(crate) pkcs8: Vec<u8>,
    /// Since when it is published.
    pub(crate) created_at: u64,
    /// From when on it signs, until the next one does.
    pub(crate) signs_from: u64,
    /// When it was revoked, if it was.
    pub(crate) revoked_at: Option<u64>,
}

/// What became of a key's revocation.
pub(crate) struct KeyRevocation {
    /// The revocation that stands.
    pub(crate) revocation: Revocation,
    /// The name of the key that signs from now on, where the revoked one did.
    pub(crate) successor: Option<String>,
}

impl Store {
    /// The signing keys, in the order in which they sign.
    pub(crate) async fn signing_keys(&self) -> Result<Vec<StoredKey>, Error> {
        self.run(|connection| sqlite::signing_keys(connection)).await
    }

    /// Adds a key.
    pub(crate) async fn add_key(&self, key: StoredKey) -> Result<(), Error> {
        self.change(move |connection| sqlite::add_key(connection, &key)).await
    }

    /// Adds a key unless another was made after this time: of several processes that want a new one, one makes it.
    pub(crate) async fn add_key_unless_after(&self, key: StoredKey, time: u64) -> Result<(), Error> {
        self.change(move |connection| sqlite::add_key_unless_after(connection, &key, time)).await
    }

    /// Revokes a key. If no other would sign now, the next one does at once, or else `spare`, which is then stored.
    pub(crate) async fn revoke_key(&self, kid: &str, spare: StoredKey, now: u64) -> Result<KeyRevocation, Error> {
        let kid = kid.to_owned();
        self.change(move |connection| sqlite::revoke_key(connection, &kid, &spare, now)).await
    }
}
