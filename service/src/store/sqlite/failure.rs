//! Why an operation of the SQLite store failed: [`Failure`].

use daypass::Error;
use rusqlite::ErrorCode;
use tokio::task::JoinError;

use crate::metrics;

/// Why an operation failed.
pub(super) enum Failure {
    /// A rule refused it.
    Refused(Error),
    /// The database failed.
    Database(rusqlite::Error),
    /// The file is no longer where it was.
    Moved,
    /// The file is shorter than it was.
    Truncated,
    /// The file beside it cannot be read or written.
    History(String),
    /// The operation panicked.
    Panicked(JoinError),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure::Refused(error)
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(cause: rusqlite::Error) -> Failure {
        Failure::Database(cause)
    }
}

impl Failure {
    /// Returns whether the disk may have had no space for what was written, or the user's part of the disk.
    pub(super) fn may_want_space(&self) -> bool {
        let Failure::Database(cause) = self else { return false };
        matches!(cause.sqlite_error_code(), Some(ErrorCode::DiskFull | ErrorCode::SystemIoFailure))
    }

    /// Logs why the database failed, and returns what callers hear of it.
    pub(super) fn log<T>(result: Result<T, Failure>) -> Result<T, Error> {
        let cause = match result {
            Ok(done) => return Ok(done),
            Err(Failure::Refused(error)) => return Err(error),
            Err(Failure::Database(cause)) => cause.to_string(),
            Err(Failure::Moved) => "its file was moved or replaced: put it back, or restart the service".to_owned(),
            Err(Failure::Truncated) => {
                "its file was truncated: stop the service and restore a backup, or restart it after a VACUUM".to_owned()
            }
            Err(Failure::History(cause)) => cause,
            Err(Failure::Panicked(cause)) => cause.to_string(),
        };
        metrics::count_store_error();
        tracing::error!(cause, "the store did not answer");
        Err(Error::Unavailable)
    }
}
