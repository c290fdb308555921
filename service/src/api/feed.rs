//! `GET /v2/revocation`: the feed of revocations, as events or by the page.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::header::ACCEPT;
use axum::http::{HeaderMap, HeaderName};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use daypass::verify::TokenHash;
use daypass::{Error, TokenKind};
use futures_util::StreamExt;
use serde::Deserialize;

use super::introspect::INTROSPECT;
use super::{Caller, NO_STORE, Shared};
use crate::feed::{Follower, News};

/// The number of the last event that was seen, of a client that comes back.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// Asks proxies to pass each event on at once.
const UNBUFFERED: [(HeaderName, &str); 1] = [(HeaderName::from_static("x-accel-buffering"), "no")];

#[derive(Deserialize)]
pub(super) struct Place {
    after: Option<u64>,
}

/// Tells a product's API what it is no longer to accept: of the caller's organization, and the keys.
pub(super) async fn revocations(
    State(service): State<Shared>,
    caller: Caller,
    place: Result<Query<Place>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    caller.require_kind(&[TokenKind::Secret])?;
    caller.require_scope(&INTROSPECT)?;
    let Query(place) = place.map_err(|cause| Error::InvalidRequest(format!("{}.", cause.body_text())))?;
    let after = last_event(&headers)?.or(place.after).unwrap_or_default();
    let organization = caller.access.organization().to_owned();
    if !takes_events(&headers) {
        return Ok((NO_STORE, Json(service.feed.store.revocations(&organization, after).await?)).into_response());
    }
    let news = service.feed.follow(Follower { token: TokenHash::of(&caller.token), organization, after });
    Ok((NO_STORE, UNBUFFERED, Sse::new(news.map(event))).into_response())
}

fn event(news: News) -> Result<Event, axum::Error> {
    match news {
        News::Revocation(entry) => Event::default().id(entry.seq.to_string()).event("revocation").json_data(entry),
        News::Heartbeat(current) => {
            Event::default().id(current.latest.to_string()).event("heartbeat").json_data(current)
        }
    }
}

fn last_event(headers: &HeaderMap) -> Result<Option<u64>, Error> {
    let Some(id) = headers.get(LAST_EVENT_ID) else { return Ok(None) };
    let number = id.to_str().ok().and_then(|id| id.parse().ok());
    number.map(Some).ok_or_else(|| Error::InvalidRequest("The Last-Event-ID is not a number of the feed.".into()))
}

fn takes_events(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(ACCEPT).into_iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|range| {
        let media_type = range.split(';').next().unwrap_or_default().trim();
        media_type.eq_ignore_ascii_case("text/event-stream")
    })
}
