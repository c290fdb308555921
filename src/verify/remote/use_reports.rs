//! Reports of how tokens were used, sent to the service: [`UseReports`].

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use base64ct::{Base64UrlUnpadded, Encoding};
use reqwest::StatusCode;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout, timeout_at};

use super::use_counts::UseCounts;
use super::{TIMEOUT, client, require_success, unavailable, url};
use crate::OpaqueToken;
use crate::api::{UseReport, UseRow};
use crate::verify::outage::Outage;
use crate::verify::{Decision, Unavailable};

/// How often the counts are reported.
const PERIOD: Duration = Duration::from_secs(60);
/// The shortest time between two reports.
const MIN_PERIOD: Duration = Duration::from_millis(100);
/// How many periods are kept while the service does not answer.
const MOST_PERIODS: u64 = 60;
/// How many bytes of reports are kept meanwhile.
const MOST_WAITING_BYTES: usize = 8 << 20;
/// How long the body of one report gets, about: the service takes 64 KiB.
const REPORT_BYTES: usize = 48 << 10;
/// How many bytes of that the shortest row takes.
const ROW_BYTES: usize = 150;
const _: () = assert!(REPORT_BYTES / ROW_BYTES <= UseReport::MOST_ROWS, "the service takes no more rows");
/// How long to wait after a report that failed. Doubles with each that fails.
const FIRST_BACK_OFF: Duration = Duration::from_secs(1);
/// The longest time between two tries.
const MAX_BACK_OFF: Duration = Duration::from_secs(60);

/// Reports to the service once a minute how tokens were used: counts by token and outcome, with some of the
/// origins, and neither a token's text nor a client's address. Nothing is reported unless a verifier [has
/// them](crate::verify::Verifier::use_reports).
///
/// While the service does not answer, the reports of an hour are kept, of 8 MiB at most, and the oldest are dropped. No
/// decision depends on it or waits for it.
///
/// ```no_run
/// # async fn connect(token: daypass::OpaqueToken) -> Result<(), Box<dyn std::error::Error>> {
/// use daypass::verify::{UseReports, Verifier};
///
/// let reports = UseReports::new("https://tokens.example.com", token.clone());
/// let verifier =
///     Verifier::connect("https://tokens.example.com", "floor-api", token).await?.use_reports(reports.clone());
/// // Serve. At the end, send what was counted last:
/// reports.finish().await;
/// # Ok(())
/// # }
/// ```
pub struct UseReports {
    counts: Arc<UseCounts>,
    /// Asks for the last report. The task that sends ends with this.
    finish: mpsc::UnboundedSender<oneshot::Sender<()>>,
}

impl UseReports {
    /// Reports to the service at this URL, with a secret token that has the scope `token:report`, once a minute until
    /// nothing holds the returned value.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    #[must_use]
    pub fn new(service: &str, token: OpaqueToken) -> Arc<UseReports> {
        UseReports::every(PERIOD, service, token)
    }

    /// Like [`new`](UseReports::new), but once in another period, of 100 milliseconds at least.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    #[must_use]
    pub fn every(period: Duration, service: &str, token: OpaqueToken) -> Arc<UseReports> {
        let period = period.max(MIN_PERIOD);
        let (counts, (finish, finished)) = (Arc::new(UseCounts::new()), mpsc::unbounded_channel());
        let mut name = [0; 16];
        aws_lc_rs::rand::fill(&mut name).expect("the operating system gives randomness");
        let sender = Sender {
            client: client(),
            url: url(service, "/v2/use"),
            token,
            verifier: Base64UrlUnpadded::encode_string(&name),
            counts: Arc::clone(&counts),
            period,
            waiting: Waiting::default(),
            outage: Outage::new("use reports"),
        };
        // Services that start together do not report together.
        let first = period.mul_f64(0.5 + f64::from(name[0]) / 512.0);
        tokio::spawn(sender.run(finished, Instant::now() + first));
        Arc::new(UseReports { counts, finish })
    }

    /// Sends what was counted, and returns once the service has it, or does not answer. Call it before the process
    /// ends.
    pub async fn finish(&self) {
        let (done, finished) = oneshot::channel();
        if self.finish.send(done).is_ok() {
            // What is sent already may have to wait for its time-out first.
            let _ = timeout(2 * TIMEOUT, finished).await;
        }
    }

    pub(in crate::verify) fn count(&self, decision: &Decision<'_>) {
        self.counts.count(decision);
    }
}

impl fmt::Debug for UseReports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UseReports")
    }
}

/// Takes the counts and sends them.
struct Sender {
    client: reqwest::Client,
    url: String,
    token: OpaqueToken,
    verifier: String,
    counts: Arc<UseCounts>,
    period: Duration,
    waiting: Waiting,
    outage: Outage,
}

impl Sender {
    async fn run(mut self, mut finish: mpsc::UnboundedReceiver<oneshot::Sender<()>>, first: Instant) {
        let (mut next, mut retry, mut back_off) = (first, None, FIRST_BACK_OFF);
        loop {
            let wake = retry.map_or(next, |retry: Instant| retry.min(next));
            match timeout_at(wake, finish.recv()).await {
                // Nothing holds the reports any more.
                Ok(None) => {
                    self.take();
                    self.send().await;
                    return;
                }
                Ok(Some(done)) => {
                    self.take();
                    self.send().await;
                    // Who asked may have gone.
                    let _ = done.send(());
                }
                Err(_) => {
                    let now = Instant::now();
                    if now >= next {
                        next = now + self.period;
                        self.take();
                    }
                    if retry.is_none_or(|retry| now >= retry) {
                        let is_sent = self.send().await;
                        retry = (!is_sent).then(|| Instant::now() + back_off);
                        back_off = if is_sent { FIRST_BACK_OFF } else { (2 * back_off).min(MAX_BACK_OFF) };
                    }
                }
            }
        }
    }

    fn take(&mut self) {
        let dropped = self.waiting.add(self.counts.take());
        if dropped > 0 {
            tracing::warn!(dropped, "the token service does not take reports of use: the oldest are dropped");
            count(Fate::Dropped, dropped);
        }
    }

    /// Sends what waits, oldest first. Returns whether nothing is left to be sent again.
    async fn send(&mut self) -> bool {
        while let Some(report) = self.waiting.reports.front() {
            match self.post(report).await {
                Ok(Answer::Taken) => {
                    self.outage.end();
                    count(Fate::Sent, 1);
                }
                Ok(Answer::Refused(status)) => {
                    let cause = Unavailable(format!("the token service answers {status}: a report of use is dropped"));
                    self.outage.warn(&cause);
                    count(Fate::Dropped, 1);
                }
                Err(cause) => {
                    self.outage.warn(&cause);
                    count(Fate::Failed, 1);
                    return false;
                }
            }
            self.waiting.remove_first();
        }
        true
    }

    async fn post(&self, report: &Report) -> Result<Answer, Unavailable> {
        let body = UseReport {
            verifier: self.verifier.clone(),
            sequence: report.sequence,
            age_seconds: report.taken_at.elapsed().as_secs(),
            rows: report.rows.clone(),
        };
        let request = self.client.post(&self.url).bearer_auth(self.token.expose_secret()).json(&body);
        let response = request.timeout(TIMEOUT).send().await.map_err(unavailable)?;
        match response.status() {
            // Another try would be refused as well.
            status @ (StatusCode::BAD_REQUEST | StatusCode::PAYLOAD_TOO_LARGE | StatusCode::UNPROCESSABLE_ENTITY) => {
                Ok(Answer::Refused(status))
            }
            _ => require_success(response).await.map(|_| Answer::Taken),
        }
    }
}

enum Answer {
    Taken,
    /// The service does not understand the report.
    Refused(StatusCode),
}

/// Reports that the service does not have yet.
#[derive(Default)]
struct Waiting {
    reports: VecDeque<Report>,
    /// How many bytes they have, about.
    bytes: usize,
    /// How many periods have been taken.
    periods: u64,
    /// The number of the last report.
    sequence: u64,
}

struct Report {
    sequence: u64,
    period: u64,
    taken_at: Instant,
    rows: Vec<UseRow>,
    bytes: usize,
}

impl Waiting {
    /// Adds the counts of a period, as reports that the service takes. Returns how many of the oldest found no room.
    fn add(&mut self, rows: Vec<UseRow>) -> u64 {
        self.periods += 1;
        let (mut report, mut bytes) = (vec![], 0);
        for row in rows {
            let of_row = bytes_of(&row);
            if bytes + of_row > REPORT_BYTES {
                self.push(std::mem::take(&mut report), std::mem::take(&mut bytes));
            }
            bytes += of_row;
            report.push(row);
        }
        if !report.is_empty() {
            self.push(report, bytes);
        }
        let mut dropped = 0;
        let is_too_old = |report: &Report, periods| report.period + MOST_PERIODS <= periods;
        while self.bytes > MOST_WAITING_BYTES
            || self.reports.front().is_some_and(|report| is_too_old(report, self.periods))
        {
            self.remove_first();
            dropped += 1;
        }
        dropped
    }

    fn push(&mut self, rows: Vec<UseRow>, bytes: usize) {
        self.sequence += 1;
        self.bytes += bytes;
        let (sequence, period) = (self.sequence, self.periods);
        self.reports.push_back(Report { sequence, period, taken_at: Instant::now(), rows, bytes });
    }

    fn remove_first(&mut self) {
        self.bytes -= self.reports.pop_front().map_or(0, |report| report.bytes);
    }
}

/// Returns how many bytes a row takes as JSON, or more.
fn bytes_of(row: &UseRow) -> usize {
    let origins = row.origins.iter().map(|origin| origin.origin.len() + 50);
    ROW_BYTES + row.outcome.len() + origins.sum::<usize>()
}

/// What became of a report.
#[derive(Clone, Copy)]
enum Fate {
    Sent,
    Failed,
    Dropped,
}

/// Counts reports for the product's exporter.
fn count(fate: Fate, number: u64) {
    #[cfg(feature = "metrics")]
    {
        let result = match fate {
            Fate::Sent => "sent",
            Fate::Failed => "failed",
            Fate::Dropped => "dropped",
        };
        metrics::counter!("daypass_use_reports_total", "result" => result).increment(number);
    }
    #[cfg(not(feature = "metrics"))]
    let _ = (fate, number);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{ACCEPTED, OriginUse};

    fn rows(count: u64) -> Vec<UseRow> {
        let origin = |n| OriginUse { origin: format!("https://{}{n}.example", "a".repeat(40)), count: u64::MAX };
        let origins: Vec<_> = (0..8).map(origin).collect();
        let row = |serial| UseRow {
            serial: Some(serial),
            outcome: ACCEPTED.into(),
            count: u64::MAX,
            origins: origins.clone(),
            other_origins: u64::MAX,
        };
        (0..count).map(row).collect()
    }

    #[test]
    fn reports_fit_the_service_and_those_of_an_hour_are_kept() {
        let mut waiting = Waiting::default();
        assert_eq!(waiting.add(rows(1000)), 0);
        assert!(waiting.reports.len() > 5);
        assert_eq!(waiting.reports.iter().map(|report| report.rows.len()).sum::<usize>(), 1000);
        for report in &waiting.reports {
            let json = serde_json::to_string(&report.rows).expect("JSON");
            assert!(json.len() <= report.bytes && json.len() < 60_000, "{} {}", json.len(), report.bytes);
        }
        let first = waiting.reports.len() as u64;
        for _ in 0..MOST_PERIODS - 1 {
            assert_eq!(waiting.add(rows(1)), 0);
        }
        assert_eq!(waiting.add(rows(1)), first, "the hour before this one");
        assert_eq!(waiting.add(vec![]), 1, "also if nothing happens");
        let numbers: Vec<_> = waiting.reports.iter().map(|report| report.sequence).collect();
        assert!(numbers.is_sorted() && numbers.len() as u64 == MOST_PERIODS - 1, "{numbers:?}");
    }

    #[test]
    fn what_waits_has_a_bound() {
        let mut waiting = Waiting::default();
        let dropped: u64 = (0..20).map(|_| waiting.add(rows(4096))).sum();
        assert!(dropped > 0 && waiting.bytes <= MOST_WAITING_BYTES, "{dropped} {}", waiting.bytes);
        while !waiting.reports.is_empty() {
            waiting.remove_first();
        }
        assert_eq!(waiting.bytes, 0);
    }
}
