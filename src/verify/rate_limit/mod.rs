//! Limits on how often requests may come: [`RateLimits`].

mod limiter;
mod own;
mod requests;
mod status;

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::num::NonZeroU32;
use std::time::Duration;

use quick_cache::sync::Cache as QuickCache;

use super::clock::Moment;
use super::mistake;
use super::token::AuthenticToken;
use crate::Error;
use limiter::{CoarseClock, Limiter};
pub use own::RateLimit;
use requests::RequestLimits;
pub(super) use status::Policy;
pub use status::RateStatus;
#[cfg(feature = "axum")]
pub(super) use status::WINDOW;

/// How many invalid tokens one client may try each second, unless another number is set. A page
/// whose token was revoked sends all its requests with it at once, and right after that with a good
/// one. A hundred attempts cost a few milliseconds.
const INVALID_TOKENS: NonZeroU32 = NonZeroU32::new(100).expect("a number above 0");
/// The most clients that have to wait at a time.
const MAX_BLOCKED: usize = 16_384;

/// Refuses requests that come too often, with 429 and the number of seconds to wait.
///
/// A publishable token is public, and a program can forge the origin that it needs: its rate is what
/// can still be limited. Each client has a rate of its own with each token, so that one that floods
/// costs the other visitors nothing, and a higher one limits what all clients of a token do together.
/// A client that tries many invalid tokens has to wait before another is authenticated. Bursts may
/// reach twice a rate.
///
/// A client that disconnects before its token was authenticated, or that the server times out, has
/// tried an invalid token. A token that could not be checked does not count. Attempts at the same
/// time are counted as each ends.
///
/// The limits are for one process, and each takes a fixed quarter of a mebibyte. Of clients without an
/// address ([`Credentials::from_client`](super::Credentials::from_client)) only the totals of tokens and
/// organizations are counted.
///
/// ```
/// # use std::num::NonZeroU32;
/// # use daypass::verify::{RateLimits, Verifier};
/// # fn limited(verifier: Verifier) -> Verifier {
/// let [ten, thousand] = [10, 1000].map(|n| NonZeroU32::new(n).unwrap());
/// verifier.rate_limits(RateLimits::new().publishable(ten).organization(thousand))
/// # }
/// ```
pub struct RateLimits {
    requests: RequestLimits<CoarseClock>,
    invalid_tokens: Limiter<CoarseClock>,
    /// The clients that have to wait, and until when.
    blocked: QuickCache<Client, Moment>,
}

/// A client's address. An IPv6 client controls all addresses of its /64 network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Client {
    V4(u32),
    V6(u64),
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Client::V4(bits) => Ipv4Addr::from_bits(bits).fmt(f),
            Client::V6(network) => write!(f, "{}/64", Ipv6Addr::from_bits(u128::from(network) << 64)),
        }
    }
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
            requests: RequestLimits::new(CoarseClock),
            invalid_tokens: Limiter::new(INVALID_TOKENS, CoarseClock),
            blocked: QuickCache::new(MAX_BLOCKED),
        }
    }
}

impl RateLimits {
    /// Makes limits of 100 requests a second from each client with each publishable token, of 1000 with
    /// each publishable token in all, and of 100 invalid tokens a second from each client.
    #[must_use]
    pub fn new() -> RateLimits {
        RateLimits::default()
    }

    /// Sets how many requests a second one client may make with one publishable token: 100 unless set.
    #[must_use]
    pub fn publishable(self, per_second: NonZeroU32) -> RateLimits {
        RateLimits { requests: self.requests.per_client(per_second), ..self }
    }

    /// Sets how many requests a second all clients together may make with one publishable token: ten
    /// times what one client may, unless set.
    #[must_use]
    pub fn publishable_total(self, per_second: NonZeroU32) -> RateLimits {
        RateLimits { requests: self.requests.per_token(per_second), ..self }
    }

    /// Sets how many requests a second all tokens of one organization may make together, whatever their
    /// kind. Unlimited unless set, since only the product knows what its customers have been promised.
    #[must_use]
    pub fn organization(self, per_second: NonZeroU32) -> RateLimits {
        RateLimits { requests: self.requests.per_organization(per_second), ..self }
    }

    /// Sets how many invalid tokens a second one client may try: 100 unless set.
    #[must_use]
    pub fn invalid_tokens(self, per_second: NonZeroU32) -> RateLimits {
        RateLimits { invalid_tokens: Limiter::new(per_second, CoarseClock), ..self }
    }

    /// Counts a request that passed all other checks, and checks the rates. `status` becomes what the
    /// client may know of them.
    pub(super) fn check(
        &self,
        token: &AuthenticToken,
        client: Option<IpAddr>,
        status: &mut Option<RateStatus>,
    ) -> Result<(), Error> {
        self.requests.check(token, client.map(Client::from), status)
    }

    /// Begins to authenticate something else of a client than a token that the verifier knows, such as a password, unless
    /// the client has to wait. Failed attempts and invalid tokens count together.
    ///
    /// # Errors
    /// [`Error::TooManyRequests`].
    pub fn attempt(&self, client: IpAddr) -> Result<Attempt<'_>, Error> {
        self.begin_attempt(Some(client), Moment::now())
    }

    /// Begins to authenticate a token that is not cached, unless the client has to wait.
    pub(super) fn begin_attempt(&self, client: Option<IpAddr>, now: Moment) -> Result<Attempt<'_>, Error> {
        if client.is_none() {
            tell_unknown_client();
        }
        let client = client.map(Client::from);
        let until = client.and_then(|client| self.blocked.get(&client));
        match until.filter(|until| !now.has_reached(*until)) {
            Some(until) => Err(too_many_requests(until.since(now))),
            None => Ok(Attempt { limits: self, client }),
        }
    }

    /// Returns the status of a client that has to wait before another token is authenticated.
    pub(super) fn attempt_status(&self, error: &Error) -> Option<RateStatus> {
        RateStatus::refused(Policy::InvalidTokens, Some(self.invalid_tokens.per_second()), error)
    }

    fn count_invalid_token(&self, client: Client) {
        if let Err(wait) = self.invalid_tokens.count(client) {
            self.blocked.insert(client, Moment::now() + wait);
        }
    }
}

/// An attempt to authenticate a client.
///
/// SECURITY: it counts as an invalid token unless it is discarded, so that clients that disconnect
/// early are counted too.
#[must_use = "an attempt that is dropped has failed"]
pub struct Attempt<'a> {
    limits: &'a RateLimits,
    client: Option<Client>,
}

impl Attempt<'_> {
    /// Ends the attempt without counting it: the client is authenticated, or could not be checked.
    pub fn discard(mut self) {
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

fn tell_unknown_client() {
    mistake::tell(
        "a request came without its client's address: only totals limit it",
        "name them with `VerifyLayer::client`, or `Credentials::from_client` without the layer",
    );
}

/// Rounds up to whole seconds, at least one.
fn too_many_requests(wait: Duration) -> Error {
    Error::TooManyRequests((wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1))
}
