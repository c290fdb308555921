//! Revocations, and the feed of them. What is revoked and the entry that says so are one transaction.

use daypass::Error;
use daypass::api::{Revocation, RevocationPage, RevocationTarget, TokenRecord, duration};
use daypass::jwt::Claims;
use daypass::verify::{MAX_LEEWAY, TokenHash};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, TransactionBehavior, named_params, params};

use super::{Failure, token, unreadable};

/// How long the entry of a token is kept, in seconds. Security rule: until whatever was minted from it has ended by the clock
/// of every verifier, behind as it may be. The entries of organizations and keys are few, and kept for good.
const KEEP: u64 = duration::MOST + 2 * MAX_LEEWAY;

const ENTRY: &str = "SELECT seq, at, organization, level, name FROM revocation";

pub(in crate::store) fn revoke(
    connection: &mut Connection,
    organization: &str,
    id: &str,
    now: u64,
) -> Result<TokenRecord, Failure> {
    let transaction = connection.transaction()?;
    let newest = "SELECT max(number) FROM token WHERE organization = ?1 AND id = ?2";
    let number: Option<u64> = transaction.prepare_cached(newest)?.query_row([organization, id], |row| row.get(0))?;
    revoke_number(&transaction, organization, number.ok_or(Error::NotFound)?, now)?;
    let revoked = token::token(&transaction, organization, id)?;
    transaction.commit()?;
    Ok(revoked)
}

pub(in crate::store) fn revoke_presented(
    connection: &mut Connection,
    organization: &str,
    hash: TokenHash,
    now: u64,
) -> Result<(), Failure> {
    let transaction = connection.transaction()?;
    let credentials = "SELECT number FROM token WHERE organization = ?1 AND hash = ?2";
    let number =
        transaction.prepare_cached(credentials)?.query_row(params![organization, hash.as_bytes()], |row| row.get(0));
    if let Some(number) = number.optional()? {
        revoke_number(&transaction, organization, number, now)?;
    }
    Ok(transaction.commit()?)
}

/// The first revocation counts: a second one changes nothing.
fn revoke_number(transaction: &Transaction<'_>, organization: &str, number: u64, now: u64) -> Result<(), Failure> {
    let revoke = "UPDATE token SET revoked_at = ?2 WHERE number = ?1 AND revoked_at IS NULL";
    if transaction.prepare_cached(revoke)?.execute(params![number, now])? > 0 {
        enter(transaction, Some(organization), &RevocationTarget::Token { serial: number }, now)?;
    }
    Ok(())
}

pub(in crate::store) fn revoke_signed(
    connection: &mut Connection,
    organization: &str,
    jti: &str,
    now: u64,
) -> Result<(), Failure> {
    let transaction = connection.transaction()?;
    let revoked = RevocationTarget::Jwt { jti: jti.to_owned() };
    if standing(&transaction, &revoked)?.is_none() {
        enter(&transaction, Some(organization), &revoked, now)?;
    }
    Ok(transaction.commit()?)
}

pub(in crate::store) fn revoke_organization(
    connection: &mut Connection,
    organization: &str,
    now: u64,
) -> Result<Revocation, Failure> {
    let transaction = connection.transaction()?;
    let revoked = RevocationTarget::Organization { organization: organization.to_owned() };
    if let Some(standing) = standing(&transaction, &revoked)? {
        return Ok(standing);
    }
    let revoke = "UPDATE organization SET revoked_at = ?2 WHERE id = ?1";
    if transaction.prepare_cached(revoke)?.execute(params![organization, now])? == 0 {
        return Err(Error::NotFound.into());
    }
    let revocation = enter(&transaction, Some(organization), &revoked, now)?;
    transaction.commit()?;
    Ok(revocation)
}

/// Security rule: each stored token that it ends is an entry of its own too. Whoever follows the feed knows when a child was
/// issued and who its parent is, but not when the parent was issued: a child of the time's own second, or of a later one,
/// would outlive its parent.
pub(in crate::store) fn revoke_issued_before(
    connection: &mut Connection,
    organization: &str,
    time: u64,
    now: u64,
) -> Result<Revocation, Failure> {
    let transaction = connection.transaction()?;
    let set = "UPDATE organization SET issued_before = ?2 WHERE id = ?1 AND coalesce(issued_before < ?2, 1)";
    if transaction.prepare_cached(set)?.execute(params![organization, time])? == 0 {
        // There is an entry for as long as there is a time.
        let newest = format!("{ENTRY} WHERE level = 'issuedBefore' AND organization = ?1 ORDER BY seq DESC LIMIT 1");
        let standing = transaction.prepare_cached(&newest)?.query_row([organization], entry).optional()?;
        return Ok(standing.ok_or(Error::NotFound)?);
    }
    let revoked = RevocationTarget::IssuedBefore { organization: organization.to_owned(), time };
    let revocation = enter(&transaction, Some(organization), &revoked, now)?;
    let parents = "SELECT number FROM token
        WHERE organization = ?1 AND created_at < ?2 AND revoked_at IS NULL AND kind <> 'bundle' ORDER BY number";
    let parents = transaction
        .prepare_cached(parents)?
        .query_map(params![organization, time], |row| row.get(0))?
        .collect::<Result<Vec<u64>, _>>()?;
    for number in parents {
        revoke_number(&transaction, organization, number, now)?;
    }
    transaction.commit()?;
    Ok(revocation)
}

/// A parent that the store does not know is no living one.
pub(in crate::store) fn is_revoked(connection: &Connection, claims: &Claims) -> Result<bool, Failure> {
    let revoked = "SELECT NOT EXISTS (
            SELECT 1 FROM record AS parent JOIN organization ON organization.id = parent.organization
            WHERE parent.number = :parent AND parent.organization = :organization AND parent.revoked_at IS NULL
                AND coalesce(organization.issued_before <= :issued_at, 1))
        OR EXISTS (SELECT 1 FROM revocation WHERE level = 'signed' AND name = :jti)";
    let of = named_params! {
        ":parent": claims.root_serial,
        ":organization": claims.sub,
        ":issued_at": claims.iat,
        ":jti": claims.jti,
    };
    Ok(connection.prepare_cached(revoked)?.query_row(of, |row| row.get(0))?)
}

/// What an organization sees of the feed after this number, and the feed's last number. A number that the feed has not reached is from before a backup was
/// restored: it is told everything.
pub(in crate::store) fn revocations(
    connection: &mut Connection,
    organization: &str,
    after: u64,
) -> Result<(Vec<Revocation>, u64), Failure> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Deferred)?;
    let latest = latest(&transaction)?;
    let after = if after > latest { 0 } else { after };
    let page = format!(
        "{ENTRY} WHERE seq > ?1 AND (organization = ?2 OR organization IS NULL) ORDER BY seq LIMIT {}",
        RevocationPage::MOST
    );
    let revocations = transaction
        .prepare_cached(&page)?
        .query_map(params![after, organization], entry)?
        .collect::<Result<Vec<_>, _>>()?;
    Ok((revocations, latest))
}

/// The feed's last number, which SQLite remembers also if that entry is forgotten already. The table is asked too, so that
/// without it there is no answer.
pub(in crate::store) fn latest(connection: &Connection) -> Result<u64, Failure> {
    let latest = "SELECT max(coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'revocation'), 0),
        coalesce((SELECT max(seq) FROM revocation), 0))";
    Ok(connection.prepare_cached(latest)?.query_row([], |row| row.get(0))?)
}

/// Forgets what has been of no use for long.
pub(in crate::store) fn forget(connection: &Connection, now: u64) -> Result<(), Failure> {
    // The plus keeps SQLite from going through all of a level.
    let forget = "DELETE FROM revocation WHERE at < ?1 AND +level IN ('token', 'signed')";
    connection.prepare_cached(forget)?.execute([now.saturating_sub(KEEP)])?;
    Ok(())
}

/// Adds an entry; one without an organization is for everybody.
pub(super) fn enter(
    transaction: &Transaction<'_>,
    organization: Option<&str>,
    revoked: &RevocationTarget,
    now: u64,
) -> Result<Revocation, Failure> {
    let (level, name) = columns(revoked);
    let enter = "INSERT INTO revocation (at, organization, level, name) VALUES (?1, ?2, ?3, ?4) RETURNING seq";
    let seq =
        transaction.prepare_cached(enter)?.query_row(params![now, organization, level, name], |row| row.get(0))?;
    Ok(Revocation { seq, at: now, target: revoked.clone() })
}

/// The entry that revoked this already.
pub(super) fn standing(
    transaction: &Transaction<'_>,
    revoked: &RevocationTarget,
) -> Result<Option<Revocation>, Failure> {
    let (level, name) = columns(revoked);
    let same = format!("{ENTRY} WHERE level = ?1 AND name = ?2");
    Ok(transaction.prepare_cached(&same)?.query_row([level, &name], entry).optional()?)
}

/// The columns `level` and `name`.
fn columns(revoked: &RevocationTarget) -> (&'static str, String) {
    match revoked {
        RevocationTarget::Token { serial } => ("token", serial.to_string()),
        RevocationTarget::Jwt { jti } => ("signed", jti.clone()),
        RevocationTarget::Organization { organization } => ("organization", organization.clone()),
        RevocationTarget::IssuedBefore { time, .. } => ("issuedBefore", time.to_string()),
        RevocationTarget::Key { kid } => ("key", kid.clone()),
    }
}

/// The revocation in a row of [`ENTRY`].
fn entry(row: &Row<'_>) -> rusqlite::Result<Revocation> {
    let name: String = row.get(4)?;
    let number = |name: String| name.parse().map_err(|cause: std::num::ParseIntError| unreadable(4, cause));
    let target = match row.get_ref(3)?.as_str()? {
        "token" => RevocationTarget::Token { serial: number(name)? },
        "signed" => RevocationTarget::Jwt { jti: name },
        "organization" => RevocationTarget::Organization { organization: name },
        "issuedBefore" => RevocationTarget::IssuedBefore { organization: row.get(2)?, time: number(name)? },
        "key" => RevocationTarget::Key { kid: name },
        level => return Err(unreadable(3, format!("{level} is not a level of revocation"))),
    };
    Ok(Revocation { seq: row.get(0)?, at: row.get(1)?, target })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_forgotten_once_what_it_ended_has_ended_and_a_key_or_an_organization_never() {
        let connection = Connection::open_in_memory().expect("a store");
        connection.execute_batch("CREATE TABLE revocation (at INTEGER, level TEXT)").expect("a table");
        let levels = ["token", "signed", "organization", "issuedBefore", "key"];
        for level in levels {
            connection.execute("INSERT INTO revocation VALUES (1000, ?1)", [level]).expect("a row");
        }
        for (after, left) in [(0, 5), (86_400 + 120, 5), (86_400 + 121, 3)] {
            assert!(forget(&connection, 1000 + after).is_ok());
            let count = connection.query_row("SELECT count(*) FROM revocation", [], |row| row.get::<_, usize>(0));
            assert_eq!(count, Ok(left), "{after}");
        }
    }
}
