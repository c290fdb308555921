//! A server without a standby: it is killed and started again while nodes write.

use std::time::{Duration, Instant};

use reqwest::Client;

use super::backend::{Backend, KILLS};
use super::cluster::{Cluster, Durability};
use super::crash::{Acknowledged, Writers, expect_kept};
use super::running::Daypass;

async fn kill_servers(kills: usize) {
    let mut cluster = Cluster::start(Durability::Full);
    let store = Backend::at(cluster.create_database());
    let daypass = Daypass::start_in(tempfile::tempdir().expect("a folder"), store, &[]);
    let beside = daypass.start_beside();
    let (client, mut all, mut times) = (Client::new(), Acknowledged::default(), vec![]);
    for round in 0..kills {
        let writers = Writers::start(&[&daypass.url, &beside.url], &daypass.admin, &format!("r{round}"));
        writers.wait_for(6).await;
        // Not always at the same point of a write.
        tokio::time::sleep(Duration::from_micros(7_919 * (round as u64 % 13))).await;
        cluster.kill();
        cluster.start_again();
        let answers = Instant::now();
        // One for each writer, so that both nodes write again.
        writers.wait_for(6).await;
        times.push(answers.elapsed());
        let told = writers.stop().await;
        expect_kept(&client, &beside.url, &told).await;
        all.extend(told);
    }
    for url in [&daypass.url, &beside.url] {
        expect_kept(&client, url, &all).await;
    }
    times.sort();
    eprintln!("{kills} kills: back {:?} after the server answers, at most {:?}", times[kills / 2], times[kills - 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_acknowledged_write_is_lost_when_the_server_is_killed_and_the_nodes_go_on_by_themselves() {
    kill_servers(5).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes: a part of the soak"]
async fn soak_no_acknowledged_write_is_lost_when_the_server_is_killed_many_times() {
    kill_servers(KILLS).await;
}
