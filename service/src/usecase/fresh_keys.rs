//! Signing keys that are as new as the question for them: [`FreshKeys`].

use std::sync::Arc;
use std::time::{Duration, Instant};

use daypass::Error;
use daypass::jwt::{Claims, Jwks, UnverifiedJwt};
use daypass::verify::{KeyLookup, KeySource, ResponseFuture};
use tokio::sync::{Notify, watch};
use tokio::time::timeout;

use super::signing_keys::SigningKeys;
use super::sync::FeedPosition;
use crate::crypto::master_key::MasterKey;
use crate::store::Snapshot;

/// How long a question waits for a poll of the store.
const PATIENCE: Duration = Duration::from_secs(1);

/// Longer than a command takes.
const LONGEST_COMMAND: Duration = Duration::from_secs(3600);

/// The keys of the store, for questions that an older snapshot must not answer.
///
/// Another process may have added a key since the last poll, and another node may sign with it. So a key
/// is unknown only by a snapshot that was taken after the question.
#[derive(Clone)]
pub(crate) struct FreshKeys {
    pub(crate) keys: SigningKeys,
    /// Where the feed ended at the last poll, and when that was.
    pub(crate) position: watch::Receiver<FeedPosition>,
    /// Asks for a poll at once.
    ///
    /// SECURITY: questions share polls, and the poller pauses after each: callers that name keys that do
    /// not exist cause no more polls than that.
    pub(crate) poll: Arc<Notify>,
}

/// Which keys count as signers.
#[derive(Clone, Copy)]
pub(super) enum KeysOf {
    /// Those whose signatures are accepted now.
    Now,
    /// Those too that have expired by the clock.
    AnyTime,
}

impl FreshKeys {
    /// Returns the keys for a command, whose questions are older than the snapshot: none waits for a later one.
    ///
    /// # Errors
    /// When a key cannot be read.
    pub(crate) fn of_snapshot(snapshot: Snapshot, master_key: Arc<MasterKey>) -> anyhow::Result<FreshKeys> {
        let Snapshot { latest, deleted_up_to, newest_mark, epoch, keys, .. } = snapshot;
        let keys = SigningKeys::load(&keys, newest_mark, master_key)?;
        let at = Instant::now() + LONGEST_COMMAND;
        let (_, position) = watch::channel(FeedPosition { latest, deleted_up_to, epoch, at });
        Ok(FreshKeys { keys, position, poll: Arc::default() })
    }

    /// Returns the public keys whose signatures are accepted now or soon, as of now.
    ///
    /// # Errors
    /// [`Error::Unavailable`] while the store does not answer: a verifier that got older keys would take
    /// a valid token for a forgery.
    pub(crate) async fn jwks(&self) -> Result<Jwks, Error> {
        self.wait_until_fresh().await?;
        self.keys.jwks()
    }

    /// Returns the claims of a JWT that one of these keys signed, also if the JWT has expired.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the store does not answer and its key may be a new one.
    pub(super) async fn authenticate(&self, of: KeysOf, text: &str) -> Result<Option<Claims>, Error> {
        let Some(jwt) = UnverifiedJwt::parse(text) else { return Ok(None) };
        let find = || match of {
            KeysOf::Now => self.keys.public_key(jwt.header()),
            KeysOf::AnyTime => self.keys.signer(jwt.header()),
        };
        let key = match find() {
            Ok(Some(key)) => Some(key),
            Ok(None) | Err(_) => {
                self.wait_until_fresh().await?;
                find()?
            }
        };
        Ok(key.and_then(|key| jwt.verify(&key)?.claims()))
    }

    /// Waits for a snapshot of the store that is taken after this call.
    async fn wait_until_fresh(&self) -> Result<(), Error> {
        let (asked_at, mut position) = (Instant::now(), self.position.clone());
        self.poll.notify_one();
        let fresh = position.wait_for(|position| position.at >= asked_at);
        match timeout(PATIENCE, fresh).await {
            Ok(Ok(_)) => Ok(()),
            // The poller logs why.
            Ok(Err(_)) | Err(_) => Err(Error::Unavailable),
        }
    }
}

impl KeySource for FreshKeys {
    fn find<'a>(&'a self, header: &'a str) -> ResponseFuture<'a, KeyLookup> {
        Box::pin(async move {
            if let Ok(Some(key)) = self.keys.public_key(header) {
                return Ok(KeyLookup::Known(key));
            }
            let waited = self.wait_until_fresh().await;
            Ok(match waited.and_then(|()| self.keys.public_key(header)) {
                Ok(key) => key.into(),
                Err(_) => KeyLookup::Undetermined,
            })
        })
    }
}
