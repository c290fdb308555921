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
    /// The bundle references that a token creates, by its serial number.
    bundles: RateLimit,
    /// The entries of the feed for single JWTs, by organization. These have no other bound: revocations of stored tokens
    /// end with the tokens.
    jwts: RateLimit,
    /// Edits of tokens, by organization, which add entries too.
    edits: RateLimit,
}

/// How many seconds' worth of bundle references a token may create at once.
const BURST_SECONDS: NonZeroU32 = NonZeroU32::new(10).expect("a number above 0");
/// How many entries for single JWTs, and how many for edits, an organization may add to the feed at once.
const ENTRIES_AT_ONCE: NonZeroU32 = NonZeroU32::new(10_000).expect("a number above 0");

/// The limit on requests of one class.
struct ClassLimit {
    of_address: RateLimit,
    of_token: RateLimit,
}

/// A class of requests that are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RequestClass {
    /// What APIs ask about tokens, and report of them.
    Introspection,
    /// Temporary tokens, bundles and tokens of OAuth.
    Minting,
    /// Everything else that takes a token or a session.
    Administration,
}

impl Rates {
    /// Makes limits of this configuration, and of so many bundle references a second for each token.
    pub(crate) fn new(config: &RateConfig, bundles_per_second: NonZeroU32) -> Rates {
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
            bundles: RateLimit::new("bundles", bundles_per_second)
                .burst(bundles_per_second.saturating_mul(BURST_SECONDS)),
            jwts: RateLimit::new("jwts", NonZeroU32::MIN).burst(ENTRIES_AT_ONCE),
            edits: RateLimit::new("edits", NonZeroU32::MIN).burst(ENTRIES_AT_ONCE),
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

    /// Counts a bundle reference of the token with this serial number.
    ///
    /// # Errors
    /// [`Error::TooManyRequests`] with the seconds to wait.
    pub(super) fn count_bundle(&self, serial: u64) -> Result<(), Error> {
        self.bundles.count(serial, &mut None)
    }

    /// Counts the revocation of a single JWT.
    ///
    /// SECURITY: never called for what revokes a stored token, an organization or a key: those can always be revoked, and
    /// with a token all JWTs that were minted from it.
    ///
    /// # Errors
    /// [`Error::TooManyRequests`] with the seconds to wait.
    pub(crate) fn count_jwt(&self, organization: &str) -> Result<(), Error> {
        self.jwts.count(organization, &mut None)
    }

    /// Counts an edit of a token.
    ///
    /// SECURITY: apart from revocations, which need another scope.
    ///
    /// # Errors
    /// [`Error::TooManyRequests`] with the seconds to wait.
    pub(crate) fn count_edit(&self, organization: &str) -> Result<(), Error> {
        self.edits.count(organization, &mut None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_token_and_each_organization_has_a_budget_of_its_own() {
        let config = RateConfig { refused: None, introspection: None, minting: None, administration: None };
        let rates = Rates::new(&config, NonZeroU32::MIN);
        for serial in [1, 2] {
            assert!((0..10).all(|_| rates.count_bundle(serial).is_ok()));
            assert!((0..20).any(|_| rates.count_bundle(serial) == Err(Error::TooManyRequests(1))));
        }
        for organization in ["a", "b"] {
            assert!((0..10_000).all(|_| rates.count_edit(organization).is_ok()));
            assert!((0..100).any(|_| rates.count_edit(organization) == Err(Error::TooManyRequests(1))));
            assert_eq!(rates.count_jwt(organization), Ok(()), "edits take nothing from revocations");
        }
    }
}
