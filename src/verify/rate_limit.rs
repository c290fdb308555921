//! Limits on how often requests may come: [`RateLimits`].

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use quick_cache::sync::Cache as QuickCache;

use super::clock::Moment;
use super::token::AuthenticToken;
use crate::{Error, TokenKind};

/// How many requests with one publishable token are accepted each second, unless another number is set.
const PUBLISHABLE: NonZeroU32 = NonZeroU32::new(100).expect("a number above 0");
/// How many invalid tokens one client may try each second, unless another number is set. A page
/// whose token was revoked sends all its requests with it at once, and right after that with a good
/// one. A hundred attempts cost a few milliseconds.
const INVALID_TOKENS: NonZeroU32 = NonZeroU32::new(100).expect("a number above 0");
/// The most clients that are tracked.
const MAX_CLIENTS: usize = 16_384;

/// Refuses requests that come too often, with 429 and the number of seconds to wait.
///
/// A publishable token is public, and a program can forge the origin that it needs: the token's
/// rate is what can still be limited. A client that tries many invalid tokens has to wait before
/// another is authenticated. Bursts may reach twice the rate.
///
/// A client that disconnects before its token was authenticated, or that the server times out, has
/// tried an invalid token. A token that could not be checked does not count. Attempts at the same
/// time are counted as each ends.
///
/// The limits are for one process. Requests from clients without an address
/// ([`Credentials::from_client`](super::Credentials::from_client)) are not counted.
pub struct RateLimits {
    publishable: DefaultKeyedRateLimiter<u64>,
    invalid_tokens: DefaultKeyedRateLimiter<Client>,
    /// The clients that have to wait, and until when.
    blocked: QuickCache<Client, Moment>,
}

/// A client's address. An IPv6 client controls all addresses of its /64 network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Client {
    V4(u32),
    V6(u64),
}

impl From<IpAddr> for Client {
    fn from(address: IpAddr) -> Client {
        match address.to_canonical() {
            IpAddr::V4(address) => Client::V4(address.to_bits()),
            IpAddr::V6(address) => Client::V6((address.to_bits() >> 64) as u64),
        }
    }
}

impl Default for RateLimits {
    fn default() -> RateLimits {
        RateLimits {
            publishable: RateLimiter::keyed(quota(PUBLISHABLE)),
            invalid_tokens: RateLimiter::keyed(quota(INVALID_TOKENS)),
            blocked: QuickCache::new(MAX_CLIENTS),
        }
    }
}

impl RateLimits {
    /// Makes limits of 100 requests a second with each publishable token, and 100 invalid tokens a
    /// second from each client.
    #[must_use]
    pub fn new() -> RateLimits {
        RateLimits::default()
    }

    /// Sets how many requests a second one publishable token may make.
    #[must_use]
    pub fn publishable(self, per_second: NonZeroU32) -> RateLimits {
        RateLimits { publishable: RateLimiter::keyed(quota(per_second)), ..self }
    }

    /// Sets how many invalid tokens a second one client may try.
    #[must_use]
    pub fn invalid_tokens(self, per_second: NonZeroU32) -> RateLimits {
        RateLimits { invalid_tokens: RateLimiter::keyed(quota(per_second)), ..self }
    }

    /// Counts a request that passed all other checks, and checks the token's rate.
    pub(super) fn check(&self, token: &AuthenticToken) -> Result<(), Error> {
        if token.kind != TokenKind::Publishable {
            return Ok(());
        }
        self.publishable
            .check_key(&token.root_serial)
            .map_err(|until| too_many_requests(until.wait_time_from(DefaultClock::default().now())))
    }

    /// Begins to authenticate a token that is not cached, unless the client has to wait.
    pub(super) fn begin_attempt(&self, client: Option<IpAddr>, now: Moment) -> Result<Attempt<'_>, Error> {
        let client = client.map(Client::from);
        let until = client.and_then(|client| self.blocked.get(&client));
        match until.filter(|until| !now.has_reached(*until)) {
            Some(until) => Err(too_many_requests(until.since(now))),
            None => Ok(Attempt { limits: self, client }),
        }
    }

    fn count_invalid_token(&self, client: Client) {
        if self.invalid_tokens.len() >= MAX_CLIENTS {
            self.invalid_tokens.retain_recent();
        }
        if let Err(until) = self.invalid_tokens.check_key(&client) {
            let wait = until.wait_time_from(DefaultClock::default().now());
            self.blocked.insert(client, Moment::now() + wait);
        }
    }
}

/// An attempt to authenticate a client's token.
///
/// SECURITY: it counts as an invalid token unless it is discarded, so that clients that disconnect
/// early are counted too.
pub(super) struct Attempt<'a> {
    limits: &'a RateLimits,
    client: Option<Client>,
}

impl Attempt<'_> {
    /// Ends the attempt without counting it: the token is authentic, or could not be checked.
    pub(super) fn discard(mut self) {
        self.client = None;
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        if let Some(client) = self.client {
            self.limits.count_invalid_token(client);
        }
    }
}

fn quota(per_second: NonZeroU32) -> Quota {
    Quota::per_second(per_second).allow_burst(per_second.saturating_mul(NonZeroU32::MIN.saturating_add(1)))
}

/// Rounds up to whole seconds, at least one.
fn too_many_requests(wait: Duration) -> Error {
    Error::TooManyRequests(wait.as_secs() + 1)
}
