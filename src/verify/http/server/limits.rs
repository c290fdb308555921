//! The limits of a server: [`ServerLimits`].

use std::net::IpAddr;
use std::time::Duration;

use super::connection::Connection;
use super::descriptors;
use super::places::Places;
use crate::Error;
use crate::verify::rate_limit::Client;

/// The most connections, unless another number is set or the process may have fewer descriptors.
const CONNECTIONS: usize = 8192;
/// What part of all connections one client may have, unless a number is set.
const CLIENT_PART: usize = 4;

/// What the clients of a server may hold. Clones count connections together.
///
/// A connection beyond the numbers is closed at once, after a response with `Retry-After` that does not wait for the
/// request: 429 if the client's address has too many, 503 if all have.
#[derive(Clone)]
pub struct ServerLimits {
    connections: usize,
    /// A quarter of all, unless it is set.
    connections_per_address: Option<usize>,
    pub(super) headers_timeout: Duration,
    pub(super) body_timeout: Duration,
    pub(super) write_timeout: Duration,
    pub(super) grace: Duration,
    places: Places<Client>,
}

impl Default for ServerLimits {
    fn default() -> ServerLimits {
        let connections = CONNECTIONS.min(descriptors::free() / 4 * 3).max(1);
        ServerLimits {
            connections,
            connections_per_address: None,
            headers_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(20),
            write_timeout: Duration::from_secs(20),
            grace: Duration::from_secs(5),
            places: places(connections, None),
        }
    }
}

impl ServerLimits {
    /// Makes limits of 8192 connections, or as many as three quarters of the descriptors of the process if 64 are kept
    /// for the program itself, of a quarter of that for each client address, and the time-outs that the methods name.
    #[must_use]
    pub fn new() -> ServerLimits {
        ServerLimits::default()
    }

    /// Sets how many connections there may be. Each takes a descriptor.
    #[must_use]
    pub fn connections(self, most: usize) -> ServerLimits {
        let places = places(most, self.connections_per_address);
        ServerLimits { connections: most, places, ..self }
    }

    /// Sets how many connections one client address may have; of IPv6 its /64 network.
    ///
    /// Behind a proxy all connections are the proxy's: let it have all of them, and let the proxy limit its clients.
    #[must_use]
    pub fn connections_per_address(self, most: usize) -> ServerLimits {
        let places = places(self.connections, Some(most));
        ServerLimits { connections_per_address: Some(most), places, ..self }
    }

    /// Sets how long a client may take for its headers, and may keep a connection without a request: 10 seconds unless
    /// set.
    #[must_use]
    pub fn headers_timeout(self, timeout: Duration) -> ServerLimits {
        ServerLimits { headers_timeout: timeout, ..self }
    }

    /// Sets how long a client may take for the next 8 KiB of a body that a handler waits for, or the rest of it: 20 seconds
    /// unless set. Then the body fails, as that of a client that disconnected.
    #[must_use]
    pub fn body_timeout(self, timeout: Duration) -> ServerLimits {
        ServerLimits { body_timeout: timeout, ..self }
    }

    /// Sets how long a client may take to read the next 8 KiB of a response, or the rest of it: 20 seconds unless set.
    #[must_use]
    pub fn write_timeout(self, timeout: Duration) -> ServerLimits {
        ServerLimits { write_timeout: timeout, ..self }
    }

    /// Sets how long open requests may continue after the signal to stop: 5 seconds unless set.
    #[must_use]
    pub fn grace(self, grace: Duration) -> ServerLimits {
        ServerLimits { grace, ..self }
    }

    /// Takes a place for a new connection of this address.
    pub(super) fn admit(&self, address: IpAddr) -> Result<Connection, Error> {
        self.places.take(Client::from(address)).map(Connection::new)
    }
}

fn places(most: usize, most_of_client: Option<usize>) -> Places<Client> {
    Places::new("connections", most, most_of_client.unwrap_or((most / CLIENT_PART).max(1)))
}
