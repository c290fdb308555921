//! The subscriber of the service's revocation feed: [`Revocations::follow`].

use std::convert::Infallible;
use std::mem;
use std::sync::{Arc, Weak};
use std::time::Duration;

use futures_util::StreamExt;
use reqwest::header::ACCEPT;
use reqwest::{Response, StatusCode};
use sse_stream::{Sse, SseStream};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::{TIMEOUT, client, read_json, require_success, unavailable, url};
use crate::OpaqueToken;
use crate::api::{Heartbeat, Revocation, RevocationPage};
use crate::verify::clock::Moment;
use crate::verify::outage::Outage;
use crate::verify::{RemoteKeys, Revocations, Unavailable};

/// How long to poll before another stream is tried. Doubles with each stream that sent nothing.
const FIRST_BACK_OFF: Duration = Duration::from_millis(500);
/// The longest time between two streams.
const MAX_BACK_OFF: Duration = Duration::from_secs(30);
/// The shortest silence after which a stream counts as dead. The service sends about two heartbeats
/// a second.
const MIN_SILENCE: Duration = Duration::from_millis(800);
/// The time between two polls; the least after one that failed.
const POLL_INTERVAL: std::ops::RangeInclusive<Duration> = Duration::from_millis(250)..=Duration::from_secs(2);

impl Revocations {
    /// Follows the feed of the service at this URL, with a secret token that has the scope
    /// `token:introspect`, until the returned value is dropped. Polls where no stream gets through.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    #[must_use]
    pub fn follow(self, service: &str, token: OpaqueToken) -> Arc<Revocations> {
        let revocations = Arc::new(self);
        let subscriber = Subscriber {
            client: client(),
            url: url(service, "/v2/revocation"),
            token,
            revocations: Arc::downgrade(&revocations),
            source: None,
            begins: false,
            deleted_up_to: 0,
            failed_polls: 0,
            outage: Outage::new("revocation feed"),
            stream_outage: Outage::new("revocation stream"),
        };
        tokio::spawn(subscriber.follow());
        revocations
    }

    /// Fetches the keys as soon as the feed announces one that is missing, so that the first JWTs of
    /// a new key need not wait. Call it before [`follow`](Revocations::follow), with a clone of the
    /// verifier's keys.
    #[must_use]
    pub fn prefetch(mut self, keys: RemoteKeys) -> Revocations {
        self.keys = Some(keys);
        self
    }

    /// Fetches the keys in the background if one of these, which sign or will, is missing.
    fn announce(&self, kids: &[String]) {
        if let Some(keys) = &self.keys {
            keys.prefetch(kids);
        }
    }

    /// Waits for the first heartbeat, at most this long. Returns whether the knowledge is fresh.
    pub async fn ready(&self, patience: Duration) -> bool {
        let fresh = async {
            while self.is_stale() {
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(patience, fresh).await.is_ok()
    }

    /// Returns how long a stream may be silent: half of the staleness limit, so that polling has
    /// the other half.
    fn max_silence(&self) -> Duration {
        (self.staleness_limit() / 2).clamp(MIN_SILENCE, TIMEOUT)
    }
}

struct Subscriber {
    client: reqwest::Client,
    url: String,
    token: OpaqueToken,
    revocations: Weak<Revocations>,
    /// Where the known entries are from.
    source: Option<Source>,
    /// Whether the feed is read from its start and no response has named the source yet.
    begins: bool,
    /// The number up to which that source keeps no entries.
    deleted_up_to: u64,
    /// How many polls failed since the last success, counting one that is under way.
    failed_polls: u32,
    outage: Outage,
    stream_outage: Outage,
}

/// Which entries the feed has, and how they are numbered.
#[derive(PartialEq)]
struct Source {
    epoch: String,
    /// The only organization whose entries it has; `None` for those of all.
    organization: Option<String>,
}

/// Why a stream or a poll ended.
enum End {
    /// Nothing holds the revocations any more.
    Dropped,
    /// The service refused the token.
    Refused(Unavailable),
    Failed(Unavailable),
}

impl From<Unavailable> for End {
    fn from(cause: Unavailable) -> End {
        End::Failed(cause)
    }
}

impl Subscriber {
    async fn follow(mut self) {
        let mut back_off = FIRST_BACK_OFF;
        loop {
            let mut has_event = false;
            match self.stream(&mut has_event).await {
                Err(End::Dropped) => return,
                // The next poll is refused as well, and logs it.
                Err(End::Refused(_)) => {}
                // Each stream ends some day, so this outage has no end: each cause is logged once.
                Err(End::Failed(cause)) => self.stream_outage.warn(&cause),
            }
            back_off = next_back_off(back_off, has_event);
            let until = Instant::now() + back_off;
            loop {
                let interval = match self.poll().await {
                    Err(End::Dropped) => return,
                    Err(End::Refused(cause) | End::Failed(cause)) => {
                        self.outage.begin(&cause);
                        *POLL_INTERVAL.start()
                    }
                    Ok(interval) => {
                        self.outage.end();
                        // Directly after a poll, since nothing polls while a stream is awaited.
                        if Instant::now() >= until {
                            break;
                        }
                        interval
                    }
                };
                sleep(interval).await;
            }
        }
    }

    fn revocations(&self) -> Result<Arc<Revocations>, End> {
        self.revocations.upgrade().ok_or(End::Dropped)
    }

    /// Begins to read, and returns the entry to continue after. Stale knowledge is fetched from the start: the
    /// service's store may have been restored from a backup and continued from there.
    fn begin(&mut self) -> Result<u64, End> {
        let revocations = self.revocations()?;
        let after = if revocations.is_stale() || self.source.is_none() { 0 } else { revocations.seq() };
        self.begins = after == 0;
        if self.begins {
            revocations.begin_reading();
        }
        Ok(after)
    }

    /// Checks that a response is of the source whose entries are known.
    ///
    /// SECURITY: in another epoch, known numbers may stand for other entries, and of another organization
    /// none is known. Then all entries are fetched again. Only the first response of a reading from the
    /// start may be of any source: a later one says nothing of the entries that its source has up to its
    /// number.
    fn check_source(&mut self, source: Source) -> Result<(), Unavailable> {
        let is_first = mem::take(&mut self.begins);
        if self.source.as_ref() == Some(&source) {
            return Ok(());
        }
        self.deleted_up_to = 0;
        self.source = is_first.then_some(source);
        if is_first { Ok(()) } else { Err(Unavailable("the feed is of another epoch or organization".into())) }
    }

    /// Confirms what the known source said at this moment: that it has no entries after `latest`.
    fn confirm(&mut self, revocations: &Revocations, latest: u64, deleted_up_to: u64, at: Moment) {
        let deleted_up_to = self.deleted_up_to(deleted_up_to);
        let organization = self.source.as_ref().and_then(|source| source.organization.as_deref());
        revocations.heartbeat_at(latest, deleted_up_to, organization, at);
    }

    /// Returns the number up to which no entries are kept, after a response with this number.
    ///
    /// SECURITY: within an epoch it never falls. Another node that lags behind may still name an earlier
    /// one, whose entries are no longer in memory here.
    fn deleted_up_to(&mut self, seq: u64) -> u64 {
        self.deleted_up_to = self.deleted_up_to.max(seq);
        self.deleted_up_to
    }

    fn request(&self, after: u64) -> reqwest::RequestBuilder {
        self.client.get(&self.url).query(&[("after", after)]).bearer_auth(self.token.expose_secret())
    }

    /// Follows a stream to its end (server-sent events, WHATWG HTML, section 9.2).
    async fn stream(&mut self, has_event: &mut bool) -> Result<Infallible, End> {
        let (after, silence) = (self.begin()?, self.revocations()?.max_silence());
        let failed = |cause: &str| End::Failed(Unavailable(cause.into()));
        // Response and first event share one deadline: nothing polls meanwhile.
        let (requested_at, mut deadline) = (Moment::now(), Instant::now() + silence);
        let request = self.request(after).header(ACCEPT, "text/event-stream");
        let response = async { self.accept(request.send().await.map_err(unavailable)?).await };
        let response = timeout_at(deadline, response).await.map_err(|_| failed("no response"))??;
        let mut events = SseStream::new(reqwest::Body::from(response));
        loop {
            let event = timeout_at(deadline, events.next()).await.map_err(|_| failed("no event in time"))?;
            let event = event.ok_or_else(|| failed("end of stream"))?.map_err(|cause| failed(&cause.to_string()))?;
            self.handle(event, requested_at)?;
            *has_event = true;
            deadline = Instant::now() + silence;
        }
    }

    /// Passes a success on.
    ///
    /// SECURITY: a caller whose token is refused no longer hears about revocations, perhaps because
    /// its own token was revoked. From then on the knowledge is stale.
    async fn accept(&self, response: Response) -> Result<Response, End> {
        let is_refused = matches!(response.status(), StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
        if is_refused {
            self.revocations()?.reset();
        }
        require_success(response).await.map_err(if is_refused { End::Refused } else { End::Failed })
    }

    /// Handles an event of the stream that was requested at this moment.
    ///
    /// SECURITY: an event that is not understood may be a revocation. It ends the stream, and the
    /// knowledge grows stale.
    fn handle(&mut self, event: Sse, requested_at: Moment) -> Result<(), End> {
        let invalid = |cause: String| Unavailable(format!("invalid event in the feed: {cause}"));
        let data = event.data.as_deref().unwrap_or_default();
        let revocations = self.revocations()?;
        match event.event.as_deref() {
            Some("revocation") => {
                let revocation: Revocation = serde_json::from_str(data).map_err(|cause| invalid(cause.to_string()))?;
                revocations.apply(&revocation);
            }
            Some("heartbeat") => {
                let heartbeat: Heartbeat = serde_json::from_str(data).map_err(|cause| invalid(cause.to_string()))?;
                self.check_source(Source { epoch: heartbeat.epoch, organization: heartbeat.organization })?;
                // SECURITY: a heartbeat that was delayed on its way, or while this process was
                // suspended, is as old as the service says: the stream began after the request. A
                // service whose clock runs ahead would hide the delay.
                let (sent_at, now) =
                    (requested_at + Duration::from_millis(heartbeat.elapsed_milliseconds), Moment::now());
                if now.since(sent_at).max(sent_at.since(now)) > revocations.max_silence() / 4 {
                    return Err(Unavailable("events arrive late, or the clocks have drifted apart".into()).into());
                }
                revocations.announce(&heartbeat.keys);
                self.confirm(&revocations, heartbeat.latest, heartbeat.deleted_up_to, sent_at.min(now));
            }
            other => return Err(invalid(format!("its type is {other:?}")).into()),
        }
        Ok(())
    }

    /// Fetches the new entries. Returns the time until the next poll.
    async fn poll(&mut self) -> Result<Duration, End> {
        // After one poll that hangs, another can still come in time. Patience grows for a service
        // that is always slow.
        self.failed_polls = self.failed_polls.saturating_add(1);
        let patience = (self.revocations()?.staleness_limit() / 4).saturating_mul(self.failed_polls).min(TIMEOUT);
        let interval = self.fetch_pages(patience).await?;
        self.failed_polls = 0;
        Ok(interval)
    }

    async fn fetch_pages(&mut self, patience: Duration) -> Result<Duration, End> {
        let mut after = self.begin()?;
        loop {
            // Taken before the request: the page may be as old as that.
            let requested_at = Moment::now();
            let response = self.request(after).timeout(patience).send().await.map_err(unavailable)?;
            let page: RevocationPage = read_json(self.accept(response).await?).await?;
            self.check_source(Source { epoch: page.epoch, organization: page.organization })?;
            let revocations = self.revocations()?;
            page.revocations.iter().for_each(|revocation| revocations.apply(revocation));
            match page.revocations.last() {
                Some(last) if last.seq < page.latest => after = last.seq,
                _ => {
                    revocations.announce(&page.keys);
                    self.confirm(&revocations, page.latest, page.deleted_up_to, requested_at);
                    return Ok((revocations.max_silence() / 2).clamp(*POLL_INTERVAL.start(), *POLL_INTERVAL.end()));
                }
            }
        }
    }
}

fn next_back_off(last: Duration, has_event: bool) -> Duration {
    if has_event { FIRST_BACK_OFF } else { (last * 2).min(MAX_BACK_OFF) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_without_an_event_are_tried_less_and_less_often() {
        let back_offs = (0..9).scan(FIRST_BACK_OFF, |back_off, _| {
            *back_off = next_back_off(*back_off, false);
            Some(back_off.as_secs())
        });
        assert_eq!(back_offs.collect::<Vec<_>>(), [1, 2, 4, 8, 16, 30, 30, 30, 30]);
        assert_eq!(next_back_off(MAX_BACK_OFF, true), FIRST_BACK_OFF);
    }
}
