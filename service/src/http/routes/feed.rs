//! `GET /v2/revocation`: the feed of revocations, as events or by the page.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::header::{ACCEPT, CONNECTION};
use axum::http::{HeaderMap, HeaderName, Method};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use daypass::Error;
use daypass::api::RevocationPage;
use daypass::verify::TokenHash;
use daypass::verify::http::Connection;
use futures_util::StreamExt;
use schemars::JsonSchema;
use serde::Deserialize;

use super::super::extract::Follower;
use super::super::openapi::{Callers, Operation, Tag};
use super::super::{NO_STORE, SharedApp};
use super::introspection::INTROSPECT;
use crate::usecase::feed::{FeedEvent, Subscriber};

/// The number of the last event that a client received before it reconnected.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// Asks proxies to pass each event on at once.
const UNBUFFERED: [(HeaderName, &str); 1] = [(HeaderName::from_static("x-accel-buffering"), "no")];
/// A connection that had a stream has no other request.
const LAST: [(HeaderName, &str); 1] = [(CONNECTION, "close")];

#[derive(Deserialize, JsonSchema)]
pub(super) struct Position {
    /// The number of the last entry that the client has.
    after: Option<u64>,
}

/// Tells which tokens of the caller's organization were revoked, suspended or edited, or of all, and which keys.
pub(super) async fn revocations(
    State(app): State<SharedApp>,
    Follower(caller): Follower,
    position: Result<Query<Position>, QueryRejection>,
    Extension(connection): Extension<Connection>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    caller.require_secret(&INTROSPECT)?;
    let Query(position) = position.map_err(|cause| Error::InvalidRequest(format!("{}.", cause.body_text())))?;
    let after = last_event_id(&headers)?.or(position.after).unwrap_or_default();
    let organization = caller.reach(&INTROSPECT).map(str::to_owned);
    if !accepts_events(&headers) {
        return Ok((NO_STORE, Json(app.feed.page(organization.as_deref(), after).await?)).into_response());
    }
    // A stream stays open for days, and has a limit of its own.
    let place = app.streams.take(caller.access.organization().into())?;
    connection.leave();
    let events = app.feed.subscribe(Subscriber { token: TokenHash::of(&caller.token), organization, after });
    let events = events.map(move |next| {
        let _until_the_stream_ends = &place;
        event(next)
    });
    Ok((NO_STORE, UNBUFFERED, LAST, Sse::new(events)).into_response())
}

fn event(event: FeedEvent) -> Result<Event, axum::Error> {
    match event {
        FeedEvent::Revocation(entry) => Event::default().id(entry.seq.to_string()).event("revocation").json_data(entry),
        FeedEvent::Heartbeat(heartbeat) => {
            Event::default().id(heartbeat.latest.to_string()).event("heartbeat").json_data(heartbeat)
        }
    }
}

fn last_event_id(headers: &HeaderMap) -> Result<Option<u64>, Error> {
    let Some(id) = headers.get(LAST_EVENT_ID) else { return Ok(None) };
    let number = id.to_str().ok().and_then(|id| id.parse().ok());
    number.map(Some).ok_or_else(|| Error::InvalidRequest("The Last-Event-ID is not a number of the feed.".into()))
}

fn accepts_events(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(ACCEPT).into_iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|range| {
        let media_type = range.split(';').next().unwrap_or_default().trim();
        media_type.eq_ignore_ascii_case("text/event-stream")
    })
}

/// Describes the operation that reads the feed.
pub(super) fn operations() -> Vec<Operation> {
    let (path, summary) = ("/v2/revocation", "Follow the feed of revocations");
    let operation = Operation::new(Method::GET, path, "followRevocations", summary, Tag::Verification)
        .says(
            "One page, or with `Accept: text/event-stream` a stream of the events `revocation` and `heartbeat`, whose \
               data are a `Revocation` and a `Heartbeat`. A reader that does not know a `level` must not go on.",
        )
        .by(Callers::Followers("token:introspect"))
        .query::<Position>()
        .header("Last-Event-ID", "The number of the last event that a client received. It counts before `after`.")
        .answers::<RevocationPage>(200, "The entries after a number.")
        .or_text("text/event-stream");
    vec![operation]
}
