//! Operations on connections that are given up when the database does not answer.

use std::pin::Pin;

use deadpool_postgres::{Client, Object, Pool, Transaction};
use tokio::time::error::Elapsed;
use tokio::time::timeout;

use super::Failure;
use super::connection::PATIENCE;

/// What an operation returns: a future that may borrow from its connection and its arguments.
pub(super) type Running<'a, T> = Pin<Box<dyn Future<Output = Result<T, Failure>> + Send + 'a>>;
/// An operation on a connection.
pub(super) type Operation<C, A, T> = for<'a> fn(&'a C, &'a A) -> Running<'a, T>;
/// An operation in a transaction.
pub(super) type InTransaction<A, T> = for<'a> fn(&'a Transaction<'a>, &'a A) -> Running<'a, T>;

pub(super) async fn read<A, T>(pool: &Pool, arguments: &A, operation: Operation<Client, A, T>) -> Result<T, Failure> {
    let connection = pool.get().await?;
    let done = timeout(PATIENCE, operation(&connection, arguments)).await;
    in_time(connection, done)
}

/// Gives up a connection on which the database did not answer in time, and those that nothing uses: the server may be
/// gone without a word, or wait for a standby.
pub(super) fn in_time<T>(connection: Client, done: Result<Result<T, Failure>, Elapsed>) -> Result<T, Failure> {
    done.unwrap_or_else(|_| {
        if let Some(pool) = Object::pool(&connection) {
            pool.retain(|_, _| false);
        }
        drop(Object::take(connection));
        Err(Failure::Late)
    })
}
