//! Tests of what only this store does.

use std::sync::mpsc;
use std::thread;

use super::*;
use crate::domain::token_list::TokenList;

#[tokio::test]
async fn a_list_of_tokens_that_takes_long_delays_nothing_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store.db");
    create(&path).expect("a file");
    let store = Arc::new(SqliteStore::open(&path).expect("a store"));
    let organization = "an organization";

    // A list that is being read.
    let list_reader = Arc::clone(&store.list_reader);
    let ((began, begins), (end, ends)) = (mpsc::channel(), mpsc::channel());
    let reading = thread::spawn(move || {
        let _list = list_reader.lock();
        began.send(()).expect("a test");
        ends.recv().expect("a test");
    });
    begins.recv().expect("a list");

    let another = tokio::spawn({
        let store = Arc::clone(&store);
        async move { store.token_page(organization, TokenList::default().query(0)).await }
    });
    assert!(store.revocations(Some(organization), Box::new(|_| Ok(0))).await.is_ok());
    assert!(store.snapshot().await.is_ok());
    assert!(store.keys().await.is_ok());
    store.add_mark(Box::new(|_| Ok(None))).await.expect("the writer");
    assert!(!another.is_finished());

    end.send(()).expect("a list");
    reading.join().expect("a list");
    assert_eq!(another.await.expect("a task"), Ok(TokenSlice { tokens: vec![], next: None }));
}
