//! A token service with a revocation feed, of which tests choose what fails.

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

/// How the service responds to a request for a stream.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Streams {
    /// It streams.
    Work,
    /// It responds with 404, as a proxy without streams.
    AreRefused,
    /// It begins a stream and sends nothing.
    AreSilent,
    /// It sends one heartbeat.
    FallSilent,
}

#[derive(Default)]
pub(super) struct Feed {
    pub(super) entries: Vec<Revocation>,
    /// The open streams, and when each began.
    pub(super) open: Vec<(Instant, mpsc::UnboundedSender<String>)>,
    /// The requests: `stream 3`, `poll 0`.
    pub(super) requests: Vec<String>,
    /// The run of the service.
    pub(super) epoch: u32,
    /// The number up to which entries are no longer kept.
    pub(super) deleted_up_to: u64,
    /// The only organization whose entries the client gets.
    pub(super) organization: Option<String>,
    /// How long each poll takes.
    pub(super) poll_time: Duration,
    /// The number of polls before one that hangs for as long as its client waits.
    pub(super) polls_until_one_hangs: Option<usize>,
}

#[derive(Clone)]
pub(super) struct Service {
    pub(super) key: OpaqueToken,
    pub(super) streams: Arc<Mutex<Streams>>,
    /// Whether the client's token was revoked.
    pub(super) is_refused: Arc<Mutex<bool>>,
    pub(super) feed: Arc<Mutex<Feed>>,
}

#[derive(Deserialize)]
struct After {
    after: u64,
}

pub(super) fn entry(seq: u64) -> Revocation {
    Revocation { seq, at: crate::common::NOW, target: RevocationTarget::Token { serial: seq } }
}

pub(super) fn event(name: &str, seq: u64, data: &str) -> String {
    format!("id: {seq}\nevent: {name}\ndata: {data}\n\n")
}

pub(super) fn heartbeat(latest: u64, epoch: u32, elapsed: Duration) -> String {
    Feed { epoch, ..Feed::default() }.heartbeat(latest, elapsed)
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
    let poll_time = service.feed.lock().unwrap().poll_time;
    tokio::time::sleep(poll_time).await;
    let (page, hangs) = service.page(after);
    if hangs {
        std::future::pending::<()>().await;
    }
    Ok(serde_json::to_string(&page).unwrap().into_response())
}

impl Feed {
    /// Restores the service from before entry 2, after which it adds three others. Open streams go on.
    pub(super) fn replace_store(&mut self) {
        self.entries.truncate(1);
        let others =
            (12..=14).map(|serial| Revocation { target: RevocationTarget::Token { serial }, ..entry(serial - 10) });
        self.entries.extend(others);
        self.epoch += 1;
        self.requests.clear();
    }

    /// Like [`replace_store`](Feed::replace_store), but open streams end, as with a restart.
    pub(super) fn restore(&mut self) {
        self.replace_store();
        self.open.clear();
    }

    /// A heartbeat that nothing up to this entry is missing.
    pub(super) fn heartbeat(&self, latest: u64, elapsed: Duration) -> String {
        let heartbeat = Heartbeat {
            latest,
            epoch: self.epoch.to_string(),
            deleted_up_to: self.deleted_up_to,
            keys: vec![],
            organization: self.organization.clone(),
            elapsed_milliseconds: elapsed.as_millis().try_into().unwrap(),
        };
        event("heartbeat", latest, &serde_json::to_string(&heartbeat).unwrap())
    }

    /// The entries after this one, or all if it does not exist, and the number of the last.
    pub(super) fn after(&self, after: u64) -> (Vec<Revocation>, u64) {
        let latest = self.entries.last().map_or(0, |last| last.seq);
        let after = if after > latest { 0 } else { after };
        (self.entries.iter().filter(|entry| entry.seq > after).cloned().collect(), latest)
    }
}

impl Service {
    /// A page of at most two entries, and whether this poll hangs.
    pub(super) fn page(&self, after: u64) -> (RevocationPage, bool) {
        let mut feed = self.feed.lock().unwrap();
        feed.requests.push(format!("poll {after}"));
        let left = feed.polls_until_one_hangs;
        feed.polls_until_one_hangs = left.and_then(|left| left.checked_sub(1));
        let (mut revocations, latest) = feed.after(after);
        revocations.truncate(2);
        let page = RevocationPage {
            revocations,
            latest,
            epoch: feed.epoch.to_string(),
            deleted_up_to: feed.deleted_up_to,
            keys: vec![],
            organization: feed.organization.clone(),
        };
        (page, left == Some(0))
    }

    pub(super) fn stream(&self, after: u64) -> Result<Response, StatusCode> {
        let streams = *self.streams.lock().unwrap();
        let mut feed = self.feed.lock().unwrap();
        feed.requests.push(format!("stream {after}"));
        if streams == Streams::AreRefused {
            return Err(StatusCode::NOT_FOUND);
        }
        let (sender, mut receiver) = mpsc::unbounded_channel();
        if streams != Streams::AreSilent {
            let (new, latest) = feed.after(after);
            for entry in new {
                sender.send(event("revocation", entry.seq, &serde_json::to_string(&entry).unwrap())).unwrap();
            }
            sender.send(feed.heartbeat(latest, Duration::ZERO)).unwrap();
        }
        feed.open.push((Instant::now(), sender));
        let body = futures_util::stream::poll_fn(move |context| receiver.poll_recv(context));
        let body = Body::from_stream(body.map(|text| Ok::<_, std::io::Error>(Bytes::from(text))));
        Ok(([("content-type", "text/event-stream")], body).into_response())
    }
}

impl Service {
    pub(super) async fn start(streams: Streams) -> (Service, String) {
        let key = generate(TokenKind::Secret);
        let service =
            Service { key, streams: Arc::new(Mutex::new(streams)), is_refused: Arc::default(), feed: Arc::default() };
        let router = Router::new().route("/v2/revocation", get(feed)).with_state(service.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async { axum::serve(listener, router).await });
        (service, url)
    }

    pub(super) fn send(&self, text: &str) {
        self.send_each(|_| text.to_owned());
    }

    /// Sends a heartbeat up to this entry.
    pub(super) fn send_heartbeat(&self, latest: u64) {
        let said = {
            let Feed { epoch, deleted_up_to, ref organization, .. } = *self.feed.lock().unwrap();
            Feed { epoch, deleted_up_to, organization: organization.clone(), ..Feed::default() }
        };
        self.send_each(|open| said.heartbeat(latest, open));
    }

    /// Sends to each stream a text that depends on how long it is open.
    pub(super) fn send_each(&self, text: impl Fn(Duration) -> String) {
        self.feed.lock().unwrap().open.retain(|(began, stream)| stream.send(text(began.elapsed())).is_ok());
    }

    pub(super) fn revoke(&self, seq: u64) {
        self.feed.lock().unwrap().entries.push(entry(seq));
        self.send(&event("revocation", seq, &serde_json::to_string(&entry(seq)).unwrap()));
        self.send_heartbeat(seq);
    }

    pub(super) fn requests(&self) -> Vec<String> {
        self.feed.lock().unwrap().requests.clone()
    }

    pub(super) fn follow(&self, url: &str) -> Arc<Revocations> {
        Revocations::new().max_staleness(Duration::from_secs(2)).follow(url, self.key.clone())
    }
}
