//! A database whose disk is full, or that takes no writes.

use std::time::{Duration, Instant};

use serde_json::json;

use super::backend::Backend;
use super::cluster::{Cluster, Durability};
use super::running::{Daypass, FLOOR_READ, expect_error, send};

async fn wait_until_ready(daypass: &Daypass, status: u16) {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let (seen, ready) = send(daypass.get("/ready")).await;
        if seen == status {
            return;
        }
        assert!(Instant::now() < deadline, "{ready}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Expects that what was broken stops minting and additions, and that repairing it suffices.
async fn expect_recovery(daypass: &Daypass, break_it: impl FnOnce(), repair: impl FnOnce()) {
    let (secret, id) = daypass.create_secret().await;
    let mint = || {
        let post = daypass.post("/v2/temporary-access-token/create").bearer_auth(&secret);
        post.json(&json!({"scopes": [FLOOR_READ]}))
    };
    assert_eq!(send(mint()).await.0, 200);
    break_it();
    // The failure of a real write is enough: no probe is waited for.
    let revoke = || daypass.delete(&format!("/v2/access-token/{id}")).bearer_auth(&daypass.admin);
    expect_error(revoke(), 503, "unavailable").await;
    wait_until_ready(daypass, 503).await;
    expect_error(mint(), 503, "unavailable").await;
    let body = json!({"kind": "secret", "name": "n"});
    expect_error(daypass.post("/v2/access-token").bearer_auth(&daypass.admin).json(&body), 503, "unavailable").await;
    assert_eq!(send(daypass.get("/health")).await.0, 200);
    repair();
    wait_until_ready(daypass, 200).await;
    assert_eq!(send(mint()).await.0, 200);
    assert_eq!(send(revoke()).await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_databases_disk_is_full_nothing_is_minted_or_added_and_then_all_recovers() {
    let daypass = Daypass::start();
    // A revocation adds to both.
    for table in ["revocation", "audit"] {
        let full = || {
            daypass.session().execute(&format!(
                "CREATE FUNCTION disk_is_full() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE disk_full; END';
                CREATE TRIGGER disk_is_full BEFORE INSERT ON {table} EXECUTE FUNCTION disk_is_full()",
            ));
        };
        let free = || daypass.session().execute("DROP FUNCTION disk_is_full CASCADE");
        expect_recovery(&daypass, full, free).await;
    }
    assert!(daypass.log().contains("53100"), "the log has the database's word for it");
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_database_is_read_only_nothing_is_minted_or_added_and_then_all_recovers() {
    let cluster = Cluster::start(Durability::None);
    let folder = tempfile::tempdir().expect("a folder");
    let daypass = Daypass::start_in(folder, Backend::at(cluster.create_database()), &[]);
    let set = |value: &str| {
        cluster.administer(&format!("ALTER SYSTEM SET default_transaction_read_only = {value}"));
        cluster.administer("SELECT pg_reload_conf()");
    };
    expect_recovery(&daypass, || set("on"), || set("off")).await;
    assert!(daypass.log().contains("25006"), "the log has the database's word for it");
}
