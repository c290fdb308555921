//! `daypass serve --metrics-listen`: figures for Prometheus, on a listener of their own.

use std::time::Duration;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use clap::Args;
use daypass::verify::http::{self, ServerLimits};
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::address;
use super::stop::wait_for_stop;
use crate::metrics;
use crate::usecase::sync::FeedPosition;

/// The text format of OpenMetrics, which Prometheus reads.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The most connections to the figures.
const MOST_READERS: usize = 64;

/// The option of `daypass serve` for its figures.
#[derive(Args)]
pub(super) struct MetricsOptions {
    /// The address on which `GET /metrics` has figures for Prometheus, which are not counted without it; port 0 takes a
    /// free port
    ///
    /// Anyone who reaches the address can read them. They name routes and numbers, and no organization, token or client.
    #[arg(long, env = "DAYPASS_METRICS_LISTEN", value_name = "HOST:PORT", value_parser = address::parse)]
    pub(super) metrics_listen: Option<String>,
}

/// Serves the figures until a signal stops the process.
pub(super) fn serve(listener: TcpListener, position: watch::Receiver<FeedPosition>, grace: Duration) {
    let figures = move || {
        let FeedPosition { latest, at, .. } = *position.borrow();
        let text = metrics::encode(latest, at.elapsed());
        async { ([(CONTENT_TYPE, OPEN_METRICS)], text) }
    };
    let router = Router::new().route("/metrics", get(figures));
    tokio::spawn(async move {
        let limits = ServerLimits::new().connections(MOST_READERS).grace(grace);
        http::serve(listener, router, &limits, wait_for_stop()).await;
    });
}
