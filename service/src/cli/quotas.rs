//! The options of `daypass serve` for what callers may make the store keep.

use std::num::NonZeroU32;

use clap::Args;

#[derive(Args)]
pub(super) struct QuotaOptions {
    /// How much of the disk is kept free for revocations. Below that nothing is added: no token, bundle, organization,
    /// principal, invitation, consent
    ///
    /// With PostgreSQL the database says when its disk is full, and nothing is minted or added then.
    #[arg(long, env = "DAYPASS_DISK_RESERVE_MIB", default_value_t = 64, value_name = "MEBIBYTES",
          value_parser = clap::value_parser!(u64).range(0..=1 << 20))]
    disk_reserve_mib: u64,
    /// How many bundle references each token may create a second, and ten times that at once
    #[arg(long, env = "DAYPASS_BUNDLES_PER_SECOND", default_value = "100", value_name = "COUNT")]
    bundles_per_second: NonZeroU32,
}

impl QuotaOptions {
    /// Returns how many bytes of the disk are kept free for revocations.
    pub(super) fn disk_reserve_bytes(&self) -> u64 {
        self.disk_reserve_mib << 20
    }

    /// Returns how many bundle references each token may create a second.
    pub(super) fn bundles_per_second(&self) -> NonZeroU32 {
        self.bundles_per_second
    }
}
