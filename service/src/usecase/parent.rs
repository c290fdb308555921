//! The stored token that something is minted from: [`Parent`].

use daypass::verify::{Access, TokenHash};
use daypass::{Error, OpaqueToken};

use crate::domain::lifetime::Lifetime;
use crate::domain::token::require_active_parent;
use crate::store::Store;

/// What a JWT names of the stored token at the root of its chain.
pub(super) struct Root<'a> {
    /// Its organization.
    pub(super) organization: &'a str,
    /// Its id.
    pub(super) id: &'a str,
    /// Its serial number.
    pub(super) serial: u64,
}

/// The stored token that something is minted from. Only a verified token becomes a parent.
pub(crate) struct Parent<'a> {
    /// What the token may do.
    pub(super) access: &'a Access,
    /// The hash by which the store finds it.
    pub(super) hash: TokenHash,
}

impl<'a> Parent<'a> {
    /// The token that was verified as `access`.
    pub(crate) fn new(access: &'a Access, token: &OpaqueToken) -> Parent<'a> {
        Parent { access, hash: TokenHash::of(token) }
    }

    /// Returns what a JWT that is minted from it names.
    pub(super) fn root(&self) -> Root<'_> {
        let access = self.access;
        Root { organization: access.organization(), id: access.id(), serial: access.root_serial() }
    }

    /// Requires that the parent is active, and not outlived by what is minted now with this lifetime, in a
    /// transaction that excludes its revocation and its edit.
    ///
    /// SECURITY: called after signing and before the JWT is handed out, so that it was minted before
    /// any revocation. The parent may have been edited since it was authenticated, so that it now expires
    /// earlier.
    ///
    /// # Errors
    /// [`Error::InvalidToken`], [`Error::TokenRevoked`] or [`Error::TokenExpired`], and those of [`Lifetime::end`].
    pub(super) async fn require(&self, store: &dyn Store, now: u64, lifetime: Lifetime) -> Result<(), Error> {
        let rule = move |state: &_| lifetime.end(now, require_active_parent(*state, now)?.expires_at).map(drop);
        store.check_token(self.hash, Box::new(rule)).await
    }
}
