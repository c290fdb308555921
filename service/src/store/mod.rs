//! What the service remembers: [`Store`].

mod keys;
mod organizations;
mod revocations;
mod sqlite;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use daypass::api::TokenRecord;
use daypass::jwt::Claims;
use daypass::verify::{Introspector, ResponseFuture, TokenHash, Unavailable};
use daypass::{Error, OpaqueToken, TokenKind};
use rusqlite::Connection;
use tokio::sync::Notify;

use crate::unique;

pub(crate) use keys::{KeyRevocation, StoredKey};
pub(crate) use organizations::StoredOrganization;

/// The organizations, keys and tokens of a service, in one SQLite file that several processes may have open.
///
/// Every operation is one transaction. What it refuses is a [`Error`]; a file that cannot be read or written is
/// [`Error::Unavailable`], with the cause in the log.
#[derive(Clone)]
pub(crate) struct Store {
    connection: Arc<Mutex<Connection>>,
    file: Arc<sqlite::File>,
    news: Arc<Notify>,
    /// The name of this run of the feed. Security rule: whoever follows asks for everything when it is another, since what was
    /// written before the service began, in a store that a backup was restored to, may have numbers that they know. It is this
    /// process's, so that one process serves a store's feed.
    epoch: Arc<str>,
}

/// A token to be stored: its record, and the hash of its text.
pub(crate) struct NewRecord {
    /// What is known of it. Its serial number is not yet.
    pub(crate) record: TokenRecord,
    /// What it is found by.
    pub(crate) hash: TokenHash,
}

/// What a store begins with.
pub(crate) struct Bootstrap {
    /// The first organization's id.
    pub(crate) organization: String,
    /// Its first token.
    pub(crate) admin: NewRecord,
    /// The first signing key.
    pub(crate) key: StoredKey,
    /// When.
    pub(crate) now: u64,
}

/// What a bundle reference stands for.
pub(crate) struct StoredBundle {
    /// The id of the token that made it.
    pub(crate) parent: String,
    /// The parameters, sealed.
    pub(crate) parameters: Vec<u8>,
}

impl Store {
    /// Opens the store, or makes a new one that only its owner can read.
    pub(crate) fn open_or_create(path: &Path) -> anyhow::Result<Store> {
        sqlite::create(path)?;
        Store::open(path)
    }

    /// Opens a store that is there.
    pub(crate) fn open(path: &Path) -> anyhow::Result<Store> {
        let connection = Arc::new(Mutex::new(sqlite::open(path)?));
        let epoch = unique::id().into();
        Ok(Store { connection, file: Arc::new(sqlite::File::opened(path)?), news: Arc::default(), epoch })
    }

    /// The same store by a connection of its own, for what is not to wait behind writers.
    pub(crate) fn beside(&self) -> anyhow::Result<Store> {
        Ok(Store { connection: Arc::new(Mutex::new(sqlite::open(&self.file.path)?)), ..self.clone() })
    }

    /// The first organization, if the store has begun.
    pub(crate) async fn organization(&self) -> Result<Option<String>, Error> {
        self.run(|connection| sqlite::organization(connection)).await
    }

    /// Begins the store. The answer is its organization: another one than `beginning`'s if it had begun before.
    pub(crate) async fn begin(&self, beginning: Bootstrap) -> Result<String, Error> {
        self.run(move |connection| sqlite::begin(connection, &beginning)).await
    }

    /// Adds a token and gives its serial number. The id must be free among the living; with a limit, fewer of the kind than that must live.
    pub(crate) async fn add(&self, new: NewRecord, limit: Option<usize>) -> Result<u64, Error> {
        self.run(move |connection| sqlite::add(connection, &new, limit)).await
    }

    /// The token with this hash, revoked and expired ones included.
    pub(crate) async fn found(&self, hash: TokenHash) -> Result<Option<TokenRecord>, Error> {
        self.run(move |connection| sqlite::find(connection, hash)).await
    }

    /// The newest token with this id.
    pub(crate) async fn token(&self, organization: &str, id: &str) -> Result<TokenRecord, Error> {
        let (organization, id) = (organization.to_owned(), id.to_owned());
        self.run(move |connection| sqlite::token(connection, &organization, &id)).await
    }

    /// An organization's tokens, newest first: of one kind, or all but the bundle references.
    pub(crate) async fn tokens(&self, organization: &str, kind: Option<TokenKind>) -> Result<Vec<TokenRecord>, Error> {
        let organization = organization.to_owned();
        self.run(move |connection| sqlite::tokens(connection, &organization, kind)).await
    }

    /// Refuses unless a token with this hash lives at this moment, which no revocation shares: whatever is minted from it
    /// and handed out after this was minted before any revocation.
    pub(crate) async fn require_active(&self, parent: TokenHash, now: u64) -> Result<(), Error> {
        self.run(move |connection| sqlite::require_active(connection, parent, now)).await
    }

    /// Adds a bundle reference with its sealed parameters, if its parent still lives.
    pub(crate) async fn add_bundle(&self, new: NewRecord, parent: TokenHash, parameters: Vec<u8>) -> Result<(), Error> {
        self.run(move |connection| sqlite::add_bundle(connection, &new, parent, &parameters)).await
    }

    /// What a bundle reference stands for, whether or not it lives.
    pub(crate) async fn bundle(&self, reference: TokenHash) -> Result<StoredBundle, Error> {
        self.run(move |connection| sqlite::bundle(connection, reference)).await
    }

    async fn run<T: Send + 'static>(
        &self,
        operation: impl FnOnce(&mut Connection) -> Result<T, sqlite::Failure> + Send + 'static,
    ) -> Result<T, Error> {
        let (connection, file) = (Arc::clone(&self.connection), Arc::clone(&self.file));
        let done = tokio::task::spawn_blocking(move || {
            file.must_be_in_place()?;
            // An operation that panicked has rolled its transaction back: the connection is as good as before.
            operation(&mut connection.lock().unwrap_or_else(PoisonError::into_inner))
        });
        let cause = match done.await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(sqlite::Failure::Refused(error))) => return Err(error),
            Ok(Err(sqlite::Failure::Database(cause))) => cause.to_string(),
            Ok(Err(sqlite::Failure::Moved)) => {
                "its file was moved or replaced: put it back, or restart the service".to_owned()
            }
            Err(cause) => cause.to_string(),
        };
        tracing::error!(cause, "the store did not answer");
        Err(Error::Unavailable)
    }
}

impl Introspector for Store {
    fn find<'a>(&'a self, token: &'a OpaqueToken) -> ResponseFuture<'a, Option<TokenRecord>> {
        Box::pin(async { self.found(TokenHash::of(token)).await.map_err(|error| Unavailable(error.to_string())) })
    }

    fn is_revoked<'a>(&'a self, claims: &'a Claims) -> ResponseFuture<'a, bool> {
        let claims = claims.clone();
        Box::pin(async move {
            let revoked = self.run(move |connection| sqlite::is_revoked(connection, &claims)).await;
            revoked.map_err(|error| Unavailable(error.to_string()))
        })
    }
}
