//! Marks of the feed, and the entries that are deleted by them.

use rusqlite::{Connection, Row, Transaction, params};

use super::super::Rule;
use super::{Failure, revocations};
use crate::domain::retention::{Mark, MarkChange, MarkFacts};

pub(super) fn oldest(connection: &Connection) -> Result<Mark, Failure> {
    let oldest = "SELECT number, seq FROM feed_mark ORDER BY number LIMIT 1";
    Ok(connection.prepare_cached(oldest)?.query_row([], mark)?)
}

pub(super) fn newest(connection: &Connection) -> Result<Mark, Failure> {
    let newest = "SELECT number, seq FROM feed_mark ORDER BY number DESC LIMIT 1";
    Ok(connection.prepare_cached(newest)?.query_row([], mark)?)
}

pub(super) fn add(transaction: &Transaction<'_>, rule: &Rule<MarkFacts, Option<MarkChange>>) -> Result<(), Failure> {
    let facts = MarkFacts { newest: newest(transaction)?, latest: revocations::latest(transaction)? };
    let Some(MarkChange { add, oldest: number }) = rule(&facts)? else { return Ok(()) };
    transaction
        .prepare_cached("INSERT INTO feed_mark (number, seq) VALUES (?1, ?2)")?
        .execute(params![add.number, add.seq])?;
    let before = oldest(transaction)?.seq;
    transaction.prepare_cached("DELETE FROM feed_mark WHERE number < ?1")?.execute([number])?;
    let after = oldest(transaction)?.seq;
    transaction
        .prepare_cached("DELETE FROM revocation WHERE seq > ?1 AND seq <= ?2 AND level IN ('token', 'changed', 'jwt')")?
        .execute([before, after])?;
    Ok(())
}

fn mark(row: &Row<'_>) -> rusqlite::Result<Mark> {
    Ok(Mark { number: row.get(0)?, seq: row.get(1)? })
}

#[cfg(test)]
mod tests {
    use daypass::api::RevocationTarget;

    use super::*;
    use crate::domain::retention::next_mark;
    use crate::store::{SharedStore, open_or_create};

    async fn add_mark(store: &SharedStore, seen: u64) {
        store.add_mark(Box::new(move |facts| Ok(next_mark(seen, facts)))).await.expect("a mark");
    }

    /// Revokes something, three days ago by the clock.
    async fn enter(store: &SharedStore, target: RevocationTarget) {
        let entries = vec![target.clone()];
        store.revoke("o", target, 1000, Box::new(move |_| Ok(entries.clone()))).await.expect("an entry");
    }

    #[tokio::test]
    async fn entries_are_deleted_by_order_and_those_of_keys_and_organizations_never() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("store.db");
        let store = open_or_create(&path).expect("a store");
        let insert = "INSERT INTO organization (id, created_at) VALUES ('o', 1)";
        Connection::open(&path).expect("the store").execute(insert, []).expect("a row");
        let levels = |page: Vec<daypass::api::Revocation>| page.into_iter().map(|entry| entry.seq).collect::<Vec<_>>();
        let read = async || {
            let page = store.revocations(Some("o"), Box::new(|_| Ok(0))).await.expect("a page");
            (levels(page.revocations), page.deleted_up_to, page.latest)
        };
        enter(&store, RevocationTarget::Token { serial: 1 }).await;
        enter(&store, RevocationTarget::Jwt { jti: "j".into() }).await;
        enter(&store, RevocationTarget::Organization { organization: "o".into() }).await;
        enter(&store, RevocationTarget::IssuedBefore { organization: "o".into(), time: 5 }).await;
        add_mark(&store, 0).await;
        enter(&store, RevocationTarget::Token { serial: 2 }).await;
        for seen in 1..25 {
            // Another process that has watched the mark before adds none.
            add_mark(&store, seen - 1).await;
            add_mark(&store, seen).await;
            assert_eq!(read().await, (vec![1, 2, 3, 4, 5], 0, 5), "{seen}");
        }
        let is_gone = async || {
            let facts = store.jwt(1, "j").await.expect("facts");
            (facts.has_entry, facts.deleted_up_to)
        };
        assert_eq!(is_gone().await, (true, 0));
        add_mark(&store, 25).await;
        assert_eq!(read().await, (vec![3, 4, 5], 4, 5));
        assert_eq!(is_gone().await, (false, 4));
        let snapshot = store.snapshot().await.expect("a snapshot");
        assert_eq!((snapshot.deleted_up_to, snapshot.newest_mark), (4, 26));
        add_mark(&store, 26).await;
        assert_eq!(read().await, (vec![3, 4], 5, 5));
    }
}
