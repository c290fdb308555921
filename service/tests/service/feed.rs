use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

use daypass::api::{Revocation, RevocationPage, RevocationTarget};
use serde_json::json;

use super::backend::{ENTRIES_ADDED, LOCK};
use super::events::{Event, Events};
use super::running::{Daypass, expect_error, now, send};

const PATH: &str = "/v2/revocation";
const SECOND: Duration = Duration::from_secs(1);

/// Writes entries of JWTs of this organization, as another process would.
fn add_entries(daypass: &Daypass, organization: &str, count: usize) {
    daypass.execute(&format!(
        "INSERT INTO revocation (seq, at, organization, level, name)
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
        SELECT (SELECT coalesce(max(seq), 0) FROM revocation) + i, unixepoch(), '{organization}', 'jwt', substr('{}' || i, length('' || i) + 1) FROM n; {ENTRIES_ADDED}",
        "0".repeat(200)
    ));
}

/// Writes a second organization, which nothing creates yet.
fn add_organization(daypass: &Daypass) -> &'static str {
    daypass.execute("INSERT INTO organization (id, created_at) VALUES ('org_other', 1) ON CONFLICT DO NOTHING");
    "org_other"
}

fn numbers(entries: &[Revocation]) -> Vec<u64> {
    entries.iter().map(|entry| entry.seq).collect()
}

#[tokio::test]
async fn the_feed_sends_past_entries_then_new_ones_and_heartbeats_between() {
    let daypass = Daypass::start();
    let (_, first) = daypass.create_secret().await;
    let (_, second) = daypass.create_secret().await;
    let mut events = daypass.subscribe(&daypass.admin, 0).await;
    assert_eq!(events.until_heartbeat().await, (vec![], 0));

    daypass.revoke(&first).await;
    let received = loop {
        // A heartbeat may already have been on its way.
        let received = events.until_heartbeat().await;
        if received.1 > 0 {
            break received;
        }
    };
    let entry = Revocation { seq: 1, at: received.0[0].at, target: RevocationTarget::Token { serial: 3 } };
    assert!((now() - 5..=now()).contains(&entry.at));
    assert_eq!(received, (vec![entry.clone()], 1));

    // By the times that they name: how soon they arrive is the machine's affair.
    let before = events.elapsed;
    for _ in 0..4 {
        assert_eq!(events.next().await, Some(Event::Heartbeat(1)));
    }
    let passed = events.elapsed - before;
    assert!((3 * SECOND / 2..8 * SECOND).contains(&passed), "{passed:?}");

    daypass.revoke(&second).await;
    assert_eq!(events.next_revocation().await, RevocationTarget::Token { serial: 4 });
    assert_eq!(daypass.read_page(&daypass.admin, 0).await.revocations[0], entry, "a page has the same entry");
}

#[tokio::test]
async fn a_revocation_by_this_process_is_sent_at_once() {
    let daypass = Daypass::start();
    let mut events = daypass.subscribe(&daypass.admin, 0).await;
    let mut waits = vec![];
    for serial in 3..12 {
        let (token, _) = daypass.create_secret().await;
        events.until_heartbeat().await;
        daypass.revoke_by_text(&token).await;
        let answered = Instant::now();
        assert_eq!(events.next_revocation().await, RevocationTarget::Token { serial });
        waits.push(answered.elapsed());
    }
    waits.sort();
    assert!(waits[4] < SECOND / 10, "{waits:?}");
}

#[tokio::test]
async fn a_revocation_by_another_process_is_sent_within_a_second() {
    let daypass = Daypass::start();
    let mut events = daypass.subscribe(&daypass.admin, 0).await;
    for serial in 3..6 {
        let (_, id) = daypass.create_secret().await;
        events.until_heartbeat().await;
        daypass.json(&["token", "revoke", &id]);
        let began = Instant::now();
        assert_eq!(events.next_revocation().await, RevocationTarget::Token { serial });
        assert!(began.elapsed() < SECOND, "{:?}", began.elapsed());
    }
}

#[tokio::test]
async fn a_returning_subscriber_gets_what_it_missed_and_nothing_twice() {
    let daypass = Daypass::start();
    add_entries(&daypass, &daypass.organization(), 5);
    let get = |path: &str| daypass.get(path).bearer_auth(&daypass.admin);
    for (after, expected) in [(0, vec![1, 2, 3, 4, 5]), (3, vec![4, 5]), (5, vec![])] {
        let by_query = daypass.subscribe(&daypass.admin, after).await.until_heartbeat().await;
        let by_header = Events::subscribe(get(PATH).header("last-event-id", after)).await.until_heartbeat().await;
        let both = Events::subscribe(get("/v2/revocation?after=1").header("last-event-id", after))
            .await
            .until_heartbeat()
            .await;
        assert_eq!((numbers(&by_query.0), by_query.1), (expected.clone(), 5));
        assert_eq!((&by_header, &both), (&by_query, &by_query), "the header wins over the query");
        let page = daypass.read_page(&daypass.admin, after).await;
        assert_eq!((page.revocations, page.latest), by_query);
    }
    // The connection breaks after two entries.
    let mut events = daypass.subscribe(&daypass.admin, 0).await;
    let mut seen = Vec::new();
    for _ in 0..2 {
        let Some(Event::Revocation(entry)) = events.next().await else { panic!("there are five entries") };
        seen.push(entry);
    }
    drop(events);
    add_entries(&daypass, &daypass.organization(), 2);
    let (rest, latest) = daypass.subscribe(&daypass.admin, 2).await.until_heartbeat().await;
    seen.extend(rest);
    assert_eq!((numbers(&seen), latest), ((1..=7).collect(), 7));
    for wrong in ["-1", "x", "1.5", "", "18446744073709551616"] {
        expect_error(get(PATH).header("last-event-id", wrong), 400, "invalid_request").await;
        if !wrong.is_empty() {
            expect_error(get(&format!("{PATH}?after={wrong}")), 400, "invalid_request").await;
        }
    }
}

#[tokio::test]
async fn a_subscriber_ahead_of_the_feed_gets_every_entry() {
    let daypass = Daypass::start();
    add_entries(&daypass, &daypass.organization(), 2);
    for after in [3, 1_000_000, i64::MAX as u64, u64::MAX] {
        let (entries, latest) = daypass.subscribe(&daypass.admin, after).await.until_heartbeat().await;
        assert_eq!((numbers(&entries), latest), (vec![1, 2], 2), "{after}");
        assert_eq!(numbers(&daypass.read_page(&daypass.admin, after).await.revocations), [1, 2]);
    }
}

#[tokio::test]
async fn a_page_has_at_most_a_thousand_entries_and_the_events_have_all() {
    let daypass = Daypass::start();
    add_entries(&daypass, &daypass.organization(), 2000);
    let mut after = 0;
    for (count, last) in [(1000, 1000), (1000, 2000), (0, 2000)] {
        let RevocationPage { revocations, latest, .. } = daypass.read_page(&daypass.admin, after).await;
        assert_eq!((revocations.len(), latest), (count, 2000));
        after = revocations.last().map_or(latest, |entry| entry.seq);
        assert_eq!(after, last);
    }
    let (entries, latest) = daypass.subscribe(&daypass.admin, 0).await.until_heartbeat().await;
    assert_eq!((numbers(&entries), latest), ((1..=2000).collect(), 2000));
}

#[tokio::test]
async fn entries_of_another_organization_are_counted_and_not_sent() {
    let daypass = Daypass::start();
    let own = daypass.organization();
    add_entries(&daypass, &own, 1);
    add_entries(&daypass, add_organization(&daypass), 1200);
    add_entries(&daypass, &own, 1);
    let mut events = daypass.subscribe(&daypass.admin, 0).await;
    let (entries, latest) = events.until_heartbeat().await;
    assert_eq!((numbers(&entries), latest), (vec![1, 1202], 1202));
    let page = daypass.read_page(&daypass.admin, 1).await;
    assert_eq!((numbers(&page.revocations), page.latest), (vec![1202], 1202));

    add_entries(&daypass, "org_other", 1);
    while events.until_heartbeat().await != (vec![], 1203) {}
    let kid = daypass.json(&["key", "list"])["keys"][0]["kid"].as_str().expect("a name").to_owned();
    daypass.json(&["key", "revoke", &kid, "--yes"]);
    assert_eq!(events.next_revocation().await, RevocationTarget::Key { kid }, "a key belongs to every organization");
}

#[tokio::test]
async fn entries_stay_when_the_clock_leaps_and_the_last_number_when_they_are_deleted() {
    let daypass = Daypass::start();
    let (_, id) = daypass.create_secret().await;
    let (_, other) = daypass.create_secret().await;
    let temporary = daypass.create_temporary(&daypass.admin).await;
    daypass.revoke(&id).await;
    daypass.revoke_by_text(&temporary).await;
    daypass.json(&["organization", "revoke-issued-before", &daypass.organization(), "1000", "--yes"]);
    daypass.json(&["key", "rotate", "--now"]);
    let kid = daypass.json(&["key", "list"])["keys"][0]["kid"].as_str().expect("a name").to_owned();
    daypass.json(&["key", "revoke", &kid, "--yes"]);
    let levels = async || {
        let page = daypass.read_page(&daypass.admin, 0).await;
        let levels = page.revocations.into_iter().map(|entry| match entry.target {
            RevocationTarget::Token { .. } => "token",
            RevocationTarget::Jwt { .. } => "signed",
            RevocationTarget::Organization { .. } => "organization",
            RevocationTarget::IssuedBefore { .. } => "issuedBefore",
            RevocationTarget::IssuedUpTo { .. } => "issuedUpTo",
            RevocationTarget::Key { .. } => "key",
            RevocationTarget::Changed { .. } => "changed",
            RevocationTarget::Suspended { .. } => "suspended",
            RevocationTarget::Resumed { .. } => "resumed",
        });
        (levels.collect::<Vec<_>>(), page.latest)
    };
    assert_eq!(levels().await, (vec!["token", "signed", "issuedUpTo", "key"], 4));

    // As if the clock had leapt ahead by a year.
    daypass.execute("UPDATE revocation SET at = unixepoch() - 86400 * 365");
    daypass.revoke(&other).await;
    assert_eq!(levels().await, (vec!["token", "signed", "issuedUpTo", "key", "token"], 5));

    daypass.execute("DELETE FROM revocation");
    assert_eq!(daypass.subscribe(&daypass.admin, 5).await.until_heartbeat().await, (vec![], 5));
    assert_eq!(daypass.subscribe(&daypass.admin, 0).await.until_heartbeat().await, (vec![], 5));
}

#[tokio::test]
async fn without_its_table_the_feed_sends_no_heartbeat() {
    let daypass = Daypass::start();
    let mut events = daypass.subscribe(&daypass.admin, 0).await;
    events.until_heartbeat().await;
    daypass.execute("ALTER TABLE revocation RENAME TO lost");
    assert_eq!(send(daypass.get(PATH).bearer_auth(&daypass.admin)).await.0, 503);
    events.expect_silence().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_do_not_wait_for_writers() {
    let daypass = Daypass::start();
    let (_, id) = daypass.create_secret().await;
    let mut events = daypass.subscribe(&daypass.admin, 0).await;
    let mut other = daypass.session();
    other.execute(LOCK);
    // This request waits three seconds for the lock, and fails.
    let revoking = daypass.delete(&format!("/v2/access-token/{id}")).bearer_auth(&daypass.admin).send();
    let revoking = tokio::spawn(revoking);
    let began = Instant::now();
    while began.elapsed() < 2 * SECOND {
        let before = Instant::now();
        assert_eq!(events.next().await, Some(Event::Heartbeat(0)));
        assert!(before.elapsed() < SECOND, "{:?}", before.elapsed());
    }
    assert_eq!(revoking.await.expect("a task").expect("a response").status(), 503);
    other.execute("ROLLBACK");
    daypass.revoke(&id).await;
    assert_eq!(events.next_revocation().await, RevocationTarget::Token { serial: 3 });
}

#[tokio::test]
async fn a_subscriber_whose_token_ends_gets_no_more_heartbeats() {
    let daypass = Daypass::start();
    let body = json!({"kind": "secret", "name": "API", "scopes": ["token:introspect"]});
    let revoke_by_http = async |id: &str| drop(daypass.revoke(id).await);
    let revoke_by_command = async |id: &str| drop(daypass.json(&["token", "revoke", id]));
    let expire = async |id: &str| {
        daypass.execute(&format!("UPDATE token SET expires_at = unixepoch() WHERE id = '{id}'"));
    };
    for way in 0..3 {
        let (token, id) = daypass.create_token(body.clone()).await;
        let latest = daypass.read_page(&daypass.admin, 0).await.latest;
        let mut events = daypass.subscribe(&token, latest).await;
        assert_eq!(events.until_heartbeat().await, (vec![], latest));
        let began = Instant::now();
        match way {
            0 => revoke_by_http(&id).await,
            1 => revoke_by_command(&id).await,
            _ => expire(&id).await,
        }
        // It may get the entry of its own revocation, but no heartbeat after it.
        let mut has_entry = false;
        while let Some(event) = events.next().await {
            has_entry |= event != Event::Heartbeat(latest);
            assert!(!has_entry || matches!(event, Event::Revocation(_)), "{way}: {event:?}");
            assert!(began.elapsed() < 2 * SECOND, "{way}: the feed continues");
        }
        assert!(began.elapsed() < 2 * SECOND, "{way}: {:?}", began.elapsed());
        assert_eq!(has_entry, way < 2, "{way}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_subscriber_misses_nothing_and_delays_nobody() {
    let daypass = Daypass::start();
    let mut slow = TcpStream::connect(daypass.url.trim_start_matches("http://")).expect("it listens");
    let head = format!(
        "GET {PATH} HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\nAuthorization: Bearer {}\r\n\r\n",
        daypass.admin
    );
    slow.write_all(head.as_bytes()).expect("it reads");
    let mut fast = daypass.subscribe(&daypass.admin, 0).await;
    fast.until_heartbeat().await;
    // More than the buffers of the two sockets hold.
    let count = 40_000;
    add_entries(&daypass, &daypass.organization(), count);
    for number in 1..=count {
        assert!(matches!(fast.next_revocation().await, RevocationTarget::Jwt { jti } if jti.parse() == Ok(number)));
    }

    slow.set_read_timeout(Some(10 * SECOND)).expect("a timeout");
    let (mut text, mut buffer) = (String::new(), vec![0; 1 << 20]);
    let last = format!(r#"{{"latest":{count},"#);
    let began = Instant::now();
    while !text.contains(&last) {
        assert!(began.elapsed() < 30 * SECOND, "the last entry does not arrive");
        let read = slow.read(&mut buffer).expect("the feed continues");
        assert!(read > 0, "the feed continues");
        text.push_str(&String::from_utf8_lossy(&buffer[..read]));
    }
    let ids = text.lines().filter_map(|line| line.strip_prefix("data: {\"seq\":"));
    let ids: Vec<usize> = ids.filter_map(|rest| rest.split_once(',')?.0.parse().ok()).collect();
    assert_eq!(ids, (1..=count).collect::<Vec<_>>());
}

#[cfg(unix)]
#[tokio::test]
async fn subscribers_do_not_delay_the_stop() {
    let mut daypass = Daypass::start();
    let mut events = daypass.subscribe(&daypass.admin, 0).await;
    events.until_heartbeat().await;
    let began = Instant::now();
    let sent = Command::new("kill").args(["-TERM", &daypass.process_id().to_string()]).status();
    assert!(sent.is_ok_and(|status| status.success()));
    events.expect_end().await;
    assert!(daypass.wait().success());
    assert!(began.elapsed() < 2 * SECOND, "{:?}", began.elapsed());
}

#[tokio::test]
async fn the_feed_is_for_backends_with_the_scope() {
    let daypass = Daypass::start();
    let (without, _) = daypass.create_token(json!({"kind": "secret", "name": "n", "scopes": ["token:revoke"]})).await;
    for accept in ["*/*", "text/event-stream", "application/json, Text/Event-Stream;q=0.5"] {
        let get = || daypass.get(PATH).header("accept", accept);
        expect_error(get(), 401, "missing_token").await;
        expect_error(get().bearer_auth(&without), 403, "insufficient_scope").await;
        expect_error(get().bearer_auth(&daypass.admin).header("origin", "https://a.example"), 403, "secret_in_browser")
            .await;
        expect_error(get().bearer_auth(daypass.create_temporary(&daypass.admin).await), 403, "kind_not_accepted").await;
        let response = get().bearer_auth(&daypass.admin).send().await.expect("a response");
        let expected = if accept == "*/*" { "application/json" } else { "text/event-stream" };
        assert_eq!(response.headers()["content-type"], expected, "{accept}");
    }
}
