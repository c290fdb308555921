//! How tokens were used.

use std::collections::BTreeSet;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::super::notes::traffic;
use super::super::token_use::UseStore;
use super::super::{Rule, StoreFuture};
use super::marks::NEWEST_MARK;
use super::tokens::{from_json, to_json};
use super::{Failure, SqliteStore};
use crate::domain::days::Days;
use crate::domain::retention::marks_in;
use crate::domain::token_use::{ALL_TOKENS, Addition, Counts, MOST_VERIFIERS, Reporter, StoredUse, UseFacts};

impl UseStore for SqliteStore {
    fn add_use(
        &self,
        addition: Arc<Addition>,
        rule: Rule<UseFacts, Option<Vec<StoredUse>>>,
    ) -> StoreFuture<'_, Vec<u64>> {
        Box::pin(async {
            let _one = self.counting.lock().await;
            self.add(move |transaction| add(transaction, &addition, &rule)).await
        })
    }

    fn token_use<'a>(&'a self, organization: &'a str, token: u64, days: Days) -> StoreFuture<'a, Vec<(u64, Counts)>> {
        let organization = organization.to_owned();
        self.read_list(move |connection| on_days(connection, &organization, token, days))
    }

    fn delete_use(&self, before: u64, days: u64, most: usize) -> StoreFuture<'_, u64> {
        self.write(move |transaction| delete(transaction, before, days, most))
    }
}

fn add(
    transaction: &Transaction<'_>,
    addition: &Addition,
    rule: &Rule<UseFacts, Option<Vec<StoredUse>>>,
) -> Result<Vec<u64>, Failure> {
    traffic();
    let mut keys = BTreeSet::new();
    let last = match &addition.reporter {
        None => None,
        Some(Reporter { organization, verifier, .. }) => {
            keys.insert((organization.clone(), ALL_TOKENS));
            let last = "SELECT sequence FROM use_verifier WHERE organization = ?1 AND verifier = ?2";
            transaction.prepare_cached(last)?.query_row([organization, verifier], |row| row.get(0)).optional()?
        }
    };
    let mut serials = vec![];
    let organization = "SELECT organization FROM token
        WHERE number = ?1 AND kind <> 'bundle' AND (?2 IS NULL OR organization = ?2)";
    let mut organization_of = transaction.prepare_cached(organization)?;
    for serial in addition.serials() {
        let found = organization_of.query_row(params![serial, addition.organization], |row| row.get(0)).optional()?;
        let Some(organization): Option<String> = found else { continue };
        keys.insert((organization.clone(), ALL_TOKENS));
        keys.insert((organization, serial));
        serials.push(serial);
    }
    let mut rows = vec![];
    let counts = "SELECT counts FROM token_use WHERE organization = ?1 AND token = ?2 AND day = ?3";
    let mut counts_of = transaction.prepare_cached(counts)?;
    for (organization, token) in keys {
        let found = counts_of.query_row(params![organization, token, addition.day], |row| from_json(row, 0));
        rows.push(StoredUse { counts: found.optional()?.unwrap_or_default(), organization, token });
    }
    let Some(changed) = rule(&UseFacts { last, rows })? else { return Ok(vec![]) };
    let write = "INSERT INTO token_use (organization, token, day, mark, counts)
        VALUES (?1, ?2, ?3, (SELECT max(number) FROM feed_mark), ?4)
        ON CONFLICT DO UPDATE SET counts = excluded.counts, mark = excluded.mark";
    let mut write = transaction.prepare_cached(write)?;
    for StoredUse { organization, token, counts } in changed {
        write.execute(params![organization, token, addition.day, to_json(&counts)?])?;
    }
    if let Some(reporter) = &addition.reporter {
        note_report(transaction, reporter)?;
    }
    Ok(serials)
}

/// Writes the number of a report, and forgets the verifiers that are too many.
fn note_report(transaction: &Transaction<'_>, reporter: &Reporter) -> Result<(), Failure> {
    let Reporter { organization, verifier, sequence } = reporter;
    let write = "INSERT INTO use_verifier (organization, verifier, sequence, mark)
        VALUES (?1, ?2, ?3, (SELECT max(number) FROM feed_mark))
        ON CONFLICT DO UPDATE SET sequence = excluded.sequence, mark = excluded.mark";
    transaction.prepare_cached(write)?.execute(params![organization, verifier, sequence])?;
    let forget = "DELETE FROM use_verifier WHERE organization = ?1 AND verifier IN (
        SELECT verifier FROM use_verifier WHERE organization = ?1
        ORDER BY verifier = ?2 DESC, mark DESC LIMIT -1 OFFSET ?3)";
    transaction.prepare_cached(forget)?.execute(params![organization, verifier, MOST_VERIFIERS])?;
    Ok(())
}

fn on_days(connection: &Connection, organization: &str, token: u64, days: Days) -> Result<Vec<(u64, Counts)>, Failure> {
    let on_days = "SELECT day, counts FROM token_use
        WHERE organization = ?1 AND token = ?2 AND day BETWEEN ?3 AND ?4 ORDER BY day";
    let mut statement = connection.prepare_cached(on_days)?;
    let rows = statement
        .query_map(params![organization, token, days.first, days.last], |row| Ok((row.get(0)?, from_json(row, 1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Deletes old rows, if so many marks have followed them: a day alone says nothing, because a clock may be ahead.
fn delete(transaction: &Transaction<'_>, before: u64, days: u64, most: usize) -> Result<u64, Failure> {
    traffic();
    let forget = format!("DELETE FROM use_verifier WHERE mark + ?1 <= ({NEWEST_MARK})");
    transaction.prepare_cached(&forget)?.execute([marks_in(1)])?;
    let delete = format!(
        "DELETE FROM token_use WHERE (organization, token, day) IN (
            SELECT organization, token, day
            FROM token_use WHERE day < ?1 AND mark + ?3 <= ({NEWEST_MARK}) ORDER BY day LIMIT ?2)"
    );
    Ok(transaction.prepare_cached(&delete)?.execute(params![before, most, marks_in(days)])? as u64)
}
