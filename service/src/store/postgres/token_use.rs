//! How tokens were used.

use std::collections::BTreeSet;
use std::sync::Arc;

use deadpool_postgres::{Client, Transaction};

use super::super::notes::traffic;
use super::super::token_use::UseStore;
use super::super::{Rule, StoreFuture};
use super::marks::NEWEST_MARK;
use super::sql::{Parameters, execute, find, number, rows, signed};
use super::tokens::from_json;
use super::{Failure, PostgresStore};
use crate::domain::days::Days;
use crate::domain::retention::marks_in;
use crate::domain::token_use::{ALL_TOKENS, Addition, Counts, MOST_VERIFIERS, Reporter, StoredUse, UseFacts};

/// [`ALL_TOKENS`] in its column.
const ALL: i64 = ALL_TOKENS.cast_signed();

type CountRule = Rule<UseFacts, Option<Vec<StoredUse>>>;

impl UseStore for PostgresStore {
    fn add_use(&self, addition: Arc<Addition>, rule: CountRule) -> StoreFuture<'_, Vec<u64>> {
        Box::pin(async {
            let _one = self.counting.lock().await;
            self.add((addition, rule), |transaction, (addition, rule)| Box::pin(add(transaction, addition, rule))).await
        })
    }

    fn token_use<'a>(&'a self, organization: &'a str, token: u64, days: Days) -> StoreFuture<'a, Vec<(u64, Counts)>> {
        let key = (organization.to_owned(), token, days);
        Box::pin(self.read_list(key, |client, (organization, token, days)| {
            Box::pin(on_days(client, organization, *token, *days))
        }))
    }

    fn delete_use(&self, before: u64, days: u64, most: usize) -> StoreFuture<'_, u64> {
        Box::pin(self.write((before, days, most), |transaction, (before, days, most)| {
            Box::pin(delete(transaction, *before, *days, *most))
        }))
    }
}

/// Counts what is added. The rows of the verifier and of the counts are the last that the transaction locks, in the
/// order of their keys.
async fn add(transaction: &Transaction<'_>, addition: &Addition, rule: &CountRule) -> Result<Vec<u64>, Failure> {
    traffic();
    let last = match &addition.reporter {
        None => None,
        Some(reporter) => last_report(transaction, reporter).await?,
    };
    // A report that was counted before leaves no rows.
    if rule(&UseFacts { last, rows: vec![] })?.is_none() {
        return Ok(vec![]);
    }
    let known = "SELECT number, organization FROM token
        WHERE number = ANY ($1) AND kind <> 'bundle' AND ($2::text IS NULL OR organization = $2) ORDER BY number";
    let serials = addition.serials().into_iter().map(signed).collect::<Result<Vec<_>, _>>()?;
    let known = rows(transaction, known, &[&serials, &addition.organization]).await?;
    let mut keys = BTreeSet::new();
    keys.extend(addition.reporter.iter().map(|reporter| (reporter.organization.clone(), ALL)));
    let mut serials = vec![];
    for row in &known {
        let organization: String = row.try_get("organization")?;
        keys.insert((organization.clone(), ALL));
        keys.insert((organization, row.try_get("number")?));
        serials.push(number(row, "number")?);
    }
    let (organizations, tokens): (Vec<_>, Vec<_>) = keys.into_iter().unzip();
    let day = signed(addition.day)?;
    // So that there are rows to lock.
    let begin = format!(
        "INSERT INTO token_use (organization, token, day, mark, counts)
        SELECT organization, token, $3, ({NEWEST_MARK}), '{{}}'
        FROM unnest($1::text[], $2::bigint[]) AS new (organization, token)
        ORDER BY organization COLLATE \"C\", token ON CONFLICT DO NOTHING"
    );
    execute(transaction, &begin, &[&organizations, &tokens, &day]).await?;
    let lock = "SELECT token_use.organization, token_use.token, counts FROM token_use
        JOIN unnest($1::text[], $2::bigint[]) AS new (organization, token)
            ON token_use.organization = new.organization AND token_use.token = new.token
        WHERE day = $3 ORDER BY token_use.organization, token_use.token FOR NO KEY UPDATE OF token_use";
    let locked = rows(transaction, lock, &[&organizations, &tokens, &day]).await?;
    let stored = locked.iter().map(|row| {
        let (organization, token) = (row.try_get("organization")?, number(row, "token")?);
        Ok(StoredUse { organization, token, counts: from_json(row, "counts")? })
    });
    let facts = UseFacts { last, rows: stored.collect::<Result<_, Failure>>()? };
    let Some(changed) = rule(&facts)? else { return Ok(vec![]) };
    let column = changed.iter().map(|row| signed(row.token)).collect::<Result<Vec<_>, _>>()?;
    let organizations: Vec<_> = changed.iter().map(|row| &*row.organization).collect();
    let counts = changed.iter().map(|row| serde_json::to_string(&row.counts)).collect::<Result<Vec<_>, _>>();
    let write = format!(
        "UPDATE token_use SET counts = new.counts, mark = ({NEWEST_MARK})
        FROM unnest($1::text[], $2::bigint[], $4::text[]) AS new (organization, token, counts)
        WHERE token_use.organization = new.organization AND token_use.token = new.token AND day = $3"
    );
    execute(transaction, &write, &[&organizations, &column, &day, &counts.map_err(Failure::value)?]).await?;
    if let Some(reporter) = &addition.reporter {
        note_report(transaction, reporter).await?;
    }
    Ok(serials)
}

/// Returns the number of the verifier's last report, and locks it.
async fn last_report(transaction: &Transaction<'_>, reporter: &Reporter) -> Result<Option<u64>, Failure> {
    let Reporter { organization, verifier, .. } = reporter;
    // So that there is a row to lock: reports begin with 1.
    let begin = format!(
        "INSERT INTO use_verifier (organization, verifier, sequence, mark) VALUES ($1, $2, 0, ({NEWEST_MARK}))
        ON CONFLICT DO NOTHING"
    );
    execute(transaction, &begin, &[organization, verifier]).await?;
    let last = "SELECT sequence FROM use_verifier WHERE organization = $1 AND verifier = $2 FOR NO KEY UPDATE";
    let last = find(transaction, last, &[organization, verifier]).await?;
    last.map(|row| number(&row, "sequence")).transpose()
}

/// Writes the number of a report, and forgets the verifiers that are too many.
async fn note_report(transaction: &Transaction<'_>, reporter: &Reporter) -> Result<(), Failure> {
    let Reporter { organization, verifier, sequence } = reporter;
    let write = format!(
        "UPDATE use_verifier SET sequence = $3, mark = ({NEWEST_MARK}) WHERE organization = $1 AND verifier = $2"
    );
    execute(transaction, &write, &[organization, verifier, &signed(*sequence)?]).await?;
    // Another report may be locking some of them.
    let forget = "DELETE FROM use_verifier WHERE organization = $1 AND verifier IN (
        SELECT verifier FROM use_verifier WHERE organization = $1 AND verifier IN (
            SELECT verifier FROM use_verifier WHERE organization = $1
            ORDER BY verifier = $2 DESC, mark DESC OFFSET $3)
        FOR UPDATE SKIP LOCKED)";
    let most = i64::try_from(MOST_VERIFIERS).map_err(Failure::value)?;
    execute(transaction, forget, &[organization, verifier, &most]).await?;
    Ok(())
}

async fn on_days(client: &Client, organization: &str, token: u64, days: Days) -> Result<Vec<(u64, Counts)>, Failure> {
    let on_days = "SELECT day, counts FROM token_use
        WHERE organization = $1 AND token = $2 AND day BETWEEN $3 AND $4 ORDER BY day";
    let key: Parameters<'_> = &[&organization, &signed(token)?, &signed(days.first)?, &signed(days.last)?];
    let rows = rows(client, on_days, key).await?;
    rows.iter().map(|row| Ok((number(row, "day")?, from_json(row, "counts")?))).collect()
}

/// Deletes old rows, if so many marks have followed them: a day alone says nothing, because a clock may be ahead.
/// Another node may be deleting the same ones.
async fn delete(transaction: &Transaction<'_>, before: u64, days: u64, most: usize) -> Result<u64, Failure> {
    traffic();
    let forget = format!(
        "DELETE FROM use_verifier WHERE (organization, verifier) IN (
            SELECT organization, verifier FROM use_verifier WHERE mark + $1 <= ({NEWEST_MARK}) FOR UPDATE SKIP LOCKED)"
    );
    execute(transaction, &forget, &[&signed(marks_in(1))?]).await?;
    let delete = format!(
        "DELETE FROM token_use WHERE (organization, token, day) IN (
            SELECT organization, token, day FROM token_use
            WHERE day < $1 AND mark + $3 <= ({NEWEST_MARK}) ORDER BY day LIMIT $2 FOR UPDATE SKIP LOCKED)"
    );
    let most = i64::try_from(most).map_err(Failure::value)?;
    execute(transaction, &delete, &[&signed(before)?, &most, &signed(marks_in(days))?]).await
}
