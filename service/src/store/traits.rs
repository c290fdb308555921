//! The trait that every store implements: [`Store`]. Its parts about principals, signing in, OAuth, the audit trail and
//! the use of tokens are [`PrincipalStore`], [`SignInStore`], [`OAuthStore`], [`AuditStore`] and [`UseStore`].

use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use daypass::api::{OrganizationLimits, Revocation, RevocationTarget, TokenRecord};
use daypass::verify::TokenHash;
use daypass::{Catalog, Error, TokenKind};

use crate::domain::bundle::{
    ActiveBundles, BundleAddition, BundleFacts, NewBundle, Redemption, RedemptionFacts, StoredBundle,
};
use crate::domain::catalog_change::{StoredCatalog, TokenGrants};
use crate::domain::key::{KeyChange, StoredKey};
use crate::domain::last_use::TokenUse;
use crate::domain::organization::Organization;
use crate::domain::principal::Principal;
use crate::domain::retention::{MarkChange, MarkFacts};
use crate::domain::revocation::{JwtFacts, RevocationFacts};
use crate::domain::token::{AddFacts, NewToken, TokenState};
use crate::domain::token_edit::EditedToken;
use crate::domain::token_list::PageQuery;
use crate::domain::write_state::Probe;
use crate::store::{AuditStore, OAuthStore, PrincipalStore, SignInStore, UseStore};

/// A store that several tasks share.
pub(crate) type SharedStore = Arc<dyn Store>;

/// The result of an operation, once the store has answered.
pub(crate) type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// A pure function of [`domain`](crate::domain) that decides what an operation writes.
pub(crate) type Rule<F, T = ()> = Box<dyn Fn(&F) -> Result<T, Error> + Send + Sync>;

/// Which token is meant.
#[derive(Clone)]
pub(crate) enum TokenSelector {
    /// The one with this serial number.
    Serial(u64),
    /// The most recent one of an organization with this id.
    Id {
        /// The organization.
        organization: String,
        /// The id.
        id: String,
    },
}

/// What a store gets at a start, as far as it lacks it.
#[derive(Clone)]
pub(crate) struct Bootstrap {
    /// The first organization, unless there is one that is no operator.
    pub(crate) first: NewOrganization,
    /// The operator, unless there is one.
    pub(crate) operator: NewOrganization,
    /// The first signing key, which comes with the first organization.
    pub(crate) key: StoredKey,
}

/// What a start found, and what it wrote.
pub(crate) struct Bootstrapped {
    /// The id of the first organization that is no operator.
    pub(crate) organization: String,
    /// Whether this start wrote it.
    pub(crate) is_first_new: bool,
    /// Whether this start wrote the operator.
    pub(crate) is_operator_new: bool,
}

/// An organization to be stored, with its first token.
#[derive(Clone)]
pub(crate) struct NewOrganization {
    /// The organization.
    pub(crate) organization: Organization,
    /// The token that administers it.
    pub(crate) token: NewToken,
}

/// A token that was just added.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct AddedToken {
    /// Its serial number.
    pub(crate) serial: u64,
    /// The id of the principal that it belongs to, if any.
    pub(crate) owner: Option<String>,
}

/// What a store has for a page of a list.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TokenSlice {
    /// The tokens that the filter includes.
    pub(crate) tokens: Vec<TokenRecord>,
    /// The serial number below which the list goes on; `None` if it has no more tokens.
    pub(crate) next: Option<u64>,
}

/// What some tokens grant.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct GrantsSlice {
    /// Those of the tokens that are active.
    pub(crate) grants: Vec<TokenGrants>,
    /// The serial number after which to go on; `None` if there are no more tokens.
    pub(crate) next: Option<u64>,
}

/// What a running service polls, because other processes write to the store too.
pub(crate) struct Snapshot {
    /// The feed's last number.
    pub(crate) latest: u64,
    /// The number of the oldest mark, up to which entries of stored tokens and JWTs are deleted.
    pub(crate) deleted_up_to: u64,
    /// The newest mark.
    pub(crate) newest_mark: u64,
    /// The name of the history of the feed that these numbers are of, as in a [`FeedPage`].
    pub(crate) epoch: String,
    /// The signing keys, in the order in which they were added.
    pub(crate) keys: Vec<StoredKey>,
    /// The version of the catalogue; 0 without one.
    pub(crate) catalog_version: u64,
}

/// A page of the feed.
pub(crate) struct FeedPage {
    /// The entries, oldest first.
    pub(crate) revocations: Vec<Revocation>,
    /// The feed's last number.
    pub(crate) latest: u64,
    /// The number up to which entries of stored tokens and JWTs are deleted.
    pub(crate) deleted_up_to: u64,
    /// The name of the history of the feed, as in a [`RevocationPage`](daypass::api::RevocationPage).
    pub(crate) epoch: String,
}

/// A store of organizations, tokens, keys, revocations and the product's scopes. Several processes may use it.
///
/// Every operation is one transaction, complete once its future is ready; a future that is dropped may
/// still complete. An operation that decides takes the decision as a [`Rule`]: within its transaction
/// it reads the facts, calls the rule, and writes what the rule returned, or nothing if the rule
/// refused.
///
/// Why whole operations with rules, and not a transaction that the use cases drive statement by
/// statement: a transaction must not stay open while a task waits to be scheduled, or is dropped.
/// SQLite then needs one hand-over to a blocking thread for each operation, and PostgreSQL can lock,
/// read and write in as few round trips as it likes. The rules still exist once, in `domain`, for every
/// store. A rule is `Fn`, so that a store may retry a transaction that could not be serialized.
///
/// An operation that changes something adds entries to the audit trail, in its transaction: it notes what it changes, and
/// [`Acting`](crate::store::Acting) says who does it.
///
/// An implementation locks the rows that it reads facts from until it commits (SQLite:
/// `BEGIN IMMEDIATE`; PostgreSQL: `SELECT … FOR NO KEY UPDATE`), so that the facts hold when it writes. It
/// returns the rule's error, and [`Error::Unavailable`] when the database fails, with the cause in the
/// log.
pub(crate) trait Store: PrincipalStore + SignInStore + OAuthStore + AuditStore + UseStore {
    /// Returns the id of the first organization that is no operator, if the store has one.
    fn first_organization(&self) -> StoreFuture<'_, Option<String>>;

    /// Writes what a store needs and lacks.
    fn bootstrap(&self, bootstrap: Bootstrap) -> StoreFuture<'_, Bootstrapped>;

    /// Returns the organizations after one, oldest first, and at most so many.
    fn organizations(&self, after: Option<Organization>, most: usize) -> StoreFuture<'_, Vec<Organization>>;

    /// Returns the organization with this id.
    fn organization<'a>(&'a self, id: &'a str) -> StoreFuture<'a, Option<Organization>>;

    /// Adds an organization with its first token if the rule allows it, given the one that has its id. Returns the token's
    /// serial number.
    fn add_organization(&self, new: NewOrganization, rule: Rule<Option<Organization>>) -> StoreFuture<'_, u64>;

    /// Renames an organization if the rule allows it.
    fn rename_organization<'a>(
        &'a self,
        id: &'a str,
        name: &'a str,
        rule: Rule<Option<Organization>>,
    ) -> StoreFuture<'a, ()>;

    /// Sets the limits of an organization to those that the rule returns.
    fn set_limits<'a>(
        &'a self,
        id: &'a str,
        rule: Rule<Option<Organization>, OrganizationLimits>,
    ) -> StoreFuture<'a, ()>;

    /// Suspends an organization or resumes it, as the entry says that the rule returns, and adds the entry to the feed;
    /// nothing without one.
    ///
    /// The feed keeps an organization's newest entry of the levels `suspended` and `resumed` alone: earlier ones are
    /// deleted with the addition.
    fn change_suspension<'a>(
        &'a self,
        id: &'a str,
        at: u64,
        rule: Rule<Option<Organization>, Option<RevocationTarget>>,
    ) -> StoreFuture<'a, ()>;

    /// Returns a token's record, also if it is revoked or expired. Its `revoked_at` counts revocations
    /// of every level.
    fn token(&self, selector: TokenSelector) -> StoreFuture<'_, Option<TokenRecord>>;

    /// Returns the record of the token with this hash as of a moment after `since`, like [`token`](Store::token). Records
    /// that were read lately are kept in memory, up to a bound.
    ///
    /// SECURITY: every revocation, suspension and edit that was acknowledged before `since` is in the record, whichever
    /// process made it. The time of last use may be half a minute older.
    fn record(&self, hash: TokenHash, since: Instant) -> StoreFuture<'_, Option<Arc<TokenRecord>>>;

    /// Returns a number for everything that [`record`](Store::record) returns as of now, if it is known without waiting:
    /// a record that was read since the number was returned is as it was. Times of last use make no difference.
    fn records_version(&self) -> Option<u64>;

    /// Returns a page of an organization's tokens, newest first: those that the query's filter includes.
    ///
    /// The page ends when it has no more [room](PageQuery::has_room), or when `max_examined` tokens were compared with the
    /// filter. It costs about the same however many tokens the organization has, and the memory of what is in the page.
    fn token_page<'a>(&'a self, organization: &'a str, query: PageQuery) -> StoreFuture<'a, TokenSlice>;

    /// Counts an organization's tokens that are active at a time, by kind, without the bundle references: those that a
    /// revocation of what was issued before another time would end, if one is given.
    fn count_active<'a>(
        &'a self,
        organization: &'a str,
        issued_before: Option<u64>,
        now: u64,
    ) -> StoreFuture<'a, Vec<(TokenKind, u64)>>;

    /// Adds a token if the rule allows it, with the owner that the rule returns.
    ///
    /// [`AddFacts`] counts the tokens that are active at the new token's `created_at`, those of its kind up to what
    /// `count_to` returns for the organization: an implementation reads no more of them. Suspension makes no difference
    /// to the counts. Additions of an organization's tokens exclude one another
    /// (PostgreSQL: the organization's row is locked), so that the counts still hold.
    fn add_token(
        &self,
        new: NewToken,
        count_to: Rule<Option<Organization>, usize>,
        rule: Rule<AddFacts, Option<Principal>>,
    ) -> StoreFuture<'_, AddedToken>;

    /// Makes the edit that the rule returns for a token's record, if any, and adds the entry `changed` with the token's
    /// new version to the feed. Returns the record after that.
    fn edit_token(
        &self,
        serial: u64,
        at: u64,
        rule: Rule<Option<TokenRecord>, Option<EditedToken>>,
    ) -> StoreFuture<'_, TokenRecord>;

    /// Writes when tokens were last used, each unless a time is written that is later than the one that it
    /// [replaces](TokenUse::replaces).
    fn record_uses(&self, uses: Vec<TokenUse>) -> StoreFuture<'_, ()>;

    /// Checks a token's state against the rule, at a moment after the call at which it is neither being revoked nor edited.
    ///
    /// SECURITY: this serializes with [`revoke`](Store::revoke) and [`edit_token`](Store::edit_token) on the token's row. What was minted
    /// before the check and is handed out after it was minted before any revocation: a later one has a
    /// greater number in the feed than the JWT's `feed_seq`. PostgreSQL locks the row. SQLite has one writer of the
    /// whole store: a check for which the state is in memory finds that nobody writes and nothing was committed since;
    /// any other is a transaction that excludes all writers.
    fn check_token(&self, hash: TokenHash, rule: Rule<Option<TokenState>>) -> StoreFuture<'_, ()>;

    /// Adds a bundle reference if the rule allows it for its parent, with the end and the mark that the rule returns.
    /// Returns its end.
    ///
    /// References with an earlier mark than the rule returns are deleted, the oldest first and at most
    /// [`MOST_DELETED`](crate::domain::bundle::MOST_DELETED).
    ///
    /// SECURITY: like [`check_token`](Store::check_token), this serializes with the parent's revocation and edits.
    fn add_bundle(&self, new: NewBundle, rule: Rule<BundleFacts, BundleAddition>) -> StoreFuture<'_, u64>;

    /// Returns what a bundle reference stands for, also if it is revoked or expired.
    fn bundle(&self, reference: TokenHash) -> StoreFuture<'_, Option<StoredBundle>>;

    /// Counts the bundle references of the token with this serial number that were not revoked and expire after this time,
    /// up to [`MOST_COUNTED`](crate::domain::bundle::MOST_COUNTED) and one.
    fn count_bundles(&self, parent: u64, now: u64) -> StoreFuture<'_, ActiveBundles>;

    /// Writes the first redemption of a bundle reference if the rule returns one.
    ///
    /// SECURITY: redemptions of a reference exclude one another, and the revocations of the reference and of its parent, so
    /// that the facts still hold (PostgreSQL: the rows of the bundle, of its token and of its parent are locked).
    fn redeem_bundle(
        &self,
        reference: TokenHash,
        rule: Rule<Option<RedemptionFacts>, Option<Redemption>>,
    ) -> StoreFuture<'_, ()>;

    /// Returns the product's scopes, if they were set.
    fn catalog(&self) -> StoreFuture<'_, Option<StoredCatalog>>;

    /// Sets the product's scopes to those that the rule returns for the earlier ones, if any, with the next version.
    /// Returns whether it did.
    fn set_catalog(&self, rule: Rule<Option<StoredCatalog>, Option<Catalog>>) -> StoreFuture<'_, bool>;

    /// Reads so many tokens at most that have a greater serial number than `after`, in their order and without the bundle
    /// references, and returns what those grant that are active at a time. Suspension makes no difference.
    ///
    /// It costs about the same however many references there are, and tokens that are not active.
    fn active_grants(&self, after: u64, most: usize, now: u64) -> StoreFuture<'_, GrantsSlice>;

    /// Makes the changes that the rule returns for all keys, and returns them. A revocation also adds
    /// an entry to the feed. After a key was sealed, its earlier form is removed from the disk as far as the database can.
    fn change_keys(&self, rule: Rule<Vec<StoredKey>, Vec<KeyChange>>) -> StoreFuture<'_, Vec<KeyChange>>;

    /// Revokes what the rule returns for the target's facts: marks it, and adds an entry to the feed
    /// for each.
    ///
    /// SECURITY: the caller has checked that the target belongs to `organization`.
    fn revoke<'a>(
        &'a self,
        organization: &'a str,
        target: RevocationTarget,
        at: u64,
        rule: Rule<RevocationFacts, Vec<RevocationTarget>>,
    ) -> StoreFuture<'a, ()>;

    /// Returns the newest entry for a target. Of `IssuedBefore` that is the organization's newest, at any time.
    fn entry(&self, target: RevocationTarget) -> StoreFuture<'_, Option<Revocation>>;

    /// Returns what the store knows of the JWT with this root and this `jti`.
    fn jwt<'a>(&'a self, root_serial: u64, jti: &'a str) -> StoreFuture<'a, JwtFacts>;

    /// Returns a page of the feed, as an organization sees it: its own entries, and those for all;
    /// without one, the entries of every organization. The rule gets the feed's last number and returns
    /// the one after which the page begins.
    fn revocations<'a>(&'a self, organization: Option<&'a str>, after: Rule<u64, u64>) -> StoreFuture<'a, FeedPage>;

    /// Adds the mark that the rule returns, if any, and deletes the marks before the oldest to keep, with the
    /// entries of stored tokens, their edits and JWTs up to that one's number. The feed's numbers go on, and the entries
    /// of organizations and keys are few and stay.
    ///
    /// SECURITY: a reader of the feed that misses a deleted entry gets the number up to which entries are
    /// deleted, because both are of one transaction.
    fn add_mark(&self, rule: Rule<MarkFacts, Option<MarkChange>>) -> StoreFuture<'_, ()>;

    /// Returns where the feed and its marks are, the keys, and the catalogue's version, as of one moment.
    ///
    /// SECURITY: this and [`subscriber`](Store::subscriber) are what heartbeats say. An implementation answers them
    /// also while callers read as much as they can.
    fn snapshot(&self) -> StoreFuture<'_, Snapshot>;

    /// Returns the time of the newest token, entry of the feed or signing key: a clock that shows an earlier one is wrong, or
    /// one was that wrote it.
    fn newest_time(&self) -> StoreFuture<'_, u64>;

    /// Returns the state of a subscriber's token, if the store has it.
    fn subscriber(&self, token: TokenHash) -> StoreFuture<'_, Option<TokenState>>;

    /// Finds out whether a revocation could be written, by a write that revokes nothing, and reserves space for
    /// revocations if it knows its disk, a part of `reserve_bytes`.
    fn probe(&self, reserve_bytes: u64) -> StoreFuture<'_, Probe>;

    /// Waits until a write of this process has failed since the last call.
    fn write_failed(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;

    /// Asks this rule from now on before an operation that only adds, given how many bytes are free if the store knows.
    ///
    /// SECURITY: only what adds asks it. Revocations, suspensions, edits, sign-ins and the ends of sessions do not, so
    /// that they go on when nothing may be added.
    fn guard_additions(&self, rule: Rule<Option<u64>>);

    /// Waits until this process has revoked something or changed the keys since the last call.
    fn changed(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}
