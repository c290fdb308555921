//! The clients of OAuth that were read since the last commit: [`ClientCache`].

use std::path::Path;
use std::sync::Arc;

use quick_cache::sync::Cache;

use super::commits::{Commits, LastCommit};
use crate::domain::oauth::client::Client;

/// The most clients that are kept. Each has some kilobytes at most.
const MOST: usize = 1024;

/// Clients as the file has them.
///
/// SECURITY: no feed tells of a change of a client, so that any commit, by any process, makes all of them void.
pub(super) struct ClientCache {
    commits: Commits,
    clients: Cache<String, (LastCommit, Arc<Client>)>,
}

impl ClientCache {
    /// Makes an empty cache for the store in this file, which a connection has in use.
    pub(super) fn new(path: &Path) -> std::io::Result<ClientCache> {
        Ok(ClientCache { commits: Commits::open(path)?, clients: Cache::new(MOST) })
    }

    /// Returns what the last commit has left, if that can be read without asking SQLite.
    pub(super) fn last_commit(&self) -> Option<LastCommit> {
        self.commits.last().ok()
    }

    /// Returns a client that was read after `last`.
    pub(super) fn get(&self, id: &str, last: LastCommit) -> Option<Arc<Client>> {
        self.clients.get(id).filter(|(read_after, _)| *read_after == last).map(|(_, client)| client)
    }

    /// Keeps a client that was read after `last` was.
    pub(super) fn insert(&self, id: String, last: LastCommit, client: Arc<Client>) {
        self.clients.insert(id, (last, client));
    }
}
