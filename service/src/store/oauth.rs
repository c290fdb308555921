//! What a store has for OAuth 2.1: [`OAuthStore`].

use std::sync::Arc;

use daypass::ScopeSet;
use daypass::verify::TokenHash;

use super::{Rule, StoreFuture};
use crate::domain::oauth::client::{Client, ClientFacts, ClientSettings};
use crate::domain::oauth::code::{CodeUse, NewCode, StoredCode};
use crate::domain::oauth::consent::{Consent, ConsentFacts, Parties, Withdrawal};
use crate::domain::oauth::family::{RefreshFacts, RefreshUse};
use crate::domain::oauth::removal::ClientRemovalFacts;
use crate::domain::oauth::request::KeptRequest;

/// The part of a [`Store`](super::Store) for clients, consents, codes and refresh tokens. Its operations are like the others'.
pub(crate) trait OAuthStore: Send + Sync {
    /// Makes a principal of an organization a client with the settings that the rule returns, or gives the client that it is
    /// these settings. Returns the client.
    fn set_oauth_client<'a>(
        &'a self,
        organization: &'a str,
        id: &'a str,
        rule: Rule<ClientFacts, ClientSettings>,
    ) -> StoreFuture<'a, Client>;

    /// Removes the settings of a client: revokes the families that the rule returns, given those that are not revoked and did
    /// not end long ago, one more than `most` if there are so many. With the last of them go its settings, consents, codes
    /// that were not used and requests that are kept. Returns whether those were the last.
    ///
    /// An empty row stays, which its families name: the client is not found by its id, nor in lists.
    ///
    /// SECURITY: a later client of the same application gets nothing of what the earlier one had.
    fn remove_oauth_client<'a>(
        &'a self,
        organization: &'a str,
        id: &'a str,
        at: u64,
        most: usize,
        rule: Rule<ClientRemovalFacts, Withdrawal>,
    ) -> StoreFuture<'a, bool>;

    /// Counts the users of an organization who let a client have something.
    fn count_oauth_consents<'a>(&'a self, organization: &'a str, client: &'a str) -> StoreFuture<'a, u64>;

    /// Returns the client with this `client_id`, also if its application was removed.
    fn oauth_client<'a>(&'a self, id: &'a str) -> StoreFuture<'a, Option<Arc<Client>>>;

    /// Returns an organization's clients that are not removed: the ones whose principals have a greater number than `after`, in
    /// their order, and at most so many.
    fn oauth_clients<'a>(&'a self, organization: &'a str, after: u64, most: usize) -> StoreFuture<'a, Vec<Client>>;

    /// Lets a client have the scopes that the rule returns.
    fn give_oauth_consent(&self, parties: Parties, at: u64, rule: Rule<ConsentFacts, ScopeSet>) -> StoreFuture<'_, ()>;

    /// Returns what a user lets a client have.
    fn oauth_consent(&self, parties: Parties) -> StoreFuture<'_, ConsentFacts>;

    /// Returns what a user lets clients have that are not removed.
    fn oauth_consents<'a>(&'a self, organization: &'a str, owner: &'a str) -> StoreFuture<'a, Vec<Consent>>;

    /// Withdraws a consent: deletes its codes that were not used, and revokes the families that the rule returns, given the
    /// serial numbers of those that are not revoked and did not end long ago, one more than `most` if there are so many.
    /// Returns whether that were the last: the consent is deleted with them.
    fn withdraw_oauth_consent(
        &self,
        parties: Parties,
        at: u64,
        most: usize,
        rule: Rule<Vec<u64>, Withdrawal>,
    ) -> StoreFuture<'_, bool>;

    /// Adds a code if the rule allows it. Deletes codes that ended long ago, and the oldest of its user and client that
    /// wait, beyond [`MOST_UNUSED`](crate::domain::oauth::code::MOST_UNUSED).
    fn add_oauth_code(&self, new: NewCode, rule: Rule<ConsentFacts>) -> StoreFuture<'_, ()>;

    /// Returns what the store knows of a code.
    fn oauth_code(&self, hash: [u8; 32]) -> StoreFuture<'_, Option<StoredCode>>;

    /// Uses a code as the rule says: adds the family that it returns, with the first refresh token. Returns what the rule
    /// returned, with the family's serial number.
    ///
    /// SECURITY: uses of a code exclude one another, and the withdrawal of its consent and the removal of its user and its
    /// client (PostgreSQL: the organization's row is locked, and then the code's).
    fn use_oauth_code(&self, hash: [u8; 32], rule: Rule<Option<StoredCode>, CodeUse>) -> StoreFuture<'_, CodeUse>;

    /// Returns the serial numbers of the families of the same user with the same client as this one that are neither revoked
    /// nor over at this time: without the newest `kept`, and at most so many.
    fn surplus_oauth_families(&self, family: u64, at: u64, kept: usize, most: usize) -> StoreFuture<'_, Vec<u64>>;

    /// Returns what the store knows of a refresh token, also if it was used or its family has ended.
    fn refresh_token(&self, hash: TokenHash) -> StoreFuture<'_, Option<RefreshFacts>>;

    /// Uses a refresh token as the rule says: marks it as used, adds the next one, and writes the family's new end. Returns what
    /// the rule returned. Of a family the last [`MOST_KEPT`](crate::domain::oauth::family::MOST_KEPT) are kept.
    ///
    /// The end moves with each use, like the time of a token's last use, and has no entry in the feed: nothing keeps the
    /// record of a family.
    ///
    /// SECURITY: uses of a family's tokens exclude one another and its revocation (PostgreSQL: the family's row is locked).
    fn use_refresh_token(
        &self,
        hash: TokenHash,
        next: TokenHash,
        at: u64,
        rule: Rule<Option<RefreshFacts>, RefreshUse>,
    ) -> StoreFuture<'_, RefreshUse>;

    /// Keeps an authorization request if the rule allows it, and deletes those that ended before `at`. The rule gets the
    /// number of its client's requests that are kept, up to `count_to`; those that are added at the same time may be missing.
    fn keep_oauth_request(
        &self,
        hash: [u8; 32],
        request: KeptRequest,
        at: u64,
        count_to: usize,
        rule: Rule<usize>,
    ) -> StoreFuture<'_, ()>;

    /// Returns a request that is kept, also one that has ended by its time.
    fn oauth_request(&self, hash: [u8; 32]) -> StoreFuture<'_, Option<KeptRequest>>;

    /// Deletes a request that is kept, and returns it: to one caller alone.
    fn take_oauth_request(&self, hash: [u8; 32]) -> StoreFuture<'_, Option<KeptRequest>>;
}
