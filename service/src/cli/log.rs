//! The log of the process: its options, and how its lines are written.

use std::io::{self, Write};

use anyhow::{Context, anyhow, ensure};
use clap::Args;
use clap::builder::BoolishValueParser;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::domain::log_text::{LogFormat, escape};
use crate::http::access_log::AccessLog;
use crate::http::request_id::with_request_id;

/// The options of `daypass serve` for its log.
#[derive(Args)]
pub(super) struct LogOptions {
    /// How the lines of the log are written
    #[arg(long, env = "DAYPASS_LOG_FORMAT", value_enum, default_value = "text", value_name = "FORMAT")]
    pub(super) log_format: LogFormat,
    /// Log a line for each request: its route, status, duration, size and id, the client's address, the caller's
    /// organization and the id of its token. It has no path, query, header or token
    #[arg(long, env = "DAYPASS_ACCESS_LOG", value_parser = BoolishValueParser::new())]
    access_log: bool,
}

impl LogOptions {
    /// Starts the access log, if it is wanted.
    pub(super) fn start_access_log(&self) -> anyhow::Result<Option<AccessLog>> {
        let start = || AccessLog::start(self.log_format).context("cannot start the access log");
        self.access_log.then(start).transpose()
    }
}

/// What `RUST_LOG` may be.
const EXPECTED: &str = "expected off, error, warn, info, debug or trace, or TARGET=LEVEL, with commas between";

/// Returns what is logged: from this level on, unless `RUST_LOG` says otherwise.
///
/// # Errors
/// When it is wrong. A word that is no level is too: it would be a target, and everything else would not be logged.
pub(super) fn filter(level: LevelFilter) -> anyhow::Result<EnvFilter> {
    let text = std::env::var_os("RUST_LOG").unwrap_or_default();
    let text = text.to_str().with_context(|| format!("RUST_LOG is not UTF-8: {EXPECTED}"))?;
    for word in text.split(',').map(str::trim).filter(|word| !word.is_empty() && !word.contains(['=', '[', ']', '}'])) {
        let is_level = word.parse::<LevelFilter>().is_ok();
        ensure!(is_level, "RUST_LOG is {text:?}, in which {word:?} is no level: {EXPECTED}");
    }
    let filter = EnvFilter::builder().with_default_directive(level.into()).parse(text);
    filter.map_err(|cause| anyhow!("RUST_LOG is {text:?}: {EXPECTED} ({cause})"))
}

/// Logs to standard error. Standard output is for answers.
pub(super) fn start(filter: EnvFilter, format: LogFormat) {
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(Lines(format));
    match format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().with_current_span(false).with_span_list(false).init(),
    }
}

/// Standard error, to which lines are written without characters that deceive, and with the id of their request.
struct Lines(LogFormat);

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Line;

    fn make_writer(&'a self) -> Line {
        Line(self.0)
    }
}

/// Writes a line, which `tracing-subscriber` gives as a whole.
struct Line(LogFormat);

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        let mut line = escape(text.trim_end_matches('\n'), self.0).into_owned();
        with_request_id(|id| match self.0 {
            LogFormat::Text => line += &format!(" request={id}"),
            LogFormat::Json => {
                if line.pop().is_some() {
                    line += &format!(r#","request":"{id}"}}"#);
                }
            }
        });
        line.push('\n');
        io::stderr().write_all(line.as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}
