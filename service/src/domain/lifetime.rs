//! When something that is minted expires.

use std::ops::RangeInclusive;

use daypass::Error;

/// Returns when something with the requested lifetime expires. It never outlives its parent.
///
/// # Errors
/// [`Error::DurationOutOfRange`] when the lifetime, in seconds, is outside the range or ends after the
/// parent expires.
pub(crate) fn expiry(
    now: u64,
    seconds: u64,
    range: RangeInclusive<u64>,
    parent_expires_at: Option<u64>,
) -> Result<u64, Error> {
    let end = now.saturating_add(seconds);
    let outlives_parent = parent_expires_at.is_some_and(|parent_end| end > parent_end);
    if range.contains(&seconds) && !outlives_parent {
        Ok(end)
    } else {
        Err(Error::DurationOutOfRange { least: *range.start(), most: *range.end() })
    }
}
