//! `Revocations::follow` with a service whose feed works, and fails in many ways.

mod service;
mod source;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::common::{access_token, bearer, generate, signer, verifier};
use axum::Router;
use axum::routing::get;
use daypass::TokenKind;
use daypass::jwt::Jwks;
use daypass::verify::{RemoteKeys, Revocations};
use service::{Service, Streams, entry, event, heartbeat};

/// Waits until the subscriber has this entry and is fresh.
async fn reach(revocations: &Revocations, seq: u64) {
    let began = Instant::now();
    while revocations.seq() != seq || revocations.is_stale() {
        assert!(began.elapsed() < Duration::from_secs(10), "the feed is at {} after 10 s", revocations.seq());
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test]
async fn a_revocation_arrives_by_the_stream_and_none_is_lost_when_it_ends() {
    let (service, url) = Service::start(Streams::Work).await;
    service.revoke(1);
    let revocations = service.follow(&format!("{url}/"));
    assert!(revocations.ready(Duration::from_secs(5)).await);
    reach(&revocations, 1).await;
    service.revoke(2);
    reach(&revocations, 2).await;
    assert_eq!(service.requests(), ["stream 0"], "without another request");

    // The stream ends, and a revocation is added before the next request.
    service.feed.lock().unwrap().open.clear();
    service.feed.lock().unwrap().entries.push(entry(3));
    reach(&revocations, 3).await;
    let requests = service.requests();
    assert_eq!(requests[..2], ["stream 0", "poll 2"], "{requests:?}");
    // It soon streams again.
    while !service.requests().contains(&"stream 3".to_owned()) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    service.revoke(4);
    reach(&revocations, 4).await;
}

#[tokio::test]
async fn without_streams_it_polls_page_by_page_and_stays_fresh() {
    for streams in [Streams::AreRefused, Streams::AreSilent] {
        let (service, url) = Service::start(streams).await;
        (1..=5).for_each(|seq| service.revoke(seq));
        let revocations = service.follow(&url);
        reach(&revocations, 5).await;
        let requests = service.requests();
        let polls = requests.iter().filter(|request| request.starts_with("poll"));
        assert_eq!(polls.collect::<Vec<_>>(), ["poll 0", "poll 2", "poll 4"], "{requests:?}");
        for _ in 0..40 {
            tokio::time::sleep(Duration::from_millis(100)).await;
            assert!(!revocations.is_stale());
        }
    }
}

#[tokio::test]
async fn an_event_that_is_not_understood_may_be_a_revocation_and_ends_the_stream() {
    let without = |member: &str| {
        let mut heartbeat = serde_json::json!({
            "latest": 9, "epoch": "0", "deletedUpTo": 0, "keys": [], "organization": null, "elapsedMilliseconds": 0,
        });
        heartbeat.as_object_mut().unwrap().remove(member);
        event("heartbeat", 9, &heartbeat.to_string())
    };
    for invalid in [
        event("revocation", 9, r#"{"seq":9,"at":1,"level":"galaxy"}"#),
        event("revocation", 9, "{"),
        event("notice", 9, "{}"),
        "data: {}\n\n".to_owned(),
        "event: heartbeat\ndata: {}\n\n".to_owned(),
        without("epoch"),
        without("elapsedMilliseconds"),
        without("deletedUpTo"),
        without("organization"),
    ] {
        let (service, url) = Service::start(Streams::Work).await;
        // A stream that falls silent ends after four seconds.
        let revocations = Revocations::new().max_staleness(Duration::from_secs(8)).follow(&url, service.key.clone());
        reach(&revocations, 0).await;
        // No other stream can begin.
        *service.streams.lock().unwrap() = Streams::AreRefused;
        service.feed.lock().unwrap().entries.push(entry(1));
        let began = Instant::now();
        service.send(&invalid);
        // The stream ended at once: the entry arrives by polling.
        reach(&revocations, 1).await;
        assert!(began.elapsed() < Duration::from_secs(3), "{invalid}: {:?}", began.elapsed());
        assert!(service.requests().contains(&"poll 0".to_owned()), "{invalid}");
    }
}

#[test]
fn a_heartbeat_that_waited_while_the_process_was_suspended_is_not_fresh() {
    // The service runs on while the subscriber's thread is blocked.
    let there = tokio::runtime::Runtime::new().unwrap();
    let (service, url) = there.block_on(Service::start(Streams::Work));
    let here = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    here.block_on(async {
        let revocations = Revocations::new().max_staleness(Duration::from_secs(1)).follow(&url, service.key.clone());
        reach(&revocations, 0).await;
        service.send_heartbeat(0);
        std::thread::sleep(Duration::from_millis(1100));
        assert!(revocations.is_stale());
        reach(&revocations, 0).await;
        assert_eq!(service.requests().get(1).map(String::as_str), Some("poll 0"), "an old heartbeat counted as fresh");
        // It soon streams again.
        while service.requests().iter().filter(|request| *request == "stream 0").count() < 2 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        service.revoke(1);
        reach(&revocations, 1).await;
    });
}

#[tokio::test]
async fn heartbeats_that_arrive_later_and_later_are_not_fresh() {
    let (service, url) = Service::start(Streams::Work).await;
    let revocations = service.follow(&url);
    reach(&revocations, 0).await;
    // Each is delayed by a tenth of a second more than the one before.
    let began = Instant::now();
    while service.requests().len() == 1 {
        assert!(began.elapsed() < Duration::from_secs(2), "a heartbeat that is a second old counted as fresh");
        tokio::time::sleep(Duration::from_millis(200)).await;
        service.send_each(|open| heartbeat(0, 0, open / 2));
    }
    assert_eq!(service.requests()[1], "poll 0");
}

#[tokio::test]
async fn no_heartbeat_is_from_the_future() {
    let (service, url) = Service::start(Streams::Work).await;
    let revocations = service.follow(&url);
    reach(&revocations, 0).await;
    service.send_each(|open| heartbeat(0, 0, open + Duration::from_millis(150)));
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(revocations.staleness().unwrap() >= Duration::from_millis(50), "{:?}", revocations.staleness());
    // A clock that is further ahead would hide how late heartbeats arrive.
    assert_eq!(service.requests(), ["stream 0"]);
    service.send_each(|open| heartbeat(0, 0, open + Duration::from_millis(350)));
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(service.requests()[1], "poll 0");
}

#[tokio::test]
async fn after_a_restart_of_the_service_all_entries_are_fetched_again() {
    for streams in [Streams::Work, Streams::AreRefused] {
        let (service, url) = Service::start(streams).await;
        (1..=3).for_each(|seq| service.revoke(seq));
        let revocations = Revocations::new().max_staleness(Duration::from_secs(3600)).follow(&url, service.key.clone());
        reach(&revocations, 3).await;
        service.feed.lock().unwrap().restore();
        reach(&revocations, 4).await;
        let positions = || service.requests().into_iter().map(|request| request.split(' ').nth(1).unwrap().to_owned());
        let began = Instant::now();
        while !positions().any(|after| after == "0") || positions().next_back().unwrap() != "4" {
            assert!(began.elapsed() < Duration::from_secs(10), "{:?}", service.requests());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

#[tokio::test]
async fn deleted_entries_never_count_as_kept_within_an_epoch() {
    for streams in [Streams::Work, Streams::AreRefused] {
        let (service, url) = Service::start(streams).await;
        (1..=3).for_each(|seq| service.revoke(seq));
        let revocations = service.follow(&url);
        reach(&revocations, 3).await;
        let verifier = verifier().keys(signer().keys()).revocations(Arc::clone(&revocations));
        let text = access_token(&[("feed_seq", 4.into()), ("root_serial", 99.into())]);
        let expect = async |is_accepted: bool| {
            let began = Instant::now();
            while bearer(&verifier, &text).await.is_ok() != is_accepted {
                assert!(began.elapsed() < Duration::from_secs(10), "accepted: {}", !is_accepted);
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let delete_up_to = |seq: u64| {
            service.feed.lock().unwrap().deleted_up_to = seq;
            service.send_heartbeat(3);
        };
        expect(true).await;
        delete_up_to(5);
        expect(false).await;
        // Another node is not as far.
        let requests = service.requests().len();
        delete_up_to(2);
        while streams == Streams::AreRefused && service.requests().len() < requests + 3 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert!(bearer(&verifier, &text).await.is_err(), "accepted again");
        // A restored store counts from an earlier number.
        service.feed.lock().unwrap().restore();
        expect(true).await;
    }
}

#[tokio::test]
async fn an_announced_key_is_fetched_before_a_jwt_names_it() {
    let (service, url) = Service::start(Streams::Work).await;
    let (requests, jwks) = (Arc::new(AtomicUsize::new(0)), Jwks { keys: vec![signer().jwk()] });
    let count = Arc::clone(&requests);
    let respond = get(async move || {
        count.fetch_add(1, Ordering::SeqCst);
        serde_json::to_string(&jwks).unwrap()
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let keys = RemoteKeys::new(&format!("http://{}", listener.local_addr().unwrap()));
    let router = Router::new().route("/.well-known/jwks.json", respond);
    tokio::spawn(async { axum::serve(listener, router).await });

    let revocations = Revocations::new().prefetch(keys.clone()).follow(&url, service.key.clone());
    reach(&revocations, 0).await;
    let announce = async |kid: &str| {
        service.send_each(|open| {
            let data = serde_json::json!({
                "latest": 0, "epoch": "0", "deletedUpTo": 0, "keys": [kid], "organization": null,
                "elapsedMilliseconds": open.as_millis() as u64,
            });
            event("heartbeat", 0, &data.to_string())
        });
        tokio::time::sleep(Duration::from_millis(200)).await;
        requests.load(Ordering::SeqCst)
    };
    assert_eq!(requests.load(Ordering::SeqCst), 0);
    assert_eq!((announce("k1").await, announce("k1").await), (1, 1));
    let verifier = verifier().keys(keys).revocations(Arc::clone(&revocations));
    assert!(bearer(&verifier, &access_token(&[])).await.is_ok());
    assert_eq!(requests.load(Ordering::SeqCst), 1, "a request for the keys was needed");
    // One that the keys do not have yet is fetched again, a second after.
    for _ in 0..12 {
        announce("k2").await;
    }
    let again = requests.load(Ordering::SeqCst) - 1;
    assert!((2..=3).contains(&again), "{again} requests in 2.4 s");
}

/// Measures how long the knowledge is stale within the seconds after it was first fresh.
async fn stale_time(revocations: &Revocations, seconds: u64) -> Duration {
    assert!(revocations.ready(Duration::from_secs(5)).await);
    let (began, mut last, mut stale) = (Instant::now(), Instant::now(), Duration::ZERO);
    while began.elapsed() < Duration::from_secs(seconds) {
        tokio::time::sleep(Duration::from_millis(5)).await;
        if revocations.is_stale() {
            stale += last.elapsed();
        }
        last = Instant::now();
    }
    stale
}

#[tokio::test]
async fn one_poll_that_hangs_makes_nothing_stale() {
    let cases = [(Streams::AreRefused, 2, 2), (Streams::AreRefused, 2, 4), (Streams::FallSilent, 0, 10)];
    let cases = cases.map(async |(streams, polls, limit)| {
        let (service, url) = Service::start(streams).await;
        service.feed.lock().unwrap().polls_until_one_hangs = Some(polls);
        let revocations =
            Revocations::new().max_staleness(Duration::from_secs(limit)).follow(&url, service.key.clone());
        assert_eq!(stale_time(&revocations, limit + 2).await, Duration::ZERO, "{limit} s");
        assert_eq!(service.feed.lock().unwrap().polls_until_one_hangs, None, "{limit} s: none hung");
    });
    futures_util::future::join_all(cases).await;
}

#[tokio::test]
async fn patience_grows_for_a_slow_service() {
    let (service, url) = Service::start(Streams::AreRefused).await;
    service.feed.lock().unwrap().poll_time = Duration::from_millis(700);
    let revocations = service.follow(&url);
    assert!(revocations.ready(Duration::from_secs(5)).await);
}

#[tokio::test]
async fn a_poll_that_hangs_and_a_silent_stream_make_nothing_stale() {
    let (service, url) = Service::start(Streams::AreSilent).await;
    service.feed.lock().unwrap().polls_until_one_hangs = Some(1);
    let revocations = service.follow(&url);
    assert_eq!(stale_time(&revocations, 4).await, Duration::ZERO);
    assert_eq!(service.feed.lock().unwrap().polls_until_one_hangs, None, "none hung");
}

#[tokio::test]
async fn silent_streams_make_nothing_stale() {
    let (service, url) = Service::start(Streams::AreSilent).await;
    let revocations = Revocations::new().max_staleness(Duration::from_millis(1100)).follow(&url, service.key.clone());
    assert_eq!(stale_time(&revocations, 8).await, Duration::ZERO);
}

#[tokio::test]
async fn a_comment_keeps_the_connection_open_but_is_no_heartbeat() {
    let (service, url) = Service::start(Streams::Work).await;
    let revocations = service.follow(&url);
    reach(&revocations, 0).await;
    let began = Instant::now();
    while service.requests().len() == 1 {
        assert!(began.elapsed() < Duration::from_secs(3), "comments counted as heartbeats");
        service.send(": still here\n\n");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(began.elapsed() > Duration::from_millis(600), "comments ended the stream");
    assert_eq!(service.requests()[1], "poll 0");
}

#[tokio::test]
async fn the_feed_of_a_restored_store_may_have_fewer_entries() {
    let (service, url) = Service::start(Streams::Work).await;
    service.revoke(7);
    let revocations = service.follow(&url);
    reach(&revocations, 7).await;
    service.send_heartbeat(3);
    reach(&revocations, 3).await;
}

#[tokio::test]
async fn a_subscriber_whose_token_is_refused_becomes_stale_immediately() {
    for streams in [Streams::Work, Streams::AreRefused] {
        let (service, url) = Service::start(streams).await;
        let revocations = Revocations::new().max_staleness(Duration::from_secs(3600)).follow(&url, service.key.clone());
        reach(&revocations, 0).await;
        *service.is_refused.lock().unwrap() = true;
        service.feed.lock().unwrap().open.clear();
        let began = Instant::now();
        while !revocations.is_stale() {
            assert!(began.elapsed() < Duration::from_secs(5), "it still counts as fresh");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

#[tokio::test]
async fn without_a_service_it_never_becomes_fresh() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let key = generate(TokenKind::Secret);
    let revocations = Revocations::new().follow(&url, key);
    assert!(!revocations.ready(Duration::from_millis(300)).await);
    assert_eq!(revocations.staleness(), None);
}

#[tokio::test]
async fn it_ends_when_the_revocations_are_dropped() {
    let (service, url) = Service::start(Streams::Work).await;
    let revocations = service.follow(&url);
    reach(&revocations, 0).await;
    drop(revocations);
    service.revoke(1);
    tokio::time::sleep(Duration::from_millis(300)).await;
    service.revoke(2);
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert!(service.feed.lock().unwrap().open.is_empty(), "the stream is still read");
    assert_eq!(service.requests(), ["stream 0"]);
}
