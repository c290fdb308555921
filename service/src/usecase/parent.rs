//! The stored token that something is minted from: [`Parent`].

use daypass::verify::{Access, TokenHash};
use daypass::{Error, OpaqueToken};

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

    /// Requires that the parent is active, in a transaction that excludes its revocation.
    ///
    /// SECURITY: called after signing and before the JWT is handed out, so that it was minted before
    /// any revocation.
    ///
    /// # Errors
    /// [`Error::InvalidToken`], [`Error::TokenRevoked`] or [`Error::TokenExpired`].
    pub(super) async fn require_active(&self, store: &dyn Store, now: u64) -> Result<(), Error> {
        store.check_token(self.hash, Box::new(move |state| require_active_parent(*state, now))).await
    }
}
