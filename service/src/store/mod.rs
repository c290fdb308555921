//! What the service keeps: organizations, tokens, keys, revocations and the product's scopes. Facts in,
//! facts out: a store decides nothing.
//!
//! | module | what it has |
//! | --- | --- |
//! | `traits` | the trait [`Store`], and why it looks as it does |
//! | `acting` | who acts, for the entries of the audit trail |
//! | `audit` | the trait [`AuditStore`], for the audit trail |
//! | `catalog` | tests of the product's scopes |
//! | `changes` | tests of limits, suspensions, edits and uses |
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
//! | `server_trust` | which certificates of a database server are accepted |
//! | `sessions` | tests of accounts, sessions and attempts to sign in |
//! | `sign_in` | the trait [`SignInStore`], for accounts, sessions and invitations |
//! | `sqlite` | a store in one SQLite file |
//! | `postgres` | a store in a PostgreSQL database, for several nodes |
//! | `token_pages` | tests of the size of pages |

pub(crate) mod acting;
mod audit;
#[cfg(test)]
mod catalog;
#[cfg(test)]
mod changes;
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
mod server_trust;
#[cfg(test)]
mod sessions;
mod sign_in;
mod sqlite;
#[cfg(test)]
pub(crate) mod suite;
#[cfg(test)]
mod token_pages;
mod traits;

use std::sync::Arc;

pub(crate) use acting::Acting;
pub(crate) use audit::{AuditSlice, AuditStore};
pub(crate) use location::Location;
pub(crate) use oauth::OAuthStore;
pub(crate) use principals::PrincipalStore;
pub(crate) use sign_in::{Forgiven, SignInStore, StoredSession};
pub(crate) use traits::{
    AddedToken, Bootstrap, Bootstrapped, FeedPage, GrantsSlice, NewOrganization, Rule, SharedStore, Snapshot, Store,
    StoreFuture, TokenSelector, TokenSlice,
};

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

/// Opens a store, if there is one.
///
/// # Errors
/// When the file cannot be opened, or the database cannot be reached or is too old.
pub(crate) async fn open(location: &Location) -> anyhow::Result<Option<SharedStore>> {
    Ok(match location {
        Location::File(path) if !path.is_file() => None,
        Location::File(path) => Some(Arc::new(sqlite::SqliteStore::open(path)?)),
        Location::Database(url) => match postgres::PostgresStore::open(url).await? {
            Some(store) => Some(Arc::new(store)),
            None => None,
        },
    })
}
