//! What the service keeps: organizations, tokens, keys, revocations and the product's scopes. Facts in,
//! facts out: a store decides nothing.
//!
//! | module | what it has |
//! | --- | --- |
//! | `traits` | the trait [`Store`], and why it looks as it does |
//! | `acting` | who acts, for the entries of the audit trail |
//! | `audit` | the trait [`AuditStore`], for the audit trail |
//! | `backup` | what a backup has, and how its file comes to be |
//! | `catalog` | tests of the product's scopes |
//! | `changes` | tests of limits, suspensions, edits and uses |
//! | `client_removal` | tests of the removal of a client's settings |
//! | `entry` | an entry of the feed, and words, in their columns |
//! | `families` | tests of OAuth's codes, families of refresh tokens and consents |
//! | `issued_before` | tests of a time before which tokens are revoked |
//! | `location` | where a store is |
//! | `notes` | what the operation of a transaction notes for the audit trail |
//! | `oauth` | the trait [`OAuthStore`], for clients, consents, codes and refresh tokens |
//! | `owners` | tests of principals, and of tokens that belong to them |
//! | `principals` | the part of the trait that is about principals |
//! | `record_cache` | the records that were looked up lately |
//! | `redemption` | tests of bundle references and their redemption |
//! | `schema` | the version of a store's tables |
//! | `server_trust` | which certificates of a database server are accepted |
//! | `sessions` | tests of accounts, sessions and attempts to sign in |
//! | `sign_in` | the trait [`SignInStore`], for accounts, sessions and invitations |
//! | `sqlite` | a store in one SQLite file |
//! | `postgres` | a store in a PostgreSQL database, for several nodes |
//! | `token_pages` | tests of the size of pages |
//! | `token_use` | the trait [`UseStore`], for how tokens were used |
//! | `use_counts` | tests of what is counted of tokens' use, and for how long |

pub(crate) mod acting;
mod audit;
mod backup;
#[cfg(test)]
mod catalog;
#[cfg(test)]
mod changes;
#[cfg(test)]
mod client_removal;
mod entry;
#[cfg(test)]
mod families;
#[cfg(test)]
mod issued_before;
mod location;
mod notes;
mod oauth;
#[cfg(test)]
mod owners;
mod postgres;
mod principals;
mod record_cache;
#[cfg(test)]
mod redemption;
#[cfg(test)]
mod repeated_text;
mod schema;
mod server_trust;
#[cfg(test)]
mod sessions;
mod sign_in;
mod sqlite;
#[cfg(test)]
pub(crate) mod suite;
#[cfg(test)]
mod token_pages;
mod token_use;
mod traits;
#[cfg(test)]
mod use_counts;

use std::path::Path;
use std::sync::Arc;

pub(crate) use acting::Acting;
use anyhow::{Context, ensure};
pub(crate) use audit::{AuditSlice, AuditStore};

pub(crate) use backup::{Contents, OnProgress, Progress};
pub(crate) use location::Location;
pub(crate) use oauth::OAuthStore;
pub(crate) use principals::PrincipalStore;
pub(crate) use schema::Schema;
pub(crate) use sign_in::{Forgiven, SignInStore, StoredSession};
pub(crate) use token_use::UseStore;
pub(crate) use traits::{
    AddedToken, Bootstrap, Bootstrapped, FeedPage, GrantsSlice, NewOrganization, Rule, SharedStore, Snapshot, Store,
    StoreFuture, TokenSelector, TokenSlice,
};

/// The endings of the files of an SQLite store: its own, those that SQLite has beside it, and that of the feed's history.
pub(crate) const FILES: [&str; 4] = ["", "-wal", "-shm", "-feed"];

/// Opens a store, or creates it: an SQLite file that only its owner can read, or the tables of a database.
///
/// # Errors
/// When the file cannot be created or opened, or the database cannot be reached or is too old.
pub(crate) async fn open_or_create(location: &Location) -> anyhow::Result<SharedStore> {
    match location {
        Location::File(path) => {
            sqlite::create(path)?;
            Ok(Arc::new(sqlite::SqliteStore::open(path)?))
        }
        Location::Database(url) => Ok(Arc::new(postgres::PostgresStore::create(url).await?)),
    }
}

/// Opens a store, if there is one, whose tables have the newest version.
///
/// # Errors
/// When the file cannot be opened, the database cannot be reached or is too old, or another version of Daypass has
/// written the tables.
pub(crate) async fn open(location: &Location) -> anyhow::Result<Option<SharedStore>> {
    Ok(match location {
        Location::File(path) if !path.is_file() => None,
        Location::File(path) => match sqlite::schema(path)? {
            // A file in which nothing has been created yet.
            Schema { found: 0, .. } => None,
            schema => {
                schema.require_current(location)?;
                Some(Arc::new(sqlite::SqliteStore::open(path)?))
            }
        },
        Location::Database(url) => match postgres::PostgresStore::open(url).await? {
            Some(store) => Some(Arc::new(store)),
            None => None,
        },
    })
}

/// Writes a copy of a store as of one moment to a new file, while services may be running.
///
/// # Errors
/// When there is no store or there is such a file, or the copy is not complete.
pub(crate) async fn back_up(location: &Location, file: &Path, on_progress: &OnProgress) -> anyhow::Result<Contents> {
    match location {
        Location::File(path) => {
            ensure!(path.is_file(), "there is no store at {location}");
            tokio::task::block_in_place(|| sqlite::back_up(path, file, on_progress))
        }
        Location::Database(url) => postgres::back_up(url, file, on_progress).await,
    }
}

/// Writes a backup to a place without a store. The feed of the restored store begins another history, and its audit
/// trail says so.
///
/// # Errors
/// When there is a store, or the file is no backup of a store.
pub(crate) async fn restore(file: &Path, location: &Location, on_progress: &OnProgress) -> anyhow::Result<Contents> {
    let contents = match location {
        Location::File(path) => tokio::task::block_in_place(|| sqlite::restore(file, path, on_progress))?,
        Location::Database(url) => postgres::restore(file, url, on_progress).await?,
    };
    let store = open(location).await?.with_context(|| format!("{location} is gone"))?;
    store.add_audit_entries(notes::restored(file)).await.context("restored, but not told by the audit trail")?;
    Ok(contents)
}

/// Requires that an SQLite store was not emptied or removed.
///
/// # Errors
/// When it was. The error says what to do.
pub(crate) fn require_not_lost(location: &Location) -> anyhow::Result<()> {
    match location {
        Location::File(path) => sqlite::require_not_lost(path),
        Location::Database(_) => Ok(()),
    }
}

/// Returns the version of a store's tables, if there is a store, and changes nothing.
///
/// # Errors
/// When the file cannot be read, or the database cannot be reached.
pub(crate) async fn schema(location: &Location) -> anyhow::Result<Option<Schema>> {
    match location {
        Location::File(path) if !path.is_file() => Ok(None),
        Location::File(path) => sqlite::schema(path).map(Some),
        Location::Database(url) => postgres::schema(url).await,
    }
}
