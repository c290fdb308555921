//! The options of `daypass serve` for how often clients may call.

use std::num::NonZeroU32;

use clap::Args;

use crate::config::RateConfig;

#[derive(Args)]
pub(super) struct RateOptions {
    /// How many refused tokens, passwords of OAuth clients and the like an address may send each second; 0 for no limit
    ///
    /// Twice as many may come at once, as of each of the rates. Then the address is refused with 429 and Retry-After, except
    /// for tokens that were accepted lately. Behind proxies, set --proxies: else they are one address.
    #[arg(long, env = "DAYPASS_RATE_REFUSED", default_value_t = 100, value_name = "COUNT")]
    rate_refused: u32,
    /// How many introspections, and pages of the feed, a token may request each second, and so an address; 0 for no limit
    #[arg(long, env = "DAYPASS_RATE_INTROSPECTION", default_value_t = 20_000, value_name = "COUNT")]
    rate_introspection: u32,
    /// How many temporary tokens, bundles and tokens of OAuth a token may request each second, and so an address; 0 for no
    /// limit
    #[arg(long, env = "DAYPASS_RATE_MINTING", default_value_t = 5000, value_name = "COUNT")]
    rate_minting: u32,
    /// How many other requests to the API a token or a session may send each second, and so an address; 0 for no limit
    ///
    /// Revocations are never refused for their rate.
    #[arg(long, env = "DAYPASS_RATE_ADMINISTRATION", default_value_t = 1000, value_name = "COUNT")]
    rate_administration: u32,
}

impl RateOptions {
    pub(super) fn config(&self) -> RateConfig {
        RateConfig {
            refused: NonZeroU32::new(self.rate_refused),
            introspection: NonZeroU32::new(self.rate_introspection),
            minting: NonZeroU32::new(self.rate_minting),
            administration: NonZeroU32::new(self.rate_administration),
        }
    }
}
