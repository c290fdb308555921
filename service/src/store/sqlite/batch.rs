//! Writes that wait at the same time share a transaction, and so the wait for the disk: [`Waiting`].

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use daypass::Error;
use rusqlite::{Connection, Transaction};
use tokio::sync::oneshot;

use super::Failure;

/// How many writes share a transaction at most: a revocation waits for no more than these.
const MOST: usize = 64;

/// Runs in a transaction, and returns what tells its task once that is committed. Without a task that waits it does nothing.
type Write = Box<dyn FnOnce(&Transaction<'_>) -> Result<Option<Tell>, Failure> + Send>;
type Tell = Box<dyn FnOnce() + Send>;

/// When a write has its turn.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// Before every other, because it revokes.
    First,
    /// In the order of the calls.
    Next,
}

/// The writes that wait for the connection.
#[derive(Default)]
pub(super) struct Waiting {
    writes: Mutex<[VecDeque<Write>; 2]>,
}

impl Waiting {
    /// Adds a write. What it returned is received once it is committed; nothing is received if that failed.
    pub(super) fn add<T: Send + 'static>(
        &self,
        turn: Turn,
        operation: impl FnOnce(&Transaction<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> oneshot::Receiver<Result<T, Error>> {
        let (sender, receiver) = oneshot::channel();
        let write: Write = Box::new(move |transaction| {
            if sender.is_closed() {
                return Ok(None);
            }
            // What it wrote before it failed is not committed with the others.
            transaction.prepare_cached("SAVEPOINT write")?.execute([])?;
            let done = operation(transaction);
            if done.is_err() {
                transaction.prepare_cached("ROLLBACK TO write")?.execute([])?;
            }
            transaction.prepare_cached("RELEASE write")?.execute([])?;
            let tell: Tell = Box::new(move || drop(sender.send(Failure::log(done))));
            Ok(Some(tell))
        });
        self.lock()[usize::from(turn == Turn::Next)].push_back(write);
        receiver
    }

    /// Commits the writes whose turn it is, in one transaction, and tells their tasks. If it fails, none of them is told.
    ///
    /// Revocations share it with one another only: nothing that another write does can make them fail.
    pub(super) fn commit(&self, connection: &mut Connection) -> Result<(), Failure> {
        let writes = self.take();
        let transaction = connection.transaction()?;
        let told = writes.into_iter().map(|write| write(&transaction)).collect::<Result<Vec<_>, _>>()?;
        transaction.commit()?;
        told.into_iter().flatten().for_each(|tell| tell());
        Ok(())
    }

    fn take(&self) -> Vec<Write> {
        let [revocations, others] = &mut *self.lock();
        let writes = if revocations.is_empty() { others } else { revocations };
        let most = writes.len().min(MOST);
        writes.drain(..most).collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, [VecDeque<Write>; 2]> {
        self.writes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_write_left_before_it_failed_is_not_committed_with_the_others() {
        let mut connection = Connection::open_in_memory().expect("a store");
        connection.execute_batch("CREATE TABLE t (n INTEGER UNIQUE)").expect("a table");
        let waiting = Waiting::default();
        let insert =
            |rows: &'static str| waiting.add(Turn::Next, move |transaction| Ok(transaction.execute_batch(rows)?));
        let mut results = [
            insert("INSERT INTO t VALUES (1)"),
            insert("INSERT INTO t VALUES (2); INSERT INTO t VALUES (1)"),
            insert("INSERT INTO t VALUES (3)"),
        ];
        assert!(waiting.commit(&mut connection).is_ok());
        let results = results.each_mut().map(|result| result.try_recv().expect("a result"));
        assert_eq!(results, [Ok(()), Err(Error::Unavailable), Ok(())]);
        let numbers = "SELECT group_concat(n) FROM t";
        let numbers: String = connection.query_row(numbers, [], |row| row.get(0)).expect("rows");
        assert_eq!(numbers, "1,3");
    }
}
