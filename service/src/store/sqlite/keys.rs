//! The signing keys.

use daypass::api::RevocationTarget;
use rusqlite::{Connection, Row, Transaction, params};

use super::super::Rule;
use super::super::notes::note;
use super::marks::NEWEST_MARK;
use super::{Failure, revocations};
use crate::domain::audit::change;
use crate::domain::key::{KeyChange, PrivateKey, StoredKey};

pub(super) fn keys(connection: &Connection) -> Result<Vec<StoredKey>, Failure> {
    let as_added = "SELECT kid, private_key, master_key, created_at, signs_from, revoked_at, mark FROM signing_key
        ORDER BY rowid";
    let mut keys = connection.prepare_cached(as_added)?;
    let rows = keys.query_map([], key)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn change(
    transaction: &Transaction<'_>,
    rule: &Rule<Vec<StoredKey>, Vec<KeyChange>>,
) -> Result<Vec<KeyChange>, Failure> {
    let changes = rule(&keys(transaction)?)?;
    for change in &changes {
        match change {
            KeyChange::Add(key) => insert(transaction, key)?,
            KeyChange::SignFrom { kid, time } => {
                let update = format!("UPDATE signing_key SET signs_from = ?2, mark = ({NEWEST_MARK}) WHERE kid = ?1");
                transaction.execute(&update, params![kid, time])?;
                note(change::key_promoted(kid, *time));
            }
            KeyChange::Seal { kid, private } => {
                let update = "UPDATE signing_key SET private_key = ?2, master_key = ?3 WHERE kid = ?1";
                transaction.execute(update, params![kid, private.bytes, private.master_key])?;
                note(change::key_sealed(kid, private.master_key.as_deref()));
            }
            KeyChange::Revoke { kid, at } => {
                revocations::enter(transaction, None, &RevocationTarget::Key { kid: kid.clone() }, *at)?;
            }
        }
    }
    Ok(changes)
}

pub(super) fn insert(transaction: &Transaction<'_>, key: &StoredKey) -> Result<(), Failure> {
    let insert = format!(
        "INSERT INTO signing_key (kid, private_key, master_key, created_at, signs_from, revoked_at, mark)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ({NEWEST_MARK}))"
    );
    let StoredKey { kid, private, created_at, signs_from, revoked_at, mark: _ } = key;
    let PrivateKey { bytes, master_key } = private;
    transaction.execute(&insert, params![kid, bytes, master_key, created_at, signs_from, revoked_at])?;
    note(change::key_added(kid, *signs_from));
    Ok(())
}

fn key(row: &Row<'_>) -> rusqlite::Result<StoredKey> {
    Ok(StoredKey {
        kid: row.get(0)?,
        private: PrivateKey { bytes: row.get(1)?, master_key: row.get(2)? },
        created_at: row.get(3)?,
        signs_from: row.get(4)?,
        revoked_at: row.get(5)?,
        mark: row.get(6)?,
    })
}
