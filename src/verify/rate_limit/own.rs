//! A limit of the product's own: [`RateLimit`].

use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;

use super::limiter::{CoarseClock, Limiter};
use super::status::{Policy, RateStatus};
use super::{Client, requests};
use crate::Error;

/// Limits how often each of many keys may do something of the product's own, such as start an export.
///
/// Bursts may reach twice the rate, or what is set. The limit is for one process, and takes a fixed quarter of a mebibyte.
///
/// ```
/// # use std::net::IpAddr;
/// # use std::num::NonZeroU32;
/// use daypass::Error;
/// use daypass::verify::{RateLimit, RateStatus};
///
/// /// Counts an export. With the feature `axum`, `RateStatus::add_to` adds the headers for the client.
/// fn count(exports: &RateLimit, client: IpAddr, status: &mut Option<RateStatus>) -> Result<(), Error> {
///     exports.count_client(client, status)
/// }
///
/// let exports = RateLimit::new("exports", NonZeroU32::MIN);
/// let client = IpAddr::from([127, 0, 0, 1]);
/// let mut status = None;
/// let counted = [(); 3].map(|()| count(&exports, client, &mut status));
/// assert_eq!(counted, [Ok(()), Ok(()), Err(Error::TooManyRequests(1))]);
/// ```
pub struct RateLimit {
    name: &'static str,
    limiter: Limiter<CoarseClock>,
}

impl RateLimit {
    /// Makes a limit of so many a second for each key. Clients see the name, which must be letters, digits and `-`.
    #[must_use]
    pub fn new(name: &'static str, per_second: NonZeroU32) -> RateLimit {
        RateLimit { name, limiter: Limiter::new(per_second, CoarseClock) }
    }

    /// Sets how many may come at once: twice the rate unless set.
    #[must_use]
    pub fn burst(self, most: NonZeroU32) -> RateLimit {
        let limiter = Limiter::with_burst(self.limiter.per_second(), most, CoarseClock);
        RateLimit { limiter, ..self }
    }

    /// Counts one for this key. `status` becomes what the client may know, unless another limit has said it already.
    ///
    /// # Errors
    /// [`Error::TooManyRequests`]. What is refused is not counted, and becomes the status in any case.
    pub fn count(&self, key: impl Hash, status: &mut Option<RateStatus>) -> Result<(), Error> {
        requests::count(&self.limiter, Policy::Own(self.name), key, status)
    }

    /// Like [`count`](RateLimit::count), for a client's address: all addresses of an IPv6 network of 64 bits are one client.
    ///
    /// # Errors
    /// Those of `count`.
    pub fn count_client(&self, client: IpAddr, status: &mut Option<RateStatus>) -> Result<(), Error> {
        self.count(Client::from(client), status)
    }
}
