//! `Revocations::follow` in front of a service whose feed behaves, and misbehaves.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::common::generate;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use daypass::api::{Heartbeat, Revocation, RevocationPage, RevocationTarget};
use daypass::verify::Revocations;
use daypass::{OpaqueToken, TokenKind};
use futures_util::StreamExt;
use serde::Deserialize;
use tokio::sync::mpsc;

/// What the service does with whoever asks for a stream.
#[derive(Clone, Copy, PartialEq)]
enum Streams {
    /// It streams.
    Work,
    /// It answers 404, as a proxy that knows no such thing.
    AreRefused,
    /// It begins and says nothing.
    AreSilent,
    /// It says that nothing is missing, once.
    FallSilent,
}

#[derive(Default)]
struct Feed {
    entries: Vec<Revocation>,
    /// The streams that are open, and since when.
    open: Vec<(Instant, mpsc::UnboundedSender<String>)>,
    /// What came in: `stream 3`, `poll 0`.
    asked: Vec<String>,
    /// Which run of the service it is.
    epoch: u32,
    /// How long each poll takes.
    takes: Duration,
    /// After how many polls one hangs, for as long as its client waits.
    polls_until_one_hangs: Option<usize>,
}

#[derive(Clone)]
struct Service {
    key: OpaqueToken,
    streams: Arc<Mutex<Streams>>,
    /// Whether the key was revoked.
    is_refused: Arc<Mutex<bool>>,
    feed: Arc<Mutex<Feed>>,
}

#[derive(Deserialize)]
struct After {
    after: u64,
}

fn entry(seq: u64) -> Revocation {
    Revocation { seq, at: crate::common::NOW, target: RevocationTarget::Token { serial: seq } }
}

fn event(name: &str, seq: u64, data: &str) -> String {
    format!("id: {seq}\nevent: {name}\ndata: {data}\n\n")
}

fn current(latest: u64, epoch: u32, elapsed: Duration) -> String {
    let elapsed_milliseconds = elapsed.as_millis().try_into().unwrap();
    let current = Heartbeat { latest, epoch: epoch.to_string(), elapsed_milliseconds };
    event("heartbeat", latest, &serde_json::to_string(&current).unwrap())
}

async fn feed(
    State(service): State<Service>,
    Query(After { after }): Query<After>,
    headers: HeaderMap,
) -> Result<Response, StatusCode> {
    let is_known = headers["authorization"] == format!("Bearer {}", service.key.expose_secret());
    if !is_known || *service.is_refused.lock().unwrap() {
        return Err(StatusCode::UNAUTHORIZED);
    }
    if headers["accept"] == "text/event-stream" {
        return service.stream(after);
    }
    let takes = service.feed.lock().unwrap().takes;
    tokio::time::sleep(takes).await;
    let (page, hangs) = service.page(after);
    if hangs {
        std::future::pending::<()>().await;
    }
    Ok(serde_json::to_string(&page).unwrap().into_response())
}

impl Feed {
    /// As a service that goes on from before entry 2, when three others have been written.
    fn begin_anew(&mut self) {
        self.entries.truncate(1);
        let others =
            (12..=14).map(|serial| Revocation { target: RevocationTarget::Token { serial }, ..entry(serial - 10) });
        self.entries.extend(others);
        self.epoch += 1;
        self.open.clear();
        self.asked.clear();
    }

    /// The entries after this one, all after one that is not there, and the last one's number.
    fn after(&self, after: u64) -> (Vec<Revocation>, u64) {
        let latest = self.entries.last().map_or(0, |last| last.seq);
        let after = if after > latest { 0 } else { after };
        (self.entries.iter().filter(|entry| entry.seq > after).cloned().collect(), latest)
    }
}

impl Service {
    /// Two entries at most, and whether this answer never comes.
    fn page(&self, after: u64) -> (RevocationPage, bool) {
        let mut feed = self.feed.lock().unwrap();
        feed.asked.push(format!("poll {after}"));
        let left = feed.polls_until_one_hangs;
        feed.polls_until_one_hangs = left.and_then(|left| left.checked_sub(1));
        let (mut revocations, latest) = feed.after(after);
        revocations.truncate(2);
        (RevocationPage { revocations, latest, epoch: feed.epoch.to_string() }, left == Some(0))
    }

    fn stream(&self, after: u64) -> Result<Response, StatusCode> {
        let streams = *self.streams.lock().unwrap();
        let mut feed = self.feed.lock().unwrap();
        feed.asked.push(format!("stream {after}"));
        if streams == Streams::AreRefused {
            return Err(StatusCode::NOT_FOUND);
        }
        let (sender, mut receiver) = mpsc::unbounded_channel();
        if streams != Streams::AreSilent {
            let (new, latest) = feed.after(after);
            for entry in new {
                sender.send(event("revocation", entry.seq, &serde_json::to_string(&entry).unwrap())).unwrap();
            }
            sender.send(current(latest, feed.epoch, Duration::ZERO)).unwrap();
        }
        feed.open.push((Instant::now(), sender));
        let body = futures_util::stream::poll_fn(move |context| receiver.poll_recv(context));
        let body = Body::from_stream(body.map(|text| Ok::<_, std::io::Error>(Bytes::from(text))));
        Ok(([("content-type", "text/event-stream")], body).into_response())
    }
}

impl Service {
    async fn start(streams: Streams) -> (Service, String) {
        let key = generate(TokenKind::Secret);
        let service =
            Service { key, streams: Arc::new(Mutex::new(streams)), is_refused: Arc::default(), feed: Arc::default() };
        let router = Router::new().route("/v2/revocation", get(feed)).with_state(service.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async { axum::serve(listener, router).await });
        (service, url)
    }

    fn send(&self, text: &str) {
        self.send_each(|_| text.to_owned());
    }

    /// Says that nothing up to this entry is missing.
    fn reassure(&self, latest: u64) {
        let epoch = self.epoch();
        self.send_each(|open| current(latest, epoch, open));
    }

    fn epoch(&self) -> u32 {
        self.feed.lock().unwrap().epoch
    }

    /// Sends what depends on how long the stream is open.
    fn send_each(&self, text: impl Fn(Duration) -> String) {
        self.feed.lock().unwrap().open.retain(|(began, stream)| stream.send(text(began.elapsed())).is_ok());
    }

    fn revoke(&self, seq: u64) {
        self.feed.lock().unwrap().entries.push(entry(seq));
        self.send(&event("revocation", seq, &serde_json::to_string(&entry(seq)).unwrap()));
        self.reassure(seq);
    }

    fn asked(&self) -> Vec<String> {
        self.feed.lock().unwrap().asked.clone()
    }

    fn follow(&self, url: &str) -> Arc<Revocations> {
        Revocations::new().limit(Duration::from_secs(2)).follow(url, self.key.clone())
    }
}

/// Waits until the feed has come so far and is fresh.
async fn come_to(revocations: &Revocations, seq: u64) {
    let began = Instant::now();
    while revocations.seq() != seq || revocations.is_stale() {
        assert!(began.elapsed() < Duration::from_secs(10), "the feed is at {} after 10 s", revocations.seq());
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test]
async fn a_revocation_comes_at_once_and_after_a_cut_nothing_is_missed_or_told_twice() {
    let (service, url) = Service::start(Streams::Work).await;
    service.revoke(1);
    let revocations = service.follow(&format!("{url}/"));
    assert!(revocations.ready(Duration::from_secs(5)).await);
    come_to(&revocations, 1).await;
    let began = Instant::now();
    service.revoke(2);
    come_to(&revocations, 2).await;
    assert!(began.elapsed() < Duration::from_millis(500), "{:?}", began.elapsed());

    // Cut, with a revocation while nobody listens.
    service.feed.lock().unwrap().open.clear();
    service.feed.lock().unwrap().entries.push(entry(3));
    come_to(&revocations, 3).await;
    let asked = service.asked();
    assert_eq!(asked[..2], ["stream 0", "poll 2"], "{asked:?}");
    // It streams again soon.
    while !service.asked().contains(&"stream 3".to_owned()) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    service.revoke(4);
    come_to(&revocations, 4).await;
}

#[tokio::test]
async fn where_no_stream_comes_through_it_polls_page_by_page_and_stays_fresh() {
    for streams in [Streams::AreRefused, Streams::AreSilent] {
        let (service, url) = Service::start(streams).await;
        (1..=5).for_each(|seq| service.revoke(seq));
        let revocations = service.follow(&url);
        come_to(&revocations, 5).await;
        let asked = service.asked();
        let polls = asked.iter().filter(|asked| asked.starts_with("poll"));
        assert_eq!(polls.collect::<Vec<_>>(), ["poll 0", "poll 2", "poll 4"], "{asked:?}");
        for _ in 0..40 {
            tokio::time::sleep(Duration::from_millis(100)).await;
            assert!(!revocations.is_stale());
        }
    }
}

#[tokio::test]
async fn what_is_not_understood_may_be_a_revocation_so_that_nothing_passes_any_more() {
    for odd in [
        event("revocation", 9, r#"{"seq":9,"at":1,"level":"galaxy"}"#),
        event("revocation", 9, "{"),
        event("news", 9, "{}"),
        "data: {}\n\n".to_owned(),
        "event: current\ndata: {}\n\n".to_owned(),
        event("heartbeat", 9, r#"{"latest":9,"elapsedMilliseconds":0}"#),
        event("heartbeat", 9, r#"{"latest":9,"epoch":"0"}"#),
    ] {
        let (service, url) = Service::start(Streams::Work).await;
        let revocations = service.follow(&url);
        come_to(&revocations, 0).await;
        // No other stream begins.
        *service.streams.lock().unwrap() = Streams::AreRefused;
        service.feed.lock().unwrap().entries.push(entry(1));
        let began = Instant::now();
        service.send(&odd);
        // The stream was given up at once: what comes in by polling counts.
        come_to(&revocations, 1).await;
        assert!(began.elapsed() < Duration::from_millis(900), "{odd}: {:?}", began.elapsed());
        assert!(service.asked().contains(&"poll 0".to_owned()), "{odd}");
    }
}

#[test]
fn what_waited_while_the_process_stood_still_is_no_news() {
    // The service goes on while this thread, which follows it, stands still.
    let there = tokio::runtime::Runtime::new().unwrap();
    let (service, url) = there.block_on(Service::start(Streams::Work));
    let here = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    here.block_on(async {
        let revocations = Revocations::new().limit(Duration::from_secs(1)).follow(&url, service.key.clone());
        come_to(&revocations, 0).await;
        service.reassure(0);
        std::thread::sleep(Duration::from_millis(1100));
        assert!(revocations.is_stale());
        come_to(&revocations, 0).await;
        assert_eq!(service.asked().get(1).map(String::as_str), Some("poll 0"), "fresh, although nobody asked");
        // It streams again soon.
        while service.asked().iter().filter(|asked| *asked == "stream 0").count() < 2 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        service.revoke(1);
        come_to(&revocations, 1).await;
    });
}

#[tokio::test]
async fn what_comes_ever_later_is_no_news() {
    let (service, url) = Service::start(Streams::Work).await;
    let revocations = service.follow(&url);
    come_to(&revocations, 0).await;
    // On its way each takes a tenth of a second longer than the one before.
    let began = Instant::now();
    while service.asked().len() == 1 {
        assert!(began.elapsed() < Duration::from_secs(2), "what is a second old was taken for news");
        tokio::time::sleep(Duration::from_millis(200)).await;
        service.send_each(|open| current(0, 0, open / 2));
    }
    assert_eq!(service.asked()[1], "poll 0");
}

#[tokio::test]
async fn no_news_is_from_later_than_now() {
    let (service, url) = Service::start(Streams::Work).await;
    let revocations = service.follow(&url);
    come_to(&revocations, 0).await;
    service.send_each(|open| current(0, 0, open + Duration::from_millis(150)));
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(revocations.age().unwrap() >= Duration::from_millis(50), "{:?}", revocations.age());
    // A clock that is so far ahead would hide how late news are.
    assert_eq!(service.asked(), ["stream 0"]);
    service.send_each(|open| current(0, 0, open + Duration::from_millis(350)));
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(service.asked()[1], "poll 0");
}

#[tokio::test]
async fn whoever_began_anew_is_asked_for_everything() {
    for streams in [Streams::Work, Streams::AreRefused] {
        let (service, url) = Service::start(streams).await;
        (1..=3).for_each(|seq| service.revoke(seq));
        let revocations = Revocations::new().limit(Duration::from_secs(3600)).follow(&url, service.key.clone());
        come_to(&revocations, 3).await;
        service.feed.lock().unwrap().begin_anew();
        come_to(&revocations, 4).await;
        let asked = || service.asked().into_iter().map(|asked| asked.split(' ').nth(1).unwrap().to_owned());
        let began = Instant::now();
        while !asked().any(|after| after == "0") || asked().next_back().unwrap() != "4" {
            assert!(began.elapsed() < Duration::from_secs(10), "{:?}", service.asked());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// How long the knowledge was too old, within so many seconds after it was first known.
async fn stale_within(revocations: &Revocations, seconds: u64) -> Duration {
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
async fn one_poll_that_hangs_lets_nothing_grow_old() {
    let cases = [(Streams::AreRefused, 2, 2), (Streams::AreRefused, 2, 4), (Streams::FallSilent, 0, 10)];
    let cases = cases.map(async |(streams, polls, limit)| {
        let (service, url) = Service::start(streams).await;
        service.feed.lock().unwrap().polls_until_one_hangs = Some(polls);
        let revocations = Revocations::new().limit(Duration::from_secs(limit)).follow(&url, service.key.clone());
        assert_eq!(stale_within(&revocations, limit + 2).await, Duration::ZERO, "{limit} s");
        assert_eq!(service.feed.lock().unwrap().polls_until_one_hangs, None, "{limit} s: none hung");
    });
    futures_util::future::join_all(cases).await;
}

#[tokio::test]
async fn a_service_that_is_slow_is_waited_for() {
    let (service, url) = Service::start(Streams::AreRefused).await;
    service.feed.lock().unwrap().takes = Duration::from_millis(700);
    let revocations = service.follow(&url);
    assert!(revocations.ready(Duration::from_secs(5)).await);
}

#[tokio::test]
async fn a_poll_that_hangs_and_a_silent_stream_let_nothing_grow_old() {
    let (service, url) = Service::start(Streams::AreSilent).await;
    service.feed.lock().unwrap().polls_until_one_hangs = Some(1);
    let revocations = service.follow(&url);
    assert_eq!(stale_within(&revocations, 4).await, Duration::ZERO);
    assert_eq!(service.feed.lock().unwrap().polls_until_one_hangs, None, "none hung");
}

#[tokio::test]
async fn streams_that_are_silent_let_nothing_grow_old() {
    let (service, url) = Service::start(Streams::AreSilent).await;
    let revocations = Revocations::new().limit(Duration::from_millis(1100)).follow(&url, service.key.clone());
    assert_eq!(stale_within(&revocations, 8).await, Duration::ZERO);
}

#[tokio::test]
async fn a_comment_keeps_a_connection_alive_but_is_no_news() {
    let (service, url) = Service::start(Streams::Work).await;
    let revocations = service.follow(&url);
    come_to(&revocations, 0).await;
    let began = Instant::now();
    while service.asked().len() == 1 {
        assert!(began.elapsed() < Duration::from_secs(3), "comments were taken for news");
        service.send(": still here\n\n");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(began.elapsed() > Duration::from_millis(600), "comments cut the stream");
    assert_eq!(service.asked()[1], "poll 0");
}

#[tokio::test]
async fn a_store_that_was_restored_begins_from_the_start() {
    let (service, url) = Service::start(Streams::Work).await;
    service.revoke(7);
    let revocations = service.follow(&url);
    come_to(&revocations, 7).await;
    service.reassure(3);
    come_to(&revocations, 3).await;
}

#[tokio::test]
async fn whose_token_is_refused_knows_nothing_any_more_at_once() {
    for streams in [Streams::Work, Streams::AreRefused] {
        let (service, url) = Service::start(streams).await;
        let revocations = Revocations::new().limit(Duration::from_secs(3600)).follow(&url, service.key.clone());
        come_to(&revocations, 0).await;
        *service.is_refused.lock().unwrap() = true;
        service.feed.lock().unwrap().open.clear();
        let began = Instant::now();
        while !revocations.is_stale() {
            assert!(began.elapsed() < Duration::from_secs(5), "it still passes for fresh");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

#[tokio::test]
async fn without_a_service_nothing_is_known() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let key = generate(TokenKind::Secret);
    let revocations = Revocations::new().follow(&url, key);
    assert!(!revocations.ready(Duration::from_millis(300)).await);
    assert_eq!(revocations.age(), None);
}

#[tokio::test]
async fn it_ends_when_nobody_holds_it() {
    let (service, url) = Service::start(Streams::Work).await;
    let revocations = service.follow(&url);
    come_to(&revocations, 0).await;
    drop(revocations);
    service.revoke(1);
    tokio::time::sleep(Duration::from_millis(300)).await;
    service.revoke(2);
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert!(service.feed.lock().unwrap().open.is_empty(), "the stream is still read");
    assert_eq!(service.asked(), ["stream 0"]);
}
