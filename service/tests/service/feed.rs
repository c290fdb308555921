use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

use daypass::api::{Revocation, RevocationPage, RevocationTarget};
use serde_json::json;

use crate::events::{Event, Events};
use crate::running::{Daypass, answer, now, refused};

const PATH: &str = "/v2/revocation";
const SECOND: Duration = Duration::from_secs(1);

/// Entries of signed tokens, written as another process would: `organization`, and how many.
fn enter(daypass: &Daypass, organization: &str, count: usize) {
    let insert = "INSERT INTO revocation (at, organization, level, name)
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
        SELECT unixepoch(), ?1, 'signed', printf('%0200d', i) FROM n";
    daypass.sql().execute(insert, rusqlite::params![organization, count]).expect("rows");
}

/// There is no way yet to make a second organization but to write it.
fn second_organization(daypass: &Daypass) -> &'static str {
    let insert = "INSERT OR IGNORE INTO organization (id, created_at) VALUES ('org_other', 1)";
    daypass.sql().execute(insert, []).expect("a row");
    "org_other"
}

fn numbers(entries: &[Revocation]) -> Vec<u64> {
    entries.iter().map(|entry| entry.seq).collect()
}

#[tokio::test]
async fn it_tells_what_there_is_then_what_comes_and_in_between_that_nothing_is_new() {
    let daypass = Daypass::start();
    let (_, first) = daypass.secret().await;
    let (_, second) = daypass.secret().await;
    let mut events = daypass.follow(&daypass.admin, 0).await;
    assert_eq!(events.until_current().await, (vec![], 0));

    let began = Instant::now();
    daypass.revoke(&first).await;
    let told = loop {
        // The one that says that nothing is new may have been on its way.
        let told = events.until_current().await;
        if told.1 > 0 {
            break told;
        }
    };
    assert!(began.elapsed() < SECOND / 2, "{:?}", began.elapsed());
    let entry = Revocation { seq: 1, at: told.0[0].at, target: RevocationTarget::Token { serial: 2 } };
    assert!((now() - 5..=now()).contains(&entry.at));
    assert_eq!(told, (vec![entry.clone()], 1));

    let began = Instant::now();
    for _ in 0..4 {
        assert_eq!(events.next().await, Some(Event::Heartbeat(1)));
    }
    assert!((3 * SECOND / 2..4 * SECOND).contains(&began.elapsed()), "{:?}", began.elapsed());

    daypass.revoke(&second).await;
    assert_eq!(events.revoked().await, RevocationTarget::Token { serial: 3 });
    assert_eq!(daypass.page(&daypass.admin, 0).await.revocations[0], entry, "the same by the page");
}

#[tokio::test]
async fn a_revocation_by_this_process_is_told_at_once() {
    let daypass = Daypass::start();
    let mut events = daypass.follow(&daypass.admin, 0).await;
    let mut waits = vec![];
    for serial in 2..11 {
        let (token, _) = daypass.secret().await;
        events.until_current().await;
        daypass.revoke_presented(&token).await;
        let answered = Instant::now();
        assert_eq!(events.revoked().await, RevocationTarget::Token { serial });
        waits.push(answered.elapsed());
    }
    waits.sort();
    assert!(waits[4] < SECOND / 10, "{waits:?}");
}

#[tokio::test]
async fn a_revocation_by_another_process_is_told_within_a_second() {
    let daypass = Daypass::start();
    let mut events = daypass.follow(&daypass.admin, 0).await;
    for serial in 2..5 {
        let (_, id) = daypass.secret().await;
        events.until_current().await;
        daypass.json(&["token", "revoke", &id]);
        let began = Instant::now();
        assert_eq!(events.revoked().await, RevocationTarget::Token { serial });
        assert!(began.elapsed() < SECOND, "{:?}", began.elapsed());
    }
}

#[tokio::test]
async fn who_comes_back_is_told_what_they_missed_and_nothing_twice() {
    let daypass = Daypass::start();
    enter(&daypass, &daypass.organization(), 5);
    let get = |path: &str| daypass.get(path).bearer_auth(&daypass.admin);
    for (after, expected) in [(0, vec![1, 2, 3, 4, 5]), (3, vec![4, 5]), (5, vec![])] {
        let by_query = daypass.follow(&daypass.admin, after).await.until_current().await;
        let by_header = Events::of(get(PATH).header("last-event-id", after)).await.until_current().await;
        let both = Events::of(get("/v2/revocation?after=1").header("last-event-id", after)).await.until_current().await;
        assert_eq!((numbers(&by_query.0), by_query.1), (expected.clone(), 5));
        assert_eq!((&by_header, &both), (&by_query, &by_query), "the header is the newer one");
        let page = daypass.page(&daypass.admin, after).await;
        assert_eq!((page.revocations, page.latest), by_query);
    }
    // Mid-way, as when a connection breaks.
    let mut events = daypass.follow(&daypass.admin, 0).await;
    let mut seen = Vec::new();
    for _ in 0..2 {
        let Some(Event::Revocation(entry)) = events.next().await else { panic!("five are to come") };
        seen.push(entry);
    }
    drop(events);
    enter(&daypass, &daypass.organization(), 2);
    let (rest, latest) = daypass.follow(&daypass.admin, 2).await.until_current().await;
    seen.extend(rest);
    assert_eq!((numbers(&seen), latest), ((1..=7).collect(), 7));
    for wrong in ["-1", "x", "1.5", "", "18446744073709551616"] {
        refused(get(PATH).header("last-event-id", wrong), 400, "invalid_request").await;
        if !wrong.is_empty() {
            refused(get(&format!("{PATH}?after={wrong}")), 400, "invalid_request").await;
        }
    }
}

#[tokio::test]
async fn who_knows_more_than_there_is_begins_anew() {
    let daypass = Daypass::start();
    enter(&daypass, &daypass.organization(), 2);
    for after in [3, 1_000_000, i64::MAX as u64, u64::MAX] {
        let (entries, latest) = daypass.follow(&daypass.admin, after).await.until_current().await;
        assert_eq!((numbers(&entries), latest), (vec![1, 2], 2), "{after}");
        assert_eq!(numbers(&daypass.page(&daypass.admin, after).await.revocations), [1, 2]);
    }
}

#[tokio::test]
async fn a_page_has_a_thousand_entries_and_events_have_all() {
    let daypass = Daypass::start();
    enter(&daypass, &daypass.organization(), 2000);
    let mut after = 0;
    for (count, last) in [(1000, 1000), (1000, 2000), (0, 2000)] {
        let RevocationPage { revocations, latest, .. } = daypass.page(&daypass.admin, after).await;
        assert_eq!((revocations.len(), latest), (count, 2000));
        after = revocations.last().map_or(latest, |entry| entry.seq);
        assert_eq!(after, last);
    }
    let (entries, latest) = daypass.follow(&daypass.admin, 0).await.until_current().await;
    assert_eq!((numbers(&entries), latest), ((1..=2000).collect(), 2000));
}

#[tokio::test]
async fn what_is_anothers_is_counted_and_not_told() {
    let daypass = Daypass::start();
    let own = daypass.organization();
    enter(&daypass, &own, 1);
    enter(&daypass, second_organization(&daypass), 1200);
    enter(&daypass, &own, 1);
    let mut events = daypass.follow(&daypass.admin, 0).await;
    let (entries, latest) = events.until_current().await;
    assert_eq!((numbers(&entries), latest), (vec![1, 1202], 1202));
    let page = daypass.page(&daypass.admin, 1).await;
    assert_eq!((numbers(&page.revocations), page.latest), (vec![1202], 1202));

    enter(&daypass, "org_other", 1);
    while events.until_current().await != (vec![], 1203) {}
    let kid = daypass.json(&["key", "list"])["keys"][0]["kid"].as_str().expect("a name").to_owned();
    daypass.json(&["key", "revoke", &kid, "--yes"]);
    assert_eq!(events.revoked().await, RevocationTarget::Key { kid }, "a key is everybody's");
}

#[tokio::test]
async fn entries_stay_whatever_time_the_clock_tells_and_their_number_when_they_are_gone() {
    let daypass = Daypass::start();
    let (_, id) = daypass.secret().await;
    let (_, other) = daypass.secret().await;
    let temporary = daypass.temporary(&daypass.admin).await;
    daypass.revoke(&id).await;
    daypass.revoke_presented(&temporary).await;
    daypass.json(&["organization", "revoke-issued-before", &daypass.organization(), "1000", "--yes"]);
    daypass.json(&["key", "rotate", "--now"]);
    let kid = daypass.json(&["key", "list"])["keys"][0]["kid"].as_str().expect("a name").to_owned();
    daypass.json(&["key", "revoke", &kid, "--yes"]);
    let levels = async || {
        let page = daypass.page(&daypass.admin, 0).await;
        let levels = page.revocations.into_iter().map(|entry| match entry.target {
            RevocationTarget::Token { .. } => "token",
            RevocationTarget::Jwt { .. } => "signed",
            RevocationTarget::Organization { .. } => "organization",
            RevocationTarget::IssuedBefore { .. } => "issuedBefore",
            RevocationTarget::Key { .. } => "key",
        });
        (levels.collect::<Vec<_>>(), page.latest)
    };
    assert_eq!(levels().await, (vec!["token", "signed", "issuedBefore", "key"], 4));

    let age = |seconds: u64| daypass.sql().execute("UPDATE revocation SET at = unixepoch() - ?1", [seconds]);
    // As if it had leapt ahead by a year.
    age(86_400 * 365).expect("rows");
    daypass.revoke(&other).await;
    assert_eq!(levels().await, (vec!["token", "signed", "issuedBefore", "key", "token"], 5));

    daypass.sql().execute("DELETE FROM revocation", []).expect("rows");
    assert_eq!(daypass.follow(&daypass.admin, 5).await.until_current().await, (vec![], 5));
    assert_eq!(daypass.follow(&daypass.admin, 0).await.until_current().await, (vec![], 5));
}

#[tokio::test]
async fn each_run_of_the_service_has_a_name_of_its_own() {
    let mut daypass = Daypass::start();
    let epoch = async |daypass: &Daypass| {
        let mut events = daypass.follow(&daypass.admin, 0).await;
        events.until_current().await;
        let page = daypass.page(&daypass.admin, 0).await;
        assert_eq!(events.epoch.as_ref(), Some(&page.epoch));
        page.epoch
    };
    let first = epoch(&daypass).await;
    assert_eq!(epoch(&daypass).await, first);
    daypass.restart();
    assert_ne!(epoch(&daypass).await, first);
}

#[tokio::test]
async fn while_the_store_is_gone_nobody_is_told_that_they_know_everything() {
    let daypass = Daypass::start();
    let mut events = daypass.follow(&daypass.admin, 0).await;
    let poll = || daypass.get(PATH).bearer_auth(&daypass.admin);
    events.until_current().await;
    let rename =
        |from: &str, to: &str| std::fs::rename(daypass.folder.path().join(from), daypass.folder.path().join(to));

    // Another file has its name: what is written there, this process would never see.
    rename("daypass.db", "moved.db").expect("a file");
    std::fs::copy(daypass.folder.path().join("moved.db"), daypass.database()).expect("a file");
    events.falls_silent().await;
    refused(poll(), 503, "unavailable").await;
    refused(daypass.get("/health"), 503, "unavailable").await;
    std::fs::remove_file(daypass.database()).expect("a file");
    refused(poll(), 503, "unavailable").await;
    events.falls_silent().await;
    rename("moved.db", "daypass.db").expect("a file");
    assert_eq!(events.until_current().await, (vec![], 0));

    daypass.sql().execute_batch("ALTER TABLE revocation RENAME TO lost").expect("the table is gone");
    assert!(matches!(answer(poll()).await.0, 503));
    events.falls_silent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_wait_for_no_writer() {
    let daypass = Daypass::start();
    let (_, id) = daypass.secret().await;
    let mut events = daypass.follow(&daypass.admin, 0).await;
    let other = daypass.sql();
    other.execute_batch("BEGIN IMMEDIATE").expect("a lock");
    // This one waits for the lock in vain, for three seconds.
    let revoking = daypass.delete(&format!("/v2/access-token/{id}")).bearer_auth(&daypass.admin).send();
    let revoking = tokio::spawn(revoking);
    let began = Instant::now();
    while began.elapsed() < 2 * SECOND {
        let before = Instant::now();
        assert_eq!(events.next().await, Some(Event::Heartbeat(0)));
        assert!(before.elapsed() < SECOND, "{:?}", before.elapsed());
    }
    assert_eq!(revoking.await.expect("a task").expect("an answer").status(), 503);
    other.execute_batch("ROLLBACK").expect("no lock");
    daypass.revoke(&id).await;
    assert_eq!(events.revoked().await, RevocationTarget::Token { serial: 2 });
}

#[tokio::test]
async fn whose_token_ends_is_told_nothing_more() {
    let daypass = Daypass::start();
    let body = json!({"kind": "secret", "name": "API", "scopes": ["token:introspect"]});
    let end_by_http = async |id: &str| drop(daypass.revoke(id).await);
    let end_by_command = async |id: &str| drop(daypass.json(&["token", "revoke", id]));
    let expire = async |id: &str| {
        daypass.sql().execute("UPDATE token SET expires_at = unixepoch() WHERE id = ?1", [id]).expect("a row");
    };
    for way in 0..3 {
        let (token, id) = daypass.made(body.clone()).await;
        let latest = daypass.page(&daypass.admin, 0).await.latest;
        let mut events = daypass.follow(&token, latest).await;
        assert_eq!(events.until_current().await, (vec![], latest));
        let began = Instant::now();
        match way {
            0 => end_by_http(&id).await,
            1 => end_by_command(&id).await,
            _ => expire(&id).await,
        }
        // Its own end is told, but never again that nothing is missing.
        let mut is_told = false;
        while let Some(event) = events.next().await {
            is_told |= event != Event::Heartbeat(latest);
            assert!(!is_told || matches!(event, Event::Revocation(_)), "{way}: {event:?}");
            assert!(began.elapsed() < 2 * SECOND, "{way}: it goes on");
        }
        assert!(began.elapsed() < 2 * SECOND, "{way}: {:?}", began.elapsed());
        assert_eq!(is_told, way < 2, "{way}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_reads_slowly_misses_nothing_and_holds_up_nobody() {
    let daypass = Daypass::start();
    let mut slow = TcpStream::connect(daypass.url.trim_start_matches("http://")).expect("it listens");
    let head = format!(
        "GET {PATH} HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\nAuthorization: Bearer {}\r\n\r\n",
        daypass.admin
    );
    slow.write_all(head.as_bytes()).expect("it reads");
    let mut fast = daypass.follow(&daypass.admin, 0).await;
    fast.until_current().await;
    // More than the buffers between two sockets hold.
    let count = 40_000;
    enter(&daypass, &daypass.organization(), count);
    for number in 1..=count {
        assert!(matches!(fast.revoked().await, RevocationTarget::Jwt { jti } if jti.parse() == Ok(number)));
    }

    slow.set_read_timeout(Some(10 * SECOND)).expect("a timeout");
    let (mut text, mut buffer) = (String::new(), vec![0; 1 << 20]);
    let last = format!(r#"{{"latest":{count},"#);
    let began = Instant::now();
    while !text.contains(&last) {
        assert!(began.elapsed() < 30 * SECOND, "it does not come to the last");
        let read = slow.read(&mut buffer).expect("it goes on");
        assert!(read > 0, "it goes on");
        text.push_str(&String::from_utf8_lossy(&buffer[..read]));
    }
    let ids = text.lines().filter_map(|line| line.strip_prefix("data: {\"seq\":"));
    let ids: Vec<usize> = ids.filter_map(|rest| rest.split_once(',')?.0.parse().ok()).collect();
    assert_eq!(ids, (1..=count).collect::<Vec<_>>());
}

#[cfg(unix)]
#[tokio::test]
async fn who_follows_does_not_hold_up_the_end() {
    let mut daypass = Daypass::start();
    let mut events = daypass.follow(&daypass.admin, 0).await;
    events.until_current().await;
    let began = Instant::now();
    let sent = Command::new("kill").args(["-TERM", &daypass.process_id().to_string()]).status();
    assert!(sent.is_ok_and(|status| status.success()));
    events.end().await;
    assert!(daypass.ended().success());
    assert!(began.elapsed() < 2 * SECOND, "{:?}", began.elapsed());
}

#[tokio::test]
async fn it_is_for_backends_with_the_scope() {
    let daypass = Daypass::start();
    let (without, _) = daypass.made(json!({"kind": "secret", "name": "n", "scopes": ["token:revoke"]})).await;
    for accept in ["*/*", "text/event-stream", "application/json, Text/Event-Stream;q=0.5"] {
        let get = || daypass.get(PATH).header("accept", accept);
        refused(get(), 401, "missing_token").await;
        refused(get().bearer_auth(&without), 403, "insufficient_scope").await;
        refused(get().bearer_auth(&daypass.admin).header("origin", "https://a.example"), 403, "secret_in_browser")
            .await;
        refused(get().bearer_auth(daypass.temporary(&daypass.admin).await), 403, "kind_not_accepted").await;
        let response = get().bearer_auth(&daypass.admin).send().await.expect("an answer");
        let expected = if accept == "*/*" { "application/json" } else { "text/event-stream" };
        assert_eq!(response.headers()["content-type"], expected, "{accept}");
    }
}
