//! How long a token or a bundle lives from now on.

use super::js::wall_now;
use crate::session::refresh::time_left;

/// Milliseconds by which clocks may differ before an active bundle is taken for an expired one.
const LEEWAY: u64 = 60_000;

/// Returns the milliseconds that a token has left when it arrives; `None` if it has expired. See [`time_left`].
#[inline(never)]
pub(super) fn left(expires_at: u64, issued_at: Option<u64>, server_now: Option<u64>) -> Option<u64> {
    time_left(expires_at, issued_at, server_now, wall_now() as u64)
}

/// Like [`left`], but for a bundle. In its last minute by the service's clock it may have ended by ours: it has a millisecond
/// left, so that it is opened, and used no longer.
pub(super) fn bundle_left(expires_at: u64, issued_at: Option<u64>, server_now: Option<u64>) -> Option<u64> {
    left(expires_at, issued_at, server_now)
        .or_else(|| left(expires_at, issued_at, server_now.map(|now| now.saturating_sub(LEEWAY))).map(|_| 1))
}
