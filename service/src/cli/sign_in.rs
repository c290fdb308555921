//! The options of `daypass serve` for people who sign in.

use clap::Args;

use crate::config::SignInConfig;
use crate::domain::session::SessionLimits;

#[derive(Args)]
pub(super) struct SignInOptions {
    /// How long a person stays signed in without a request
    #[arg(long, env = "DAYPASS_SESSION_IDLE_MINUTES", default_value_t = 480, value_name = "MINUTES",
          value_parser = clap::value_parser!(u64).range(1..=43_200))]
    session_idle_minutes: u64,
    /// How long a person stays signed in at most
    #[arg(long, env = "DAYPASS_SESSION_HOURS", default_value_t = 168, value_name = "HOURS",
          value_parser = clap::value_parser!(u64).range(1..=8760))]
    session_hours: u64,
    /// How many reverse proxies requests pass that add the client's address to X-Forwarded-For
    ///
    /// Failed sign-ins are counted by the client's address. Without proxies the header is ignored, since clients can
    /// write it too.
    #[arg(long, env = "DAYPASS_PROXIES", default_value_t = 0, value_name = "COUNT",
          value_parser = clap::value_parser!(u8).range(0..=16))]
    proxies: u8,
}

impl SignInOptions {
    /// Returns how people sign in to a service whose pages have this origin.
    pub(super) fn config(self, public_origin: String) -> SignInConfig {
        let SignInOptions { session_idle_minutes, session_hours, proxies } = self;
        let limits = SessionLimits { idle: session_idle_minutes * 60, total: session_hours * 3600 };
        SignInConfig { public_origin, limits, proxies: proxies.into() }
    }
}
