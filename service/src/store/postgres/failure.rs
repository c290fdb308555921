//! Why an operation failed: [`Failure`].

use std::error::Error as StdError;

use daypass::Error;
use deadpool_postgres::PoolError;
use tokio_postgres::error::{DbError, SqlState};

use crate::metrics;

/// Why an operation failed.
pub(super) enum Failure {
    /// A rule refused it.
    Refused(Error),
    /// The database failed.
    Database(tokio_postgres::Error),
    /// No connection was free or could be made.
    NoConnection(PoolError),
    /// The database did not answer in time.
    Late,
    /// A value of a row cannot be read, or one cannot be written.
    Value(Box<dyn StdError + Send + Sync>),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure::Refused(error)
    }
}

impl From<tokio_postgres::Error> for Failure {
    fn from(cause: tokio_postgres::Error) -> Failure {
        Failure::Database(cause)
    }
}

impl From<PoolError> for Failure {
    fn from(cause: PoolError) -> Failure {
        Failure::NoConnection(cause)
    }
}

impl Failure {
    /// A value that cannot be read or written.
    pub(super) fn value(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Failure {
        Failure::Value(cause.into())
    }

    /// Returns whether another transaction prevented this one, so that another attempt can succeed: also by a row that
    /// it added first.
    pub(super) fn is_conflict(&self) -> bool {
        let Failure::Database(cause) = self else { return false };
        let conflicts =
            [SqlState::T_R_SERIALIZATION_FAILURE, SqlState::T_R_DEADLOCK_DETECTED, SqlState::UNIQUE_VIOLATION];
        cause.code().is_some_and(|code| conflicts.contains(code))
    }

    /// Logs why the database failed, and returns what callers hear of it.
    pub(super) fn log<T>(result: Result<T, Failure>) -> Result<T, Error> {
        let cause = match result {
            Ok(done) => return Ok(done),
            Err(Failure::Refused(error)) => return Err(error),
            Err(Failure::Database(cause)) => describe(&cause),
            Err(Failure::NoConnection(cause)) => describe(&cause),
            Err(Failure::Late) => "the database did not answer in time".to_owned(),
            Err(Failure::Value(cause)) => cause.to_string(),
        };
        metrics::count_store_error();
        tracing::error!(cause, "the store did not answer");
        Err(Error::Unavailable)
    }
}

/// Returns an error with its causes. `tokio_postgres` says only there what happened.
///
/// SECURITY: the database's detail is left out. It can repeat a whole row, such as that of a private signing key.
pub(super) fn describe(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        let next_text = match next.downcast_ref::<DbError>() {
            Some(told) => format!("{}: {} ({})", told.severity(), told.message(), told.code().code()),
            None => next.to_string(),
        };
        if !text.contains(&next_text) {
            text += &format!(": {next_text}");
        }
        cause = next.source();
    }
    text
}
