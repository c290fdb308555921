//! Wakes this process when any process has changed something: [`Listener`].

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use deadpool_postgres::GenericClient;
use futures_util::StreamExt;
use futures_util::stream::poll_fn;
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio_postgres::AsyncMessage;

use super::connection::Settings;
use super::{Failure, sql};

/// The name by which PostgreSQL passes the message on, in one database.
const NOTIFY: &str = "SELECT pg_notify('daypass_changed', '')";
const LISTEN: &str = "LISTEN daypass_changed";
/// The time between two attempts to connect. Polls find what is missed meanwhile.
const PAUSE: Duration = Duration::from_secs(1);

/// Tells the listeners of every process, once the transaction is committed.
pub(super) async fn notify(transaction: &impl GenericClient) -> Result<(), Failure> {
    sql::row(transaction, NOTIFY, &[]).await.map(drop)
}

/// Waits for changes, with a connection of its own once somebody waits.
pub(super) struct Listener {
    settings: Settings,
    changes: Arc<Notify>,
    task: OnceLock<AbortHandle>,
}

impl Listener {
    pub(super) fn new(settings: Settings) -> Listener {
        Listener { settings, changes: Arc::new(Notify::new()), task: OnceLock::new() }
    }

    /// Tells of a change that this process has made, without a round trip.
    pub(super) fn wake(&self) {
        self.changes.notify_one();
    }

    /// Waits until a process has changed something since the last call.
    pub(super) async fn changed(&self) {
        self.task.get_or_init(|| {
            let (settings, changes) = (self.settings.clone(), Arc::clone(&self.changes));
            tokio::spawn(listen(settings, changes)).abort_handle()
        });
        self.changes.notified().await;
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Some(task) = self.task.get() {
            task.abort();
        }
    }
}

async fn listen(settings: Settings, changes: Arc<Notify>) {
    loop {
        if let Err(cause) = listen_once(&settings, &changes).await {
            tracing::debug!(%cause, "no wake-ups by the database, polling");
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Listens until the connection ends.
async fn listen_once(settings: &Settings, changes: &Notify) -> Result<(), tokio_postgres::Error> {
    let (client, mut connection) = settings.connect().await?;
    let mut messages = poll_fn(|context| connection.poll_message(context));
    let follow = async {
        while let Some(message) = messages.next().await {
            if let AsyncMessage::Notification(_) = message? {
                changes.notify_one();
            }
        }
        Ok(())
    };
    let listen = async {
        client.batch_execute(LISTEN).await?;
        // What changed before is found at once.
        changes.notify_one();
        Ok(())
    };
    // The client stays until the connection ends.
    futures_util::future::try_join(follow, listen).await.map(drop)
}
