//! A process that stands still (SIGSTOP), while another node revokes.

use std::process::Command;
use std::time::{Duration, Instant};

use reqwest::Client;

use super::events::Event;
use super::running::{Daypass, send};

/// Longer than a position of the feed counts as fresh.
const STILL: Duration = Duration::from_secs(4);

fn signal(daypass: &Daypass, name: &str) {
    let sent = Command::new("kill").args([&format!("-{name}"), &daypass.process_id().to_string()]).status();
    assert!(sent.expect("kill runs").success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_stood_still_answers_nothing_by_what_it_knew_before() {
    let daypass = Daypass::start();
    let beside = daypass.start_beside();
    let (token, id) = daypass.create_secret().await;
    let introspect = || daypass.post("/introspect").bearer_auth(&daypass.admin).form(&[("token", &token)]);
    for _ in 0..2 {
        assert_eq!(send(introspect()).await.1["active"], true);
    }
    let began = Instant::now();
    let mut events = daypass.subscribe(&daypass.admin, 0).await;
    assert_eq!(events.until_heartbeat().await, (vec![], 0));

    signal(&daypass, "STOP");
    let revoke = Client::new().delete(format!("{}/v2/access-token/{id}", beside.url)).bearer_auth(&daypass.admin);
    assert_eq!(send(revoke).await.0, 200);
    let revoked = began.elapsed();
    // These wait for the process as it goes on.
    let (asked, ready) = (tokio::spawn(send(introspect())), tokio::spawn(send(daypass.get("/ready"))));
    tokio::time::sleep(STILL).await;
    signal(&daypass, "CONT");

    assert_eq!(asked.await.expect("a response").1["active"], false);
    let (status, ready) = ready.await.expect("a response");
    assert_eq!(status == 200, ready["checks"]["feed"] == "ok", "{ready}");
    loop {
        match events.next().await {
            Some(Event::Revocation(entry)) => {
                assert_eq!(entry.seq, 1);
                break;
            }
            // It was on its way before.
            Some(Event::Heartbeat(latest)) => assert!(latest == 0 && events.elapsed <= revoked, "{:?}", events.elapsed),
            None => panic!("the feed ended"),
        }
    }
}
