//! Tests of what only this store does.

use std::time::Duration;

use daypass::OpaqueToken;
use tokio::time::timeout;

use super::*;
use crate::domain::token_list::TokenList;

/// The threads on which the operations of a test run.
const THREADS: usize = 2;

#[test]
fn lists_of_tokens_that_take_long_delay_nothing_else_however_many_wait() {
    let runtime = tokio::runtime::Builder::new_current_thread().max_blocking_threads(THREADS).enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("store.db");
        create(&path).expect("a file");
        let store = Arc::new(SqliteStore::open(&path).expect("a store"));
        let organization = "an organization";

        // A list that is being read, and more that wait than there are threads.
        let reading = Arc::clone(&store.list_reader).lock_owned().await;
        let waiting = (0..2 * THREADS).map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.token_page(organization, TokenList::default().query(0)).await })
        });
        let waiting = waiting.collect::<Vec<_>>();
        tokio::task::yield_now().await;
        let others = async {
            assert!(store.revocations(Some(organization), Box::new(|_| Ok(0))).await.is_ok());
            assert!(store.snapshot().await.is_ok());
            assert!(store.keys().await.is_ok());
            store.add_mark(Box::new(|_| Ok(None))).await.expect("the writer");
        };
        timeout(Duration::from_secs(5), others).await.expect("they wait for no list");
        assert!(waiting.iter().all(|list| !list.is_finished()));

        drop(reading);
        for list in waiting {
            assert_eq!(list.await.expect("a task"), Ok(TokenSlice { tokens: vec![], next: None }));
        }
    });
}

#[tokio::test]
async fn heartbeats_wait_for_no_other_reader_and_no_writer() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store.db");
    create(&path).expect("a file");
    let store = SqliteStore::open(&path).expect("a store");
    let _busy = (store.reader.lock().await, store.list_reader.lock().await, store.writer.lock().await);
    let heartbeat = async {
        assert!(store.snapshot().await.is_ok());
        let token = OpaqueToken::generate(TokenKind::Secret, random::fill).expect("a token");
        assert!(store.subscriber(TokenHash::of(&token)).await.expect("an answer").is_none());
    };
    timeout(Duration::from_secs(5), heartbeat).await.expect("they wait for nobody");
}

#[tokio::test]
async fn a_revocation_passes_the_writes_that_wait() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store.db");
    create(&path).expect("a file");
    let store = SqliteStore::open(&path).expect("a store");
    let _turn = store.turn.lock().await;
    let write = store.add_mark(Box::new(|_| Ok(None)));
    assert!(timeout(Duration::from_millis(50), write).await.is_err(), "it waits for its turn");
    let target = RevocationTarget::Jwt { jti: "j".into() };
    let revocation = store.revoke("o", target, 1, Box::new(|_| Ok(vec![])));
    timeout(Duration::from_secs(5), revocation).await.expect("it waits for no turn").expect("an answer");
}
