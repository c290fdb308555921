//! When something that is minted expires.

use std::ops::RangeInclusive;

use daypass::Error;

/// A lifetime that was requested, in seconds.
#[derive(Clone)]
pub(crate) struct Lifetime {
    /// The lifetime.
    pub(crate) seconds: u64,
    /// Those that may be requested.
    pub(crate) range: RangeInclusive<u64>,
}

impl Lifetime {
    /// Returns when something expires that is minted now. It never outlives its parent.
    ///
    /// # Errors
    /// [`Error::DurationOutOfRange`] when the lifetime is outside the range or ends after the parent expires.
    pub(crate) fn end(&self, now: u64, parent_expires_at: Option<u64>) -> Result<u64, Error> {
        let end = now.saturating_add(self.seconds);
        let outlives_parent = parent_expires_at.is_some_and(|parent_end| end > parent_end);
        if self.range.contains(&self.seconds) && !outlives_parent {
            Ok(end)
        } else {
            Err(Error::DurationOutOfRange { least: *self.range.start(), most: *self.range.end() })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_outlives_its_parent() {
        let refused = Err(Error::DurationOutOfRange { least: 60, most: 600 });
        for (seconds, parent_expires_at, end) in [
            (60, None, Ok(1060)),
            (600, Some(1600), Ok(1600)),
            (600, Some(1599), refused.clone()),
            (59, None, refused.clone()),
            (601, Some(9999), refused.clone()),
            (u64::MAX, None, refused),
        ] {
            assert_eq!(Lifetime { seconds, range: 60..=600 }.end(1000, parent_expires_at), end, "{seconds}");
        }
    }
}
