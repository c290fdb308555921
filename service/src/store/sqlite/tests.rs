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
    store.add_mark(Box::new(|_| Ok(None))).await.expect("the writer");
    assert!(!another.is_finished());

    end.send(()).expect("a list");
    reading.join().expect("a list");
    assert_eq!(another.await.expect("a task"), Ok(TokenSlice { tokens: vec![], next: None }));
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
    store.writer.lock().expect("a writer").execute(organization, []).expect("an organization");
    store.revoke("o", target, 1, Box::new(move |_| Ok(entries.clone()))).await.expect("an entry");
}

/// Writes what is stored to one file.
fn back_up(store: &SqliteStore, to: &Path) {
    let backup = store.writer.lock().expect("a writer").execute("VACUUM INTO ?1", [to.to_str()]);
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
    store.writer.lock().expect("a writer").execute_batch(older).expect("an older state");
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
