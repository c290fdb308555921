//! The audit trail.

use deadpool_postgres::Transaction;
use tokio_postgres::Row;

use super::super::StoreFuture;
use super::super::audit::{AuditSlice, AuditStore};
use super::super::entry::word;
use super::super::notes::{note, traffic};
use super::marks::NEWEST_MARK;
use super::sql::{Parameters, execute, find, number, row, rows, signed};
use super::tokens::from_json;
use super::{Failure, PostgresStore};
use crate::domain::audit::actor::ActorColumns;
use crate::domain::audit::change;
use crate::domain::audit::list::{AuditCursor, AuditFilter, AuditQuery};
use crate::domain::audit::{Entry, EntryActor, NewEntry, Target};
use crate::domain::retention::marks_in;

/// How many entries one statement examines at most.
const MAX_ROWS: usize = 1000;
/// The time, by the clock that wrote the times of the entries.
const NOW: &str = "floor(extract(epoch FROM clock_timestamp()))::bigint";

const COLUMNS: &str = "id, at, organization, actor_kind, actor_id, actor_name, actor_owner, action, target_kind,
    target_id, address, request_id, outcome, code, facts";

impl AuditStore for PostgresStore {
    fn audit_page(&self, query: AuditQuery) -> StoreFuture<'_, AuditSlice> {
        Box::pin(self.read_together(&self.list_readers, query, |transaction, query| Box::pin(page(transaction, query))))
    }

    fn add_audit_entries(&self, entries: Vec<NewEntry>) -> StoreFuture<'_, ()> {
        Box::pin(self.add(entries, |transaction, entries| {
            Box::pin(async move {
                traffic();
                add(transaction, entries).await
            })
        }))
    }

    fn delete_audit_entries(&self, days: u64, most: usize) -> StoreFuture<'_, u64> {
        Box::pin(self.write((days, most), |transaction, (days, most)| Box::pin(delete(transaction, *days, *most))))
    }
}

/// Adds entries with one statement. A token has its name and its owner from its own row.
pub(super) async fn add(transaction: &Transaction<'_>, entries: &[NewEntry]) -> Result<(), Failure> {
    if entries.is_empty() {
        return Ok(());
    }
    let actors: Vec<_> = entries.iter().map(|entry| entry.actor.columns(entry.organization.as_deref())).collect();
    let of_actor = |column: for<'a> fn(&ActorColumns<'a>) -> Option<&'a str>| actors.iter().map(column).collect();
    let column = |column: fn(&NewEntry) -> Option<&str>| entries.iter().map(column).collect::<Vec<_>>();
    let [kinds, ids, names]: [Vec<_>; 3] =
        [of_actor(|actor| Some(actor.kind)), of_actor(|actor| actor.id), of_actor(|actor| actor.name)];
    let serials = actors.iter().map(|actor| actor.serial.map(signed).transpose()).collect::<Result<Vec<_>, _>>()?;
    let facts = entries.iter().map(|entry| serde_json::to_string(&entry.facts)).collect::<Result<Vec<_>, _>>();
    let insert = "INSERT INTO audit (mark,
            organization, actor_kind, actor_id, actor_name, actor_owner, action, target_kind,
            target_id, address, request_id, outcome, code, facts)
        SELECT (SELECT max(number) FROM feed_mark),
            new.organization, actor_kind, actor_id, coalesce(actor_name, token.name), principal.id, action,
            target_kind, target_id, address, request_id, outcome, code, facts
        FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::text[], $8::text[],
                $9::text[], $10::text[], $11::text[], $12::text[], $13::text[]) WITH ORDINALITY
            AS new (organization, actor_kind, actor_id, actor_name, serial, action, target_kind, target_id, address,
                request_id, outcome, code, facts, place)
        LEFT JOIN token ON token.number = new.serial
        LEFT JOIN principal ON principal.number = token.owner
        ORDER BY place";
    let columns: Parameters<'_> = &[
        &column(|entry| entry.organization.as_deref()),
        &kinds,
        &ids,
        &names,
        &serials,
        &column(|entry| Some(entry.action.as_str())),
        &column(|entry| entry.target.as_ref().map(|target| &*target.kind)),
        &column(|entry| entry.target.as_ref().map(|target| &*target.id)),
        &column(|entry| entry.address.as_deref()),
        &column(|entry| entry.request_id.as_deref()),
        &column(|entry| Some(entry.outcome.as_str())),
        &column(|entry| entry.code.as_deref()),
        &facts.map_err(Failure::value)?,
    ];
    execute(transaction, insert, columns).await?;
    Ok(())
}

/// Returns the statement that reads a list from its newest entry on: an index has its order.
///
/// The organization is in the pairs, so that only the index that begins with it has the order.
pub(super) fn statement(filter: &AuditFilter) -> String {
    let (range, order) = match filter.organization {
        Some(_) => {
            ("(organization, at, id) < ($1, $2, $3) AND (organization, at) >= ($1, $4)", "organization DESC, at DESC")
        }
        None => ("$1::text IS NULL AND (at, id) < ($2, $3) AND at >= $4", "at DESC"),
    };
    format!("SELECT {COLUMNS} FROM audit WHERE {range} ORDER BY {order}, id DESC LIMIT $5")
}

/// Returns the statement that finds the time of the oldest entry of a list.
pub(super) fn oldest(filter: &AuditFilter) -> &'static str {
    match filter.organization {
        Some(_) => {
            "SELECT at FROM audit WHERE (organization, at) >= ($1, 0) AND organization <= $1
            ORDER BY organization, at, id LIMIT 1"
        }
        None => "SELECT at FROM audit WHERE $1::text IS NULL ORDER BY at, id LIMIT 1",
    }
}

/// Reads a page: with statements that examine more and more entries if the filter includes few.
async fn page(transaction: &Transaction<'_>, query: &AuditQuery) -> Result<AuditSlice, Failure> {
    let AuditQuery { filter, limit, max_examined, .. } = query;
    let (list, since) = (statement(filter), signed(filter.since.unwrap_or(0))?);
    let oldest = find(transaction, oldest(filter), &[&filter.organization]).await?;
    let oldest_at = oldest.map(|row| number(&row, "at")).transpose()?;
    let (mut start, mut entries, mut last, mut examined) = (query.start(), vec![], None, 0);
    let mut most = (limit + 1).min(MAX_ROWS);
    loop {
        let count = i64::try_from(most).map_err(Failure::value)?;
        let range: Parameters<'_> = &[&filter.organization, &signed(start.at)?, &signed(start.id)?, &since, &count];
        let batch = rows(transaction, &list, range).await?;
        for row in &batch {
            let entry = entry(row)?;
            let cursor = AuditCursor { at: entry.at, id: entry.id };
            let is_included = filter.includes(&entry);
            if examined == *max_examined || (is_included && entries.len() == *limit) {
                return Ok(AuditSlice { entries, next: last, oldest_at });
            }
            if is_included {
                entries.push(entry);
            }
            (last, start) = (Some(cursor), cursor);
            examined += 1;
        }
        if batch.len() < most {
            return Ok(AuditSlice { entries, next: None, oldest_at });
        }
        most = (2 * most).min(MAX_ROWS);
    }
}

/// Deletes old entries, if so many marks have followed them: a time alone says nothing, because a clock may be ahead.
/// Another node may be deleting the same ones.
///
/// Of those that are old by their time only the first are looked at. So a clock that is ahead costs no more.
async fn delete(transaction: &Transaction<'_>, days: u64, most: usize) -> Result<u64, Failure> {
    let [in_days, a_day_more, marks] = [days, days + 1, marks_in(days)].map(signed);
    let (in_days, a_day_more, marks) = (in_days?, a_day_more?, marks?);
    let most = i64::try_from(most).map_err(Failure::value)?;
    let old = |lock: &str| {
        format!(
            "SELECT id FROM audit WHERE at < {NOW} - $1::bigint * 86400 AND mark + $3 <= ({NEWEST_MARK})
            ORDER BY at, id LIMIT $2 {lock}"
        )
    };
    let is_due = format!("SELECT EXISTS ({}) AS is_due", old(""));
    if !row(transaction, &is_due, &[&a_day_more, &most, &marks]).await?.try_get::<_, bool>("is_due")? {
        return Ok(0);
    }
    let delete = format!("DELETE FROM audit WHERE id IN ({})", old("FOR UPDATE SKIP LOCKED"));
    let deleted = execute(transaction, &delete, &[&in_days, &most, &marks]).await?;
    if deleted > 0 {
        note(change::entries_deleted(deleted, days));
    }
    Ok(deleted)
}

/// The entry in a row of [`COLUMNS`].
fn entry(row: &Row) -> Result<Entry, Failure> {
    let target_id: Option<String> = row.try_get("target_id")?;
    let target = row.try_get::<_, Option<String>>("target_kind")?.zip(target_id);
    Ok(Entry {
        id: number(row, "id")?,
        at: number(row, "at")?,
        organization: row.try_get("organization")?,
        actor: EntryActor {
            kind: row.try_get("actor_kind")?,
            id: row.try_get("actor_id")?,
            name: row.try_get("actor_name")?,
            owner: row.try_get("actor_owner")?,
        },
        action: row.try_get("action")?,
        target: target.map(|(kind, id)| Target { kind, id }),
        address: row.try_get("address")?,
        request_id: row.try_get("request_id")?,
        outcome: word(row.try_get("outcome")?).map_err(Failure::value)?,
        code: row.try_get("code")?,
        facts: from_json(row, "facts")?,
    })
}
