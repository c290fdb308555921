//! The access log: a line for each request.

use std::fmt::Write as _;
use std::io::Write as _;
use std::mem;
use std::net::IpAddr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde::Serialize;

use crate::domain::log_text::{LogFormat, escape};
use crate::metrics;

/// Lines wait at most this long to be written together.
const PAUSE: Duration = Duration::from_millis(100);
/// Lines of so many bytes are written at once.
const BATCH: usize = 32 * 1024;
/// The most bytes that wait. What comes then is dropped, so that a reader of the log that is stuck delays no request.
const MOST: usize = 4 * 1024 * 1024;
/// How long a stop waits for the last lines.
const PATIENCE: Duration = Duration::from_secs(1);

/// Writes a line for each request to standard error, from a thread of its own.
pub(crate) struct AccessLog {
    format: LogFormat,
    shared: Arc<Shared>,
}

/// What the log tells of a request.
///
/// SECURITY: the path itself, the query, headers and bodies may hold tokens. None of them is logged.
#[derive(Serialize)]
pub(super) struct Entry<'a> {
    pub(super) method: &'a str,
    /// The template of the path.
    pub(super) route: &'a str,
    pub(super) status: u16,
    pub(super) seconds: f64,
    pub(super) bytes: u64,
    /// The id of the request.
    pub(super) request: &'a str,
    /// The address of the client, if it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) client: Option<IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) organization: Option<&'a str>,
    /// The id of the caller's token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) token: Option<&'a str>,
}

impl Entry<'_> {
    /// Returns the line, as `tracing-subscriber` would write it.
    fn line(&self, format: LogFormat, now: Timestamp) -> String {
        #[derive(Serialize)]
        struct Line<'a> {
            timestamp: String,
            level: &'static str,
            fields: Fields<'a>,
            target: &'static str,
        }
        #[derive(Serialize)]
        struct Fields<'a> {
            message: &'static str,
            #[serde(flatten)]
            entry: &'a Entry<'a>,
        }

        let timestamp = format!("{now:.6}");
        let mut line = match format {
            LogFormat::Json => {
                let fields = Fields { message: "request", entry: self };
                serde_json::to_string(&Line { timestamp, level: "INFO", fields, target: TARGET }).unwrap_or_default()
            }
            LogFormat::Text => self.text(&timestamp),
        };
        if let std::borrow::Cow::Owned(escaped) = escape(&line, format) {
            line = escaped;
        }
        line.push('\n');
        line
    }

    fn text(&self, timestamp: &str) -> String {
        let Entry { method, route, status, seconds, bytes, request, client, organization, token } = self;
        let mut line = String::with_capacity(256);
        let written = write!(
            line,
            "{timestamp}  INFO {TARGET}: request method={method} route={route} status={status} seconds={seconds:.6} \
             bytes={bytes} request={request}"
        );
        written.expect("a string takes all");
        if let Some(client) = client {
            write!(line, " client={client}").expect("a string takes all");
        }
        for (name, value) in [("organization", organization), ("token", token)] {
            if let Some(value) = value {
                // Quoted as by `tracing-subscriber`, so that a value cannot look like another field.
                write!(line, " {name}={value:?}").expect("a string takes all");
            }
        }
        line
    }
}

/// What the lines name as their origin.
const TARGET: &str = "daypass::access";

struct Shared {
    waiting: Mutex<Waiting>,
    /// Told when the first line waits, when many do, and at the end.
    wanted: Condvar,
    /// Told when all is written.
    done: Condvar,
}

#[derive(Default)]
struct Waiting {
    lines: Vec<u8>,
    /// The number of lines that were dropped since the last write.
    dropped: u64,
    is_closed: bool,
    is_done: bool,
}

impl AccessLog {
    /// Starts the thread that writes.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(crate) fn start(format: LogFormat) -> std::io::Result<AccessLog> {
        let shared = Arc::new(Shared { waiting: Mutex::default(), wanted: Condvar::new(), done: Condvar::new() });
        let writer = Arc::clone(&shared);
        thread::Builder::new().name("access-log".into()).spawn(move || writer.write())?;
        Ok(AccessLog { format, shared })
    }

    pub(super) fn add(&self, entry: &Entry<'_>) {
        let line = entry.line(self.format, Timestamp::now());
        let mut waiting = self.shared.lock();
        if waiting.lines.len() + line.len() > MOST {
            waiting.dropped += 1;
            metrics::count_dropped_log_line();
            return;
        }
        let before = waiting.lines.len();
        waiting.lines.extend_from_slice(line.as_bytes());
        if before == 0 || (before < BATCH && waiting.lines.len() >= BATCH) {
            self.shared.wanted.notify_one();
        }
    }

    /// Waits until the lines are written.
    pub(crate) fn close(&self) {
        let mut waiting = self.shared.lock();
        waiting.is_closed = true;
        self.shared.wanted.notify_one();
        let wait = self.shared.done.wait_timeout_while(waiting, PATIENCE, |waiting| !waiting.is_done);
        // Lines that wait still have no reader.
        drop(wait);
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes until the log is closed.
    fn write(&self) {
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            let (dropped, is_closed) = self.take(&mut batch);
            // Without a reader of the log there is nobody to tell.
            let _ = std::io::stderr().write_all(&batch);
            batch.clear();
            if dropped > 0 {
                tracing::warn!(lines = dropped, "access log written too slowly, dropped lines");
            }
            if is_closed {
                self.lock().is_done = true;
                self.done.notify_all();
                return;
            }
        }
    }

    /// Waits for lines, and for others to be written with them.
    fn take(&self, batch: &mut Vec<u8>) -> (u64, bool) {
        let is_idle = |waiting: &mut Waiting| waiting.lines.is_empty() && !waiting.is_closed;
        let mut waiting = self.wanted.wait_while(self.lock(), is_idle).unwrap_or_else(PoisonError::into_inner);
        let start = Instant::now();
        while waiting.lines.len() < BATCH && !waiting.is_closed {
            let Some(left) = PAUSE.checked_sub(start.elapsed()) else { break };
            let woken = self.wanted.wait_timeout(waiting, left).unwrap_or_else(PoisonError::into_inner);
            waiting = woken.0;
        }
        mem::swap(batch, &mut waiting.lines);
        (mem::take(&mut waiting.dropped), waiting.is_closed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_what_is_known_and_cannot_be_forged() {
        let entry = Entry {
            method: "POST",
            route: "/introspect",
            status: 200,
            seconds: 0.00125,
            bytes: 42,
            request: "r1",
            client: Some([192, 0, 2, 7].into()),
            organization: Some("org"),
            token: Some("a\" status=500\n\u{202e}"),
        };
        let now = "2026-11-30T15:51:38.123456Z".parse().expect("a time");
        assert_eq!(
            entry.line(LogFormat::Text, now),
            "2026-11-30T15:51:38.123456Z  INFO daypass::access: request method=POST route=/introspect status=200 \
             seconds=0.001250 bytes=42 request=r1 client=192.0.2.7 organization=\"org\" \
             token=\"a\\\" status=500\\n\\u{202e}\"\n"
        );
        let json: serde_json::Value = serde_json::from_str(&entry.line(LogFormat::Json, now)).expect("JSON");
        assert_eq!(json["fields"]["token"], "a\" status=500\n\u{202e}");
        assert_eq!((&json["fields"]["status"], &json["level"]), (&200.into(), &"INFO".into()));
        assert!(!entry.line(LogFormat::Json, now).contains('\u{202e}'));
    }
}
