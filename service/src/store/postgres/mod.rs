//! A store in a PostgreSQL database, which several nodes share: [`PostgresStore`].

mod bundles;
mod catalog;
mod connection;
mod failure;
mod feed;
mod keys;
mod listener;
mod marks;
mod migrations;
mod operation;
mod organizations;
mod records;
mod revocations;
mod sql;
#[cfg(test)]
mod tests;
mod token_list;
mod tokens;

use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use daypass::api::{OrganizationLimits, Revocation, RevocationTarget, TokenRecord};
use daypass::verify::TokenHash;
use daypass::{Catalog, Error, TokenKind};
use deadpool_postgres::{Client, Pool};
use tokio::time::timeout;
use tokio_postgres::IsolationLevel;

use super::location::DatabaseUrl;
use super::{
    Bootstrap, Bootstrapped, FeedPage, NewOrganization, Rule, Snapshot, Store, StoreFuture, TokenSelector, TokenSlice,
};
use crate::domain::bundle::{NewBundle, Redemption, RedemptionFacts, StoredBundle};
use crate::domain::catalog_change::{StoredCatalog, TokenGrants};
use crate::domain::key::{KeyChange, StoredKey};
use crate::domain::last_use::TokenUse;
use crate::domain::organization::Organization;
use crate::domain::retention::{MarkChange, MarkFacts};
use crate::domain::revocation::{JwtFacts, RevocationFacts};
use crate::domain::token::{AddFacts, NewToken, TokenState};
use crate::domain::token_edit::EditedToken;
use crate::domain::token_list::PageQuery;
use connection::PATIENCE;
use failure::Failure;
use listener::Listener;
use operation::{InTransaction, Operation, in_time, read};
use records::Records;

/// How often a transaction is tried that another one prevented.
const ATTEMPTS: usize = 5;

/// How many uses of tokens one transaction writes at most.
const USES: usize = 1000;

/// A store in a PostgreSQL database.
///
/// Transactions run at `READ COMMITTED` and lock the rows that they decide by. They lock in one order: the row of the
/// feed, organizations, tokens.
pub(super) struct PostgresStore {
    /// Read, and wait for no writer.
    readers: Pool,
    writers: Pool,
    /// Check tokens, and wait for a revocation that has begun.
    checkers: Pool,
    /// Read what can take long: lists and counts of tokens. The feed must not wait for them, or its heartbeats would
    /// stop and every subscriber would refuse all requests.
    list_readers: Pool,
    listener: Listener,
    records: Records,
}

impl PostgresStore {
    /// Opens a store, and creates its tables if there are none.
    pub(super) async fn create(url: &DatabaseUrl) -> anyhow::Result<PostgresStore> {
        let config = connection::config(url)?;
        migrations::migrate(&mut connection::connect(url, &config).await?).await?;
        PostgresStore::new(config)
    }

    /// Opens a store, if the database has one.
    pub(super) async fn open(url: &DatabaseUrl) -> anyhow::Result<Option<PostgresStore>> {
        let config = connection::config(url)?;
        let mut client = connection::connect(url, &config).await?;
        if !migrations::has_store(&client).await? {
            return Ok(None);
        }
        migrations::migrate(&mut client).await?;
        PostgresStore::new(config).map(Some)
    }

    fn new(config: tokio_postgres::Config) -> anyhow::Result<PostgresStore> {
        Ok(PostgresStore {
            readers: connection::readers(&config, 6)?,
            writers: connection::writers(&config, 6)?,
            checkers: connection::readers(&config, 4)?,
            list_readers: connection::readers(&config, 2)?,
            listener: Listener::new(config),
            records: Records::new(),
        })
    }

    /// Runs an operation that reads with one statement.
    async fn read<A, T>(&self, arguments: A, operation: Operation<Client, A, T>) -> Result<T, Error> {
        Failure::log(read(&self.readers, &arguments, operation).await)
    }

    /// Runs an operation that reads what can take long.
    async fn read_list<A, T>(&self, arguments: A, operation: Operation<Client, A, T>) -> Result<T, Error> {
        Failure::log(read(&self.list_readers, &arguments, operation).await)
    }

    /// Runs an operation that reads with several statements, all as of one moment.
    async fn read_together<A, T>(&self, arguments: A, operation: InTransaction<A, T>) -> Result<T, Error> {
        let read = async {
            let mut connection = self.readers.get().await?;
            let reading = async {
                let start = connection.build_transaction().isolation_level(IsolationLevel::RepeatableRead);
                let transaction = start.read_only(true).start().await?;
                let done = operation(&transaction, &arguments).await?;
                transaction.commit().await?;
                Ok(done)
            };
            let done = timeout(PATIENCE, reading).await;
            in_time(connection, done)
        };
        Failure::log(read.await)
    }

    /// Runs an operation that writes, again if another transaction prevented it.
    async fn write<A, T>(&self, arguments: A, operation: InTransaction<A, T>) -> Result<T, Error> {
        let mut attempt = 1;
        loop {
            match self.write_once(&arguments, operation).await {
                Err(failure) if failure.is_conflict() && attempt < ATTEMPTS => attempt += 1,
                written => return Failure::log(written),
            }
        }
    }

    async fn write_once<A, T>(&self, arguments: &A, operation: InTransaction<A, T>) -> Result<T, Failure> {
        let mut connection = self.writers.get().await?;
        let writing = async {
            let transaction = connection.transaction().await?;
            let done = operation(&transaction, arguments).await?;
            transaction.commit().await?;
            Ok(done)
        };
        let done = timeout(PATIENCE, writing).await;
        in_time(connection, done)
    }

    /// Runs an operation that writes something for [`Store::changed`] to tell.
    async fn change<A, T>(&self, arguments: A, operation: InTransaction<A, T>) -> Result<T, Error> {
        let done = self.write(arguments, operation).await?;
        self.listener.wake();
        Ok(done)
    }
}

impl Store for PostgresStore {
    fn first_organization(&self) -> StoreFuture<'_, Option<String>> {
        Box::pin(self.read((), |client, ()| Box::pin(organizations::first(client))))
    }

    fn bootstrap(&self, bootstrap: Bootstrap) -> StoreFuture<'_, Bootstrapped> {
        Box::pin(
            self.write(bootstrap, |transaction, bootstrap| Box::pin(organizations::bootstrap(transaction, bootstrap))),
        )
    }

    fn organizations(&self, after: Option<Organization>, most: usize) -> StoreFuture<'_, Vec<Organization>> {
        Box::pin(
            self.read((after, most), |client, (after, most)| {
                Box::pin(organizations::page(client, after.as_ref(), *most))
            }),
        )
    }

    fn organization<'a>(&'a self, id: &'a str) -> StoreFuture<'a, Option<Organization>> {
        Box::pin(self.read(id, |client, id| Box::pin(organizations::find(client, id))))
    }

    fn add_organization(&self, new: NewOrganization, rule: Rule<Option<Organization>>) -> StoreFuture<'_, u64> {
        Box::pin(
            self.write((new, rule), |transaction, (new, rule)| Box::pin(organizations::add(transaction, new, rule))),
        )
    }

    fn rename_organization<'a>(
        &'a self,
        id: &'a str,
        name: &'a str,
        rule: Rule<Option<Organization>>,
    ) -> StoreFuture<'a, ()> {
        Box::pin(self.write((id, name, rule), |transaction, (id, name, rule)| {
            Box::pin(organizations::rename(transaction, id, name, rule))
        }))
    }

    fn set_limits<'a>(
        &'a self,
        id: &'a str,
        rule: Rule<Option<Organization>, OrganizationLimits>,
    ) -> StoreFuture<'a, ()> {
        Box::pin(
            self.write((id, rule), |transaction, (id, rule)| {
                Box::pin(organizations::set_limits(transaction, id, rule))
            }),
        )
    }

    fn change_suspension<'a>(
        &'a self,
        id: &'a str,
        at: u64,
        rule: Rule<Option<Organization>, Option<RevocationTarget>>,
    ) -> StoreFuture<'a, ()> {
        Box::pin(self.change((id, at, rule), |transaction, (id, at, rule)| {
            Box::pin(organizations::change_suspension(transaction, id, *at, rule))
        }))
    }

    fn token(&self, selector: TokenSelector) -> StoreFuture<'_, Option<TokenRecord>> {
        Box::pin(self.read(selector, |client, selector| Box::pin(tokens::token(client, selector))))
    }

    fn record(&self, hash: TokenHash, since: Instant) -> StoreFuture<'_, Option<Arc<TokenRecord>>> {
        Box::pin(self.find_record(hash, since))
    }

    fn records_version(&self) -> Option<u64> {
        // It takes a question to the database.
        None
    }

    fn token_page<'a>(&'a self, organization: &'a str, query: PageQuery) -> StoreFuture<'a, TokenSlice> {
        Box::pin(self.read_list((organization, query), |client, (organization, query)| {
            Box::pin(token_list::page(client, organization, query))
        }))
    }

    fn count_active<'a>(
        &'a self,
        organization: &'a str,
        created_before: Option<u64>,
        now: u64,
    ) -> StoreFuture<'a, Vec<(TokenKind, u64)>> {
        Box::pin(self.read_list((organization, created_before, now), |client, (organization, created_before, now)| {
            Box::pin(token_list::count_active(client, organization, *created_before, *now))
        }))
    }

    fn add_token(
        &self,
        new: NewToken,
        count_to: Rule<Option<Organization>, usize>,
        rule: Rule<AddFacts>,
    ) -> StoreFuture<'_, u64> {
        Box::pin(self.write((new, count_to, rule), |transaction, (new, count_to, rule)| {
            Box::pin(tokens::add(transaction, new, count_to, rule))
        }))
    }

    fn edit_token(
        &self,
        serial: u64,
        at: u64,
        rule: Rule<Option<TokenRecord>, Option<EditedToken>>,
    ) -> StoreFuture<'_, TokenRecord> {
        Box::pin(self.change((serial, at, rule), |transaction, (serial, at, rule)| {
            Box::pin(tokens::edit(transaction, *serial, *at, rule))
        }))
    }

    fn record_uses(&self, uses: Vec<TokenUse>) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            // Not all at once: the rows stay locked until they are written.
            for some in uses.chunks(USES) {
                self.write(some, |transaction, some| Box::pin(tokens::record_uses(transaction, some))).await?;
            }
            Ok(())
        })
    }

    fn check_token(&self, hash: TokenHash, rule: Rule<Option<TokenState>>) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            let check: Operation<_, _, _> = |client, (hash, rule)| Box::pin(tokens::check(client, *hash, rule));
            Failure::log(read(&self.checkers, &(hash, rule), check).await)
        })
    }

    fn add_bundle(&self, new: NewBundle, delete_before: u64, rule: Rule<Option<TokenState>>) -> StoreFuture<'_, ()> {
        Box::pin(self.write((new, delete_before, rule), |transaction, (new, delete_before, rule)| {
            Box::pin(bundles::add(transaction, new, *delete_before, rule))
        }))
    }

    fn bundle(&self, reference: TokenHash) -> StoreFuture<'_, Option<StoredBundle>> {
        Box::pin(self.read(reference, |client, reference| Box::pin(bundles::find_bundle(client, *reference))))
    }

    fn redeem_bundle(
        &self,
        reference: TokenHash,
        rule: Rule<Option<RedemptionFacts>, Option<Redemption>>,
    ) -> StoreFuture<'_, ()> {
        Box::pin(self.write((reference, rule), |transaction, (reference, rule)| {
            Box::pin(bundles::redeem(transaction, *reference, rule))
        }))
    }

    fn catalog(&self) -> StoreFuture<'_, Option<StoredCatalog>> {
        Box::pin(self.read((), |client, ()| Box::pin(catalog::find(client))))
    }

    fn set_catalog(&self, rule: Rule<Option<StoredCatalog>, Option<Catalog>>) -> StoreFuture<'_, bool> {
        Box::pin(self.change(rule, |transaction, rule| Box::pin(catalog::set(transaction, rule))))
    }

    fn active_grants(&self, after: u64, most: usize, now: u64) -> StoreFuture<'_, Vec<TokenGrants>> {
        Box::pin(self.read_list((after, most, now), |client, (after, most, now)| {
            Box::pin(catalog::active_grants(client, *after, *most, *now))
        }))
    }

    fn keys(&self) -> StoreFuture<'_, Vec<StoredKey>> {
        Box::pin(self.read((), |client, ()| Box::pin(keys::keys(client))))
    }

    fn change_keys(&self, rule: Rule<Vec<StoredKey>, Vec<KeyChange>>) -> StoreFuture<'_, Vec<KeyChange>> {
        Box::pin(self.change(rule, |transaction, rule| Box::pin(keys::change(transaction, rule))))
    }

    fn revoke<'a>(
        &'a self,
        organization: &'a str,
        target: RevocationTarget,
        at: u64,
        rule: Rule<RevocationFacts, Vec<RevocationTarget>>,
    ) -> StoreFuture<'a, ()> {
        Box::pin(self.change((organization, target, at, rule), |transaction, (organization, target, at, rule)| {
            Box::pin(revocations::revoke(transaction, organization, target, *at, rule))
        }))
    }

    fn entry(&self, target: RevocationTarget) -> StoreFuture<'_, Option<Revocation>> {
        Box::pin(self.read(target, |client, target| Box::pin(feed::newest_entry(client, target))))
    }

    fn jwt<'a>(&'a self, root_serial: u64, jti: &'a str) -> StoreFuture<'a, JwtFacts> {
        Box::pin(self.read((root_serial, jti), |client, (root_serial, jti)| {
            Box::pin(revocations::jwt(client, *root_serial, jti))
        }))
    }

    fn revocations<'a>(&'a self, organization: Option<&'a str>, after: Rule<u64, u64>) -> StoreFuture<'a, FeedPage> {
        Box::pin(self.read_together((organization, after), |transaction, (organization, after)| {
            Box::pin(async {
                let feed::Position { latest, epoch } = feed::position(transaction).await?;
                let revocations = feed::page(transaction, *organization, after(&latest)?).await?;
                let deleted_up_to = marks::oldest(transaction).await?.seq;
                Ok(FeedPage { revocations, latest, deleted_up_to, epoch })
            })
        }))
    }

    fn add_mark(&self, rule: Rule<MarkFacts, Option<MarkChange>>) -> StoreFuture<'_, ()> {
        Box::pin(self.write(rule, |transaction, rule| Box::pin(marks::add(transaction, rule))))
    }

    fn snapshot(&self) -> StoreFuture<'_, Snapshot> {
        Box::pin(self.read_together((), |transaction, ()| {
            Box::pin(async {
                let feed::Position { latest, epoch } = feed::position(transaction).await?;
                let deleted_up_to = marks::oldest(transaction).await?.seq;
                let newest_mark = marks::newest(transaction).await?.number;
                let catalog_version = catalog::version(transaction).await?;
                let keys = keys::keys(transaction).await?;
                Ok(Snapshot { latest, deleted_up_to, newest_mark, epoch, keys, catalog_version })
            })
        }))
    }

    fn changed(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(self.listener.changed())
    }
}
