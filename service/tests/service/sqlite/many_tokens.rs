//! Organizations with many tokens, and what a list and a creation cost in them.
//!
//! `cargo test -p daypass-service --release --test service sqlite::many_tokens -- --ignored --nocapture` prints the figures.

#![expect(clippy::print_stdout, reason = "the figures are the result")]

use std::time::{Duration, Instant};

use serde_json::json;

use super::running::{Daypass, add_tokens, send};

/// How often each request is sent; the median counts.
const ROUNDS: usize = 21;

fn start_with_tokens(count: usize) -> Daypass {
    let daypass = Daypass::start();
    add_tokens(&daypass, count);
    daypass.json(&["organization", "limits", &daypass.organization(), "--application", "unlimited"]);
    // One owner has every second token, another one the three that were created first.
    for (owner, condition) in [("svc_many", "number % 2 = 0"), ("svc_few", "number IN (3, 5, 7)")] {
        daypass.execute(&format!(
            "INSERT INTO principal (organization, id, kind, name, created_at)
            SELECT organization, '{owner}', 'serviceAccount', 'n', 1 FROM token WHERE number = 1;
            UPDATE token SET owner = (SELECT number FROM principal WHERE id = '{owner}')
            WHERE {condition} AND id LIKE 'tok_added_%'"
        ));
    }
    daypass.execute("PRAGMA wal_checkpoint(TRUNCATE)");
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

/// The most resident memory of the service's process so far, in KiB.
fn memory(daypass: &Daypass) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", daypass.process_id())).expect("Linux");
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("a line");
    line.split_whitespace().nth(1).and_then(|count| count.parse().ok()).expect("a number")
}

/// The medians for a thousand tokens and for a million, measured in turns.
async fn compare(services: &[Daypass; 2], what: &str, time: impl AsyncFn(&Daypass) -> Duration) -> f64 {
    let mut times = [vec![], vec![]];
    for _ in 0..ROUNDS {
        for (daypass, times) in services.iter().zip(&mut times) {
            times.push(time(daypass).await);
        }
    }
    let [few, many] = times.map(median);
    let ratio = many.as_secs_f64() / few.as_secs_f64();
    println!("{what}: {few:?} with a thousand tokens, {many:?} with a million, {ratio:.2} times as long");
    ratio
}

#[tokio::test]
#[ignore = "a measurement, which fills a store with a million tokens"]
async fn a_page_and_a_creation_cost_about_the_same_with_a_million_tokens_as_with_a_thousand() {
    let services = [1_000, 1_000_000].map(start_with_tokens);
    let [_, daypass] = &services;
    time_page(daypass, "?kind=secret").await;
    let before = memory(daypass);
    time_page(daypass, "").await;
    let grown = memory(daypass) - before;
    println!("memory of the first page with a million tokens: {grown} KiB");
    assert!(grown <= 4096, "{grown} KiB");
    for query in [
        "",
        "?kind=application",
        "?kind=secret",
        "?state=active",
        "?owner=svc_many",
        "?owner=svc_many&kind=application",
        "?owner=svc_few",
    ] {
        let ratio = compare(&services, &format!("first page {query}"), async |daypass: &Daypass| {
            time_page(daypass, query).await
        })
        .await;
        assert!(ratio <= 2.0, "{query}: {ratio}");
    }
    // Pages that end after 10,000 comparisons.
    for query in ["?state=revoked", "?name=nothing"] {
        compare(&services, &format!("first page {query}"), async |daypass: &Daypass| time_page(daypass, query).await)
            .await;
    }
    for kind in ["application", "secret"] {
        let ratio = compare(&services, &format!("creation, {kind}"), async |daypass: &Daypass| {
            time_creation(daypass, kind).await
        })
        .await;
        assert!(ratio <= 1.5, "{kind}: {ratio}");
    }
    let path = format!("/v2/organization/{}/principal/svc_many", daypass.organization());
    let start = Instant::now();
    let (status, removed) = send(daypass.delete(&path).bearer_auth(&daypass.admin)).await;
    assert_eq!(status, 200, "{removed}");
    println!("removal of a principal with half a million tokens: {:?}", start.elapsed());
}
