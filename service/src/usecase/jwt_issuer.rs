//! JWTs for this service's issuer and audience: [`JwtIssuer`].

use std::collections::BTreeMap;

use daypass::jwt::{Claims, JwtType};
use daypass::{Error, Grant, TokenKind};
use serde::Serialize;

use super::fresh_keys::{FreshKeys, KeysOf};
use super::parent::Root;
use super::write_probe::Writable;
use crate::crypto::random;
use crate::domain::retention::is_older_than_entries;

/// Signs JWTs that name this service as their issuer and the product as their audience.
pub(crate) struct JwtIssuer {
    pub(crate) keys: FreshKeys,
    /// Whether what is signed could be revoked.
    pub(crate) writable: Writable,
    /// This service's URL.
    pub(crate) issuer: String,
    /// The product.
    pub(crate) audience: String,
}

impl JwtIssuer {
    /// Returns the claims of a JWT that is minted from a stored token. It is bound to no origin and no key, and names no visitor.
    pub(super) fn claims(
        &self,
        root: &Root<'_>,
        kind: TokenKind,
        grants: Vec<Grant>,
        now: u64,
        expires_at: u64,
    ) -> Claims {
        Claims {
            iss: self.issuer.clone(),
            sub: root.organization.to_owned(),
            aud: self.audience.clone(),
            iat: now,
            nbf: None,
            exp: expires_at,
            jti: random::id(),
            client_id: root.id.to_owned(),
            root_serial: root.serial,
            // Read before the parent is checked: an entry that revokes the parent comes later.
            feed_seq: self.feed_seq(),
            cnf: None,
            kind,
            grants,
            origins: vec![],
            subject: None,
            claims: BTreeMap::new(),
            sealed: None,
        }
    }

    /// Returns the number of the feed's last entry that is known.
    pub(super) fn feed_seq(&self) -> u64 {
        self.keys.position.borrow().latest
    }

    /// Returns whether the feed no longer keeps all entries that could revoke a JWT with these claims.
    pub(super) fn is_older_than_entries(&self, claims: &Claims) -> bool {
        is_older_than_entries(claims.feed_seq, self.keys.position.borrow().deleted_up_to)
    }

    /// Checks the nonce of a proof (RFC 9449, section 8).
    ///
    /// # Errors
    /// Like [`SigningKeys::check_nonce`](super::signing_keys::SigningKeys::check_nonce).
    pub(super) fn check_nonce(&self, nonce: Option<&str>) -> Result<(), Error> {
        self.keys.keys.check_nonce(nonce)
    }

    /// Returns the nonce for the next proof.
    ///
    /// # Errors
    /// [`Error::Unavailable`] without an active key.
    pub(super) fn nonce(&self) -> Result<String, Error> {
        self.keys.keys.nonce()
    }

    /// Requires that JWTs can be signed, before something is used up for one.
    ///
    /// # Errors
    /// [`Error::Unavailable`] without an active key, or while no revocation can be written.
    pub(super) fn require_active_key(&self) -> Result<(), Error> {
        self.writable.require_revocable()?;
        self.keys.keys.require_active()
    }

    /// Signs a payload.
    ///
    /// SECURITY: nothing is minted while no revocation can be written.
    ///
    /// # Errors
    /// Like [`SigningKeys::sign`](super::signing_keys::SigningKeys::sign), and [`Error::Unavailable`] while no
    /// revocation can be written.
    pub(super) fn sign(&self, jwt_type: JwtType, payload: &impl Serialize) -> Result<String, Error> {
        self.writable.require_revocable()?;
        self.keys.keys.sign(jwt_type, payload)
    }

    /// Returns the claims of an authentic JWT of this service, also if it is revoked or expired.
    ///
    /// # Errors
    /// Like [`FreshKeys::authenticate`].
    pub(super) async fn authenticate(&self, of: KeysOf, text: &str) -> Result<Option<Claims>, Error> {
        let claims = self.keys.authenticate(of, text).await?;
        Ok(claims.filter(|claims| claims.iss == self.issuer && claims.aud == self.audience))
    }
}
