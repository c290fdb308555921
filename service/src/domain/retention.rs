//! How long the feed keeps the entries of stored tokens and JWTs, by order and not by time.
//!
//! A wall clock may be days off, before a revocation or after it, so that none is asked. Two facts are
//! used that no clock can change:
//!
//! - **Order.** Every JWT has the number that the feed had reached when it was minted (`feed_seq`), signed.
//!   An entry that revokes it, by its id or by its root, has a greater number. So once entries up to a
//!   number are deleted, every JWT with a lower number is refused: the feed tells verifiers that number,
//!   and the service compares it too. A JWT that was revoked stays refused whatever its `exp` says, and
//!   whatever any clock says.
//! - **Elapsed time**, by the monotonic clocks of the running processes. A mark is the number that the
//!   feed had reached at a moment, and between two marks at least an hour has passed: only a process that
//!   has itself seen the newest mark for an hour adds the next. When 25 marks have followed one, whatever
//!   was minted before it has expired by its own lifetime, so that refusing it takes nothing from anyone.
//!
//! If the second fact were wrong, JWTs would be refused too early; none would be accepted.

use std::time::Duration;

use daypass::api::duration;
use daypass::verify::MAX_LEEWAY;

/// The least time between two marks.
pub(crate) const INTERVAL: Duration = Duration::from_secs(3600);
/// How many marks must follow one before the entries up to it are deleted.
///
/// Then whatever was minted before it has expired, also by the clock of a verifier that is a minute
/// behind the service's.
pub(super) const MARKS: u64 = (duration::MOST + 2 * MAX_LEEWAY).div_ceil(INTERVAL.as_secs());

/// Returns how many marks must follow an entry of the audit trail until it has certainly been kept for so many days in
/// which the service ran.
pub(crate) fn marks_in(days: u64) -> u64 {
    days.saturating_mul(24 * 3600 / INTERVAL.as_secs())
}

/// The number that the feed had reached at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark {
    /// Its own number. Each mark is one more than the one before.
    pub(crate) number: u64,
    /// The number that the feed had reached.
    pub(crate) seq: u64,
}

/// What the store knows when a mark is to be added.
pub(crate) struct MarkFacts {
    /// The newest mark.
    pub(crate) newest: Mark,
    /// The feed's last number.
    pub(crate) latest: u64,
}

/// What follows when a mark is added.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct MarkChange {
    /// The mark to add.
    pub(crate) add: Mark,
    /// The number of the oldest mark to keep. The entries up to it are deleted.
    pub(crate) oldest: u64,
}

/// Returns the change after an hour in which `seen` was the newest mark; none if another process has
/// added one meanwhile.
///
/// SECURITY: no time is among the facts. What is deleted is decided by the numbers of marks alone.
pub(crate) fn next_mark(seen: u64, facts: &MarkFacts) -> Option<MarkChange> {
    let MarkFacts { newest, latest } = facts;
    let number = newest.number + 1;
    (newest.number == seen)
        .then_some(MarkChange { add: Mark { number, seq: *latest }, oldest: number.saturating_sub(MARKS) })
}

/// Measures, in one process and by its monotonic clock, how long a mark has been the newest.
#[derive(Default)]
pub(crate) struct MarkWatch {
    /// The newest mark, and when this process first saw it.
    first_seen: Option<(u64, Duration)>,
}

impl MarkWatch {
    /// Returns whether a mark that was seen just now has been the newest for an hour.
    pub(crate) fn is_hour_complete(&mut self, newest: u64, at: Duration) -> bool {
        match self.first_seen {
            Some((mark, since)) if mark == newest => at.saturating_sub(since) >= INTERVAL,
            _ => {
                self.first_seen = Some((newest, at));
                false
            }
        }
    }
}

/// Returns whether a JWT may have been revoked by an entry that is no longer kept.
///
/// SECURITY: `feed_seq` is lower than the number of every entry that revokes the JWT.
pub(crate) fn is_older_than_entries(feed_seq: u64, deleted_up_to: u64) -> bool {
    feed_seq < deleted_up_to
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_deleted_once_a_day_and_a_minute_for_each_of_two_clocks_have_passed() {
        assert_eq!(MARKS, 25);
        let next = |seen, number, latest| next_mark(seen, &MarkFacts { newest: Mark { number, seq: 7 }, latest });
        let change = |number, seq, oldest| Some(MarkChange { add: Mark { number, seq }, oldest });
        assert_eq!(next(0, 0, 7), change(1, 7, 0));
        assert_eq!(next(24, 24, 8), change(25, 8, 0));
        assert_eq!(next(25, 25, 9), change(26, 9, 1));
        assert_eq!(next(24, 25, 9), None, "another process was first");
        assert_eq!(next(26, 25, 9), None, "an older store was put in place");
    }

    #[test]
    fn an_hour_begins_when_a_process_sees_a_mark() {
        let mut watch = MarkWatch::default();
        for (newest, at, is_complete) in [
            (4, 10, false),
            (4, 3609, false),
            (4, 3610, true),
            (4, 3611, true),
            (5, 3612, false),
            (5, 7211, false),
            (5, 7212, true),
            (4, 7213, false),
        ] {
            assert_eq!(watch.is_hour_complete(newest, Duration::from_secs(at)), is_complete, "{newest} after {at} s");
        }
    }

    #[test]
    fn a_jwt_is_older_than_the_entries_if_one_that_is_gone_came_after_it() {
        for (feed_seq, deleted_up_to, is_older) in [(0, 0, false), (4, 5, true), (5, 5, false), (6, 5, false)] {
            assert_eq!(is_older_than_entries(feed_seq, deleted_up_to), is_older, "{feed_seq} {deleted_up_to}");
        }
    }
}
