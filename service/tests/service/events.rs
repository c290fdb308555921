//! What a client reads of the feed of revocations.

use std::time::{Duration, Instant};

use daypass::api::{Heartbeat, Revocation, RevocationTarget};
use reqwest::{RequestBuilder, Response};

/// Whatever is awaited comes within this, or the test fails.
const PATIENCE: Duration = Duration::from_secs(10);

/// One event.
#[derive(Debug, PartialEq)]
pub(crate) enum Event {
    Revocation(Revocation),
    Heartbeat(u64),
}

/// The events of one answer.
pub(crate) struct Events {
    response: Response,
    unread: String,
    began: Instant,
    /// How long after that the last `current` was so, as it said.
    elapsed: Duration,
    /// Which run of the service it said that it is.
    pub(crate) epoch: Option<String>,
}

impl Events {
    pub(crate) async fn of(request: RequestBuilder) -> Events {
        let began = Instant::now();
        let response = request.header("accept", "text/event-stream").send().await.expect("an answer");
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["cache-control"], "no-store");
        Events { response, unread: String::new(), began, elapsed: Duration::ZERO, epoch: None }
    }

    /// The next event; `None` once the answer has ended.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some((event, rest)) = self.unread.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.unread = rest;
                return Some(self.parsed(&event));
            }
            let chunk = tokio::time::timeout(PATIENCE, self.response.chunk()).await.expect("something in time");
            let Some(chunk) = chunk.expect("an answer that is whole") else {
                assert_eq!(self.unread, "", "it ended between two events");
                return None;
            };
            self.unread.push_str(std::str::from_utf8(&chunk).expect("UTF-8"));
        }
    }

    /// The entries before the next `current`, and its number.
    pub(crate) async fn until_current(&mut self) -> (Vec<Revocation>, u64) {
        let mut entries = Vec::new();
        loop {
            match self.next().await.expect("it goes on") {
                Event::Revocation(entry) => entries.push(entry),
                Event::Heartbeat(latest) => return (entries, latest),
            }
        }
    }

    /// The next thing that was revoked.
    pub(crate) async fn revoked(&mut self) -> RevocationTarget {
        loop {
            if let Event::Revocation(entry) = self.next().await.expect("it goes on") {
                return entry.target;
            }
        }
    }

    /// Expects that nothing more comes, once what was on its way has come, or that the answer ends.
    pub(crate) async fn falls_silent(&mut self) {
        for _ in 0..5 {
            match tokio::time::timeout(Duration::from_secs(2), self.next()).await {
                Err(_) | Ok(None) => return,
                Ok(Some(event)) => assert!(matches!(event, Event::Heartbeat(_)), "{event:?}"),
            }
        }
        panic!("it goes on");
    }

    /// Expects that the answer ends, after what was on its way.
    pub(crate) async fn end(mut self) {
        for _ in 0..5 {
            if self.next().await.is_none() {
                return;
            }
        }
        panic!("it goes on");
    }

    /// An event has these three lines, and the number is the same in each place.
    fn parsed(&mut self, event: &str) -> Event {
        let lines: Vec<_> = event.lines().map(|line| line.split_once(": ").expect("a field")).collect();
        let [("id", id), ("event", name), ("data", data)] = lines[..] else { panic!("{event}") };
        let id: u64 = id.parse().expect("a number");
        if name == "heartbeat" {
            let Heartbeat { latest, elapsed_milliseconds, epoch } =
                serde_json::from_str(data).expect("what is current");
            let elapsed = Duration::from_millis(elapsed_milliseconds);
            assert_eq!(latest, id);
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
