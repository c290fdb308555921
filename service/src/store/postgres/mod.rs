//! A store in a PostgreSQL database, which several nodes share: [`PostgresStore`].
//!
//! Long because every operation of the store is one of its methods.

mod audit;
mod backup;
mod bundles;
mod catalog;
mod connection;
mod failure;
mod feed;
mod invitations;
mod keys;
mod listener;
mod marks;
mod migrations;
mod oauth;
mod oauth_families;
mod organizations;
mod principals;
mod records;
mod revocations;
mod run;
mod sign_in;
mod sql;
#[cfg(test)]
mod tests;
mod tls;
mod token_list;
mod token_use;
mod tokens;
mod turns;

use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use daypass::api::{OrganizationLimits, Revocation, RevocationTarget, TokenRecord};
use daypass::verify::TokenHash;
use daypass::{Catalog, TokenKind};
use deadpool_postgres::Pool;
use tokio::sync::{Mutex, Notify};

use super::location::DatabaseUrl;
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
pub(super) use backup::{back_up, restore, schema};
use connection::Settings;
use failure::Failure;
use listener::Listener;
use records::Records;
use run::read;
use turns::Turns;

/// A store in a PostgreSQL database.
///
/// Transactions run at `READ COMMITTED` and lock the rows that they decide by. They lock in one order: the row of the
/// feed, organizations, principals, tokens.
pub(super) struct PostgresStore {
    /// Read, and wait for no writer.
    readers: Pool,
    writers: Pool,
    /// Revoke, and wait for no other writer.
    revokers: Pool,
    /// Finds out whether revocations can be written, also while all other connections are in use.
    prober: Pool,
    /// Held by what revokes much.
    much: Mutex<()>,
    /// Held by what counts the use of tokens, so that other writers find a connection.
    counting: Mutex<()>,
    /// Taken by what revokes single tokens.
    turns: Turns,
    /// Check tokens, and wait for a revocation that has begun.
    checkers: Pool,
    /// Read what can take long: lists and counts of tokens.
    list_readers: Pool,
    /// Read what heartbeats say. No caller can make them wait: without heartbeats every subscriber refuses all requests.
    heartbeat_readers: Pool,
    listener: Listener,
    records: Records,
    /// Told of writes that failed.
    failures: Notify,
    /// What is asked before something is added.
    additions: OnceLock<Rule<Option<u64>>>,
}

impl PostgresStore {
    /// Opens a store, and creates its tables if there are none.
    pub(super) async fn create(url: &DatabaseUrl) -> anyhow::Result<PostgresStore> {
        let settings = connection::settings(url)?;
        migrations::migrate(&mut connection::connect(url, &settings).await?, url).await?;
        PostgresStore::new(settings)
    }

    /// Opens a store, if the database has one, whose tables have the newest version.
    pub(super) async fn open(url: &DatabaseUrl) -> anyhow::Result<Option<PostgresStore>> {
        let settings = connection::settings(url)?;
        let client = connection::connect(url, &settings).await?;
        if !migrations::has_store(&client).await? {
            return Ok(None);
        }
        migrations::schema(&client).await?.require_current(url)?;
        PostgresStore::new(settings).map(Some)
    }

    fn new(settings: Settings) -> anyhow::Result<PostgresStore> {
        Ok(PostgresStore {
            readers: connection::readers(&settings, 6)?,
            writers: connection::writers(&settings, 6)?,
            revokers: connection::writers(&settings, 2)?,
            prober: connection::writers(&settings, 1)?,
            much: Mutex::new(()),
            counting: Mutex::new(()),
            turns: Turns::default(),
            checkers: connection::readers(&settings, 4)?,
            list_readers: connection::readers(&settings, 2)?,
            heartbeat_readers: connection::readers(&settings, 2)?,
            listener: Listener::new(settings),
            records: Records::new(),
            failures: Notify::new(),
            additions: OnceLock::new(),
        })
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
        Box::pin(self.add((new, rule), |transaction, (new, rule)| Box::pin(organizations::add(transaction, new, rule))))
    }

    fn rename_organization<'a>(
        &'a self,
        id: &'a str,
        name: &'a str,
        rule: Rule<Option<Organization>>,
    ) -> StoreFuture<'a, ()> {
        Box::pin(self.add((id, name, rule), |transaction, (id, name, rule)| {
            Box::pin(organizations::rename(transaction, id, name, rule))
        }))
    }

    fn set_limits<'a>(
        &'a self,
        id: &'a str,
        rule: Rule<Option<Organization>, OrganizationLimits>,
    ) -> StoreFuture<'a, ()> {
        Box::pin(
            self.add((id, rule), |transaction, (id, rule)| Box::pin(organizations::set_limits(transaction, id, rule))),
        )
    }

    fn change_suspension<'a>(
        &'a self,
        id: &'a str,
        at: u64,
        rule: Rule<Option<Organization>, Option<RevocationTarget>>,
    ) -> StoreFuture<'a, ()> {
        Box::pin(self.revoking((id, at, rule), |transaction, (id, at, rule)| {
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
        Box::pin(self.read_together(&self.list_readers, (organization, query), |transaction, (organization, query)| {
            Box::pin(token_list::page(transaction, organization, query))
        }))
    }

    fn count_active<'a>(
        &'a self,
        organization: &'a str,
        issued_before: Option<u64>,
        now: u64,
    ) -> StoreFuture<'a, Vec<(TokenKind, u64)>> {
        Box::pin(read(
            &self.list_readers,
            (organization, issued_before, now),
            |client, (organization, issued_before, now)| {
                Box::pin(token_list::count_active(client, organization, *issued_before, *now))
            },
        ))
    }

    fn add_token(
        &self,
        new: NewToken,
        count_to: Rule<Option<Organization>, usize>,
        rule: Rule<AddFacts, Option<Principal>>,
    ) -> StoreFuture<'_, AddedToken> {
        Box::pin(self.add((new, count_to, rule), |transaction, (new, count_to, rule)| {
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
        Box::pin(self.write(uses, |transaction, uses| Box::pin(tokens::record_uses(transaction, uses))))
    }

    fn check_token(&self, hash: TokenHash, rule: Rule<Option<TokenState>>) -> StoreFuture<'_, ()> {
        Box::pin(read(&self.checkers, (hash, rule), |client, (hash, rule)| {
            Box::pin(tokens::check(client, *hash, rule))
        }))
    }

    fn add_bundle(&self, new: NewBundle, rule: Rule<BundleFacts, BundleAddition>) -> StoreFuture<'_, u64> {
        Box::pin(self.add((new, rule), |transaction, (new, rule)| Box::pin(bundles::add(transaction, new, rule))))
    }

    fn bundle(&self, reference: TokenHash) -> StoreFuture<'_, Option<StoredBundle>> {
        Box::pin(self.read(reference, |client, reference| Box::pin(bundles::find_bundle(client, *reference))))
    }

    fn count_bundles(&self, parent: u64, now: u64) -> StoreFuture<'_, ActiveBundles> {
        Box::pin(read(&self.list_readers, (parent, now), |client, (parent, now)| {
            Box::pin(bundles::count_active(client, *parent, *now))
        }))
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
        Box::pin(self.write(rule, |transaction, rule| Box::pin(catalog::set(transaction, rule))))
    }

    fn active_grants(&self, after: u64, most: usize, now: u64) -> StoreFuture<'_, GrantsSlice> {
        Box::pin(self.read_list((after, most, now), |client, (after, most, now)| {
            Box::pin(catalog::active_grants(client, *after, *most, *now))
        }))
    }

    fn change_keys(&self, rule: Rule<Vec<StoredKey>, Vec<KeyChange>>) -> StoreFuture<'_, Vec<KeyChange>> {
        Box::pin(async {
            let changes = self.revoking(rule, |transaction, rule| Box::pin(keys::change(transaction, rule))).await?;
            let is_sealed = changes.iter().any(|change| matches!(change, KeyChange::Seal { .. }));
            // The change is made, whatever becomes of this: a reader, such as a dump, can be in its way.
            if is_sealed && read(&self.writers, (), |client, ()| Box::pin(keys::remove_dead(client))).await.is_err() {
                tracing::warn!(
                    "the signing keys are sealed, but the file of their table can still have them as they were before: \
                     run `VACUUM FULL signing_key` in the database once nothing else reads that table, such as pg_dump"
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
        Box::pin(async move {
            let is_much = matches!(target, RevocationTarget::IssuedBefore { .. });
            let _one = if is_much { Some(self.much.lock().await) } else { None };
            let is_single = matches!(target, RevocationTarget::Token { .. } | RevocationTarget::Jwt { .. });
            let _turn = if is_single { Some(self.turns.take(organization).await) } else { None };
            if let RevocationTarget::Token { serial } = target
                && self.is_revoked_already(serial).await
            {
                return Ok(());
            }
            let arguments = (organization, target, at, rule);
            self.revoking(arguments, |transaction, (organization, target, at, rule)| {
                Box::pin(revocations::revoke(transaction, organization, target, *at, rule))
            })
            .await
        })
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
        Box::pin(self.read_together(&self.readers, (organization, after), |transaction, (organization, after)| {
            Box::pin(feed::entries(transaction, *organization, after))
        }))
    }

    fn add_mark(&self, rule: Rule<MarkFacts, Option<MarkChange>>) -> StoreFuture<'_, ()> {
        Box::pin(self.write(rule, |transaction, rule| Box::pin(marks::add(transaction, rule))))
    }

    fn snapshot(&self) -> StoreFuture<'_, Snapshot> {
        Box::pin(
            self.read_together(&self.heartbeat_readers, (), |transaction, ()| Box::pin(feed::snapshot(transaction))),
        )
    }

    fn newest_time(&self) -> StoreFuture<'_, u64> {
        Box::pin(self.read((), |client, ()| Box::pin(marks::newest_time(client))))
    }

    fn subscriber(&self, token: TokenHash) -> StoreFuture<'_, Option<TokenState>> {
        Box::pin(read(&self.heartbeat_readers, token, |client, token| Box::pin(tokens::state_of(client, *token))))
    }

    fn probe(&self, _: u64) -> StoreFuture<'_, Probe> {
        Box::pin(async {
            self.try_writing((), |transaction, ()| Box::pin(feed::probe(transaction))).await?;
            // The disk is another machine's, and its database says when it is full.
            Ok(Probe { free_bytes: None, has_reserve: true })
        })
    }

    fn write_failed(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(self.failures.notified())
    }

    fn guard_additions(&self, rule: Rule<Option<u64>>) {
        // One service runs on a store.
        let _ = self.additions.set(rule);
    }

    fn changed(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(self.listener.changed())
    }
}
