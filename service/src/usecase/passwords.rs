//! Passwords are hashed aside, a few at once: [`Passwords`].

use std::sync::Arc;
use std::time::Duration;

use daypass::Error;
use tokio::sync::Semaphore;

use crate::crypto::password;

/// How many hashes are made at once: each takes 19 MiB and a processor.
const AT_ONCE: usize = 2;
/// How long a request waits for its turn.
const PATIENCE: Duration = Duration::from_secs(5);

/// Hashes and compares passwords on blocking threads, two at once.
pub(crate) struct Passwords {
    turns: Arc<Semaphore>,
}

impl Default for Passwords {
    fn default() -> Passwords {
        Passwords { turns: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

impl Passwords {
    /// Returns one whose turns are never free.
    #[cfg(test)]
    pub(super) fn busy() -> Passwords {
        let passwords = Passwords::default();
        passwords.turns.close();
        passwords
    }

    /// Hashes a password.
    ///
    /// # Errors
    /// [`Error::TooManyRequests`] if others are hashed for so long.
    pub(crate) async fn hash(&self, password: String) -> Result<String, Error> {
        self.run(move || password::hash(&password)).await
    }

    /// Returns whether a hash is of a password. Without a hash it takes as long, and the result is `false`.
    ///
    /// # Errors
    /// [`Error::TooManyRequests`] if others are hashed for so long.
    pub(crate) async fn verify(&self, password: String, hash: Option<String>) -> Result<bool, Error> {
        self.run(move || password::verify(&password, hash.as_deref())).await
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
        let turn = Arc::clone(&self.turns).acquire_owned();
        let Ok(Ok(turn)) = tokio::time::timeout(PATIENCE, turn).await else {
            return Err(Error::TooManyRequests(PATIENCE.as_secs()));
        };
        let task = tokio::task::spawn_blocking(move || {
            let done = work();
            // A request that is dropped keeps its turn until then.
            drop(turn);
            done
        });
        task.await.map_err(|cause| {
            tracing::error!(%cause, "cannot hash a password");
            Error::Unavailable
        })
    }
}
