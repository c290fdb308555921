//! How often clients may call: [`Rates`].

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;

use daypass::Error;
use daypass::verify::{RateLimit, RateLimits, RateStatus};

use crate::config::RateConfig;

/// The limits on how often clients may call.
pub(crate) struct Rates {
    /// How often authentication may fail.
    pub(crate) authentication: Arc<RateLimits>,
    introspection: Option<ClassLimit>,
    minting: Option<ClassLimit>,
    administration: Option<ClassLimit>,
}

/// The limit on requests of one class.
struct ClassLimit {
    of_address: RateLimit,
    of_token: RateLimit,
}

/// A class of requests that are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RequestClass {
    /// What APIs ask about tokens.
    Introspection,
    /// Temporary tokens, bundles and tokens of OAuth.
    Minting,
    /// Everything else that takes a token or a session.
    Administration,
}

impl Rates {
    pub(crate) fn new(config: &RateConfig) -> Rates {
        let class = |name, rate: Option<NonZeroU32>| {
            rate.map(|rate| ClassLimit { of_address: RateLimit::new(name, rate), of_token: RateLimit::new(name, rate) })
        };
        // The holders of publishable tokens ask for nothing here that is costly.
        let authentication =
            RateLimits::new().publishable(NonZeroU32::MAX).invalid_tokens(config.refused.unwrap_or(NonZeroU32::MAX));
        Rates {
            authentication: Arc::new(authentication),
            introspection: class("introspection", config.introspection),
            minting: class("minting", config.minting),
            administration: class("administration", config.administration),
        }
    }

    /// Counts a request of this class.
    ///
    /// SECURITY: the token is counted by its text, before it is authenticated: only its holder can use up its rate.
    ///
    /// # Errors
    /// [`Error::TooManyRequests`].
    pub(crate) fn count(
        &self,
        class: RequestClass,
        client: IpAddr,
        token: Option<&[u8]>,
        status: &mut Option<RateStatus>,
    ) -> Result<(), Error> {
        let limit = match class {
            RequestClass::Introspection => &self.introspection,
            RequestClass::Minting => &self.minting,
            RequestClass::Administration => &self.administration,
        };
        let Some(limit) = limit else { return Ok(()) };
        limit.of_address.count_client(client, status)?;
        token.map_or(Ok(()), |token| limit.of_token.count(token, status))
    }
}
