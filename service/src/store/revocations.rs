//! What was revoked, and the feed of it.

use daypass::Error;
use daypass::api::{Revocation, RevocationPage, TokenRecord};
use daypass::verify::TokenHash;
use rusqlite::Connection;

use super::keys::StoredKey;
use super::{Store, sqlite};

/// What is looked at again and again, for other processes write in the store too.
pub(crate) struct Look {
    /// The feed's last number.
    pub(crate) latest: u64,
    /// The signing keys, in the order in which they sign.
    pub(crate) keys: Vec<StoredKey>,
}

impl Store {
    /// Revokes the newest token with this id; once is for ever.
    pub(crate) async fn revoke(&self, organization: &str, id: &str, now: u64) -> Result<TokenRecord, Error> {
        let (organization, id) = (organization.to_owned(), id.to_owned());
        self.change(move |connection| sqlite::revoke(connection, &organization, &id, now)).await
    }

    /// Revokes the token with this hash, if the organization has it.
    pub(crate) async fn revoke_presented(&self, organization: &str, hash: TokenHash, now: u64) -> Result<(), Error> {
        let organization = organization.to_owned();
        self.change(move |connection| sqlite::revoke_presented(connection, &organization, hash, now)).await
    }

    /// Revokes one of the organization's signed tokens.
    pub(crate) async fn revoke_signed(&self, organization: &str, jti: &str, now: u64) -> Result<(), Error> {
        let (organization, jti) = (organization.to_owned(), jti.to_owned());
        self.change(move |connection| sqlite::revoke_signed(connection, &organization, &jti, now)).await
    }

    /// Revokes all that an organization has or will have.
    pub(crate) async fn revoke_organization(&self, organization: &str, now: u64) -> Result<Revocation, Error> {
        let organization = organization.to_owned();
        self.change(move |connection| sqlite::revoke_organization(connection, &organization, now)).await
    }

    /// Revokes all that was issued to an organization before a time, and gives the revocation that stands: an earlier one of a
    /// later time stays as it is.
    pub(crate) async fn revoke_issued_before(
        &self,
        organization: &str,
        time: u64,
        now: u64,
    ) -> Result<Revocation, Error> {
        if time > now {
            return Err(Error::InvalidRequest("The time before which tokens are revoked lies in the future.".into()));
        }
        let organization = organization.to_owned();
        self.change(move |connection| sqlite::revoke_issued_before(connection, &organization, time, now)).await
    }

    /// What an organization sees of the feed after this number.
    pub(crate) async fn revocations(&self, organization: &str, after: u64) -> Result<RevocationPage, Error> {
        let organization = organization.to_owned();
        let (revocations, latest) =
            self.run(move |connection| sqlite::revocations(connection, &organization, after)).await?;
        Ok(RevocationPage { revocations, latest, epoch: self.epoch().to_owned() })
    }

    /// The name of this run of the feed.
    pub(crate) fn epoch(&self) -> &str {
        &self.epoch
    }

    /// Forgets the revocations that have been of no use for long, by a clock that is right.
    pub(crate) async fn forget_revocations(&self, now: u64) -> Result<(), Error> {
        self.run(move |connection| sqlite::forget(connection, now)).await
    }

    /// What the store holds of everybody's concern at this moment.
    pub(crate) async fn look(&self) -> Result<Look, Error> {
        self.run(|connection| Ok(Look { latest: sqlite::latest(connection)?, keys: sqlite::signing_keys(connection)? }))
            .await
    }

    /// Waits until this process has revoked something or changed the keys since the last time.
    pub(crate) async fn changed(&self) {
        self.news.notified().await;
    }

    /// Runs an operation that those who look at the store are to see at once.
    pub(super) async fn change<T: Send + 'static>(
        &self,
        operation: impl FnOnce(&mut Connection) -> Result<T, sqlite::Failure> + Send + 'static,
    ) -> Result<T, Error> {
        let changed = self.run(operation).await?;
        self.news.notify_one();
        Ok(changed)
    }
}
