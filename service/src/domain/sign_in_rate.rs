//! How often sign-ins may fail: [`count`].

use daypass::Error;

/// How long attempts are counted together, in seconds.
pub(crate) const WINDOW: u64 = 15 * 60;
/// The most failed attempts with one email.
const WITH_EMAIL: u64 = 10;
/// The most failed attempts from one client address, behind which there may be an office.
const FROM_ADDRESS: u64 = 100;

/// What attempts are counted by, as a hash: the store learns no email and no address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct AttemptKey(pub(crate) [u8; 32]);

/// What a key stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AttemptSubject {
    /// An email, whether or not an account has it.
    Email,
    /// A client address.
    Address,
}

impl AttemptSubject {
    /// Returns the most failed attempts within [`WINDOW`].
    const fn most(self) -> u64 {
        match self {
            AttemptSubject::Email => WITH_EMAIL,
            AttemptSubject::Address => FROM_ADDRESS,
        }
    }
}

/// The attempts that were counted by one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Attempts {
    /// When the first of them was made.
    pub(crate) since: u64,
    /// How many there were.
    pub(crate) count: u64,
}

/// Counts one more attempt by each subject, before it is known whether it fails: so attempts at the same time cannot exceed
/// the limit together. One that succeeds is taken back.
///
/// # Errors
/// [`Error::TooManyRequests`] with the seconds until the last of the subjects may try again.
pub(crate) fn count(attempts: &[(AttemptSubject, Attempts)], now: u64) -> Result<Vec<Attempts>, Error> {
    // A window that begins in the future was written by a clock that was ahead: it is over.
    let is_open = |since: u64| (since..since.saturating_add(WINDOW)).contains(&now);
    let wait = attempts.iter().filter(|(subject, counted)| is_open(counted.since) && counted.count >= subject.most());
    if let Some(wait) = wait.map(|(_, counted)| counted.since.saturating_add(WINDOW) - now).max() {
        return Err(Error::TooManyRequests(wait));
    }
    let next = |counted: &Attempts| {
        if is_open(counted.since) {
            Attempts { count: counted.count + 1, ..*counted }
        } else {
            Attempts { since: now, count: 1 }
        }
    };
    Ok(attempts.iter().map(|(_, counted)| next(counted)).collect())
}

/// Counts one attempt less: one by which nothing was learned about the password.
pub(crate) fn take_back(attempts: &[Attempts]) -> Vec<Attempts> {
    attempts.iter().map(|counted| Attempts { count: counted.count.saturating_sub(1), ..*counted }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_are_counted_by_each_subject_until_one_has_too_many() {
        let (now, fresh) = (10_000, Attempts::default());
        let of = |since, count| Attempts { since, count };
        for (email, address, expected) in [
            (fresh, fresh, Ok([of(now, 1), of(now, 1)])),
            (of(9_999, 1), fresh, Ok([of(9_999, 2), of(now, 1)])),
            (of(9_999, 9), of(9_500, 99), Ok([of(9_999, 10), of(9_500, 100)])),
            (of(9_999, 10), fresh, Err(899)),
            (fresh, of(9_500, 100), Err(400)),
            (of(9_999, 10), of(9_500, 100), Err(899)),
            (of(9_100, 10), of(9_100, 100), Ok([of(now, 1), of(now, 1)])),
            (of(9_101, 10), fresh, Err(1)),
            (of(10_001, 10), fresh, Ok([of(now, 1), of(now, 1)])),
        ] {
            let attempts = [(AttemptSubject::Email, email), (AttemptSubject::Address, address)];
            let expected = expected.map(Vec::from).map_err(Error::TooManyRequests);
            assert_eq!(count(&attempts, now), expected, "{attempts:?}");
        }
        assert_eq!(take_back(&[of(9_999, 3), of(9_500, 0)]), [of(9_999, 2), of(9_500, 0)]);
    }
}
