//! The signing keys.

use daypass::Error;
use daypass::api::RevocationTarget;
use rusqlite::{Connection, Row, Transaction, params};

use super::{Failure, revocation};
use crate::signing::KeyState;
use crate::store::{KeyRevocation, StoredKey};

pub(in crate::store) fn signing_keys(connection: &Connection) -> Result<Vec<StoredKey>, Failure> {
    // Of two that sign from the same second on, the one that was stored later is the successor.
    let in_turn = "SELECT kid, pkcs8, created_at, signs_from, revoked_at FROM signing_key ORDER BY signs_from, rowid";
    let mut keys = connection.prepare_cached(in_turn)?;
    let rows = keys.query_map([], key)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(in crate::store) fn add_key(connection: &mut Connection, key: &StoredKey) -> Result<(), Failure> {
    let transaction = connection.transaction()?;
    insert(&transaction, key)?;
    Ok(transaction.commit()?)
}

pub(in crate::store) fn add_key_unless_after(
    connection: &mut Connection,
    key: &StoredKey,
    time: u64,
) -> Result<(), Failure> {
    let transaction = connection.transaction()?;
    let is_there = "SELECT EXISTS (SELECT 1 FROM signing_key WHERE created_at > ?1)";
    if !transaction.query_row(is_there, [time], |row| row.get::<_, bool>(0))? {
        insert(&transaction, key)?;
    }
    Ok(transaction.commit()?)
}

/// Security rule: never is there no key that signs, so that nobody is tempted to go on with a revoked one.
pub(in crate::store) fn revoke_key(
    connection: &mut Connection,
    kid: &str,
    spare: &StoredKey,
    now: u64,
) -> Result<KeyRevocation, Failure> {
    let transaction = connection.transaction()?;
    let revoked = RevocationTarget::Key { kid: kid.to_owned() };
    if let Some(revocation) = revocation::standing(&transaction, &revoked)? {
        return Ok(KeyRevocation { revocation, successor: None });
    }
    let revoke = "UPDATE signing_key SET revoked_at = ?2 WHERE kid = ?1";
    if transaction.execute(revoke, params![kid, now])? == 0 {
        return Err(Error::NotFound.into());
    }
    let revocation = revocation::enter(&transaction, None, &revoked, now)?;
    let keys = signing_keys(&transaction)?;
    let states = KeyState::of(&keys, now);
    let successor = if states.contains(&KeyState::Signing) {
        None
    } else if let Some(next) = states.iter().position(|state| *state == KeyState::Published) {
        transaction.execute("UPDATE signing_key SET signs_from = ?2 WHERE kid = ?1", params![keys[next].kid, now])?;
        Some(keys[next].kid.clone())
    } else {
        insert(&transaction, spare)?;
        Some(spare.kid.clone())
    };
    transaction.commit()?;
    Ok(KeyRevocation { revocation, successor })
}

pub(super) fn insert(transaction: &Transaction<'_>, key: &StoredKey) -> Result<(), Failure> {
    let insert = "INSERT INTO signing_key (kid, pkcs8, created_at, signs_from, revoked_at) VALUES (?1, ?2, ?3, ?4, ?5)";
    let StoredKey { kid, pkcs8, created_at, signs_from, revoked_at } = key;
    transaction.execute(insert, params![kid, pkcs8, created_at, signs_from, revoked_at])?;
    Ok(())
}

fn key(row: &Row<'_>) -> rusqlite::Result<StoredKey> {
    Ok(StoredKey {
        kid: row.get(0)?,
        pkcs8: row.get(1)?,
        created_at: row.get(2)?,
        signs_from: row.get(3)?,
        revoked_at: row.get(4)?,
    })
}
