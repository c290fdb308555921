//! The audit trail.

use rusqlite::{Connection, Row, Transaction, named_params, params};

use super::super::StoreFuture;
use super::super::audit::{AuditSlice, AuditStore};
use super::super::entry::word;
use super::super::notes::{note, traffic};
use super::marks::NEWEST_MARK;
use super::{Failure, SqliteStore, unreadable};
use crate::domain::audit::actor::ActorColumns;
use crate::domain::audit::change;
use crate::domain::audit::list::{AuditCursor, AuditFilter, AuditQuery};
use crate::domain::audit::{Entry, EntryActor, NewEntry, Target};
use crate::domain::retention::marks_in;

const COLUMNS: &str = "id, at, organization, actor_kind, actor_id, actor_name, actor_owner, action, target_kind,
    target_id, address, request_id, outcome, code, facts";

/// Adds an entry as a revocation does, and takes it back.
pub(super) const PROBE: &str = "
    SAVEPOINT probe;
    INSERT INTO audit (mark, actor_kind, action, outcome, facts) VALUES (0, 'service', 'probe', 'ok', '{}');
    ROLLBACK TO probe;
    RELEASE probe";

impl AuditStore for SqliteStore {
    fn audit_page(&self, query: AuditQuery) -> StoreFuture<'_, AuditSlice> {
        self.read_list(move |connection| page(connection, &query))
    }

    fn add_audit_entries(&self, entries: Vec<NewEntry>) -> StoreFuture<'_, ()> {
        self.add(move |transaction| {
            traffic();
            add(transaction, &entries)
        })
    }

    fn delete_audit_entries(&self, days: u64, most: usize) -> StoreFuture<'_, u64> {
        self.write(move |transaction| delete(transaction, days, most))
    }
}

/// Adds entries. A token has its name and its owner from its own row.
pub(super) fn add(transaction: &Transaction<'_>, entries: &[NewEntry]) -> Result<(), Failure> {
    if entries.is_empty() {
        return Ok(());
    }
    let insert =
        "INSERT INTO audit (mark, organization, actor_kind, actor_id, actor_name, actor_owner, action, target_kind,
            target_id, address, request_id, outcome, code, facts)
        VALUES ((SELECT max(number) FROM feed_mark), :organization, :actor_kind, :actor_id,
            coalesce(:actor_name, (SELECT name FROM token WHERE number = :serial)),
            (SELECT principal.id FROM token JOIN principal ON principal.number = token.owner
                WHERE token.number = :serial),
            :action, :target_kind, :target_id, :address, :request_id, :outcome, :code, :facts)";
    let mut insert = transaction.prepare_cached(insert)?;
    for entry in entries {
        let ActorColumns { kind, id, name, serial } = entry.actor.columns(entry.organization.as_deref());
        let target = entry.target.as_ref();
        insert.execute(named_params! {
            ":organization": entry.organization,
            ":actor_kind": kind,
            ":actor_id": id,
            ":actor_name": name,
            ":serial": serial,
            ":action": entry.action.as_str(),
            ":target_kind": target.map(|target| &target.kind),
            ":target_id": target.map(|target| &target.id),
            ":address": entry.address,
            ":request_id": entry.request_id,
            ":outcome": entry.outcome.as_str(),
            ":code": entry.code,
            ":facts": super::tokens::to_json(&entry.facts)?,
        })?;
    }
    Ok(())
}

/// Returns the statement that reads a list from its newest entry on: an index has its order.
fn statement(filter: &AuditFilter) -> String {
    let organization = if filter.organization.is_some() { "organization = ?1" } else { "?1 IS NULL" };
    format!(
        "SELECT {COLUMNS} FROM audit WHERE {organization} AND (at, id) < (?2, ?3) AND at >= ?4
        ORDER BY at DESC, id DESC"
    )
}

/// Returns the statement that finds the time of the oldest entry of a list.
fn oldest(filter: &AuditFilter) -> &'static str {
    match filter.organization {
        Some(_) => "SELECT min(at) FROM audit WHERE organization = ?1",
        None => "SELECT min(at) FROM audit WHERE ?1 IS NULL",
    }
}

fn page(connection: &Connection, query: &AuditQuery) -> Result<AuditSlice, Failure> {
    let AuditQuery { filter, limit, max_examined, .. } = query;
    let (start, since) = (query.start(), filter.since.unwrap_or(0));
    let oldest_at = connection.prepare_cached(oldest(filter))?.query_row([&filter.organization], |row| row.get(0))?;
    let mut list = connection.prepare_cached(&statement(filter))?;
    let mut rows = list.query(params![filter.organization, start.at, start.id, since])?;
    let (mut entries, mut last, mut examined) = (vec![], None, 0);
    while let Some(row) = rows.next()? {
        let entry = entry(row)?;
        let cursor = AuditCursor { at: entry.at, id: entry.id };
        let is_included = filter.includes(&entry);
        if examined == *max_examined || (is_included && entries.len() == *limit) {
            return Ok(AuditSlice { entries, next: last, oldest_at });
        }
        if is_included {
            entries.push(entry);
        }
        last = Some(cursor);
        examined += 1;
    }
    Ok(AuditSlice { entries, next: None, oldest_at })
}

/// Deletes old entries, if so many marks have followed them: a time alone says nothing, because a clock may be ahead.
///
/// Of those that are old by their time only the first are looked at. So a clock that is ahead costs no more.
fn delete(transaction: &Transaction<'_>, days: u64, most: usize) -> Result<u64, Failure> {
    let old = format!(
        "SELECT id FROM audit WHERE at < unixepoch() - ?1 * 86400 AND mark + ?3 <= ({NEWEST_MARK})
        ORDER BY at, id LIMIT ?2"
    );
    let marks = marks_in(days);
    let is_due = format!("SELECT EXISTS ({old})");
    if !transaction.prepare_cached(&is_due)?.query_row(params![days + 1, most, marks], |row| row.get(0))? {
        return Ok(0);
    }
    let delete = format!("DELETE FROM audit WHERE id IN ({old})");
    let deleted = transaction.prepare_cached(&delete)?.execute(params![days, most, marks])? as u64;
    note(change::entries_deleted(deleted, days));
    Ok(deleted)
}

/// The entry in a row of [`COLUMNS`].
fn entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    let target = row.get::<_, Option<String>>(8)?.zip(row.get(9)?).map(|(kind, id)| Target { kind, id });
    Ok(Entry {
        id: row.get(0)?,
        at: row.get(1)?,
        organization: row.get(2)?,
        actor: EntryActor { kind: row.get(3)?, id: row.get(4)?, name: row.get(5)?, owner: row.get(6)? },
        action: row.get(7)?,
        target,
        address: row.get(10)?,
        request_id: row.get(11)?,
        outcome: word(row.get_ref(12)?.as_str()?).map_err(|cause| unreadable(12, cause))?,
        code: row.get(13)?,
        facts: super::tokens::from_json(row, 14)?,
    })
}

#[cfg(test)]
mod tests {
    use super::super::{connection, file};
    use super::*;

    #[test]
    fn indexes_have_the_order_of_the_trail_and_its_end() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("store.db");
        file::create(&path).expect("a file");
        let connection = connection::open_writer(&path).expect("a store");
        let all = AuditFilter::default();
        let own = AuditFilter { organization: Some("o".into()), ..AuditFilter::default() };
        for (statement, search) in [
            (statement(&all), "SEARCH audit USING INDEX audit_by_time (at>? AND at<?)"),
            (statement(&own), "SEARCH audit USING INDEX audit_by_organization (organization=? AND at>? AND at<?)"),
            (oldest(&own).to_owned(), "SEARCH audit USING COVERING INDEX audit_by_organization (organization=?)"),
        ] {
            let mut explain = connection.prepare(&format!("EXPLAIN QUERY PLAN {statement}")).expect("a statement");
            let mut rows = explain.raw_query();
            let mut plan = vec![];
            while let Some(row) = rows.next().expect("a plan") {
                plan.push(row.get::<_, String>("detail").expect("a step"));
            }
            assert!(plan.iter().any(|step| step == search), "{search} {plan:#?}");
            assert!(!plan.iter().any(|step| step.contains("TEMP B-TREE")), "{plan:#?}");
        }
    }
}
