//! The tables of a database, and their version.

use anyhow::Context;
use tokio_postgres::{Client, GenericClient, Transaction};

use super::super::location::DatabaseUrl;
use super::super::schema::Schema;

/// The steps to the newest version. Step 1 is the first.
const STEPS: &[&str] = &[
    include_str!("../../../migrations/postgres/0001_begin.sql"),
    include_str!("../../../migrations/postgres/0002_life.sql"),
    include_str!("../../../migrations/postgres/0003_single_use.sql"),
    include_str!("../../../migrations/postgres/0004_catalog.sql"),
    include_str!("../../../migrations/postgres/0005_principals.sql"),
    include_str!("../../../migrations/postgres/0006_accounts.sql"),
    include_str!("../../../migrations/postgres/0007_key_mark.sql"),
    include_str!("../../../migrations/postgres/0008_bundle_marks.sql"),
    include_str!("../../../migrations/postgres/0009_indexes.sql"),
    include_str!("../../../migrations/postgres/0010_issued_up_to.sql"),
    include_str!("../../../migrations/postgres/0011_inviter.sql"),
    include_str!("../../../migrations/postgres/0012_oauth.sql"),
    include_str!("../../../migrations/postgres/0013_audit.sql"),
    include_str!("../../../migrations/postgres/0014_quotas.sql"),
    include_str!("../../../migrations/postgres/0015_master_key.sql"),
    include_str!("../../../migrations/postgres/0016_use.sql"),
];

/// Held by the process that changes the tables. The number means nothing; it is Daypass's.
const LOCK: &str = "SELECT pg_advisory_xact_lock(4918837201)";
const HAS_STORE: &str = "SELECT to_regclass('daypass_migration') IS NOT NULL";
/// The name of the table of the steps that were done.
pub(super) const TABLE_NAME: &str = "daypass_migration";
/// Which steps were done.
const TABLE: &str = "CREATE TABLE daypass_migration (
    step INTEGER PRIMARY KEY,
    done_at TIMESTAMPTZ NOT NULL DEFAULT now()
)";

/// Returns whether the database has a store.
pub(super) async fn has_store(client: &Client) -> anyhow::Result<bool> {
    Ok(client.query_one(HAS_STORE, &[]).await?.try_get(0)?)
}

/// Returns the version of the tables of a store.
pub(super) async fn schema(client: &impl GenericClient) -> anyhow::Result<Schema> {
    let newest = "SELECT coalesce(max(step), 0) FROM daypass_migration";
    let done: i32 = client.query_one(newest, &[]).await?.try_get(0)?;
    Ok(schema_of(usize::try_from(done)?))
}

/// Returns the version of tables whose newest step is this one.
pub(super) fn schema_of(found: usize) -> Schema {
    Schema { found, known: STEPS.len() }
}

/// Brings the tables to the newest version, or creates them.
pub(super) async fn migrate(client: &mut Client, url: &DatabaseUrl) -> anyhow::Result<()> {
    let transaction = client.transaction().await?;
    transaction.batch_execute(LOCK).await?;
    let schema = create_or_read(&transaction).await.context("cannot read or create the tables of the store")?;
    schema.require_known(url)?;
    for (index, step) in STEPS.iter().enumerate().skip(schema.found) {
        let step_number = i32::try_from(index + 1)?;
        let apply = async {
            transaction.batch_execute(step).await?;
            transaction.execute("INSERT INTO daypass_migration (step) VALUES ($1)", &[&step_number]).await
        };
        apply.await.with_context(|| format!("cannot change the tables of the store, step {step_number}"))?;
    }
    Ok(transaction.commit().await?)
}

async fn create_or_read(transaction: &Transaction<'_>) -> anyhow::Result<Schema> {
    if !transaction.query_one(HAS_STORE, &[]).await?.try_get::<_, bool>(0)? {
        transaction.batch_execute(TABLE).await?;
    }
    schema(transaction).await
}
