//! Two nodes over a primary with a synchronous standby: the primary is killed, and the standby promoted.

use std::time::{Duration, Instant};

use reqwest::Client;

use super::backend::Backend;
use super::cluster::{Cluster, Durability};
use super::crash::{Writers, expect_kept};
use super::running::{Daypass, expect_error, send, wait_until_ready};

/// How long the service may take after the promotion.
const BACK: Duration = Duration::from_secs(5);

/// A primary and its synchronous standby.
struct Pair {
    primary: Cluster,
    standby: Cluster,
}

impl Pair {
    async fn start() -> Pair {
        let primary = Cluster::start(Durability::Full);
        let standby = primary.start_standby();
        primary.administer("ALTER SYSTEM SET synchronous_standby_names = '*'");
        primary.administer("SELECT pg_reload_conf()");
        let deadline = Instant::now() + Duration::from_secs(10);
        while primary.query("SELECT sync_state FROM pg_stat_replication") != "sync" {
            assert!(Instant::now() < deadline, "the standby does not follow");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Pair { primary, standby }
    }

    /// Creates a database, and returns the URL with both hosts.
    fn create_database(&self) -> String {
        let url = self.primary.create_database();
        let (hosts, name) = url.rsplit_once('/').expect("a database");
        let standby = self.standby.folder().replace('/', "%2F");
        format!("{hosts},{standby}/{name}?target_session_attrs=read-write")
    }
}

async fn fail_over(round: usize) -> Duration {
    let pair = Pair::start().await;
    let daypass = Daypass::start_in(tempfile::tempdir().expect("a folder"), Backend::at(pair.create_database()), &[]);
    let beside = daypass.start_beside();
    let writers = Writers::start(&[&daypass.url, &beside.url], &daypass.admin, &format!("f{round}"));
    writers.wait_for(20).await;
    tokio::time::sleep(Duration::from_micros(7_919 * (round as u64 % 13))).await;
    pair.primary.kill();
    pair.standby.administer("SELECT pg_promote()");
    let promoted = Instant::now();
    writers.wait_for(6).await;
    // The writers of one node may have been all of them.
    for url in [&daypass.url, &beside.url] {
        wait_until_ready(url, BACK.saturating_sub(promoted.elapsed())).await;
    }
    let back = promoted.elapsed();
    let told = writers.stop().await;
    for url in [&daypass.url, &beside.url] {
        expect_kept(&Client::new(), url, &told).await;
    }
    assert!(back < BACK, "round {round}: {back:?}");
    back
}

#[tokio::test(flavor = "multi_thread")]
async fn no_acknowledged_write_is_lost_in_a_failover_and_the_service_is_back_in_seconds() {
    fail_over(0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revocation_that_was_answered_503_may_be_made_and_can_be_repeated() {
    let primary = Cluster::start(Durability::Full);
    let folder = tempfile::tempdir().expect("a folder");
    let daypass = Daypass::start_in(folder, Backend::at(primary.create_database()), &[]);
    let (token, id) = daypass.create_secret().await;
    // The standby is lost.
    primary.administer("ALTER SYSTEM SET synchronous_standby_names = 'lost'");
    primary.administer("SELECT pg_reload_conf()");
    let revoke = || daypass.delete(&format!("/v2/access-token/{id}")).bearer_auth(&daypass.admin);
    expect_error(revoke(), 503, "unavailable").await;
    let is_revoked = async || {
        let (status, described) = send(daypass.get("/v2/access-token/self").bearer_auth(&token)).await;
        assert_eq!(status, 200);
        described["revoked"] == true
    };
    assert!(!is_revoked().await, "it waits for the standby");
    // As the guide says for a lost standby.
    primary.administer("ALTER SYSTEM RESET synchronous_standby_names");
    primary.administer("SELECT pg_reload_conf()");
    let deadline = Instant::now() + Duration::from_secs(10);
    while !is_revoked().await {
        assert!(Instant::now() < deadline, "it is not made");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(send(revoke()).await.0, 200);
    assert_eq!(daypass.read_page(&daypass.admin, 0).await.revocations.len(), 1, "it is made once");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes: a part of the soak"]
async fn soak_no_acknowledged_write_is_lost_in_20_failovers() {
    for round in 0..20 {
        let back = fail_over(round).await;
        eprintln!("round {round}: back {back:?} after the promotion");
    }
}
