//! Writes that wait at the same time share a transaction, and so the wait for the disk: [`Waiting`].

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use daypass::Error;
use rusqlite::{Connection, Transaction};
use tokio::sync::oneshot;

use super::super::acting::Acting;
use super::super::notes::Notes;
use super::{Failure, audit};

/// How many writes share a transaction at most.
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
    queues: Mutex<Queues>,
}

#[derive(Default)]
struct Queues {
    first: VecDeque<Write>,
    next: VecDeque<Write>,
    /// Whether those that wait for their turn have it, after revocations had it.
    is_next: bool,
}

impl Waiting {
    /// Adds a write. What it returned is received once it is committed; nothing is received if that failed.
    pub(super) fn add<T: Send + 'static>(
        &self,
        turn: Turn,
        operation: impl FnOnce(&Transaction<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> oneshot::Receiver<Result<T, Error>> {
        let (sender, receiver) = oneshot::channel();
        let acting = Acting::current();
        let write: Write = Box::new(move |transaction| {
            if sender.is_closed() {
                return Ok(None);
            }
            // What it wrote before it failed is not committed with the others.
            transaction.prepare_cached("SAVEPOINT write")?.execute([])?;
            let done = run_with_entries(transaction, &acting, operation);
            if done.is_err() {
                transaction.prepare_cached("ROLLBACK TO write")?.execute([])?;
            }
            transaction.prepare_cached("RELEASE write")?.execute([])?;
            let tell: Tell = Box::new(move || drop(sender.send(Failure::log(done))));
            Ok(Some(tell))
        });
        let mut queues = self.lock();
        let queue = if turn == Turn::First { &mut queues.first } else { &mut queues.next };
        queue.push_back(write);
        receiver
    }

    /// Commits the writes whose turn it is, in one transaction, and tells their tasks. If it fails, none of them is told.
    ///
    /// Revocations share it with one another only, so that no other write can make them fail. They come first, but not
    /// twice while others wait: neither can keep the others out.
    pub(super) fn commit(&self, connection: &mut Connection) -> Result<(), Failure> {
        let begun = connection.transaction();
        // Not before: another process may have written until now, and revocations that came meanwhile are first.
        let writes = self.take();
        let transaction = begun?;
        let told = writes.into_iter().map(|write| write(&transaction)).collect::<Result<Vec<_>, _>>()?;
        transaction.commit()?;
        told.into_iter().flatten().for_each(|tell| tell());
        Ok(())
    }

    fn take(&self) -> Vec<Write> {
        let mut queues = self.lock();
        let is_first = !queues.first.is_empty() && (queues.next.is_empty() || !queues.is_next);
        queues.is_next = is_first;
        let queue = if is_first { &mut queues.first } else { &mut queues.next };
        let most = queue.len().min(MOST);
        queue.drain(..most).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Queues> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs a write, and adds to the audit trail what it notes.
fn run_with_entries<T>(
    transaction: &Transaction<'_>,
    acting: &Arc<Acting>,
    operation: impl FnOnce(&Transaction<'_>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let before = transaction.total_changes();
    let (done, notes) = Notes::of(|| operation(transaction));
    let done = done?;
    // A change that is not noted would be missing in the trail: each test that makes it fails.
    debug_assert!(
        notes.has_any() || transaction.total_changes() == before,
        "an operation changed rows and noted neither a change nor traffic"
    );
    audit::add(transaction, &notes.entries(acting))?;
    Ok(done)
}

#[cfg(test)]
mod tests {
    use super::super::super::notes::traffic;
    use super::*;

    #[test]
    fn what_a_write_left_before_it_failed_is_not_committed_with_the_others() {
        let mut connection = Connection::open_in_memory().expect("a store");
        connection.execute_batch("CREATE TABLE t (n INTEGER UNIQUE)").expect("a table");
        let waiting = Waiting::default();
        let insert = |rows: &'static str| {
            waiting.add(Turn::Next, move |transaction| {
                traffic();
                Ok(transaction.execute_batch(rows)?)
            })
        };
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

    #[test]
    fn revocations_come_first_and_others_after_each_of_their_transactions() {
        let mut connection = Connection::open_in_memory().expect("a store");
        connection.execute_batch("CREATE TABLE t (n INTEGER)").expect("a table");
        let waiting = Waiting::default();
        let add = |turn, n: u32| {
            waiting.add(turn, move |write| {
                traffic();
                Ok(write.execute("INSERT INTO t VALUES (?1)", [n])?)
            })
        };
        let mut told = vec![add(Turn::Next, 2)];
        told.extend((0..MOST).map(|_| add(Turn::First, 1)));
        told.push(add(Turn::First, 3));
        for _ in 0..3 {
            assert!(waiting.commit(&mut connection).is_ok());
        }
        assert!(told.iter_mut().all(|told| told.try_recv().is_ok()));
        let order = "SELECT group_concat(DISTINCT n) FROM (SELECT n FROM t ORDER BY rowid)";
        let order: String = connection.query_row(order, [], |row| row.get(0)).expect("rows");
        assert_eq!(order, "1,2,3");
    }
}
