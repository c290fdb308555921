//! Connections to a database.

use std::time::Duration;

use anyhow::{Context, ensure};
use deadpool_postgres::{Hook, HookError, Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{Client, Config, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::super::location::DatabaseUrl;
use super::tls;

/// A connection that may be encrypted.
pub(super) type Connection = tokio_postgres::Connection<Socket, <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream>;

/// How long an operation may take before its caller hears that the store does not answer.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);
/// How long to wait for a connection to one host. A host that is switched off gives no answer at all.
const CONNECT: Duration = Duration::from_secs(1);
/// How long to wait for a connection to any of several hosts.
const CONNECT_TO_ANY: Duration = Duration::from_secs(5);
/// How long to wait for a free connection of a pool.
const WAIT: Duration = Duration::from_secs(3);
/// A connection on which nothing arrives for so long is checked by the operating system.
const KEEPALIVE: Duration = Duration::from_secs(5);

/// The oldest version of PostgreSQL that has everything that is used here and that is tested.
const OLDEST: i32 = 15;

/// The settings of every session.
///
/// SECURITY: a node that disappears in a transaction must not keep the feed locked, so that nobody could revoke.
const SESSION: &str = "
    SET lock_timeout = '3s';
    SET statement_timeout = '5s';
    SET idle_in_transaction_session_timeout = '5s';
    SET client_min_messages = 'warning';";

/// The settings of a session that writes.
///
/// SECURITY: what was acknowledged is on the disk, and on a synchronous standby, whatever the settings of the role say.
const WRITER: &str = "
    SELECT set_config('synchronous_commit', 'on', false)
    WHERE current_setting('synchronous_commit') IN ('off', 'local');";

/// The settings of a session that writes nothing that must last: the lock that a check of a token takes needs not be
/// on the disk.
const READER: &str = "SET synchronous_commit = off;";

/// How to connect to the database of a store.
#[derive(Clone)]
pub(super) struct Settings {
    config: Config,
    tls: MakeRustlsConnect,
}

/// Returns the settings in a URL, and those that it leaves open.
pub(super) fn settings(url: &DatabaseUrl) -> anyhow::Result<Settings> {
    let (mut config, trust) = url.config()?;
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT);
    }
    if config.get_application_name().is_none() {
        config.application_name("daypass");
    }
    config
        .keepalives_idle(KEEPALIVE)
        .keepalives_interval(KEEPALIVE)
        .keepalives_retries(2)
        .tcp_user_timeout(2 * KEEPALIVE);
    Ok(Settings { config, tls: tls::connector(&trust)? })
}

impl Settings {
    /// Connects, and returns what must be polled for the client to get answers.
    pub(super) async fn connect(&self) -> Result<(Client, Connection), tokio_postgres::Error> {
        self.config.connect(self.tls.clone()).await
    }
}

/// Connects to the database of a store.
///
/// # Errors
/// When it cannot be reached, or is too old.
pub(super) async fn connect(url: &DatabaseUrl, settings: &Settings) -> anyhow::Result<Client> {
    let (client, connection) = settings.connect().await.map_err(|failure| {
        let advice = tls::advice(&failure).map(|advice| format!(", {advice}")).unwrap_or_default();
        anyhow::Error::new(failure).context(format!("cannot reach the store {url}{advice}"))
    })?;
    tokio::spawn(connection);
    let read = || format!("cannot read the store {url}");
    let version = client.query_one("SELECT current_setting('server_version_num')::int", &[]).await;
    let version = version.and_then(|row| row.try_get::<_, i32>(0)).with_context(read)? / 10_000;
    ensure!(
        version >= OLDEST,
        "the store {url} is PostgreSQL {version}: this version of Daypass needs {OLDEST} or newer"
    );
    Ok(client)
}

/// A pool of so many connections at most that read.
pub(super) fn readers(settings: &Settings, most: usize) -> anyhow::Result<Pool> {
    pool(settings, most, format!("{SESSION}{READER}"))
}

/// A pool of so many connections at most that write.
pub(super) fn writers(settings: &Settings, most: usize) -> anyhow::Result<Pool> {
    pool(settings, most, format!("{SESSION}{WRITER}"))
}

fn pool(settings: &Settings, most: usize, session: String) -> anyhow::Result<Pool> {
    let Settings { config, tls } = settings.clone();
    let manager = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let prepare = Hook::async_fn(move |client, _| {
        let session = session.clone();
        Box::pin(async move { client.batch_execute(&session).await.map_err(HookError::Backend) })
    });
    let pool = Pool::builder(Manager::from_config(config, tls, manager))
        .max_size(most)
        .wait_timeout(Some(WAIT))
        .create_timeout(Some(CONNECT_TO_ANY))
        .runtime(Runtime::Tokio1)
        .post_create(prepare);
    Ok(pool.build()?)
}
