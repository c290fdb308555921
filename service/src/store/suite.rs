//! The tests that hold for every store, run against each.

use std::ffi::OsString;
use std::sync::LazyLock;

use daypass::api::{Revocation, RevocationTarget};

use super::{Location, SharedStore, open_or_create};
use crate::domain::organization::Organization;
use crate::domain::retention::next_mark;
use crate::domain::token::NewToken;
use crate::store::NewOrganization;

#[allow(dead_code, reason = "the tests of the service use more of it")]
#[path = "../../tests/service/postgres/cluster.rs"]
mod cluster;

use cluster::{Cluster, Durability};

/// Declares tests that get the location of an empty store, for each store.
macro_rules! on_every_store {
    ($($test:ident),* $(,)?) => {
        mod on_sqlite {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $test() {
                    let folder = tempfile::tempdir().expect("a folder");
                    super::$test(crate::store::Location::File(folder.path().join("store.db"))).await;
                }
            )*
        }

        mod on_postgres {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $test() {
                    let database = crate::store::suite::Database::create();
                    super::$test(database.location()).await;
                }
            )*
        }
    };
}
pub(crate) use on_every_store;

on_every_store!(entries_are_deleted_by_order_and_those_of_keys_and_organizations_never,);

/// The cluster that the tests of this process share.
static CLUSTER: LazyLock<Cluster> = LazyLock::new(|| Cluster::start_or_use(Durability::None));

/// A database that is empty at first, for one test.
pub(crate) struct Database {
    pub(super) url: String,
}

impl Database {
    pub(crate) fn create() -> Database {
        Database { url: CLUSTER.create_database() }
    }

    pub(crate) fn location(&self) -> Location {
        Location::from(OsString::from(&self.url))
    }

    /// Runs statements as another process would, and returns what they select.
    pub(super) fn sql(&self, sql: &str) -> String {
        let output = cluster::psql(&self.url).args(["-c", sql]).output().expect("psql runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8").trim().to_owned()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        CLUSTER.drop_database(&self.url);
    }
}

pub(super) async fn open_with_organization(location: &Location) -> SharedStore {
    let store = open_or_create(location).await.expect("a store");
    let token =
        daypass::OpaqueToken::generate(daypass::TokenKind::Secret, crate::crypto::random::fill).expect("a token");
    let token = NewToken::new(&token, "t".into(), "T".into(), "o".into(), vec![], 1);
    let new = NewOrganization { organization: Organization::new("o".into(), "O".into(), 1), token };
    store.add_organization(new, Box::new(|_| Ok(()))).await.expect("an organization");
    store
}

pub(super) async fn add_mark(store: &SharedStore, seen: u64) {
    store.add_mark(Box::new(move |facts| Ok(next_mark(seen, facts)))).await.expect("a mark");
}

/// Revokes something, long ago by the clock.
async fn enter(store: &SharedStore, target: RevocationTarget) {
    let entries = vec![target.clone()];
    store.revoke("o", target, 1000, Box::new(move |_| Ok(entries.clone()))).await.expect("an entry");
}

async fn entries_are_deleted_by_order_and_those_of_keys_and_organizations_never(location: Location) {
    let store = open_with_organization(&location).await;
    let numbers = |page: Vec<Revocation>| page.into_iter().map(|entry| entry.seq).collect::<Vec<_>>();
    let read = async || {
        let page = store.revocations(Some("o"), Box::new(|_| Ok(0))).await.expect("a page");
        (numbers(page.revocations), page.deleted_up_to, page.latest)
    };
    enter(&store, RevocationTarget::Token { serial: 1 }).await;
    enter(&store, RevocationTarget::Jwt { jti: "j".into() }).await;
    enter(&store, RevocationTarget::Organization { organization: "o".into() }).await;
    enter(&store, RevocationTarget::IssuedUpTo { organization: "o".into(), time: 5, root_serial: 0 }).await;
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
    for (jti, expected) in [("j.k", true), ("j.k.l", true), ("jk", false), ("k.j", false)] {
        assert_eq!(store.jwt(1, jti).await.expect("facts").has_entry, expected, "{jti}");
    }
    add_mark(&store, 25).await;
    assert_eq!(read().await, (vec![3, 4, 5], 4, 5));
    assert_eq!(is_gone().await, (false, 4));
    let snapshot = store.snapshot().await.expect("a snapshot");
    assert_eq!((snapshot.deleted_up_to, snapshot.newest_mark), (4, 26));
    add_mark(&store, 26).await;
    assert_eq!(read().await, (vec![3, 4], 5, 5));
}
