//! The service's feed of revocations, followed: [`Revocations::follow`].

use std::sync::{Arc, Weak};
use std::time::Duration;

use futures_util::StreamExt;
use reqwest::StatusCode;
use reqwest::header::ACCEPT;
use sse_stream::{Sse, SseStream};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::{TIMEOUT, client, unavailable, url};
use crate::OpaqueToken;
use crate::api::{Heartbeat, Revocation, RevocationPage};
use crate::verify::clock::Moment;
use crate::verify::{Revocations, Unavailable};

/// How long to poll before a stream is tried again: from the first to the last, twice as long each time that none came.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LAST_PAUSE: Duration = Duration::from_secs(30);
/// Twice a second, or nearly, the service says that nothing is missing: a stream that is silent for longer is dead.
const LEAST_SILENCE: Duration = Duration::from_millis(800);
/// Between two polls; the least after one in vain.
const POLL: std::ops::RangeInclusive<Duration> = Duration::from_millis(250)..=Duration::from_secs(2);

impl Revocations {
    /// Follows the feed of the service at this URL, with a secret token that has the scope `token:introspect`, for as long as
    /// anybody holds the answer. Where no stream comes through, it polls.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    #[must_use]
    pub fn follow(self, service: &str, token: OpaqueToken) -> Arc<Revocations> {
        let revocations = Arc::new(self);
        let feed = Feed {
            client: client(),
            url: url(service, "/v2/revocation"),
            token,
            revocations: Arc::downgrade(&revocations),
            epoch: None,
            in_vain: 0,
        };
        tokio::spawn(feed.follow());
        revocations
    }

    /// Waits until the feed is heard, but no longer than this; whether it is.
    pub async fn ready(&self, patience: Duration) -> bool {
        let heard = async {
            while self.is_stale() {
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(patience, heard).await.is_ok()
    }
}

struct Feed {
    client: reqwest::Client,
    url: String,
    token: OpaqueToken,
    revocations: Weak<Revocations>,
    /// Which run of the service the entries that are known were counted by.
    epoch: Option<String>,
    /// How many polls were in vain since the last that was not, one that is under way among them.
    in_vain: u32,
}

/// Why a stream or a poll ended.
enum End {
    /// Nobody needs it any more.
    Dropped,
    Cut(Unavailable),
}

impl From<Unavailable> for End {
    fn from(cause: Unavailable) -> End {
        End::Cut(cause)
    }
}

impl Feed {
    async fn follow(mut self) {
        let mut pause = FIRST_PAUSE;
        loop {
            let mut was_heard = false;
            let Err(End::Cut(Unavailable(cause))) = self.stream(&mut was_heard).await else { return };
            tracing::warn!(cause, "the stream of revocations was cut: polling");
            pause = pause_after(pause, was_heard);
            let until = Instant::now() + pause;
            loop {
                let between = match self.poll().await {
                    // Right after a poll, since nobody polls while a stream is waited for.
                    Ok(_) if Instant::now() >= until => break,
                    Ok(between) => between,
                    Err(End::Dropped) => return,
                    Err(End::Cut(Unavailable(cause))) => {
                        tracing::warn!(cause, "the revocations could not be fetched");
                        *POLL.start()
                    }
                };
                sleep(between).await;
            }
        }
    }

    fn revocations(&self) -> Result<Arc<Revocations>, End> {
        self.revocations.upgrade().ok_or(End::Dropped)
    }

    /// The entry to go on from. After a silence all is asked for again: the service's store may have been restored from a
    /// backup, and gone on from there.
    fn place(&self) -> Result<u64, End> {
        let revocations = self.revocations()?;
        Ok(if revocations.is_stale() || self.epoch.is_none() { 0 } else { revocations.seq() })
    }

    /// Notes by which run of the service the entries after this one are counted. Security rule: if it is another than the one by
    /// which this one was, it may be another entry there. Then all is asked for again.
    fn check_epoch(&mut self, epoch: String, after: u64) -> Result<(), Unavailable> {
        if after == 0 || self.epoch.as_ref() == Some(&epoch) {
            self.epoch = Some(epoch);
            return Ok(());
        }
        self.epoch = None;
        Err(Unavailable("the service began anew".into()))
    }

    fn request(&self, after: u64) -> reqwest::RequestBuilder {
        self.client.get(&self.url).query(&[("after", after)]).bearer_auth(self.token.expose_secret())
    }

    /// Follows a stream to its end (server-sent events, WHATWG HTML, section 9.2).
    async fn stream(&mut self, was_heard: &mut bool) -> Result<std::convert::Infallible, End> {
        let (after, silence) = (self.place()?, self.revocations()?.silence());
        let cut = |cause: &str| End::Cut(Unavailable(cause.into()));
        // The answer and its first event, together: nobody polls meanwhile.
        let (asked_at, mut deadline) = (Moment::now(), Instant::now() + silence);
        let asked = self.request(after).header(ACCEPT, "text/event-stream").send();
        let answer = timeout_at(deadline, asked).await.map_err(|_| cut("no answer"))?.map_err(unavailable)?;
        let answer = self.accepted(answer)?;
        let mut events = SseStream::new(reqwest::Body::from(answer));
        loop {
            let event = timeout_at(deadline, events.next()).await.map_err(|_| cut("it fell silent"))?;
            let event = event.ok_or_else(|| cut("it ended"))?.map_err(|cause| cut(&cause.to_string()))?;
            self.hear(event, after, asked_at)?;
            *was_heard = true;
            deadline = Instant::now() + silence;
        }
    }

    /// The answer, unless it is a refusal. Security rule: whose token is refused is no longer told what is revoked, perhaps
    /// because that was: nothing is known from then on.
    fn accepted(&self, answer: reqwest::Response) -> Result<reqwest::Response, End> {
        if matches!(answer.status(), StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
            self.revocations()?.reset();
        }
        Ok(answer.error_for_status().map_err(unavailable)?)
    }

    /// Takes an event of the stream of what came after this entry, which was asked for at this moment.
    fn hear(&mut self, event: Sse, after: u64, asked_at: Moment) -> Result<(), End> {
        // Security rule: what is not understood may be a revocation. Then the knowledge grows old.
        let odd = |cause: String| Unavailable(format!("an entry of the feed is not understood: {cause}"));
        let data = event.data.as_deref().unwrap_or_default();
        let revocations = self.revocations()?;
        match event.event.as_deref() {
            Some("revocation") => {
                let revocation: Revocation = serde_json::from_str(data).map_err(|cause| odd(cause.to_string()))?;
                revocations.apply(&revocation);
            }
            Some("heartbeat") => {
                let current: Heartbeat = serde_json::from_str(data).map_err(|cause| odd(cause.to_string()))?;
                self.check_epoch(current.epoch, after)?;
                // Security rule: what waited on its way, or while this process or its machine stood still, is as old as the
                // service says. The stream began after it was asked for. A service whose clock is ahead would hide it.
                let (said_at, now) = (asked_at + Duration::from_millis(current.elapsed_milliseconds), Moment::now());
                if now.since(said_at).max(said_at.since(now)) > revocations.silence() / 4 {
                    return Err(Unavailable("its events come late, or clocks have drifted apart".into()).into());
                }
                revocations.heartbeat_at(current.latest, said_at.no_later_than(now));
            }
            other => return Err(odd(format!("an event {other:?}")).into()),
        }
        Ok(())
    }

    /// Asks for what is new, and gives the time until the next poll.
    async fn poll(&mut self) -> Result<Duration, End> {
        // The first time that one hangs another can still come in time. A service that is slow for each is waited for.
        self.in_vain = self.in_vain.saturating_add(1);
        let patience = (self.revocations()?.staleness_limit() / 4).saturating_mul(self.in_vain).min(TIMEOUT);
        let between = self.pages(patience).await?;
        self.in_vain = 0;
        Ok(between)
    }

    async fn pages(&mut self, patience: Duration) -> Result<Duration, End> {
        let mut after = self.place()?;
        loop {
            // What is answered may be as old as the question.
            let asked_at = Moment::now();
            let answer = self.request(after).timeout(patience).send().await.map_err(unavailable)?;
            let page: RevocationPage = self.accepted(answer)?.json().await.map_err(unavailable)?;
            self.check_epoch(page.epoch, after)?;
            let revocations = self.revocations()?;
            page.revocations.iter().for_each(|revocation| revocations.apply(revocation));
            match page.revocations.last() {
                Some(last) if last.seq < page.latest => after = last.seq,
                _ => {
                    revocations.heartbeat_at(page.latest, asked_at);
                    return Ok((revocations.silence() / 2).clamp(*POLL.start(), *POLL.end()));
                }
            }
        }
    }
}

/// Until the next stream: twice as long after one that said nothing.
fn pause_after(last: Duration, was_heard: bool) -> Duration {
    if was_heard { FIRST_PAUSE } else { (last * 2).min(LAST_PAUSE) }
}

impl Revocations {
    /// A stream that is silent for so long is dead: half of the time in which the knowledge grows too old, so that polling has
    /// the other half.
    fn silence(&self) -> Duration {
        (self.staleness_limit() / 2).clamp(LEAST_SILENCE, TIMEOUT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_that_say_nothing_are_tried_less_and_less_often() {
        let pauses = (0..9).scan(FIRST_PAUSE, |pause, _| {
            *pause = pause_after(*pause, false);
            Some(pause.as_secs())
        });
        assert_eq!(pauses.collect::<Vec<_>>(), [1, 2, 4, 8, 16, 30, 30, 30, 30]);
        assert_eq!(pause_after(LAST_PAUSE, true), FIRST_PAUSE);
    }
}
