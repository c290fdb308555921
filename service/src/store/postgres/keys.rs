//! The signing keys.

use daypass::api::RevocationTarget;
use deadpool_postgres::{GenericClient, Transaction};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::super::Rule;
use super::super::notes::note;
use super::marks::NEWEST_MARK;
use super::sql::{execute, number, number_option, rows, signed, signed_option};
use super::{Failure, feed, listener};
use crate::domain::audit::change;
use crate::domain::key::{KeyChange, PrivateKey, StoredKey};

pub(super) async fn keys(client: &impl GenericClient) -> Result<Vec<StoredKey>, Failure> {
    let as_added = "SELECT kid, private_key, master_key, created_at, signs_from, revoked_at, mark FROM signing_key
        ORDER BY number";
    rows(client, as_added, &[]).await?.iter().map(key).collect()
}

/// Changes the keys. The lock of the feed excludes other changes, and a revocation needs it.
pub(super) async fn change(
    transaction: &Transaction<'_>,
    rule: &Rule<Vec<StoredKey>, Vec<KeyChange>>,
) -> Result<Vec<KeyChange>, Failure> {
    feed::lock(transaction).await?;
    let changes = rule(&keys(transaction).await?)?;
    for change in &changes {
        match change {
            KeyChange::Add(key) => insert(transaction, key).await?,
            KeyChange::SignFrom { kid, time } => {
                let update = format!("UPDATE signing_key SET signs_from = $2, mark = ({NEWEST_MARK}) WHERE kid = $1");
                execute(transaction, &update, &[kid, &signed(*time)?]).await?;
                note(change::key_promoted(kid, *time));
            }
            KeyChange::Seal { kid, private } => {
                let update = "UPDATE signing_key SET private_key = $2, master_key = $3 WHERE kid = $1";
                execute(transaction, update, &[kid, &private.bytes, &private.master_key]).await?;
                note(change::key_sealed(kid, private.master_key.as_deref()));
            }
            KeyChange::Revoke { kid, at } => {
                feed::enter(transaction, None, &[RevocationTarget::Key { kid: kid.clone() }], *at).await?;
            }
        }
    }
    listener::notify(transaction).await?;
    Ok(changes)
}

/// Rewrites the table without the rows that were replaced.
pub(super) async fn remove_dead(client: &impl GenericClient) -> Result<(), Failure> {
    Ok(client.batch_execute("VACUUM FULL signing_key").await?)
}

pub(super) async fn insert(transaction: &impl GenericClient, key: &StoredKey) -> Result<(), Failure> {
    let insert = format!(
        "INSERT INTO signing_key (kid, private_key, master_key, created_at, signs_from, revoked_at, mark)
        VALUES ($1, $2, $3, $4, $5, $6, ({NEWEST_MARK}))"
    );
    let StoredKey { kid, private, created_at, signs_from, revoked_at, mark: _ } = key;
    let PrivateKey { bytes, master_key } = private;
    let times = [signed(*created_at)?, signed(*signs_from)?];
    let row: [&(dyn ToSql + Sync); 6] = [kid, bytes, master_key, &times[0], &times[1], &signed_option(*revoked_at)?];
    execute(transaction, &insert, &row).await?;
    note(change::key_added(kid, *signs_from));
    Ok(())
}

fn key(row: &Row) -> Result<StoredKey, Failure> {
    Ok(StoredKey {
        kid: row.try_get("kid")?,
        private: PrivateKey { bytes: row.try_get("private_key")?, master_key: row.try_get("master_key")? },
        created_at: number(row, "created_at")?,
        signs_from: number(row, "signs_from")?,
        revoked_at: number_option(row, "revoked_at")?,
        mark: number(row, "mark")?,
    })
}
