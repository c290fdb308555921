//! What the service keeps: organizations, tokens, keys and revocations. Facts in, facts out: a store
//! decides nothing.
//!
//! | module | what it has |
//! | --- | --- |
//! | `traits` | the trait [`Store`], and why it looks as it does |
//! | `changes` | tests of limits, suspensions, edits and uses |
//! | `redemption` | tests of bundle references and their redemption |
//! | `sqlite` | a store in one SQLite file |

#[cfg(test)]
mod changes;
#[cfg(test)]
mod redemption;
mod sqlite;
mod traits;

use std::path::Path;
use std::sync::Arc;

pub(crate) use traits::{
    Bootstrap, Bootstrapped, FeedPage, NewOrganization, Rule, SharedStore, Snapshot, Store, StoreFuture, TokenSelector,
    TokenSlice,
};

/// Opens the store in this file, or creates one that only its owner can read.
///
/// # Errors
/// When the file cannot be created or opened.
pub(crate) fn open_or_create(path: &Path) -> anyhow::Result<SharedStore> {
    sqlite::create(path)?;
    open(path)
}

/// Opens the store in this file.
///
/// # Errors
/// When the file is not there or cannot be opened.
pub(crate) fn open(path: &Path) -> anyhow::Result<SharedStore> {
    Ok(Arc::new(sqlite::SqliteStore::open(path)?))
}
