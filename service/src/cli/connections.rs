//! The options of `daypass serve` for what clients may hold: connections, and streams of the feed.

use std::time::Duration;

use anyhow::ensure;
use clap::{Args, value_parser};
use daypass::verify::http::{ServerLimits, raise_descriptor_limit};

use crate::config::StreamLimits;

/// The descriptors that are kept for the store, the log and the requests of the service itself.
const KEPT: usize = 64;
/// The most connections, and the most streams, unless set.
const USUAL: usize = 8192;

#[derive(Args)]
pub(super) struct ConnectionOptions {
    /// The most connections of clients, streams of the feed apart [default: 8192, or three quarters of the process's
    /// descriptors]
    ///
    /// A connection beyond is closed after a 503 with Retry-After.
    #[arg(long, env = "DAYPASS_MAX_CONNECTIONS", value_name = "COUNT", value_parser = value_parser!(u32).range(1..))]
    max_connections: Option<u32>,
    /// The most connections from one address, or from one /64 network of IPv6 [default: a quarter of all]
    ///
    /// A connection beyond is closed after a 429 with Retry-After. Behind a proxy every connection is the proxy's: set it to
    /// the value of --max-connections, and limit clients at the proxy.
    #[arg(long, env = "DAYPASS_MAX_CONNECTIONS_PER_ADDRESS", value_name = "COUNT",
          value_parser = value_parser!(u32).range(1..))]
    max_connections_per_address: Option<u32>,
    /// The most open streams of the feed [default: 8192, or a quarter of the process's descriptors]
    ///
    /// Each process of an API that verifies tokens has one. A stream beyond is 503 with Retry-After.
    #[arg(long, env = "DAYPASS_MAX_STREAMS", value_name = "COUNT", value_parser = value_parser!(u32).range(1..))]
    max_streams: Option<u32>,
    /// The most open streams by tokens of one organization [default: half of all]
    ///
    /// A stream beyond is 429 with Retry-After.
    #[arg(long, env = "DAYPASS_MAX_STREAMS_PER_ORGANIZATION", value_name = "COUNT",
          value_parser = value_parser!(u32).range(1..))]
    max_streams_per_organization: Option<u32>,
    /// How long a client may take to send a request's headers, and how long a connection may be idle between requests
    #[arg(long, env = "DAYPASS_HEADERS_TIMEOUT_SECONDS", default_value_t = 10, value_name = "SECONDS",
          value_parser = value_parser!(u64).range(1..=3600))]
    headers_timeout_seconds: u64,
    /// How long a client may take to read the next 8 KiB of a response, or the rest of it
    #[arg(long, env = "DAYPASS_WRITE_TIMEOUT_SECONDS", default_value_t = 20, value_name = "SECONDS",
          value_parser = value_parser!(u64).range(1..=3600))]
    write_timeout_seconds: u64,
}

impl ConnectionOptions {
    /// Returns the limits of connections and of streams, and lets the process have all descriptors that it may.
    ///
    /// # Errors
    /// When the process may not have as many descriptors as the limits need.
    pub(super) fn limits(&self) -> anyhow::Result<(ServerLimits, StreamLimits)> {
        let descriptors = raise_descriptor_limit();
        let free = descriptors.saturating_sub(KEPT);
        let [connections, of_address, streams, of_organization] = [
            self.max_connections,
            self.max_connections_per_address,
            self.max_streams,
            self.max_streams_per_organization,
        ]
        .map(|count| count.map(|count| usize::try_from(count).unwrap_or(usize::MAX)));
        let connections = connections.unwrap_or_else(|| USUAL.min(free / 4 * 3));
        let streams = streams.unwrap_or_else(|| USUAL.min(free / 4));
        let needed = connections.saturating_add(streams).saturating_add(KEPT);
        ensure!(
            connections > 0 && streams > 0 && needed <= descriptors,
            "{connections} connections, {streams} streams and {KEPT} descriptors for the service itself are more than the \
             {descriptors} descriptors that the process may have: lower --max-connections or --max-streams, or raise the \
             limit (`ulimit -n {needed}`, in a systemd unit LimitNOFILE={needed})"
        );
        let limits = ServerLimits::new()
            .connections(connections)
            .connections_per_address(of_address.unwrap_or((connections / 4).max(1)))
            .headers_timeout(Duration::from_secs(self.headers_timeout_seconds))
            .write_timeout(Duration::from_secs(self.write_timeout_seconds));
        let of_organization = of_organization.unwrap_or(streams.div_ceil(2));
        Ok((limits, StreamLimits { all: streams, of_organization }))
    }
}
