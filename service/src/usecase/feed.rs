//! The feed of revocations, and its subscribers: [`Feed`].

use std::cmp::Ordering;
use std::time::{Duration, Instant};

use daypass::Error;
use daypass::api::{Heartbeat, Revocation, RevocationPage};
use daypass::verify::TokenHash;
use futures_util::stream::{self, Stream, StreamExt};
use tokio::sync::watch;

use super::clock::now;
use super::signing_keys::SigningKeys;
use super::sync::FeedPosition;
use crate::domain::revocation::read_after;
use crate::domain::token::{TokenStatus, status};
use crate::store::{FeedPage, SharedStore};

/// The time between two heartbeats.
const HEARTBEAT: Duration = Duration::from_millis(500);
/// SECURITY: a position of the feed that was read longer ago than this is not called current.
const FRESH: Duration = Duration::from_millis(500);

/// One event for a subscriber.
pub(crate) enum FeedEvent {
    /// Something was revoked, suspended, resumed or edited.
    Revocation(Revocation),
    /// No entry up to a number is missing.
    Heartbeat(Heartbeat),
}

/// One client of the feed.
pub(crate) struct Subscriber {
    /// The client's token.
    pub(crate) token: TokenHash,
    /// The organization whose entries it gets; those of all without one.
    pub(crate) organization: Option<String>,
    /// The number up to which it knows all entries.
    pub(crate) after: u64,
}

/// The feed of a store.
#[derive(Clone)]
pub(crate) struct Feed {
    pub(crate) store: SharedStore,
    /// The keys that it announces.
    pub(crate) keys: SigningKeys,
    /// Where the feed ended at the last poll of the store.
    pub(crate) position: watch::Receiver<FeedPosition>,
}

impl Feed {
    /// Returns the entries after a number, as an organization sees them, or those of all.
    pub(crate) async fn page(&self, organization: Option<&str>, after: u64) -> Result<RevocationPage, Error> {
        let page = self.store.revocations(organization, Box::new(move |latest| Ok(read_after(after, *latest)))).await?;
        let FeedPage { revocations, latest, deleted_up_to, epoch } = page;
        Ok(RevocationPage { revocations, latest, epoch, deleted_up_to, keys: self.keys.announced() })
    }

    /// Returns the events for a subscriber, from now on.
    ///
    /// The stream ends with the subscriber's token, with the service, or when the store does not answer.
    ///
    /// Nothing is buffered for a slow subscriber: it gets what the store has when it reads on.
    pub(crate) fn subscribe(&self, subscriber: Subscriber) -> impl Stream<Item = FeedEvent> + use<> {
        let subscription = Subscription { feed: self.clone(), subscriber, start: Instant::now(), last_heartbeat: None };
        stream::unfold(subscription, Subscription::next).flat_map(stream::iter)
    }
}

/// How far a subscriber has read.
struct Subscription {
    feed: Feed,
    subscriber: Subscriber,
    start: Instant,
    /// The moment that the last heartbeat spoke of; none while entries are missing.
    last_heartbeat: Option<Instant>,
}

impl Subscription {
    async fn next(mut self) -> Option<(Vec<FeedEvent>, Subscription)> {
        let events = match self.last_heartbeat {
            None => self.page().await?,
            Some(at) => self.wait(at).await?,
        };
        Some((events, self))
    }

    /// Waits for a new entry, or until a heartbeat is due.
    async fn wait(&mut self, last_heartbeat: Instant) -> Option<Vec<FeedEvent>> {
        loop {
            self.feed.position.changed().await.ok()?;
            let position = self.feed.position.borrow_and_update().clone();
            let FeedPosition { latest, at, .. } = position;
            match latest.cmp(&self.subscriber.after) {
                Ordering::Greater => return self.page().await,
                Ordering::Equal if at >= last_heartbeat + HEARTBEAT && at.elapsed() < FRESH => {
                    return Some(vec![self.heartbeat(position).await?]);
                }
                // A heartbeat is not due, the position is from before the last page, or an older store
                // was put in place. The stream stays silent.
                Ordering::Equal | Ordering::Less => {}
            }
        }
    }

    /// Reads what the store has after the last number. A heartbeat follows only if that is nothing, and
    /// never in the same batch as entries: a slow subscriber may take long to read those.
    async fn page(&mut self) -> Option<Vec<FeedEvent>> {
        let at = Instant::now();
        let Subscriber { organization, after, .. } = &self.subscriber;
        let RevocationPage { revocations, latest, epoch, deleted_up_to, .. } =
            self.feed.page(organization.as_deref(), *after).await.ok()?;
        if let Some(last) = revocations.last() {
            self.subscriber.after = last.seq;
            self.last_heartbeat = None;
            return Some(revocations.into_iter().map(FeedEvent::Revocation).collect());
        }
        self.subscriber.after = latest;
        Some(vec![self.heartbeat(FeedPosition { latest, deleted_up_to, epoch, at }).await?])
    }

    /// Returns the heartbeat that no entry up to this position was missing at its moment.
    async fn heartbeat(&mut self, position: FeedPosition) -> Option<FeedEvent> {
        let FeedPosition { latest, deleted_up_to, epoch, at } = position;
        self.require_active().await?;
        self.last_heartbeat = Some(at);
        let elapsed = at.saturating_duration_since(self.start).as_millis();
        let elapsed_milliseconds = elapsed.try_into().unwrap_or(u64::MAX);
        let keys = self.feed.keys.announced();
        Some(FeedEvent::Heartbeat(Heartbeat { latest, epoch, deleted_up_to, keys, elapsed_milliseconds }))
    }

    /// SECURITY: a subscriber whose token is revoked or expired gets no more heartbeats. It still gets
    /// the entries that ended the token, because it must refuse other tokens that these end. One whose
    /// organization is suspended goes on, because it must hear when that ends.
    async fn require_active(&self) -> Option<()> {
        let record = self.feed.store.record(self.subscriber.token, Instant::now()).await.ok()??;
        matches!(status(&record, now()), TokenStatus::Active | TokenStatus::Suspended).then_some(())
    }
}
