//! The options of `daypass serve` for the audit trail.

use clap::Args;

#[derive(Args)]
pub(super) struct AuditOptions {
    /// How many days the entries of the audit trail are kept
    #[arg(long, env = "DAYPASS_AUDIT_DAYS", default_value_t = 400, value_name = "DAYS",
          value_parser = clap::value_parser!(u64).range(1..=36_500))]
    pub(super) audit_days: u64,
}
