//! The signing keys.

use daypass::api::RevocationTarget;
use deadpool_postgres::{GenericClient, Transaction};
use tokio_postgres::Row;

use super::super::Rule;
use super::super::notes::note;
use super::sql::{execute, number, number_option, rows, signed, signed_option};
use super::{Failure, feed, listener};
use crate::domain::audit::change;
use crate::domain::key::{KeyChange, StoredKey};

const NEWEST_MARK: &str = "SELECT max(number) FROM feed_mark";

pub(super) async fn keys(client: &impl GenericClient) -> Result<Vec<StoredKey>, Failure> {
    let in_turn =
        "SELECT kid, pkcs8, created_at, signs_from, revoked_at, mark FROM signing_key ORDER BY signs_from, number";
    rows(client, in_turn, &[]).await?.iter().map(key).collect()
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
            KeyChange::Revoke { kid, at } => {
                feed::enter(transaction, None, &[RevocationTarget::Key { kid: kid.clone() }], *at).await?;
            }
        }
    }
    listener::notify(transaction).await?;
    Ok(changes)
}

pub(super) async fn insert(transaction: &impl GenericClient, key: &StoredKey) -> Result<(), Failure> {
    let insert = format!(
        "INSERT INTO signing_key (kid, pkcs8, created_at, signs_from, revoked_at, mark)
        VALUES ($1, $2, $3, $4, $5, ({NEWEST_MARK}))"
    );
    let StoredKey { kid, pkcs8, created_at, signs_from, revoked_at, mark: _ } = key;
    let times = [signed(*created_at)?, signed(*signs_from)?];
    execute(transaction, &insert, &[kid, pkcs8, &times[0], &times[1], &signed_option(*revoked_at)?]).await?;
    note(change::key_added(kid, *signs_from));
    Ok(())
}

fn key(row: &Row) -> Result<StoredKey, Failure> {
    Ok(StoredKey {
        kid: row.try_get("kid")?,
        pkcs8: row.try_get("pkcs8")?,
        created_at: number(row, "created_at")?,
        signs_from: number(row, "signs_from")?,
        revoked_at: number_option(row, "revoked_at")?,
        mark: number(row, "mark")?,
    })
}
