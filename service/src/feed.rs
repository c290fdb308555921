//! The revocations, as those who follow them are told: [`Feed`].

use std::cmp::Ordering;
use std::time::{Duration, Instant};

use daypass::api::{Heartbeat, Revocation, RevocationPage};
use daypass::verify::TokenHash;
use futures_util::stream::{self, Stream, StreamExt};
use tokio::sync::watch;

use crate::store::Store;
use crate::watcher::Seen;
use crate::{issue, unique};

/// How often who follows is told that there is nothing new.
const REASSURE: Duration = Duration::from_millis(500);
/// Security rule: what was seen longer ago than this is not called current.
const FRESH: Duration = Duration::from_millis(500);

/// One thing that who follows is told.
pub(crate) enum News {
    /// Something was revoked.
    Revocation(Revocation),
    /// Then you know everything up to this number.
    Heartbeat(Heartbeat),
}

/// Who follows.
pub(crate) struct Follower {
    /// The token with which they do. They are told of what is its organization's.
    pub(crate) token: TokenHash,
    /// That organization.
    pub(crate) organization: String,
    /// The number that they know everything up to.
    pub(crate) after: u64,
}

/// The feed of a store.
#[derive(Clone)]
pub(crate) struct Feed {
    /// A connection for reading, which waits for no writer.
    pub(crate) store: Store,
    /// What the watcher saw.
    pub(crate) seen: watch::Receiver<Seen>,
}

impl Feed {
    /// What there is to tell, from now on until the follower's token or the service ends, or the store does not answer.
    /// Nothing is kept for who is slow: they get what there is once they read on.
    pub(crate) fn follow(&self, follower: Follower) -> impl Stream<Item = News> + use<> {
        let reading = Reading { feed: self.clone(), follower, began: Instant::now(), reassured_at: None };
        stream::unfold(reading, Reading::next).flat_map(stream::iter)
    }
}

/// How far somebody has read.
struct Reading {
    feed: Feed,
    follower: Follower,
    began: Instant,
    /// When they were last told that they know everything; never while they do not.
    reassured_at: Option<Instant>,
}

impl Reading {
    async fn next(mut self) -> Option<(Vec<News>, Reading)> {
        let news = match self.reassured_at {
            None => self.page().await?,
            Some(at) => self.after_a_wait(at).await?,
        };
        Some((news, self))
    }

    /// Waits for something to tell.
    async fn after_a_wait(&mut self, reassured_at: Instant) -> Option<Vec<News>> {
        loop {
            self.feed.seen.changed().await.ok()?;
            let Seen { latest, at } = *self.feed.seen.borrow_and_update();
            match latest.cmp(&self.follower.after) {
                Ordering::Greater => return self.page().await,
                Ordering::Equal if at >= reassured_at + REASSURE && at.elapsed() < FRESH => {
                    return Some(vec![self.reassure(latest, at).await?]);
                }
                // It was told before, or is a look from before the last page, or an older store was put in place: silence.
                Ordering::Equal | Ordering::Less => {}
            }
        }
    }

    /// What the store has after the last number. Only where that is nothing is it current, and not after some entries in one
    /// breath: who is slow may take long to read those.
    async fn page(&mut self) -> Option<Vec<News>> {
        let at = Instant::now();
        let Follower { organization, after, .. } = &self.follower;
        let RevocationPage { revocations, latest, .. } =
            self.feed.store.revocations(organization, *after).await.ok()?;
        if let Some(last) = revocations.last() {
            self.follower.after = last.seq;
            self.reassured_at = None;
            return Some(revocations.into_iter().map(News::Revocation).collect());
        }
        self.follower.after = latest;
        Some(vec![self.reassure(latest, at).await?])
    }

    /// Tells that at this moment nothing up to this number was missing.
    async fn reassure(&mut self, latest: u64, at: Instant) -> Option<News> {
        self.require_active().await?;
        self.reassured_at = Some(at);
        let elapsed = at.saturating_duration_since(self.began).as_millis();
        Some(News::Heartbeat(Heartbeat {
            latest,
            epoch: self.feed.store.epoch().to_owned(),
            elapsed_milliseconds: elapsed.try_into().unwrap_or(u64::MAX),
        }))
    }

    /// Security rule: who follows with a token that was revoked or has expired is no longer told that nothing is missing. The
    /// entries that end it are told: whoever holds other tokens that end with it must not let those pass meanwhile.
    async fn require_active(&self) -> Option<()> {
        let record = self.feed.store.found(self.follower.token).await.ok()??;
        issue::is_living(&record, unique::now()).then_some(())
    }
}
