//! What a store has for signing in: [`SignInStore`].

use super::{Rule, StoreFuture};
use crate::domain::account::{Account, AccountSelector, Identity};
use crate::domain::invitation::{Acceptance, InvitationFacts, InviteFacts, NewInvitation};
use crate::domain::membership::Membership;
use crate::domain::session::{NewSession, SessionTimes};
use crate::domain::sign_in_rate::{AttemptKey, Attempts};

/// The counters to change when a sign-in succeeds.
#[derive(Clone)]
pub(crate) struct Forgiven {
    /// Its attempts are forgotten.
    pub(crate) email: AttemptKey,
    /// It has one attempt less.
    pub(crate) address: AttemptKey,
}

/// What the store knows of a session.
pub(crate) struct StoredSession {
    /// The account that is signed in.
    pub(crate) account: Account,
    /// When the session was used, and when it ends.
    pub(crate) times: SessionTimes,
}

/// The part of a [`Store`](super::Store) for accounts, sessions and invitations. Its operations are like the others'.
pub(crate) trait SignInStore: Send + Sync {
    /// Writes the counters that the rule returns for those of the keys, in their order. Counters from before a time are
    /// deleted.
    ///
    /// Two operations with a key in common exclude one another, so that the counts still hold.
    fn count_attempts(
        &self,
        keys: Vec<AttemptKey>,
        delete_before: u64,
        rule: Rule<Vec<Attempts>, Vec<Attempts>>,
    ) -> StoreFuture<'_, ()>;

    /// Returns an account.
    fn account(&self, selector: AccountSelector) -> StoreFuture<'_, Option<Account>>;

    /// Adds a session if the rule allows it for its account, and deletes sessions that are over at its beginning, and
    /// the account's oldest beyond [`MOST`](crate::domain::session::MOST). The attempts are forgiven that led to it.
    ///
    /// SECURITY: this serializes with [`set_password`](SignInStore::set_password) on the account's row. Otherwise a session
    /// by an earlier password could begin after the others were ended.
    fn add_session(
        &self,
        new: NewSession,
        forgiven: Option<Forgiven>,
        rule: Rule<Option<Account>>,
    ) -> StoreFuture<'_, ()>;

    /// Returns a session, also one that has ended by its times.
    fn session(&self, hash: [u8; 32]) -> StoreFuture<'_, Option<StoredSession>>;

    /// Writes when a session was last seen.
    fn touch_session(&self, hash: [u8; 32], at: u64) -> StoreFuture<'_, ()>;

    /// Deletes a session.
    fn end_session(&self, hash: [u8; 32]) -> StoreFuture<'_, ()>;

    /// Sets the password's hash of an account if the rule allows it, and deletes the account's sessions except one. The
    /// attempts are forgiven that led to it.
    fn set_password(
        &self,
        account: u64,
        password_hash: String,
        kept_session: [u8; 32],
        forgiven: Forgiven,
        rule: Rule<Option<Account>>,
    ) -> StoreFuture<'_, ()>;

    /// Links an identity with an account if the rule allows it, given the account and the one that is linked with it.
    fn link_identity(
        &self,
        account: u64,
        identity: Identity,
        rule: Rule<(Option<Account>, Option<Account>)>,
    ) -> StoreFuture<'_, ()>;

    /// Unlinks the identity of an account if the rule allows it, and deletes the account's sessions except one.
    fn unlink_identity(&self, account: u64, kept_session: [u8; 32], rule: Rule<Option<Account>>)
    -> StoreFuture<'_, ()>;

    /// Returns an account's users that are not removed, in organizations that are not revoked, the oldest first.
    fn memberships(&self, account: u64) -> StoreFuture<'_, Vec<Membership>>;

    /// Adds an invitation for a principal if the rule allows it. An earlier one is deleted. The facts have the user
    /// with the id `acting`, who asks for it.
    fn add_invitation<'a>(
        &'a self,
        organization: &'a str,
        principal: &'a str,
        acting: Option<&'a str>,
        new: NewInvitation,
        rule: Rule<InviteFacts>,
    ) -> StoreFuture<'a, ()>;

    /// Returns an invitation, also one that cannot be accepted any more.
    fn invitation(&self, hash: [u8; 32]) -> StoreFuture<'_, Option<InvitationFacts>>;

    /// Accepts an invitation as the rule says, and returns the number of the account that the user belongs to.
    ///
    /// SECURITY: acceptances of an invitation exclude one another, and the removal of its principal.
    fn accept_invitation(
        &self,
        hash: [u8; 32],
        at: u64,
        rule: Rule<Option<InvitationFacts>, Acceptance>,
    ) -> StoreFuture<'_, u64>;
}
