//! Days in UTC: [`Days`].

use daypass::Error;

/// How many seconds a day has.
pub(crate) const SECONDS: u64 = 86_400;
/// How many days are kept of what is told by the day.
pub(crate) const KEPT: u64 = 90;
/// How many days are told unless the caller says which.
const DEFAULT_DAYS: u64 = 30;

/// Days from one to another, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Days {
    /// The first, as days since 1970 in UTC.
    pub(crate) first: u64,
    /// The last.
    pub(crate) last: u64,
}

impl Days {
    /// Returns so many days, of which the last is today.
    pub(crate) fn last(number: u64, now: u64) -> Days {
        let today = day_of(now);
        Days { first: (today + 1).saturating_sub(number), last: today }
    }

    /// Returns the days from the one with `since` until the one before which `until` is, as far as they are [`KEPT`].
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] if there are none.
    pub(crate) fn between(since: Option<u64>, until: Option<u64>, now: u64) -> Result<Days, Error> {
        let Days { first, last } = Days::last(DEFAULT_DAYS, until.map_or(now, |until| until.saturating_sub(1)));
        let first = since.map_or(first, day_of);
        if since.zip(until).is_some_and(|(since, until)| since >= until) || first > last {
            return Err(Error::InvalidRequest("The time `until` must be after `since`.".into()));
        }
        Ok(Days { first: first.max(Days::last(KEPT, now).first), last })
    }
}

/// Returns the day of a time.
pub(crate) fn day_of(time: u64) -> u64 {
    time / SECONDS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_their_times() {
        let now = 20_000 * SECONDS + 5;
        assert_eq!(Days::last(1, now), Days { first: 20_000, last: 20_000 });
        assert_eq!(Days::last(30, now), Days { first: 19_971, last: 20_000 });
        for (since, until, expected) in [
            (None, None, Some((19_971, 20_000))),
            (Some(19_990 * SECONDS), None, Some((19_990, 20_000))),
            (Some(19_990 * SECONDS), Some(19_991 * SECONDS), Some((19_990, 19_990))),
            (None, Some(19_991 * SECONDS + 1), Some((19_962, 19_991))),
            (Some(0), None, Some((19_911, 20_000))),
            (Some(19_910 * SECONDS), Some(19_912 * SECONDS), Some((19_911, 19_911))),
            // None of these is kept any more.
            (Some(0), Some(SECONDS), Some((19_911, 0))),
            (Some(5), Some(5), None),
            (Some(20_001 * SECONDS), None, None),
        ] {
            let days = Days::between(since, until, now).ok().map(|days| (days.first, days.last));
            assert_eq!(days, expected, "{since:?} {until:?}");
        }
    }
}
