//! A store in one SQLite file: [`SqliteStore`].

mod audit;
mod backup;
mod batch;
mod bundles;
mod catalog;
mod client_cache;
mod commits;
mod connection;
mod disk;
mod failure;
mod file;
mod follower;
mod history;
mod invitations;
mod keys;
mod marks;
mod oauth;
mod oauth_families;
mod organizations;
mod principals;
mod records;
mod revocations;
mod run;
mod sign_in;
#[cfg(test)]
mod tests;
mod token_list;
mod token_use;
mod tokens;

use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use daypass::api::{OrganizationLimits, Revocation, RevocationTarget, TokenRecord};
use daypass::verify::TokenHash;
use daypass::{Catalog, TokenKind};
use rusqlite::types::Type;
use rusqlite::{Connection, Transaction};
use tokio::sync::{Mutex, Notify};

use super::record_cache::RecordCache;
use super::{
    AddedToken, Bootstrap, Bootstrapped, FeedPage, GrantsSlice, NewOrganization, Rule, Snapshot, Store, StoreFuture,
    TokenSelector, TokenSlice,
};
use crate::domain::bundle::{
    ActiveBundles, BundleAddition, BundleFacts, NewBundle, Redemption, RedemptionFacts, StoredBundle,
};
use crate::domain::catalog_change::StoredCatalog;
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

use batch::Waiting;
use client_cache::ClientCache;
use disk::Disk;
use failure::Failure;
use follower::Follower;

pub(super) use backup::{back_up, restore, schema};
pub(super) use file::{create, require_no_link, require_not_lost};
use history::{History, Position};

/// A store in one SQLite file, which several processes may have open.
pub(super) struct SqliteStore {
    writer: Arc<Mutex<Connection>>,
    /// What waits for it.
    waiting: Arc<Waiting>,
    /// Held by what revokes much.
    much: Mutex<()>,
    /// Held by what counts the use of tokens, so that no transaction counts much: revocations wait for it.
    counting: Mutex<()>,
    /// Reads, and waits for no writer.
    reader: Arc<Mutex<Connection>>,
    /// Reads what heartbeats say. No caller can make them wait: without heartbeats every subscriber refuses all
    /// requests.
    heartbeat_reader: Arc<Mutex<Connection>>,
    /// Reads what can take long: lists and counts of tokens.
    list_reader: Arc<Mutex<Connection>>,
    /// The records that were looked up lately.
    records: Arc<RecordCache>,
    /// Keeps them as the file has them.
    follower: Arc<Mutex<Follower>>,
    clients: ClientCache,
    file: Arc<file::File>,
    disk: Arc<Disk>,
    history: Arc<History>,
    changes: Notify,
    /// Told of writes that failed.
    failures: Notify,
    /// What is asked before something is added.
    additions: OnceLock<Rule<Option<u64>>>,
}

impl SqliteStore {
    /// Opens a store whose file exists.
    pub(super) fn open(path: &Path) -> anyhow::Result<SqliteStore> {
        file::protect(path)?;
        let (writer, history) = (connection::open_writer(path)?, History::beside(path));
        // Before anything is written: the store may have been restored.
        Failure::log(history.position(&writer))?;
        let reader = || Ok::<_, anyhow::Error>(Arc::new(Mutex::new(connection::open_reader(path)?)));
        let follower = Follower::new(connection::open_reader(path)?, path)?;
        Ok(SqliteStore {
            writer: Arc::new(Mutex::new(writer)),
            waiting: Arc::default(),
            much: Mutex::new(()),
            counting: Mutex::new(()),
            reader: reader()?,
            heartbeat_reader: reader()?,
            list_reader: reader()?,
            records: Arc::new(RecordCache::new()),
            follower: Arc::new(Mutex::new(follower)),
            clients: ClientCache::new(path)?,
            file: Arc::new(file::File::open(path)?),
            disk: Arc::new(Disk::of(path)),
            history: Arc::new(history),
            changes: Notify::new(),
            failures: Notify::new(),
            additions: OnceLock::new(),
        })
    }
}

impl Store for SqliteStore {
    fn first_organization(&self) -> StoreFuture<'_, Option<String>> {
        self.read(organizations::first)
    }

    fn bootstrap(&self, bootstrap: Bootstrap) -> StoreFuture<'_, Bootstrapped> {
        self.write(move |transaction| organizations::bootstrap(transaction, &bootstrap))
    }

    fn organizations(&self, after: Option<Organization>, most: usize) -> StoreFuture<'_, Vec<Organization>> {
        self.read(move |connection| organizations::page(connection, after.as_ref(), most))
    }

    fn organization<'a>(&'a self, id: &'a str) -> StoreFuture<'a, Option<Organization>> {
        let id = id.to_owned();
        self.read(move |connection| organizations::find(connection, &id))
    }

    fn add_organization(&self, new: NewOrganization, rule: Rule<Option<Organization>>) -> StoreFuture<'_, u64> {
        self.add(move |transaction| organizations::add(transaction, &new, &rule))
    }

    fn rename_organization<'a>(
        &'a self,
        id: &'a str,
        name: &'a str,
        rule: Rule<Option<Organization>>,
    ) -> StoreFuture<'a, ()> {
        let (id, name) = (id.to_owned(), name.to_owned());
        self.add(move |transaction| organizations::rename(transaction, &id, &name, &rule))
    }

    fn set_limits<'a>(
        &'a self,
        id: &'a str,
        rule: Rule<Option<Organization>, OrganizationLimits>,
    ) -> StoreFuture<'a, ()> {
        let id = id.to_owned();
        self.add(move |transaction| organizations::set_limits(transaction, &id, &rule))
    }

    fn change_suspension<'a>(
        &'a self,
        id: &'a str,
        at: u64,
        rule: Rule<Option<Organization>, Option<RevocationTarget>>,
    ) -> StoreFuture<'a, ()> {
        let id = id.to_owned();
        self.revoking(move |transaction| organizations::change_suspension(transaction, &id, at, &rule))
    }

    fn token(&self, selector: TokenSelector) -> StoreFuture<'_, Option<TokenRecord>> {
        self.read(move |connection| tokens::token(connection, &selector))
    }

    fn record(&self, hash: TokenHash, since: Instant) -> StoreFuture<'_, Option<Arc<TokenRecord>>> {
        Box::pin(self.find_record(hash, since))
    }

    fn records_version(&self) -> Option<u64> {
        self.is_level(Instant::now()).then(|| self.records.version())
    }

    fn token_page<'a>(&'a self, organization: &'a str, query: PageQuery) -> StoreFuture<'a, TokenSlice> {
        let organization = organization.to_owned();
        self.read_list(move |connection| token_list::page(connection, &organization, &query))
    }

    fn count_active<'a>(
        &'a self,
        organization: &'a str,
        issued_before: Option<u64>,
        now: u64,
    ) -> StoreFuture<'a, Vec<(TokenKind, u64)>> {
        let organization = organization.to_owned();
        self.read_list(move |connection| token_list::count_active(connection, &organization, issued_before, now))
    }

    fn add_token(
        &self,
        new: NewToken,
        count_to: Rule<Option<Organization>, usize>,
        rule: Rule<AddFacts, Option<Principal>>,
    ) -> StoreFuture<'_, AddedToken> {
        self.add(move |transaction| tokens::add(transaction, &new, &count_to, &rule))
    }

    fn edit_token(
        &self,
        serial: u64,
        at: u64,
        rule: Rule<Option<TokenRecord>, Option<EditedToken>>,
    ) -> StoreFuture<'_, TokenRecord> {
        self.change(move |transaction| tokens::edit(transaction, serial, at, &rule))
    }

    fn record_uses(&self, uses: Vec<TokenUse>) -> StoreFuture<'_, ()> {
        self.write(move |transaction| tokens::record_uses(transaction, &uses))
    }

    fn check_token(&self, hash: TokenHash, rule: Rule<Option<TokenState>>) -> StoreFuture<'_, ()> {
        if let Some(state) = self.settled_state(&hash) {
            return Box::pin(std::future::ready(rule(&Some(state))));
        }
        self.write(move |transaction| Ok(rule(&tokens::state(transaction, hash)?.map(|(_, state)| state))?))
    }

    fn add_bundle(&self, new: NewBundle, rule: Rule<BundleFacts, BundleAddition>) -> StoreFuture<'_, u64> {
        self.add(move |transaction| bundles::add(transaction, &new, &rule))
    }

    fn bundle(&self, reference: TokenHash) -> StoreFuture<'_, Option<StoredBundle>> {
        self.read(move |connection| bundles::bundle(connection, reference))
    }

    fn count_bundles(&self, parent: u64, now: u64) -> StoreFuture<'_, ActiveBundles> {
        self.read_list(move |connection| bundles::count(connection, parent, now))
    }

    fn redeem_bundle(
        &self,
        reference: TokenHash,
        rule: Rule<Option<RedemptionFacts>, Option<Redemption>>,
    ) -> StoreFuture<'_, ()> {
        self.write(move |transaction| bundles::redeem(transaction, reference, &rule))
    }

    fn catalog(&self) -> StoreFuture<'_, Option<StoredCatalog>> {
        self.read(catalog::find)
    }

    fn set_catalog(&self, rule: Rule<Option<StoredCatalog>, Option<Catalog>>) -> StoreFuture<'_, bool> {
        self.write(move |transaction| catalog::set(transaction, &rule))
    }

    fn active_grants(&self, after: u64, most: usize, now: u64) -> StoreFuture<'_, GrantsSlice> {
        self.read_list(move |connection| catalog::active_grants(connection, after, most, now))
    }

    fn change_keys(&self, rule: Rule<Vec<StoredKey>, Vec<KeyChange>>) -> StoreFuture<'_, Vec<KeyChange>> {
        Box::pin(async {
            let changes = self.revoking(move |transaction| keys::change(transaction, &rule)).await?;
            let is_sealed = changes.iter().any(|change| matches!(change, KeyChange::Seal { .. }));
            // The change is made, whatever becomes of this: a reader can be in its way.
            if is_sealed
                && !self.run(&self.writer, |connection| connection::empty_log(connection)).await.unwrap_or(false)
            {
                tracing::warn!(
                    "the signing keys are sealed, but the store's log can still have them as they were before, until \
                     the last process that has the store open has ended: stop what reads it, and the service once"
                );
            }
            Ok(changes)
        })
    }

    fn revoke<'a>(
        &'a self,
        organization: &'a str,
        target: RevocationTarget,
        at: u64,
        rule: Rule<RevocationFacts, Vec<RevocationTarget>>,
    ) -> StoreFuture<'a, ()> {
        let organization = organization.to_owned();
        let is_much = matches!(target, RevocationTarget::IssuedBefore { .. });
        let revoke =
            move |transaction: &Transaction<'_>| revocations::revoke(transaction, &organization, &target, at, &rule);
        if is_much { self.revoking_much(revoke) } else { self.revoking(revoke) }
    }

    fn entry(&self, target: RevocationTarget) -> StoreFuture<'_, Option<Revocation>> {
        self.read(move |connection| revocations::newest_entry(connection, &target))
    }

    fn jwt<'a>(&'a self, root_serial: u64, jti: &'a str) -> StoreFuture<'a, JwtFacts> {
        let jti = jti.to_owned();
        self.read_together(&self.reader, move |transaction| revocations::jwt(transaction, root_serial, &jti))
    }

    fn revocations<'a>(&'a self, organization: Option<&'a str>, after: Rule<u64, u64>) -> StoreFuture<'a, FeedPage> {
        let (organization, history) = (organization.map(str::to_owned), Arc::clone(&self.history));
        self.read_together(&self.reader, move |transaction| {
            let Position { latest, epoch } = history.position(transaction)?;
            let revocations = revocations::page(transaction, organization.as_deref(), after(&latest)?)?;
            Ok(FeedPage { revocations, latest, deleted_up_to: marks::oldest(transaction)?.seq, epoch })
        })
    }

    fn add_mark(&self, rule: Rule<MarkFacts, Option<MarkChange>>) -> StoreFuture<'_, ()> {
        self.write(move |transaction| marks::add(transaction, &rule))
    }

    fn snapshot(&self) -> StoreFuture<'_, Snapshot> {
        let history = Arc::clone(&self.history);
        self.read_together(&self.heartbeat_reader, move |transaction| {
            let Position { latest, epoch } = history.position(transaction)?;
            Ok(Snapshot {
                latest,
                deleted_up_to: marks::oldest(transaction)?.seq,
                newest_mark: marks::newest(transaction)?.number,
                epoch,
                keys: keys::keys(transaction)?,
                catalog_version: catalog::version(transaction)?,
            })
        })
    }

    fn newest_time(&self) -> StoreFuture<'_, u64> {
        self.read(marks::newest_time)
    }

    fn subscriber(&self, token: TokenHash) -> StoreFuture<'_, Option<TokenState>> {
        Box::pin(self.run(&self.heartbeat_reader, move |connection| {
            Ok(tokens::state(connection, token)?.map(|(_, state)| state))
        }))
    }

    fn probe(&self, reserve_bytes: u64) -> StoreFuture<'_, Probe> {
        Box::pin(self.write_probe(reserve_bytes))
    }

    fn write_failed(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(self.failures.notified())
    }

    fn guard_additions(&self, rule: Rule<Option<u64>>) {
        // One service runs on a store.
        let _ = self.additions.set(rule);
    }

    fn changed(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(self.changes.notified())
    }
}

/// The error for a column whose text cannot be read.
fn unreadable(column: usize, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, cause.into())
}
