//! Revocations, and the feed of them. A mark and its entry in the feed are written in one transaction.

use daypass::api::{Revocation, RevocationPage, RevocationTarget};
use daypass::jwt::lineage;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::super::Rule;
use super::super::entry::{columns, target};
use super::super::notes::{note, traffic};
use super::{Failure, marks, organizations, tokens, unreadable};
use crate::domain::audit::change;
use crate::domain::revocation::{IssueOrder, JwtFacts, RevocationFacts, RootFacts};

const ENTRY: &str = "SELECT seq, at, organization, level, name FROM revocation";

pub(super) fn revoke(
    transaction: &Transaction<'_>,
    organization: &str,
    target: &RevocationTarget,
    at: u64,
    rule: &Rule<RevocationFacts, Vec<RevocationTarget>>,
) -> Result<(), Failure> {
    for target in rule(&facts(transaction, target, at)?)? {
        enter(transaction, Some(organization), &target, at)?;
    }
    Ok(())
}

fn facts(transaction: &Transaction<'_>, target: &RevocationTarget, at: u64) -> Result<RevocationFacts, Failure> {
    let mark = |sql, key: &dyn rusqlite::ToSql| {
        transaction.prepare_cached(sql)?.query_row([key], |row| row.get::<_, Option<u64>>(0)).optional()
    };
    let (mut order, mut is_last_operator) = (IssueOrder::default(), false);
    let marked = match target {
        RevocationTarget::Token { serial } => mark("SELECT revoked_at FROM token WHERE number = ?1", serial)?,
        RevocationTarget::Jwt { .. } => Some(newest_entry(transaction, target)?.map(|entry| entry.at)),
        RevocationTarget::Organization { organization } => {
            is_last_operator = organizations::is_last_operator(transaction, organization)?;
            mark("SELECT revoked_at FROM organization WHERE id = ?1", organization)?
        }
        RevocationTarget::IssuedBefore { organization, time } => {
            let found = organizations::find(transaction, organization)?;
            order.revoked_up_to = found.as_ref().and_then(|organization| organization.revoked_up_to);
            order.last_before = tokens::last_before(transaction, organization, *time, at)?;
            found.map(|organization| organization.issued_before)
        }
        RevocationTarget::Key { kid } => mark("SELECT revoked_at FROM signing_key WHERE kid = ?1", kid)?,
        // They are made by the one before, or revoke nothing, so that there is nothing to be revoked by them.
        RevocationTarget::IssuedUpTo { .. }
        | RevocationTarget::Changed { .. }
        | RevocationTarget::Suspended { .. }
        | RevocationTarget::Resumed { .. } => None,
    };
    Ok(RevocationFacts { exists: marked.is_some(), mark: marked.flatten(), order, is_last_operator })
}

/// Marks the target as revoked, suspended or resumed, and adds its entry to the feed.
///
/// An entry without an organization is for all.
pub(super) fn enter(
    transaction: &Transaction<'_>,
    organization: Option<&str>,
    target: &RevocationTarget,
    at: u64,
) -> Result<(), Failure> {
    let mark = |sql, key: &dyn rusqlite::ToSql, mark: Option<u64>| {
        transaction.prepare_cached(sql)?.execute(params![key, mark])
    };
    match target {
        RevocationTarget::Token { serial } => {
            let mark = "UPDATE token SET revoked_at = ?2 WHERE number = ?1 RETURNING id, kind";
            let marked = transaction.prepare_cached(mark)?.query_row([serial, &at], |row| {
                let kind = row.get_ref(1)?.as_str()?.parse().map_err(|cause| unreadable(1, cause))?;
                Ok((row.get::<_, String>(0)?, kind))
            });
            match marked.optional()? {
                Some((id, kind)) => note(change::token_revoked(organization, &id, kind)),
                None => traffic(),
            }
            1
        }
        // A JWT has no row to mark, an edit was written with the token's row, and the next one took the third's place.
        RevocationTarget::Jwt { .. } | RevocationTarget::Changed { .. } | RevocationTarget::IssuedBefore { .. } => 0,
        RevocationTarget::Organization { organization } => {
            mark("UPDATE organization SET revoked_at = ?2 WHERE id = ?1", organization, Some(at))?
        }
        RevocationTarget::IssuedUpTo { organization, time, root_serial } => transaction
            .prepare_cached(
                "UPDATE organization SET issued_before = ?2, revoked_up_to = ?3, revoked_up_to_at = ?4 WHERE id = ?1",
            )?
            .execute(params![organization, time, root_serial, at])?,
        RevocationTarget::Key { kid } => mark("UPDATE signing_key SET revoked_at = ?2 WHERE kid = ?1", kid, Some(at))?,
        RevocationTarget::Suspended { organization } => {
            mark("UPDATE organization SET suspended_at = ?2 WHERE id = ?1", organization, Some(at))?
        }
        RevocationTarget::Resumed { organization } => {
            mark("UPDATE organization SET suspended_at = ?2 WHERE id = ?1", organization, None)?
        }
    };
    let (level, name) = columns(target);
    transaction
        .prepare_cached("INSERT INTO revocation (at, organization, level, name) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![at, organization, level, name])?;
    change::entered(organization, target).into_iter().for_each(note);
    Ok(())
}

pub(super) fn newest_entry(connection: &Connection, target: &RevocationTarget) -> Result<Option<Revocation>, Failure> {
    let row = if let RevocationTarget::IssuedBefore { organization, .. } = target {
        connection.prepare_cached(&newest_of_organization())?.query_row([organization], entry)
    } else {
        let (level, name) = columns(target);
        let newest = format!("{ENTRY} WHERE level = ?1 AND name = ?2 ORDER BY seq DESC LIMIT 1");
        connection.prepare_cached(&newest)?.query_row([level, &name], entry)
    };
    Ok(row.optional()?)
}

/// Returns the statement that finds an organization's newest entry of a time. An index has no others.
fn newest_of_organization() -> String {
    format!("{ENTRY} WHERE level IN ('issuedBefore', 'issuedUpTo') AND organization = ?1 ORDER BY seq DESC LIMIT 1")
}

pub(super) fn jwt(transaction: &Transaction<'_>, root_serial: u64, jti: &str) -> Result<JwtFacts, Failure> {
    let root = "SELECT record.organization, record.revoked_at, record.suspended_at, organization.issued_before,
            (SELECT max(seq) FROM revocation
                WHERE level IN ('issuedBefore', 'issuedUpTo') AND organization = record.organization)
        FROM record JOIN organization ON organization.id = record.organization WHERE record.number = ?1";
    let root = transaction
        .prepare_cached(root)?
        .query_row([root_serial], |row| {
            Ok(RootFacts {
                organization: row.get(0)?,
                revoked_at: row.get(1)?,
                suspended_at: row.get(2)?,
                issued_before: row.get::<_, Option<_>>(3)?.zip(row.get(4)?),
            })
        })
        .optional()?;
    let mut has_entry = false;
    for jti in lineage(jti) {
        has_entry |= newest_entry(transaction, &RevocationTarget::Jwt { jti: jti.to_owned() })?.is_some();
    }
    Ok(JwtFacts { root, has_entry, deleted_up_to: marks::oldest(transaction)?.seq })
}

/// Returns the statement that reads a page: the entries of an organization and those for all, in two ranges of an index.
///
/// However many entries other organizations have, none of them is read.
fn statement(organization: Option<&str>) -> String {
    let most = RevocationPage::MOST;
    match organization {
        Some(_) => format!(
            "SELECT * FROM ({ENTRY} WHERE organization = ?2 AND seq > ?1 ORDER BY seq LIMIT {most})
            UNION ALL
            SELECT * FROM ({ENTRY} WHERE organization IS NULL AND seq > ?1 ORDER BY seq LIMIT {most})
            ORDER BY seq LIMIT {most}"
        ),
        None => format!("{ENTRY} WHERE seq > ?1 AND ?2 IS NULL ORDER BY seq LIMIT {most}"),
    }
}

/// The entries after a number that concern an organization, or that concern any.
pub(super) fn page(
    transaction: &Transaction<'_>,
    organization: Option<&str>,
    after: u64,
) -> Result<Vec<Revocation>, Failure> {
    let mut page = transaction.prepare_cached(&statement(organization))?;
    let rows = page.query_map(params![after, organization], entry)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The feed's last number, which SQLite keeps also when that entry was deleted. The table is asked too,
/// so that this fails without it.
pub(super) fn latest(connection: &Connection) -> Result<u64, Failure> {
    let latest = "SELECT max(coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'revocation'), 0),
        coalesce((SELECT max(seq) FROM revocation), 0))";
    Ok(connection.prepare_cached(latest)?.query_row([], |row| row.get(0))?)
}

/// The revocation in a row of [`ENTRY`].
fn entry(row: &Row<'_>) -> rusqlite::Result<Revocation> {
    let level = row.get_ref(3)?.as_str()?;
    let target = target(level, row.get(4)?, row.get(2)?).map_err(|cause| unreadable(4, cause))?;
    Ok(Revocation { seq: row.get(0)?, at: row.get(1)?, target })
}

#[cfg(test)]
mod tests {
    use super::super::{connection, file};
    use super::*;

    #[test]
    fn a_page_reads_no_entries_of_other_organizations() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("store.db");
        file::create(&path).expect("a file");
        let connection = connection::open_writer(&path).expect("a store");
        for (statement, searches) in [
            (
                statement(Some("o")),
                &[
                    "SEARCH revocation USING INDEX revocation_by_organization (organization=? AND seq>?)",
                    "SEARCH revocation USING INDEX revocation_by_organization (organization=? AND seq>?)",
                ][..],
            ),
            (statement(None), &["SEARCH revocation USING INTEGER PRIMARY KEY (rowid>?)"]),
            (newest_of_organization(), &["SEARCH revocation USING INDEX revocation_of_time (organization=?)"]),
        ] {
            let mut explain = connection.prepare(&format!("EXPLAIN QUERY PLAN {statement}")).expect("a statement");
            let mut rows = explain.raw_query();
            let mut plan = vec![];
            while let Some(row) = rows.next().expect("a plan") {
                plan.push(row.get::<_, String>("detail").expect("a step"));
            }
            let found: Vec<_> = plan.iter().filter(|step| step.contains("revocation")).collect();
            assert_eq!(found, searches, "{plan:#?}");
            assert!(!plan.iter().any(|step| step.contains("MULTI-INDEX OR")), "{plan:#?}");
        }
    }
}
