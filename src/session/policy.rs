//! The constants of time of the session engines, in milliseconds, and what is computed from them.

use std::cmp::min;

/// A provider that has not answered within this time has failed (Ably's default).
pub const TIMEOUT: u64 = 10_000;
/// A timer that fires this late means that the tab was suspended: frozen, or asleep with the machine.
pub(super) const SUSPEND_THRESHOLD: u64 = 100;
/// How long a resumed tab waits for the provider's response, which may already be queued.
pub(super) const RESUME_GRACE: u64 = 3_000;
/// The first back-off after a failure. It doubles with each further failure.
const FIRST_BACKOFF: u64 = 1_000;
/// The longest back-off.
pub(super) const MAX_BACKOFF: u64 = 60_000;
/// A token with no more than this left when it arrives is stale. Using it would mean to fetch again at once, in a loop.
const MIN_LIFETIME: u64 = 1_000;

// The jitter takes up to half from each of the next four times, so that tabs do not speak at once.

/// How long a tab waits for another tab's fetch without a sign that the other is at work. Then it fetches itself.
pub(super) const PATIENCE: u64 = 3_500;
/// How often a waiting tab asks whether the other is at work.
pub(super) const PING: u64 = 500;
/// How long a tab listens for another tab's token before it fetches.
pub(super) const LISTEN: u64 = 50;
/// How long a tab listens for its first token when there may be other tabs, which may be busy.
pub(super) const LISTEN_FIRST: u64 = 250;
/// How far ahead a message may be. A message from further ahead comes from a tab that started before the device's clock was
/// set back, and its ages would be wrong.
pub(super) const MAX_AHEAD: u64 = 2_000;
/// A message older than this says nothing about what its sender does now.
pub(super) const MESSAGE_LIFETIME: u64 = 5_000;

/// Returns whether a token is stale when it arrives.
pub(super) fn is_stale(fetched_at: u64, lifetime: u64, now: u64) -> bool {
    fetched_at.saturating_add(lifetime).saturating_sub(now) <= MIN_LIFETIME
}

/// Returns how long after its fetch a token is refreshed: after 75 to 85 % of its lifetime, so that short ones work too.
pub(super) fn refresh_after(lifetime: u64, jitter: f64) -> u64 {
    (lifetime as f64 * (0.75 + 0.1 * jitter)) as u64
}

/// Returns the back-off after this many failures.
pub(super) fn backoff(failures: u32, jitter: f64) -> u64 {
    spread(min(FIRST_BACKOFF << min(failures - 1, 16), MAX_BACKOFF), jitter)
}

/// Returns a time from one half to the whole of `milliseconds`, by the jitter.
pub(super) fn spread(milliseconds: u64, jitter: f64) -> u64 {
    milliseconds / 2 + (milliseconds as f64 / 2.0 * jitter) as u64
}
