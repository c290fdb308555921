//! What a client may know of a limit: [`RateStatus`].

use std::num::NonZeroU32;

use crate::Error;

/// The number of seconds that a quota is for: so many seconds' worth of requests may come at once.
pub(in crate::verify) const WINDOW: NonZeroU32 = NonZeroU32::new(2).expect("a number above 0");

/// A limit, as clients know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::verify) enum Policy {
    /// One client with one publishable token.
    Client,
    /// All clients with one publishable token.
    Token,
    /// All tokens of an organization.
    Organization,
    /// One client with invalid tokens.
    InvalidTokens,
    /// The proofs by one key.
    Proofs,
    /// A limit of the product's own.
    Own(&'static str),
}

/// What a client may know of the limit that a request was counted by: the narrowest, or the one that
/// refused it.
///
/// SECURITY: how far a limit is used that many clients share says how busy the others are, so that it is
/// told only where the client has no limit of its own; that of an organization only to its backends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateStatus {
    pub(in crate::verify) policy: Policy,
    /// How many requests may come within [`WINDOW`] seconds, if the limit is of that kind.
    pub(in crate::verify) quota: Option<NonZeroU32>,
    /// How many more may come within `seconds`.
    pub(in crate::verify) remaining: u32,
    pub(in crate::verify) seconds: u32,
}

impl RateStatus {
    /// Makes the status after a request that was accepted. The quota is whole again after `seconds`.
    pub(super) fn accepted(policy: Policy, per_second: NonZeroU32, remaining: u32) -> RateStatus {
        let quota = per_second.saturating_mul(WINDOW);
        let seconds = quota.get().saturating_sub(remaining).div_ceil(per_second.get());
        RateStatus { policy, quota: Some(quota), remaining, seconds }
    }

    /// Makes the status after a request that was refused with this error, if that was for its rate.
    pub(in crate::verify) fn refused(
        policy: Policy,
        per_second: Option<NonZeroU32>,
        error: &Error,
    ) -> Option<RateStatus> {
        let Error::TooManyRequests(seconds) = *error else { return None };
        let quota = per_second.map(|per_second| per_second.saturating_mul(WINDOW));
        Some(RateStatus { policy, quota, remaining: 0, seconds: u32::try_from(seconds).unwrap_or(u32::MAX) })
    }
}
