//! Organizations with many tokens, and what a list and a creation cost in them.
//!
//! `cargo test -p daypass-service --release --test service many_tokens -- --ignored --nocapture` prints the figures.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::running::{Daypass, send};

/// How often each request is sent; the median counts.
const ROUNDS: usize = 21;

/// Adds so many active application tokens, as if the first token's creator had made them: more than requests can make
/// in a test's time.
pub(crate) fn add_tokens(daypass: &Daypass, count: usize) {
    let add = "
        INSERT INTO token
            (hash, organization, id, kind, name, grants, origins, last_chars, created_at, expires_at, revoked_at)
        WITH RECURSIVE numbers (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < ?1)
        SELECT randomblob(32), organization, 'tok_' || hex(randomblob(11)), 'application', 'Token ' || i, grants,
            origins, last_chars, created_at, expires_at, revoked_at
        FROM numbers, (SELECT * FROM token WHERE number = 1)";
    assert_eq!(daypass.sql().execute(add, [count]), Ok(count));
}

fn start_with_tokens(count: usize) -> Daypass {
    let daypass = Daypass::start();
    add_tokens(&daypass, count);
    daypass.sql().execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").expect("a checkpoint");
    daypass
}

async fn time_page(daypass: &Daypass, query: &str) -> Duration {
    let start = Instant::now();
    let (status, page) = send(daypass.get(&format!("/v2/access-token{query}")).bearer_auth(&daypass.admin)).await;
    assert_eq!(status, 200, "{page}");
    start.elapsed()
}

async fn time_creation(daypass: &Daypass, kind: &str) -> Duration {
    let start = Instant::now();
    daypass.create_token(json!({"kind": kind, "name": "n", "scopes": ["bundle:create"]})).await;
    start.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// The resident memory of the service's process, in KiB: now, and at most so far.
fn memory(daypass: &Daypass) -> [usize; 2] {
    let status = std::fs::read_to_string(format!("/proc/{}/status", daypass.process_id())).expect("Linux");
    ["VmRSS:", "VmHWM:"].map(|field| {
        let line = status.lines().find(|line| line.starts_with(field)).expect("a line");
        line.split_whitespace().nth(1).and_then(|count| count.parse().ok()).expect("a number")
    })
}

#[tokio::test]
#[ignore = "a measurement: it fills a store with a million tokens"]
async fn a_page_and_a_creation_cost_about_the_same_with_a_million_tokens_as_with_a_thousand() {
    let services = [1_000, 1_000_000].map(start_with_tokens);
    for daypass in &services {
        time_page(daypass, "?kind=secret").await;
        let before = memory(daypass);
        time_page(daypass, "").await;
        println!("memory in KiB, now and at most, before and after the first page: {before:?}, {:?}", memory(daypass));
    }
    let rounds = std::env::var("ROUNDS").map_or(ROUNDS, |rounds| rounds.parse().expect("a number"));
    for query in ["", "?kind=application", "?kind=secret", "?state=active", "?state=revoked", "?name=1000"] {
        let mut times = [vec![], vec![]];
        for _ in 0..rounds {
            for (daypass, times) in services.iter().zip(&mut times) {
                times.push(time_page(daypass, query).await);
            }
        }
        println!("first page {query}: {:?}", times.map(median));
    }
    for kind in ["application", "secret"] {
        let mut times = [vec![], vec![]];
        for _ in 0..rounds {
            for (daypass, times) in services.iter().zip(&mut times) {
                times.push(time_creation(daypass, kind).await);
            }
        }
        println!("creation of one of the kind {kind}: {:?}", times.map(median));
    }
}
