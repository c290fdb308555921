//! The events that a subscriber of the revocation feed reads.

use std::time::{Duration, Instant};

use daypass::api::{Heartbeat, Revocation, RevocationTarget};
use reqwest::{RequestBuilder, Response};

/// An event arrives within this time, or the test fails.
const PATIENCE: Duration = Duration::from_secs(10);

/// One event.
#[derive(Debug, PartialEq)]
pub(crate) enum Event {
    Revocation(Revocation),
    Heartbeat(u64),
}

/// The events of one response.
pub(crate) struct Events {
    response: Response,
    unread: String,
    began: Instant,
    /// How long after `began` the last heartbeat was true, by its own word.
    pub(crate) elapsed: Duration,
    /// The run of the service that the heartbeats named.
    pub(crate) epoch: Option<String>,
    /// The keys that the last heartbeat announced.
    pub(crate) keys: Vec<String>,
}

impl Events {
    pub(crate) async fn subscribe(request: RequestBuilder) -> Events {
        let began = Instant::now();
        let response = request.header("accept", "text/event-stream").send().await.expect("a response");
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["cache-control"], "no-store");
        Events { response, unread: String::new(), began, elapsed: Duration::ZERO, epoch: None, keys: vec![] }
    }

    /// Returns the next event; `None` at the end of the response.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some((event, rest)) = self.unread.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.unread = rest;
                return Some(self.parse(&event));
            }
            let chunk = tokio::time::timeout(PATIENCE, self.response.chunk()).await.expect("a chunk in time");
            let Some(chunk) = chunk.expect("a complete response") else {
                assert_eq!(self.unread, "", "the response ended between two events");
                return None;
            };
            self.unread.push_str(std::str::from_utf8(&chunk).expect("UTF-8"));
        }
    }

    /// Returns the entries before the next heartbeat, and the heartbeat's number.
    pub(crate) async fn until_heartbeat(&mut self) -> (Vec<Revocation>, u64) {
        let mut entries = Vec::new();
        loop {
            match self.next().await.expect("the feed continues") {
                Event::Revocation(entry) => entries.push(entry),
                Event::Heartbeat(latest) => return (entries, latest),
            }
        }
    }

    /// Returns the target of the next revocation.
    pub(crate) async fn next_revocation(&mut self) -> RevocationTarget {
        loop {
            if let Event::Revocation(entry) = self.next().await.expect("the feed continues") {
                return entry.target;
            }
        }
    }

    /// Expects that the feed falls silent or ends, after the heartbeats that were already on their way.
    pub(crate) async fn expect_silence(&mut self) {
        for _ in 0..5 {
            match tokio::time::timeout(Duration::from_secs(2), self.next()).await {
                Err(_) | Ok(None) => return,
                Ok(Some(event)) => assert!(matches!(event, Event::Heartbeat(_)), "{event:?}"),
            }
        }
        panic!("the feed continues");
    }

    /// Expects that the response ends, after the events that were already on their way.
    pub(crate) async fn expect_end(mut self) {
        for _ in 0..5 {
            if self.next().await.is_none() {
                return;
            }
        }
        panic!("the feed continues");
    }

    /// Reads an event, which has these three lines and the same number in each place.
    fn parse(&mut self, event: &str) -> Event {
        let lines: Vec<_> = event.lines().map(|line| line.split_once(": ").expect("a field")).collect();
        let [("id", id), ("event", name), ("data", data)] = lines[..] else { panic!("{event}") };
        let id: u64 = id.parse().expect("a number");
        if name == "heartbeat" {
            let Heartbeat { latest, elapsed_milliseconds, epoch, keys, .. } =
                serde_json::from_str(data).expect("a heartbeat");
            let elapsed = Duration::from_millis(elapsed_milliseconds);
            assert_eq!(latest, id);
            self.keys = keys;
            assert_eq!(*self.epoch.get_or_insert_with(|| epoch.clone()), epoch);
            assert!((self.elapsed..self.began.elapsed()).contains(&elapsed), "{elapsed:?} after {:?}", self.elapsed);
            self.elapsed = elapsed;
            return Event::Heartbeat(id);
        }
        let entry: Revocation = serde_json::from_str(data).expect("a revocation");
        assert_eq!((name, entry.seq), ("revocation", id));
        Event::Revocation(entry)
    }
}
