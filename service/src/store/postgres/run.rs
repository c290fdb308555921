//! How an operation is run: on a connection of which pool, how long, and how often.

use std::pin::Pin;

use daypass::Error;
use deadpool_postgres::{Client, Object, Pool, Transaction};
use tokio::time::error::Elapsed;
use tokio::time::timeout;
use tokio_postgres::IsolationLevel;

use super::super::acting::Acting;
use super::super::notes::Notes;
use super::connection::PATIENCE;
use super::{Failure, PostgresStore, audit};
use crate::metrics::time_store;

/// How often a transaction is tried that another one prevented.
const ATTEMPTS: usize = 5;

impl PostgresStore {
    /// Runs an operation that reads with one statement.
    pub(super) async fn read<A, T>(&self, arguments: A, operation: Operation<Client, A, T>) -> Result<T, Error> {
        time_store("read", read(&self.readers, arguments, operation)).await
    }

    /// Runs an operation that reads what can take long.
    pub(super) async fn read_list<A, T>(&self, arguments: A, operation: Operation<Client, A, T>) -> Result<T, Error> {
        time_store("list", read(&self.list_readers, arguments, operation)).await
    }

    /// Runs an operation that reads with several statements, all as of one moment.
    pub(super) async fn read_together<A, T>(
        &self,
        readers: &Pool,
        arguments: A,
        operation: InTransaction<A, T>,
    ) -> Result<T, Error> {
        let read = async {
            let mut connection = readers.get().await?;
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
        Failure::log(time_store("read", read).await)
    }

    /// Runs an operation that writes.
    pub(super) async fn write<A, T>(&self, arguments: A, operation: InTransaction<A, T>) -> Result<T, Error> {
        time_store("write", self.write_or_tell(&self.writers, arguments, operation)).await
    }

    /// Requires that something may be added, which takes no space that is kept for revocations.
    pub(super) fn require_space(&self) -> Result<(), Error> {
        self.additions.get().map_or(Ok(()), |rule| rule(&None))
    }

    /// Runs an operation that adds something, if that is allowed now.
    ///
    /// SECURITY: whatever a caller can repeat adds something, if only to the audit trail. Revocations, sign-outs and what
    /// they need do not run here.
    pub(super) async fn add<A, T>(&self, arguments: A, operation: InTransaction<A, T>) -> Result<T, Error> {
        self.require_space()?;
        self.write(arguments, operation).await
    }

    /// Runs an operation that writes as revocations do, whose failure is told to its caller alone.
    pub(super) async fn try_writing<A, T>(&self, arguments: A, operation: InTransaction<A, T>) -> Result<T, Error> {
        write(&self.prober, arguments, operation).await
    }

    /// Runs an operation that writes, and tells [`Store::write_failed`](super::Store::write_failed) if it fails.
    async fn write_or_tell<A, T>(&self, pool: &Pool, arguments: A, operation: InTransaction<A, T>) -> Result<T, Error> {
        let done = write(pool, arguments, operation).await;
        if matches!(done, Err(Error::Unavailable)) {
            self.failures.notify_one();
        }
        done
    }

    /// Runs an operation that writes something for [`Store::changed`](super::Store::changed) to tell.
    pub(super) async fn change<A, T>(&self, arguments: A, operation: InTransaction<A, T>) -> Result<T, Error> {
        let done = self.add(arguments, operation).await?;
        self.listener.wake();
        Ok(done)
    }

    /// Runs an operation that revokes.
    ///
    /// SECURITY: it waits for no connection that other writers use. Otherwise one organization's writes could delay the
    /// revocations of all.
    pub(super) async fn revoking<A, T>(&self, arguments: A, operation: InTransaction<A, T>) -> Result<T, Error> {
        let done = time_store("revoke", self.write_or_tell(&self.revokers, arguments, operation)).await?;
        self.listener.wake();
        Ok(done)
    }

    /// Runs an operation that revokes much, one at a time, so that others always find a connection.
    pub(super) async fn revoking_much<A, T>(&self, arguments: A, operation: InTransaction<A, T>) -> Result<T, Error> {
        let _one = self.much.lock().await;
        self.revoking(arguments, operation).await
    }
}

/// What an operation returns: a future that may borrow from its connection and its arguments.
pub(super) type Running<'a, T> = Pin<Box<dyn Future<Output = Result<T, Failure>> + Send + 'a>>;
/// An operation on a connection.
pub(super) type Operation<C, A, T> = for<'a> fn(&'a C, &'a A) -> Running<'a, T>;
/// An operation in a transaction.
pub(super) type InTransaction<A, T> = for<'a> fn(&'a Transaction<'a>, &'a A) -> Running<'a, T>;

/// Runs an operation that reads with one statement, on a connection of this pool.
pub(super) async fn read<A, T>(pool: &Pool, arguments: A, operation: Operation<Client, A, T>) -> Result<T, Error> {
    let read = async {
        let connection = pool.get().await?;
        let done = timeout(PATIENCE, operation(&connection, &arguments)).await;
        in_time(connection, done)
    };
    Failure::log(read.await)
}

/// Runs an operation that writes, again if another transaction prevented it. What it notes is added to the audit trail.
async fn write<A, T>(pool: &Pool, arguments: A, operation: InTransaction<A, T>) -> Result<T, Error> {
    let mut attempt = 1;
    loop {
        match write_once(pool, &arguments, operation).await {
            Err(failure) if failure.is_conflict() && attempt < ATTEMPTS => attempt += 1,
            written => return Failure::log(written),
        }
    }
}

async fn write_once<A, T>(pool: &Pool, arguments: &A, operation: InTransaction<A, T>) -> Result<T, Failure> {
    let mut connection = pool.get().await?;
    let writing = async {
        let transaction = connection.transaction().await?;
        let (done, notes) = Notes::of_future(operation(&transaction, arguments)).await;
        let done = match done {
            Ok(done) => done,
            Err(failure) => {
                // The locks end before the caller hears of it: a transaction that is dropped ends some time later.
                let _ = transaction.rollback().await;
                return Err(failure);
            }
        };
        audit::add(&transaction, &notes.entries(&Acting::current())).await?;
        transaction.commit().await?;
        Ok(done)
    };
    let done = timeout(PATIENCE, writing).await;
    in_time(connection, done)
}

/// Gives up a connection on which the database did not answer in time, and those that nothing uses: the server may be
/// gone without a word, or wait for a standby.
fn in_time<T>(connection: Client, done: Result<Result<T, Failure>, Elapsed>) -> Result<T, Failure> {
    done.unwrap_or_else(|_| {
        if let Some(pool) = Object::pool(&connection) {
            pool.retain(|_, _| false);
        }
        drop(Object::take(connection));
        Err(Failure::Late)
    })
}
