//! Tests of what only this store does.

use std::time::Duration;

use daypass::{Error, OpaqueToken};
use tokio::time::timeout;

use super::*;
use crate::crypto::random;
use crate::domain::token_list::TokenList;
use crate::domain::token_use::Addition;
use crate::store::UseStore;

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
async fn writes_that_wait_are_committed_together_revocations_first_and_each_stands_for_itself() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Arc::new(open(folder.path()));
    let order = Arc::new(std::sync::Mutex::new(vec![]));
    let add = |id: &'static str, result: Result<(), Error>| {
        let (store, order) = (Arc::clone(&store), Arc::clone(&order));
        let token = OpaqueToken::generate(TokenKind::Secret, random::fill).expect("a token");
        let new = NewOrganization {
            organization: Organization::new(id.into(), "O".into(), 1),
            token: NewToken::new(&token, "tok".into(), "n".into(), id.into(), vec![], 1),
        };
        let rule = move |_: &_| {
            order.lock().expect("a list").push(id);
            result.clone()
        };
        tokio::spawn(async move { store.add_organization(new, Box::new(rule)).await.map(drop) })
    };
    let busy = store.writer.lock().await;
    let (first, refused) =
        (add("first", Ok(())), add("refused", Err(Error::LimitReached { most: 1, what: "active secret tokens" })));
    let (dropped, last) = (add("dropped", Ok(())), add("last", Ok(())));
    let revocation = tokio::spawn({
        let (store, order) = (Arc::clone(&store), Arc::clone(&order));
        let rule = move |_: &_| {
            order.lock().expect("a list").push("revocation");
            Ok(vec![])
        };
        async move { store.revoke("o", RevocationTarget::Jwt { jti: "j".into() }, 1, Box::new(rule)).await }
    });
    // On one thread, all have begun to wait.
    tokio::task::yield_now().await;
    dropped.abort();
    tokio::task::yield_now().await;
    drop(busy);
    assert_eq!(revocation.await.expect("a task"), Ok(()));
    assert_eq!((first.await.expect("a task"), last.await.expect("a task")), (Ok(()), Ok(())));
    assert!(matches!(refused.await.expect("a task"), Err(Error::LimitReached { .. })));
    assert_eq!(*order.lock().expect("a list"), ["revocation", "first", "refused", "last"]);
    for (id, is_there) in [("first", true), ("refused", false), ("dropped", false), ("last", true)] {
        assert_eq!(store.organization(id).await.expect("an answer").is_some(), is_there, "{id}");
    }
}

#[tokio::test]
async fn counts_of_use_that_wait_at_the_same_time_have_a_transaction_each() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Arc::new(open(folder.path()));
    let order = Arc::new(std::sync::Mutex::new(vec![]));
    let busy = store.writer.lock().await;
    let add_use = |_| {
        let (store, order) = (Arc::clone(&store), Arc::clone(&order));
        tokio::spawn(async move {
            let rule = move |_: &_| {
                order.lock().expect("a list").push("use");
                Ok(None)
            };
            store.add_use(Arc::new(Addition::of_refreshes([(1, 1)], 1)), Box::new(rule)).await
        })
    };
    let uses: Vec<_> = (0..3).map(add_use).collect();
    tokio::task::yield_now().await;
    let other = tokio::spawn({
        let (store, order) = (Arc::clone(&store), Arc::clone(&order));
        let rule = move |_: &_| {
            order.lock().expect("a list").push("other");
            Ok(None)
        };
        async move { store.add_mark(Box::new(rule)).await }
    });
    tokio::task::yield_now().await;
    drop(busy);
    assert_eq!(other.await.expect("a task"), Ok(()));
    for counted in uses {
        assert_eq!(counted.await.expect("a task"), Ok(vec![]));
    }
    assert_eq!(*order.lock().expect("a list"), ["use", "other", "use", "use"]);
}

fn open(folder: &Path) -> SqliteStore {
    let path = folder.join("store.db");
    create(&path).expect("a file");
    SqliteStore::open(&path).expect("a store")
}

async fn epoch(store: &SqliteStore) -> String {
    let snapshot = store.snapshot().await.expect("a snapshot");
    let page = store.revocations(None, Box::new(|_| Ok(0))).await.expect("a page");
    assert_eq!(page.epoch, snapshot.epoch);
    page.epoch
}

async fn revoke_jwt(store: &SqliteStore, jti: &str) {
    let target = RevocationTarget::Jwt { jti: jti.into() };
    let entries = vec![target.clone()];
    let organization = "INSERT OR IGNORE INTO organization (id, created_at) VALUES ('o', 1)";
    store.writer.try_lock().expect("a writer").execute(organization, []).expect("an organization");
    store.revoke("o", target, 1, Box::new(move |_| Ok(entries.clone()))).await.expect("an entry");
}

/// Writes what is stored to one file.
fn back_up(store: &SqliteStore, to: &Path) {
    let backup = store.writer.try_lock().expect("a writer").execute("VACUUM INTO ?1", [to.to_str()]);
    backup.expect("a backup");
}

/// Puts a backup into the place of a store that is closed, and keeps the inode.
fn restore(backup: &Path, folder: &Path) {
    for suffix in ["-wal", "-shm"] {
        // SQLite removes them when the last connection is closed.
        let _ = std::fs::remove_file(folder.join(format!("store.db{suffix}")));
    }
    std::fs::copy(backup, folder.join("store.db")).expect("a copy");
}

#[tokio::test]
async fn the_epoch_stays_at_a_restart_and_changes_when_a_backup_is_restored() {
    let folder = tempfile::tempdir().expect("a folder");
    let (folder, backup) = (folder.path(), folder.path().join("backup.db"));
    let store = open(folder);
    revoke_jwt(&store, "before").await;
    let first = epoch(&store).await;
    drop(store);
    let store = open(folder);
    assert_eq!(epoch(&store).await, first, "a restart");
    back_up(&store, &backup);

    revoke_jwt(&store, "told").await;
    epoch(&store).await;
    drop(store);
    assert_eq!(epoch(&open(folder)).await, first, "a restart");
    restore(&backup, folder);
    // A command on the restored store, before a service tells anything.
    let command = open(folder);
    revoke_jwt(&command, "another").await;
    revoke_jwt(&command, "and another").await;
    drop(command);
    let store = open(folder);
    let second = epoch(&store).await;
    assert_ne!(second, first, "number 2 is another entry");

    // Of entries that nobody was told, none is missed.
    back_up(&store, &folder.join("second.db"));
    revoke_jwt(&store, "untold").await;
    drop(store);
    restore(&folder.join("second.db"), folder);
    assert_eq!(epoch(&open(folder)).await, second);
}

#[tokio::test]
async fn a_store_that_is_restored_while_it_is_open_has_another_epoch() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path());
    revoke_jwt(&store, "lost").await;
    let first = epoch(&store).await;
    let older = "DELETE FROM revocation; DELETE FROM sqlite_sequence WHERE name = 'revocation'";
    store.writer.try_lock().expect("a writer").execute_batch(older).expect("an older state");
    let restored = epoch(&store).await;
    assert_ne!(restored, first);
    assert_eq!(epoch(&store).await, restored);
}

#[tokio::test]
async fn a_store_without_the_file_beside_it_has_another_epoch() {
    let folder = tempfile::tempdir().expect("a folder");
    let (folder, beside) = (folder.path(), folder.path().join("store.db-feed"));
    let first = epoch(&open(folder)).await;
    let kept = std::fs::read(&beside).expect("a file");
    let text = String::from_utf8(kept.clone()).expect("text");
    // A backup of all files, put in place by a program that writes new ones.
    std::fs::write(folder.join("copy"), &kept).expect("a copy");
    std::fs::rename(folder.join("copy"), &beside).expect("a file");
    let mut seen = vec![first.clone()];
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let copied = epoch(&open(folder)).await;
        assert!(!seen.contains(&copied), "a copy of the file");
        seen.push(copied);
        std::fs::remove_file(&beside).expect("a file");
        epoch(&open(folder)).await;
        assert_eq!(std::fs::metadata(&beside).expect("a file").permissions().mode() & 0o777, 0o600);
    }
    for damaged in ["", "\n", "a b c\n", text.trim_end()] {
        std::fs::write(&beside, damaged).expect("a file");
        let name = epoch(&open(folder)).await;
        assert!(!seen.contains(&name), "{damaged:?}");
        seen.push(name);
    }
    std::fs::remove_file(&beside).expect("a file");
    std::fs::create_dir(&beside).expect("a folder");
    assert!(SqliteStore::open(&folder.join("store.db")).is_err(), "nothing is told that is not noted");
}
