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
use crate::domain::token::TokenStatus;
use crate::metrics::OpenStream;
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
        let (keys, organization) = (self.keys.announced(), organization.map(str::to_owned));
        Ok(RevocationPage { revocations, latest, epoch, deleted_up_to, keys, organization })
    }

    /// Returns the events for a subscriber, from now on.
    ///
    /// The stream ends with the subscriber's token, with the service, when the store does not answer, or with
    /// the epoch of its first page.
    ///
    /// Nothing is buffered for a slow subscriber: it gets what the store has when it reads on.
    pub(crate) fn subscribe(&self, subscriber: Subscriber) -> impl Stream<Item = FeedEvent> + use<> {
        let feed = self.clone();
        let subscription = Subscription {
            feed,
            subscriber,
            start: Instant::now(),
            epoch: None,
            last_heartbeat: None,
            _open: OpenStream::begin(),
        };
        stream::unfold(subscription, Subscription::next).flat_map(stream::iter)
    }
}

/// How far a subscriber has read.
struct Subscription {
    feed: Feed,
    subscriber: Subscriber,
    start: Instant,
    /// The epoch that numbers what was sent; none before the first page.
    epoch: Option<String>,
    /// The moment that the last heartbeat spoke of; none while entries are missing.
    last_heartbeat: Option<Instant>,
    _open: OpenStream,
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
            // A position from before the last page may be of the epoch before.
            if at >= last_heartbeat {
                self.require_epoch(&position.epoch)?;
            }
            match latest.cmp(&self.subscriber.after) {
                Ordering::Greater => return self.page().await,
                Ordering::Equal if at >= last_heartbeat + HEARTBEAT && at.elapsed() < FRESH => {
                    return self.heartbeat(position).await;
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
        let (entries, page) = self.entries().await?;
        if !entries.is_empty() {
            return Some(entries);
        }
        let RevocationPage { latest, epoch, deleted_up_to, .. } = page;
        self.subscriber.after = latest;
        self.heartbeat(FeedPosition { latest, deleted_up_to, epoch, at }).await
    }

    /// SECURITY: in another epoch, the numbers that were sent may stand for other entries. The stream ends, and
    /// the next one names its epoch before the subscriber relies on it.
    fn require_epoch(&mut self, epoch: &str) -> Option<()> {
        (self.epoch.get_or_insert_with(|| epoch.to_owned()) == epoch).then_some(())
    }

    /// Takes the entries after the last number from a page of the feed.
    async fn entries(&mut self) -> Option<(Vec<FeedEvent>, RevocationPage)> {
        let Subscriber { organization, after, .. } = &self.subscriber;
        let mut page = self.feed.page(organization.as_deref(), *after).await.ok()?;
        self.require_epoch(&page.epoch)?;
        let entries = std::mem::take(&mut page.revocations);
        if let Some(last) = entries.last() {
            self.subscriber.after = last.seq;
            self.last_heartbeat = None;
        }
        Some((entries.into_iter().map(FeedEvent::Revocation).collect(), page))
    }

    /// Returns the heartbeat that no entry up to this position was missing at its moment; instead of it, if the
    /// subscriber's token has ended meanwhile, the entries that are later than the position, if there are any.
    async fn heartbeat(&mut self, position: FeedPosition) -> Option<Vec<FeedEvent>> {
        let FeedPosition { latest, deleted_up_to, epoch, at } = position;
        if self.require_active().await.is_none() {
            let (entries, _) = self.entries().await?;
            return (!entries.is_empty()).then_some(entries);
        }
        self.last_heartbeat = Some(at);
        let elapsed = at.saturating_duration_since(self.start).as_millis();
        let elapsed_milliseconds = elapsed.try_into().unwrap_or(u64::MAX);
        let (keys, organization) = (self.feed.keys.announced(), self.subscriber.organization.clone());
        let heartbeat = Heartbeat { latest, epoch, deleted_up_to, keys, organization, elapsed_milliseconds };
        Some(vec![FeedEvent::Heartbeat(heartbeat)])
    }

    /// SECURITY: a subscriber whose token is revoked or expired gets no more heartbeats. It still gets
    /// the entries that ended the token, because it must refuse other tokens that these end. One whose
    /// organization is suspended goes on, because it must hear when that ends.
    async fn require_active(&self) -> Option<()> {
        let state = self.feed.store.subscriber(self.subscriber.token).await.ok()??;
        matches!(state.status(now()), TokenStatus::Active | TokenStatus::Suspended).then_some(())
    }
}
