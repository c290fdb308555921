//! The signing keys of a running service: [`SigningKeys`].

use std::sync::{Arc, PoisonError, RwLock};

use daypass::Error;
use daypass::jwt::{Jwk, Jwks, JwtType, MAX_JWT_BYTES};
use daypass::verify::PublicKey;
use serde::Serialize;

use super::clock::now;
use crate::crypto::master_key::MasterKey;
use crate::crypto::signing_key::SigningKey;
use crate::domain::key::{self, KeyState, Moment, StoredKey};

/// The service's keys, as of the last snapshot of the store. Clones share them.
#[derive(Clone)]
pub(crate) struct SigningKeys {
    ring: Arc<RwLock<Arc<KeyRing>>>,
    master_key: Arc<MasterKey>,
}

impl SigningKeys {
    /// Loads the keys of a store, in the order in which they were added, as of the feed's newest mark.
    ///
    /// # Errors
    /// When one cannot be read, or the master key did not seal it.
    pub(crate) fn load(
        stored: &[StoredKey],
        newest_mark: u64,
        master_key: Arc<MasterKey>,
    ) -> anyhow::Result<SigningKeys> {
        let ring = KeyRing::load(stored, newest_mark, &master_key, &[])?;
        Ok(SigningKeys { ring: Arc::new(RwLock::new(Arc::new(ring))), master_key })
    }

    /// Returns the master key that opened them.
    pub(super) fn master_key(&self) -> Arc<MasterKey> {
        Arc::clone(&self.master_key)
    }

    /// Takes over the keys of the store and the newest mark, if they changed.
    ///
    /// SECURITY: if they cannot be read, the service has no keys until they can. One of the earlier
    /// keys may be revoked.
    pub(crate) fn update(&self, stored: &[StoredKey], newest_mark: u64) {
        let before = self.ring();
        let is_same = before.stored == stored;
        if is_same && before.newest_mark == newest_mark {
            return;
        }
        let opened: Vec<_> = before.keys.iter().flatten().cloned().collect();
        let loaded = KeyRing::load(stored, newest_mark, &self.master_key, &opened);
        let ring = loaded.unwrap_or_else(|cause| {
            tracing::error!(%cause, "signing keys unreadable, signing nothing and accepting no signature");
            KeyRing { stored: stored.to_vec(), keys: vec![None; stored.len()], newest_mark }
        });
        if !is_same {
            tracing::info!(keys = ring.keys.iter().flatten().count(), "signing keys changed");
            if let Some(key) = key::find_foreign(stored, self.master_key.id()) {
                let sealed_by = key.private.master_key.as_deref();
                tracing::warn!(sealed_by, "the signing keys have another master key now, restart with that one");
            }
        }
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(ring);
    }

    /// Returns the public keys whose signatures are accepted now or soon.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if one of them cannot be opened: a verifier that got the others alone would take what it
    /// signed for a forgery.
    pub(crate) fn jwks(&self) -> Result<Jwks, Error> {
        let ring = self.ring();
        ring.require_all()?;
        let published = ring.states_at(now()).filter(|(_, state)| state.is_accepted()).map(|(key, state)| {
            let exp = if let KeyState::Retired(end) = state { Some(end) } else { None };
            Jwk { exp, ..key.jwk() }
        });
        Ok(Jwks { keys: published.collect() })
    }

    /// Returns the JWT with this payload, signed by the active key.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] when it is longer than readers accept, because the request is too large.
    pub(super) fn sign(&self, jwt_type: JwtType, payload: &impl Serialize) -> Result<String, Error> {
        let jwt = self.ring().active()?.sign(jwt_type, &serde_json::to_vec(payload).expect("claims are JSON"));
        if jwt.len() > MAX_JWT_BYTES {
            return Err(Error::InvalidRequest(format!(
                "The JWT would have {} bytes, and the limit is {MAX_JWT_BYTES}: request fewer parameters, scopes or \
                 origins.",
                jwt.len()
            )));
        }
        Ok(jwt)
    }

    /// Requires that there is a key that signs now.
    ///
    /// # Errors
    /// [`Error::Unavailable`] without an active key.
    pub(crate) fn require_active(&self) -> Result<(), Error> {
        self.ring().active().map(|_| ())
    }

    /// Checks that this nonce of a proof was given out lately, by this node or another (RFC 9449, section 8).
    /// The nonces of each key whose signatures are accepted count, so that they survive a rotation.
    ///
    /// # Errors
    /// [`Error::UseDpopNonce`] with the nonce to use.
    pub(super) fn check_nonce(&self, nonce: Option<&str>) -> Result<(), Error> {
        let (ring, now) = (self.ring(), now());
        let accepted = ring.states_at(now).filter(|(_, state)| state.is_accepted());
        let is_current =
            nonce.is_some_and(|nonce| accepted.into_iter().any(|(key, _)| key.nonces().is_current(nonce, now)));
        if is_current { Ok(()) } else { Err(Error::UseDpopNonce(self.nonce()?)) }
    }

    /// Returns the nonce for the next proof.
    ///
    /// # Errors
    /// [`Error::Unavailable`] without an active key.
    pub(super) fn nonce(&self) -> Result<String, Error> {
        Ok(self.ring().active()?.nonces().current(now()))
    }

    /// Returns the ids of the key that signs and of those that will.
    pub(super) fn announced(&self) -> Vec<String> {
        let ring = self.ring();
        let announced = ring.states_at(now()).filter(|(_, state)| state.is_announced());
        announced.map(|(key, _)| key.jwk().kid).collect()
    }

    /// Returns the key that signs JWTs with exactly this header, if its signatures are accepted.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if it may be one that cannot be opened.
    pub(super) fn public_key(&self, header: &str) -> Result<Option<PublicKey>, Error> {
        self.ring().find(header, KeyState::is_accepted)
    }

    /// Returns the key that signed JWTs with exactly this header, also if it has expired.
    ///
    /// SECURITY: by a clock that is ahead a key seems to have expired too early. What it signed can be
    /// revoked nevertheless, since it is accepted again once the clock is corrected.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if it may be one that cannot be opened.
    pub(super) fn signer(&self, header: &str) -> Result<Option<PublicKey>, Error> {
        self.ring().find(header, |state| state != KeyState::Revoked)
    }

    fn ring(&self) -> Arc<KeyRing> {
        Arc::clone(&self.ring.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// All keys of the store at one time.
struct KeyRing {
    stored: Vec<StoredKey>,
    /// Each of the stored ones; `None` for one that another master key has sealed and that was never opened here.
    keys: Vec<Option<Arc<SigningKey>>>,
    newest_mark: u64,
}

impl KeyRing {
    /// Opens the stored keys.
    ///
    /// Those that another master key has sealed meanwhile are taken from `opened`, as far as they are there: an id is the
    /// thumbprint of one key pair. At a start nothing is opened, and a key of another master key is an error.
    fn load(
        stored: &[StoredKey],
        newest_mark: u64,
        master_key: &MasterKey,
        opened: &[Arc<SigningKey>],
    ) -> anyhow::Result<KeyRing> {
        let load = |stored: &StoredKey| {
            let is_resealed = stored.private.master_key.as_deref().is_some_and(|id| id != master_key.id());
            if !is_resealed || opened.is_empty() {
                return SigningKey::load(stored, master_key).map(|key| Some(Arc::new(key)));
            }
            Ok(opened.iter().find(|key| key.kid() == stored.kid).cloned())
        };
        let keys = stored.iter().map(load).collect::<anyhow::Result<_>>()?;
        Ok(KeyRing { stored: stored.to_vec(), keys, newest_mark })
    }

    /// Returns each key with its state at this time.
    fn states_at(&self, now: u64) -> impl Iterator<Item = (&SigningKey, KeyState)> {
        let states = KeyState::of(&self.stored, Moment { now, newest_mark: self.newest_mark });
        self.keys.iter().zip(states).filter_map(|(key, state)| Some((&**key.as_ref()?, state)))
    }

    /// Requires that every key was opened.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    fn require_all(&self) -> Result<(), Error> {
        if self.keys.iter().all(Option::is_some) { Ok(()) } else { Err(Error::Unavailable) }
    }

    /// Returns the key that signs now.
    ///
    /// # Errors
    /// [`Error::Unavailable`] without an active key.
    fn active(&self) -> Result<&SigningKey, Error> {
        let active = self.states_at(now()).find(|(_, state)| *state == KeyState::Active);
        active.map(|(key, _)| key).ok_or_else(|| {
            tracing::error!("no active signing key: check the clock, and `daypass key list`");
            Error::Unavailable
        })
    }

    /// Returns the key of JWTs with exactly this header, if it is in such a state.
    fn find(&self, header: &str, is_wanted: fn(KeyState) -> bool) -> Result<Option<PublicKey>, Error> {
        let mut wanted = self.states_at(now()).filter(|(_, state)| is_wanted(*state));
        match wanted.find_map(|(key, _)| key.public_key(header).cloned()) {
            Some(key) => Ok(Some(key)),
            None => self.require_all().map(|()| None),
        }
    }
}
