//! Tokens.

use daypass::api::{RevocationTarget, TokenRecord};
use daypass::verify::TokenHash;
use daypass::{Error, TokenKind};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, named_params, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::super::notes::{note, traffic};
use super::super::{AddedToken, Rule, TokenSelector};
use super::{Failure, organizations, principals, revocations, unreadable};
use crate::crypto::random;
use crate::domain::audit::change;
use crate::domain::last_use::TokenUse;
use crate::domain::organization::Organization;
use crate::domain::principal::Principal;
use crate::domain::token::{AddFacts, NewToken, TokenState, is_text_taken};
use crate::domain::token_edit::EditedToken;

/// A token as a record. The view has revocations of every level.
pub(super) const RECORD: &str = "
    SELECT id, kind, name, organization, grants, origins, created_at, expires_at, revoked_at, last_chars, number, parent,
        created_by, suspended_at, last_used_at, version, owner
    FROM record";

/// Counts active tokens of a kind, in the two ranges of the index `token_by_expiry`. No more are read than the limit
/// allows. By `+` the number chooses no other index.
pub(super) const OF_KIND: &str = "
    SELECT count(*) FROM (
        SELECT * FROM (
            SELECT number FROM token
            WHERE organization = :organization AND kind = :kind AND kind <> 'bundle'
                AND expires_at IS NULL AND number > :after AND revoked_at IS NULL
            LIMIT :limit
        ) AS endless
        UNION ALL
        SELECT * FROM (
            SELECT number FROM token
            WHERE organization = :organization AND kind = :kind AND kind <> 'bundle'
                AND expires_at > :now AND +number > :after AND revoked_at IS NULL
            LIMIT :limit
        ) AS ending
        LIMIT :limit
    ) AS active";

/// Finds the last token of an organization that is not revoked itself and whose time is before ?2, or later than ?3. An
/// index has all that is read.
pub(super) const LAST_BEFORE: &str = "
    SELECT number FROM token
    WHERE organization = ?1 AND revoked_at IS NULL AND kind <> 'bundle' AND (created_at < ?2 OR created_at > ?3)
    ORDER BY number DESC LIMIT 1";

pub(super) fn last_before(
    connection: &Connection,
    organization: &str,
    time: u64,
    now: u64,
) -> Result<Option<u64>, Failure> {
    let mut last = connection.prepare_cached(LAST_BEFORE)?;
    Ok(last.query_row(params![organization, time, now], |row| row.get(0)).optional()?)
}

pub(super) fn token(connection: &Connection, selector: &TokenSelector) -> Result<Option<TokenRecord>, Failure> {
    let find = |condition, parameters: &[&dyn rusqlite::ToSql]| {
        connection.prepare_cached(&format!("{RECORD} {condition}"))?.query_row(parameters, record).optional()
    };
    Ok(match selector {
        TokenSelector::Serial(number) => find("WHERE number = ?1", &[number])?,
        TokenSelector::Id { organization, id } => {
            find("WHERE organization = ?1 AND id = ?2 ORDER BY number DESC LIMIT 1", &[organization, id])?
        }
    })
}

pub(super) fn of_hash(connection: &Connection, hash: TokenHash) -> Result<Option<TokenRecord>, Failure> {
    let of_hash = format!("{RECORD} WHERE hash = ?1");
    Ok(connection.prepare_cached(&of_hash)?.query_row([hash.as_bytes()], record).optional()?)
}

pub(super) fn add(
    transaction: &Transaction<'_>,
    new: &NewToken,
    count_to: &Rule<Option<Organization>, usize>,
    rule: &Rule<AddFacts, Option<Principal>>,
) -> Result<AddedToken, Failure> {
    let earlier = if new.may_repeat { of_hash(transaction, new.hash)? } else { None };
    let owner = rule(&add_facts(transaction, new, earlier.as_ref(), count_to)?)?;
    if let Some(earlier) = earlier {
        give_up_text(transaction, &earlier, new.record.created_at)?;
    }
    let serial = insert(transaction, new, owner.as_ref())?;
    Ok(AddedToken { serial, owner: owner.map(|owner| owner.id) })
}

/// Gives a token that is no longer active another hash, which no text has, so that a new token can have its text. The
/// entry in the feed makes what is cached under the text void.
fn give_up_text(transaction: &Transaction<'_>, earlier: &TokenRecord, at: u64) -> Result<(), Failure> {
    let TokenRecord { serial, version, organization, .. } = earlier;
    let mut hash = [0; 32];
    random::fill(&mut hash);
    let version = version + 1;
    let give_up = "UPDATE token SET hash = ?2, version = ?3 WHERE number = ?1";
    transaction.prepare_cached(give_up)?.execute(params![serial, hash, version])?;
    let entry = RevocationTarget::Changed { serial: *serial, version };
    revocations::enter(transaction, Some(organization), &entry, at)
}

fn add_facts(
    transaction: &Transaction<'_>,
    new: &NewToken,
    earlier: Option<&TokenRecord>,
    count_to: &Rule<Option<Organization>, usize>,
) -> Result<AddFacts, Failure> {
    let NewToken { record: new, creator, .. } = new;
    let organization = organizations::find(transaction, &new.organization)?;
    let count_to = count_to(&organization)?;
    let of_id = "SELECT count(*) FROM record
        WHERE organization = ?1 AND id = ?2 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?3)";
    let active_of_id = transaction
        .prepare_cached(of_id)?
        .query_row(params![new.organization, new.id, new.created_at], |row| row.get(0))?;
    // A revoked organization gets no tokens, whatever their number is.
    let after = organization.as_ref().and_then(|organization| organization.revoked_up_to).unwrap_or(0);
    let active_of_kind = active_of_kind(transaction, &new.organization, new.kind, after, new.created_at, count_to)?;
    let requested_owner = match &new.owner {
        Some(id) => principals::find(transaction, &new.organization, id)?,
        None => None,
    };
    let creator_owner = match creator {
        Some(serial) => principals::owner(transaction, *serial)?,
        None => None,
    };
    let creating_user = new.created_by.as_deref().filter(|_| creator.is_none());
    let creator = principals::find_acting(transaction, &new.organization, creating_user)?;
    let is_text_taken = earlier.is_some_and(|earlier| is_text_taken(earlier, new));
    Ok(AddFacts { organization, active_of_id, is_text_taken, active_of_kind, requested_owner, creator_owner, creator })
}

pub(super) fn edit(
    transaction: &Transaction<'_>,
    serial: u64,
    at: u64,
    rule: &Rule<Option<TokenRecord>, Option<EditedToken>>,
) -> Result<TokenRecord, Failure> {
    let selector = TokenSelector::Serial(serial);
    let before = token(transaction, &selector)?;
    if let (Some(edited), Some(before)) = (rule(&before)?, &before) {
        note(change::token_edited(before, &edited));
        let EditedToken { name, origins, expires_at, version } = edited;
        let edit = "UPDATE token SET name = ?2, origins = ?3, expires_at = ?4, version = ?5 WHERE number = ?1";
        let row = params![serial, name, to_json(&origins)?, expires_at, version];
        transaction.prepare_cached(edit)?.execute(row)?;
        let entry = RevocationTarget::Changed { serial, version };
        revocations::enter(transaction, Some(&before.organization), &entry, at)?;
    }
    Ok(token(transaction, &selector)?.ok_or(Error::NotFound)?)
}

pub(super) fn record_uses(transaction: &Transaction<'_>, uses: &[TokenUse]) -> Result<(), Failure> {
    let write = "UPDATE token SET last_used_at = ?2 WHERE number = ?1 AND (last_used_at IS NULL OR last_used_at <= ?3)";
    let mut write = transaction.prepare_cached(write)?;
    traffic();
    for TokenUse { serial, at, replaces } in uses {
        write.execute([serial, at, replaces])?;
    }
    Ok(())
}

/// Counts tokens of a kind that are active at a time and have a greater number than `after`, up to a limit.
pub(super) fn active_of_kind(
    transaction: &Transaction<'_>,
    organization: &str,
    kind: TokenKind,
    after: u64,
    now: u64,
    limit: usize,
) -> rusqlite::Result<usize> {
    let parameters = named_params! {
        ":organization": organization,
        ":kind": kind.as_str(),
        ":after": after,
        ":now": now,
        ":limit": limit,
    };
    transaction.prepare_cached(OF_KIND)?.query_row(parameters, |row| row.get(0))
}

/// The number and the state of the token with this hash.
pub(super) fn state(connection: &Connection, hash: TokenHash) -> Result<Option<(u64, TokenState)>, Failure> {
    let state = "SELECT number, expires_at, revoked_at, suspended_at FROM record WHERE hash = ?1";
    let row = connection.prepare_cached(state)?.query_row([hash.as_bytes()], |row| {
        let state = TokenState { expires_at: row.get(1)?, revoked_at: row.get(2)?, suspended_at: row.get(3)? };
        Ok((row.get(0)?, state))
    });
    Ok(row.optional()?)
}

/// Adds the row of a new token that belongs to a principal, if one is given, and returns its number.
pub(super) fn insert(transaction: &Transaction<'_>, new: &NewToken, owner: Option<&Principal>) -> Result<u64, Failure> {
    let NewToken { record, hash, .. } = new;
    let insert = "INSERT INTO token
        (hash, organization, id, kind, name, grants, origins, last_chars, created_at, expires_at, revoked_at, created_by,
            owner)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";
    transaction.prepare_cached(insert)?.execute(params![
        hash.as_bytes(),
        record.organization,
        record.id,
        record.kind.as_str(),
        record.name,
        to_json(&record.grants)?,
        to_json(&record.origins)?,
        record.last_chars,
        record.created_at,
        record.expires_at,
        record.revoked_at,
        record.created_by,
        owner.map(|owner| owner.number),
    ])?;
    if record.kind == TokenKind::Bundle {
        traffic()
    } else {
        note(change::token_added(record, owner))
    }
    // SQLite numbers from 1.
    Ok(transaction.last_insert_rowid().unsigned_abs())
}

/// The record in a row of [`RECORD`].
pub(super) fn record(row: &Row<'_>) -> rusqlite::Result<TokenRecord> {
    Ok(TokenRecord {
        id: row.get(0)?,
        serial: row.get(10)?,
        root_serial: row.get(11)?,
        kind: row.get::<_, String>(1)?.parse().map_err(|cause| unreadable(1, cause))?,
        name: row.get(2)?,
        organization: row.get(3)?,
        grants: from_json(row, 4)?,
        origins: from_json(row, 5)?,
        created_at: row.get(6)?,
        created_by: row.get(12)?,
        owner: row.get(16)?,
        expires_at: row.get(7)?,
        revoked_at: row.get(8)?,
        suspended_at: row.get(13)?,
        last_used_at: row.get(14)?,
        version: row.get(15)?,
        last_chars: row.get(9)?,
    })
}

pub(super) fn to_json(value: &impl Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|cause| rusqlite::Error::ToSqlConversionFailure(cause.into()))
}

pub(super) fn from_json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    serde_json::from_str(row.get_ref(column)?.as_str()?).map_err(|cause| unreadable(column, cause))
}
