//! How an operation is run: on which connection, and in which order.

use std::sync::Arc;

use daypass::Error;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::Mutex;
use tokio::sync::oneshot::error::TryRecvError;

use super::super::notes::traffic;
use super::batch::Turn;
use super::{Failure, SqliteStore, StoreFuture, audit};
use crate::domain::write_state::Probe;
use crate::metrics::time_store;

impl SqliteStore {
    /// Runs an operation that reads with one statement.
    pub(super) fn read<T: Send + 'static>(
        &self,
        operation: impl FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    ) -> StoreFuture<'_, T> {
        Box::pin(time_store("read", self.run(&self.reader, |connection| operation(connection))))
    }

    /// Runs an operation that reads what can take long.
    pub(super) fn read_list<T: Send + 'static>(
        &self,
        operation: impl FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    ) -> StoreFuture<'_, T> {
        Box::pin(time_store("list", self.run(&self.list_reader, |connection| operation(connection))))
    }

    /// Runs an operation that reads with several statements, all as of one moment.
    pub(super) fn read_together<'a, T: Send + 'static>(
        &'a self,
        reader: &'a Arc<Mutex<Connection>>,
        operation: impl FnOnce(&Transaction<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> StoreFuture<'a, T> {
        let run = self
            .run(reader, |connection| operation(&connection.transaction_with_behavior(TransactionBehavior::Deferred)?));
        Box::pin(time_store("read", run))
    }

    /// Runs an operation that writes, with others that wait at the same time.
    pub(super) fn write<T: Send + 'static>(
        &self,
        operation: impl FnOnce(&Transaction<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> StoreFuture<'_, T> {
        Box::pin(time_store("write", self.write_or_tell(Turn::Next, operation)))
    }

    /// Requires that something may be added, which takes no space that is kept for revocations.
    pub(super) fn require_space(&self) -> Result<(), Error> {
        self.additions.get().map_or(Ok(()), |rule| rule(&self.disk.free_bytes()))
    }

    /// Runs an operation that adds something, if that is allowed now.
    ///
    /// SECURITY: whatever a caller can repeat adds something, if only to the audit trail. Revocations, sign-outs and what
    /// they need do not run here.
    pub(super) fn add<T: Send + 'static>(
        &self,
        operation: impl FnOnce(&Transaction<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> StoreFuture<'_, T> {
        match self.require_space() {
            Ok(()) => self.write(operation),
            Err(refusal) => Box::pin(std::future::ready(Err(refusal))),
        }
    }

    /// Writes what revokes nothing, in the order of revocations, and then reserves space.
    pub(super) async fn write_probe(&self, reserve_bytes: u64) -> Result<Probe, Error> {
        self.write_in(Turn::First, |transaction| {
            traffic();
            // A revocation adds an entry to the trail too.
            transaction.execute_batch(audit::PROBE)?;
            Ok(transaction.prepare_cached("UPDATE write_probe SET number = number + 1")?.execute([])?)
        })
        .await?;
        let disk = Arc::clone(&self.disk);
        let probe = tokio::task::spawn_blocking(move || Probe {
            has_reserve: disk.keep_reserve(reserve_bytes),
            free_bytes: disk.free_bytes(),
        });
        probe.await.map_err(|_| Error::Unavailable)
    }

    /// Runs an operation that writes, and tells [`Store::write_failed`](super::Store::write_failed) if it fails.
    async fn write_or_tell<T: Send + 'static>(
        &self,
        turn: Turn,
        operation: impl FnOnce(&Transaction<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Error> {
        let done = self.write_in(turn, operation).await;
        if matches!(done, Err(Error::Unavailable)) {
            self.failures.notify_one();
        }
        done
    }

    /// Adds a write to those that wait. The task that gets the connection commits all whose turn it is, so that the others
    /// need not wait for it.
    pub(super) async fn write_in<T: Send + 'static>(
        &self,
        turn: Turn,
        operation: impl FnOnce(&Transaction<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Error> {
        let mut done = self.waiting.add(turn, operation);
        let mut writer = tokio::select! {
            biased;
            done = &mut done => return done.unwrap_or(Err(Error::Unavailable)),
            writer = Arc::clone(&self.writer).lock_owned() => writer,
        };
        loop {
            match done.try_recv() {
                Ok(done) => return done,
                Err(TryRecvError::Closed) => return Err(Error::Unavailable),
                Err(TryRecvError::Empty) => {}
            }
            let (waiting, file, disk) = (Arc::clone(&self.waiting), Arc::clone(&self.file), Arc::clone(&self.disk));
            let task = tokio::task::spawn_blocking(move || {
                if turn == Turn::First {
                    disk.make_room();
                }
                let done = file.require_in_place().and_then(|()| waiting.commit(&mut writer));
                if turn == Turn::First && done.as_ref().is_err_and(Failure::may_want_space) {
                    disk.give_up_reserve();
                }
                (writer, done)
            });
            let (free, committed) = match task.await {
                Ok((writer, committed)) => (writer, committed),
                Err(cause) => return Failure::log(Err(Failure::Panicked(cause))),
            };
            writer = free;
            // Its own write may wait still.
            if Failure::log(committed).is_err() && self.file.require_in_place().is_err() {
                return Err(Error::Unavailable);
            }
        }
    }

    /// Runs an operation that writes something for [`Store::changed`](super::Store::changed) to tell.
    pub(super) fn change<T: Send + 'static>(
        &self,
        operation: impl FnOnce(&Transaction<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> StoreFuture<'_, T> {
        Box::pin(async {
            let done = self.add(operation).await?;
            self.changes.notify_one();
            Ok(done)
        })
    }

    /// Runs an operation that revokes.
    ///
    /// SECURITY: it passes the other writes that wait. Otherwise one organization's writes could delay the revocations of all.
    pub(super) fn revoking<T: Send + 'static>(
        &self,
        operation: impl FnOnce(&Transaction<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> StoreFuture<'_, T> {
        Box::pin(async {
            let done = time_store("revoke", self.write_or_tell(Turn::First, operation)).await?;
            self.changes.notify_one();
            Ok(done)
        })
    }

    /// Runs an operation that revokes much, one at a time: others wait for one of them at most.
    pub(super) fn revoking_much<T: Send + 'static>(
        &self,
        operation: impl FnOnce(&Transaction<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> StoreFuture<'_, T> {
        Box::pin(async {
            let _one = self.much.lock().await;
            self.revoking(operation).await
        })
    }

    /// Runs an operation on a blocking thread, once the connection is free.
    ///
    /// SECURITY: a task waits for the connection, and no thread does. There are so many blocking threads, and operations
    /// that wait for one connection would else take all of them from the others: heartbeats would stop.
    pub(super) async fn run<C: Send + 'static, T: Send + 'static>(
        &self,
        connection: &Arc<Mutex<C>>,
        operation: impl FnOnce(&mut C) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Error> {
        // An operation that panicked has rolled its transaction back, so that the connection is as good as before.
        let (mut connection, file) = (Arc::clone(connection).lock_owned().await, Arc::clone(&self.file));
        let task = tokio::task::spawn_blocking(move || {
            file.require_in_place()?;
            operation(&mut connection)
        });
        Failure::log(task.await.unwrap_or_else(|cause| Err(Failure::Panicked(cause))))
    }
}
