//! The figures of the process, for Prometheus.
//!
//! They exist once for the process, and only after [`enable`]. Without it, counting does nothing.
//!
//! SECURITY: no label has a value that a caller chooses. A caller could else fill the memory of this process and of the
//! monitoring with names, and put secrets there.

use std::sync::OnceLock;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use axum::extract::MatchedPath;
use axum::http::Method;
use daypass::TokenKind;
use daypass::api::RevocationTarget;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// The bounds of durations, in seconds.
const BOUNDS: [f64; 13] = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0];

static METRICS: OnceLock<Metrics> = OnceLock::new();

type Durations<L> = Family<L, Histogram, fn() -> Histogram>;
type Seconds = Gauge<f64, AtomicU64>;

struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    durations: Durations<RouteLabels>,
    introspections: Family<OutcomeLabels, Counter>,
    created: Family<KindLabels, Counter>,
    revocations: Family<LevelLabels, Counter>,
    feed_streams: Gauge,
    feed_latest: Gauge,
    feed_lag: Seconds,
    store_errors: Counter,
    store_durations: Durations<OperationLabels>,
    dropped_log_lines: Counter,
    resident_memory: Gauge,
    open_descriptors: Gauge,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    route: Route,
    method: &'static str,
    status: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    route: Route,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabels {
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindLabels {
    kind: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LevelLabels {
    level: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OperationLabels {
    operation: &'static str,
}

/// The template of a path, of which the service has a fixed number; none for an unknown path.
#[derive(Clone, Debug)]
struct Route(Option<MatchedPath>);

impl Route {
    fn as_str(&self) -> &str {
        self.0.as_ref().map_or("none", MatchedPath::as_str)
    }
}

impl PartialEq for Route {
    fn eq(&self, other: &Route) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Route {}

impl std::hash::Hash for Route {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl EncodeLabelValue for Route {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), std::fmt::Error> {
        self.as_str().encode(encoder)
    }
}

impl Metrics {
    fn new() -> Metrics {
        let durations = || Histogram::new(BOUNDS);
        let mut metrics = Metrics {
            registry: Registry::default(),
            requests: Family::default(),
            durations: Family::new_with_constructor(durations),
            introspections: Family::default(),
            created: Family::default(),
            revocations: Family::default(),
            feed_streams: Gauge::default(),
            feed_latest: Gauge::default(),
            feed_lag: Gauge::default(),
            store_errors: Counter::default(),
            store_durations: Family::new_with_constructor(durations),
            dropped_log_lines: Counter::default(),
            resident_memory: Gauge::default(),
            open_descriptors: Gauge::default(),
        };
        metrics.register();
        metrics
    }

    fn register(&mut self) {
        let registry = &mut self.registry;
        let own = registry.sub_registry_with_prefix("daypass");
        own.register("requests", "Requests, by route, method and class of the status", self.requests.clone());
        let help = "Time until the response to a request begins, by route";
        own.register_with_unit("request_duration", help, Unit::Seconds, self.durations.clone());
        own.register("introspections", "Introspections that were answered, by outcome", self.introspections.clone());
        own.register("tokens_created", "Tokens and bundles created, by kind", self.created.clone());
        own.register("revocations", "Revocations by this process, by level", self.revocations.clone());
        own.register("feed_streams", "Open streams of the revocation feed", self.feed_streams.clone());
        let help = "The number of the last entry of the revocation feed that this process knows";
        own.register("feed_latest", help, self.feed_latest.clone());
        let help = "Time since the last poll of the store that succeeded began";
        own.register_with_unit("feed_lag", help, Unit::Seconds, self.feed_lag.clone());
        own.register("store_errors", "Operations that the store did not carry out", self.store_errors.clone());
        let help = "Time of an operation of the store, with the wait for a connection";
        own.register_with_unit("store_duration", help, Unit::Seconds, self.store_durations.clone());
        let help = "Lines of the access log that were dropped because standard error was too slow";
        own.register("access_log_dropped", help, self.dropped_log_lines.clone());
        let process = registry.sub_registry_with_prefix("process");
        let help = "Resident memory";
        process.register_with_unit("resident_memory", help, Unit::Bytes, self.resident_memory.clone());
        process.register("open_fds", "Open file descriptors", self.open_descriptors.clone());
    }
}

/// Begins to count.
pub(crate) fn enable() {
    METRICS.get_or_init(Metrics::new);
}

/// Returns the figures in the text format of OpenMetrics, given the feed's last number and the time since it was read.
pub(crate) fn encode(feed_latest: u64, feed_lag: Duration) -> String {
    let Some(metrics) = METRICS.get() else { return String::new() };
    metrics.feed_latest.set(feed_latest.try_into().unwrap_or(i64::MAX));
    metrics.feed_lag.set(feed_lag.as_secs_f64());
    if let Some(bytes) = resident_memory() {
        metrics.resident_memory.set(bytes);
    }
    if let Ok(folder) = std::fs::read_dir("/proc/self/fd") {
        // One is that of the folder.
        metrics.open_descriptors.set((folder.count() as i64 - 1).max(0));
    }
    let mut text = String::new();
    text::encode(&mut text, &metrics.registry).expect("a string takes all");
    text
}

/// Returns the resident memory of this process in bytes, where the system tells it as Linux does.
fn resident_memory() -> Option<i64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: i64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes * 1024)
}

/// Counts a request to a route; without a status if the client left before the response.
pub(crate) fn count_request(route: Option<&MatchedPath>, method: &Method, status: Option<u16>, duration: Duration) {
    let Some(metrics) = METRICS.get() else { return };
    let route = Route(route.cloned());
    let labels = RequestLabels { route: route.clone(), method: method_label(method), status: status_class(status) };
    metrics.requests.get_or_create(&labels).inc();
    metrics.durations.get_or_create(&RouteLabels { route }).observe(duration.as_secs_f64());
}

fn method_label(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}

fn status_class(status: Option<u16>) -> &'static str {
    match status.map(|status| status / 100) {
        Some(1) => "1xx",
        Some(2) => "2xx",
        Some(3) => "3xx",
        Some(4) => "4xx",
        Some(5) => "5xx",
        _ => "none",
    }
}

/// Counts an introspection that was answered.
pub(crate) fn count_introspection(is_active: bool) {
    let Some(metrics) = METRICS.get() else { return };
    let outcome = if is_active { "active" } else { "inactive" };
    metrics.introspections.get_or_create(&OutcomeLabels { outcome }).inc();
}

/// Counts a token of this kind that was created.
pub(crate) fn count_created(kind: TokenKind) {
    let Some(metrics) = METRICS.get() else { return };
    metrics.created.get_or_create(&KindLabels { kind: kind.as_str() }).inc();
}

/// Counts a revocation of this target.
pub(crate) fn count_revocation(target: &RevocationTarget) {
    let Some(metrics) = METRICS.get() else { return };
    let level = match target {
        RevocationTarget::Token { .. } => "token",
        RevocationTarget::Jwt { .. } => "jwt",
        RevocationTarget::Organization { .. } => "organization",
        RevocationTarget::IssuedBefore { .. } | RevocationTarget::IssuedUpTo { .. } => "issuedBefore",
        RevocationTarget::Key { .. } => "key",
        RevocationTarget::Changed { .. } | RevocationTarget::Suspended { .. } | RevocationTarget::Resumed { .. } => {
            return;
        }
    };
    metrics.revocations.get_or_create(&LevelLabels { level }).inc();
}

/// Counts an operation that the store did not carry out.
pub(crate) fn count_store_error() {
    METRICS.get().map(|metrics| metrics.store_errors.inc());
}

/// Counts a line of the access log that was dropped.
pub(crate) fn count_dropped_log_line() {
    METRICS.get().map(|metrics| metrics.dropped_log_lines.inc());
}

/// Measures an operation of the store.
pub(crate) async fn time_store<T>(operation: &'static str, run: impl Future<Output = T>) -> T {
    let Some(metrics) = METRICS.get() else { return run.await };
    let start = std::time::Instant::now();
    let done = run.await;
    metrics.store_durations.get_or_create(&OperationLabels { operation }).observe(start.elapsed().as_secs_f64());
    done
}

/// An open stream of the feed, until it is dropped.
pub(crate) struct OpenStream(());

impl OpenStream {
    /// Counts a stream.
    pub(crate) fn begin() -> OpenStream {
        METRICS.get().map(|metrics| metrics.feed_streams.inc());
        OpenStream(())
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        METRICS.get().map(|metrics| metrics.feed_streams.dec());
    }
}
