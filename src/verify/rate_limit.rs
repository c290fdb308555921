//! How often is too often: [`RateLimits`].

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use quick_cache::sync::Cache as QuickCache;

use super::clock::Moment;
use super::token::Token;
use crate::{Error, TokenKind};

/// Requests a second that one publishable token may make, unless another number is set.
const PUBLISHABLE: NonZeroU32 = NonZeroU32::new(100).expect("a number above 0");
/// Tokens that are none, a second, that one client may try, unless another number is set. A page whose token was withdrawn
/// asks for all that it shows at once, and with a good one right after; a hundred cost a few milliseconds.
const STRANGERS: NonZeroU32 = NonZeroU32::new(100).expect("a number above 0");
/// How many clients are remembered.
const CLIENTS: usize = 16_384;

/// Refuses what comes too often, with 429 and the seconds to wait.
///
/// A publishable token is for anyone to read, and a program may forge the origin that it needs: its rate is what remains to
/// be limited. A client that tries one token after the other is told to wait before anything is spent on the next. Twice
/// the rate may come at once.
///
/// Whoever hangs up before a token was looked up, or is cut off by a time-out of the server, has tried one that is none. A
/// token that could not be looked up does not count. What is looked up at the same time is counted when each answer is there.
///
/// Both are for one process; requests from clients that nobody names ([`Credentials::from_client`](super::Credentials::from_client))
/// are not counted.
pub struct RateLimits {
    publishable: DefaultKeyedRateLimiter<u64>,
    invalid_tokens: DefaultKeyedRateLimiter<Client>,
    waiting: QuickCache<Client, Moment>,
}

/// A client's address. Whoever has one IPv6 address has all of its network's.
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
            invalid_tokens: RateLimiter::keyed(quota(STRANGERS)),
            waiting: QuickCache::new(CLIENTS),
        }
    }
}

impl RateLimits {
    /// 100 requests a second with each publishable token, and 100 tokens that are none from each client.
    #[must_use]
    pub fn new() -> RateLimits {
        RateLimits::default()
    }

    /// Requests a second that one publishable token may make.
    #[must_use]
    pub fn publishable(self, per_second: NonZeroU32) -> RateLimits {
        RateLimits { publishable: RateLimiter::keyed(quota(per_second)), ..self }
    }

    /// Tokens that are none, a second, that one client may try.
    #[must_use]
    pub fn invalid_tokens(self, per_second: NonZeroU32) -> RateLimits {
        RateLimits { invalid_tokens: RateLimiter::keyed(quota(per_second)), ..self }
    }

    /// Counts a request that is otherwise let through.
    pub(super) fn count(&self, token: &Token) -> Result<(), Error> {
        if token.kind != TokenKind::Publishable {
            return Ok(());
        }
        self.publishable
            .check_key(&token.root_serial)
            .map_err(|until| too_often(until.wait_time_from(DefaultClock::default().now())))
    }

    /// Lets this client have a token looked at that is not remembered, unless it has to wait.
    pub(super) fn admit(&self, client: Option<IpAddr>, now: Moment) -> Result<Admitted<'_>, Error> {
        let client = client.map(Client::from);
        let until = client.and_then(|client| self.waiting.get(&client));
        match until.filter(|until| !now.has_come_to(*until)) {
            Some(until) => Err(too_often(until.since(now))),
            None => Ok(Admitted { limits: self, client }),
        }
    }

    /// Counts a token that is none.
    fn count_stranger(&self, client: Client) {
        if self.invalid_tokens.len() >= CLIENTS {
            self.invalid_tokens.retain_recent();
        }
        if let Err(until) = self.invalid_tokens.check_key(&client) {
            let wait = until.wait_time_from(DefaultClock::default().now());
            self.waiting.insert(client, Moment::now() + wait);
        }
    }
}

/// A client whose token is being looked at.
///
/// Security rule: it is a stranger unless it is found not to be, so that whoever hangs up before the answer is counted too.
pub(super) struct Admitted<'a> {
    limits: &'a RateLimits,
    client: Option<Client>,
}

impl Admitted<'_> {
    /// Notes that it is not known to be a stranger.
    pub(super) fn clear(mut self) {
        self.client = None;
    }
}

impl Drop for Admitted<'_> {
    fn drop(&mut self) {
        if let Some(client) = self.client {
            self.limits.count_stranger(client);
        }
    }
}

fn quota(per_second: NonZeroU32) -> Quota {
    Quota::per_second(per_second).allow_burst(per_second.saturating_mul(NonZeroU32::MIN.saturating_add(1)))
}

/// Whole seconds, and one at least.
fn too_often(wait: Duration) -> Error {
    Error::TooManyRequests(wait.as_secs() + 1)
}
