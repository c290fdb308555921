//! Signing keys: what each one is for at a time, and how they follow one another.
//!
//! The clock alone decides nothing, since it may jump by days. Keys follow one another in the order in which they were
//! added, and the marks of the feed, which follow one another by elapsed time, count too, as for
//! [revocations](super::retention):
//!
//! - A key signs once the clock says so, or once it has certainly been published for an hour. A key that was added
//!   while the clock was ahead does not wait for that time to come, and one that signs goes on when the clock is set
//!   back.
//! - A retired key expires when the clock says so and the marks do.
//! - A key is due for rotation when the clock says so or the marks do.

use daypass::Error;
use daypass::api::duration;
use daypass::verify::MAX_LEEWAY;

use super::retention::{INTERVAL, MARKS};

/// How long the published keys may be cached, in seconds.
pub(crate) const JWKS_MAX_AGE: u64 = 300;
/// How long a new key is published before it signs, in seconds.
///
/// Every verifier knows it by then: an older JWKS may be cached for the first part, and the service needs the
/// rest to notice the key.
pub(crate) const PENDING_SECONDS: u64 = JWKS_MAX_AGE + 10;
/// How long a new key is published before it signs if it is needed at once, in seconds.
///
/// Every verifier that follows the feed knows it by then: the service notices the key, announces it with
/// its next heartbeat, and the verifier fetches it. Any other verifier fetches the keys when it sees a JWT
/// of the new one.
pub(crate) const ANNOUNCED_SECONDS: u64 = 3;
/// How long the newest JWT of a retired key can stay valid, in seconds.
const RETIRED_SECONDS: u64 = duration::MOST + MAX_LEEWAY;
/// How many marks must follow the one at which the successor was added: the retired key still signs while the first hour
/// ends, and not when the second does.
///
/// SECURITY: the key is accepted for no more hours in which the service runs, whatever the clock says.
const RETIRED_MARKS: u64 = MARKS + 2;

/// How many marks must follow the one at which a key was added until it has certainly been published for an hour, and
/// [`PENDING_SECONDS`] are over: the first of them may have followed at once.
const SIGNING_MARKS: u64 = 2;

/// The private part of a key as it is stored.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct PrivateKey {
    /// The key pair: PKCS #8, which is sealed unless a version before master keys stored it.
    pub(crate) bytes: Vec<u8>,
    /// The id of the master key that sealed it, if one did.
    pub(crate) master_key: Option<String>,
}

/// A signing key as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct StoredKey {
    /// Its id: the thumbprint.
    pub(crate) kid: String,
    /// The key pair.
    pub(crate) private: PrivateKey,
    /// The time from which it is published.
    pub(crate) created_at: u64,
    /// The time from which it signs, until the next key does.
    pub(crate) signs_from: u64,
    /// When it was revoked, if it was.
    pub(crate) revoked_at: Option<u64>,
    /// The newest mark of the feed when it was added or set to sign at once, which the store fills in.
    pub(crate) mark: u64,
}

/// A moment, by the clock and by the feed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    /// The time.
    pub(crate) now: u64,
    /// The newest mark of the feed.
    pub(crate) newest_mark: u64,
}

/// What a key is for at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyState {
    /// It is published and does not sign yet.
    Pending,
    /// It signs.
    Active,
    /// Another key signs. What this one signed is accepted until the given time.
    Retired(u64),
    /// Everything that it signed has expired.
    Expired,
    /// Nothing that it signed is accepted.
    Revoked,
}

impl StoredKey {
    /// Returns whether its turn has come, unless it was revoked before.
    fn has_begun(&self, moment: Moment) -> bool {
        self.signs_from <= moment.now || moment.newest_mark >= self.mark + SIGNING_MARKS
    }

    /// Returns whether it has replaced the keys before it. A key that was revoked before it signed has replaced none.
    fn has_replaced(&self, moment: Moment) -> bool {
        self.revoked_at.map_or_else(|| self.has_begun(moment), |revoked_at| revoked_at >= self.signs_from)
    }
}

impl KeyState {
    /// Returns the state of each key. The keys are in the order in which they were added.
    ///
    /// If the turn of no key has come by a clock that was set back, the first pending one signs: it is published.
    pub(crate) fn of(keys: &[StoredKey], moment: Moment) -> Vec<KeyState> {
        let mut states = KeyState::in_turn(keys, moment);
        if !states.contains(&KeyState::Active)
            && let Some(next) = states.iter_mut().find(|state| **state == KeyState::Pending)
        {
            *next = KeyState::Active;
        }
        states
    }

    /// Like [`KeyState::of`], but no key signs before its turn.
    fn in_turn(keys: &[StoredKey], moment: Moment) -> Vec<KeyState> {
        let Moment { now, newest_mark } = moment;
        let state = |(index, key): (usize, &StoredKey)| {
            if key.revoked_at.is_some() {
                return KeyState::Revoked;
            }
            if !key.has_begun(moment) {
                return KeyState::Pending;
            }
            let Some(successor) = keys[index + 1..].iter().find(|key| key.has_replaced(moment)) else {
                return KeyState::Active;
            };
            let hours = (successor.mark + RETIRED_MARKS).saturating_sub(newest_mark);
            // A time in the future is of a clock that was ahead, or is behind now: the marks alone count.
            let end = if successor.signs_from <= now { successor.signs_from + RETIRED_SECONDS } else { now };
            match hours {
                _ if now < end => KeyState::Retired(end),
                0 => KeyState::Expired,
                hours => KeyState::Retired(now.saturating_add(hours * INTERVAL.as_secs())),
            }
        };
        keys.iter().enumerate().map(state).collect()
    }

    /// Returns whether a key in this state signs, or will.
    pub(crate) fn is_announced(self) -> bool {
        matches!(self, KeyState::Pending | KeyState::Active)
    }

    /// Returns whether signatures of a key in this state are accepted.
    pub(crate) fn is_accepted(self) -> bool {
        !matches!(self, KeyState::Expired | KeyState::Revoked)
    }
}

/// One change to the stored keys.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum KeyChange {
    /// A new key.
    Add(StoredKey),
    /// A key signs from another time on.
    SignFrom {
        /// The key.
        kid: String,
        /// The time.
        time: u64,
    },
    /// The private part of a key gets another form, which seals it.
    Seal {
        /// The key.
        kid: String,
        /// The form.
        private: PrivateKey,
    },
    /// A key is revoked.
    Revoke {
        /// The key.
        kid: String,
        /// When.
        at: u64,
    },
}

/// Returns the first key that this master key has not sealed, if there is one.
pub(crate) fn find_foreign<'a>(keys: &'a [StoredKey], master_key: &str) -> Option<&'a StoredKey> {
    keys.iter().find(|key| key.private.master_key.as_deref() != Some(master_key))
}

/// Returns whether no key was created in the last `every` seconds, so that a new one is due: by the clock, or by the
/// marks that followed it.
///
/// A key from more than a minute ahead does not count: the clock was wrong then, and would stop the rotation until
/// that time. Nearer, another node's clock may be right. A revoked key does not count either, since it signs nothing.
pub(crate) fn is_rotation_due(keys: &[StoredKey], every: u64, moment: Moment) -> bool {
    let Moment { now, newest_mark } = moment;
    let due_since = now.saturating_sub(every);
    let is_young = |key: &StoredKey| {
        let hours = newest_mark.saturating_sub(key.mark);
        due_since < key.created_at && key.created_at <= now + MAX_LEEWAY && hours * INTERVAL.as_secs() < every
    };
    !keys.iter().any(|key| key.revoked_at.is_none() && is_young(key))
}

/// Returns the changes that revoke a key; none if it was revoked before.
///
/// SECURITY: there is always a key that signs, so that no operator has to keep a revoked one in use. If
/// no other key would sign now, the next pending one does at once, or else `spare`. Without a `spare` none does then.
///
/// # Errors
/// [`Error::NotFound`] if there is no such key.
pub(crate) fn revocation(
    keys: &[StoredKey],
    kid: &str,
    spare: Option<&StoredKey>,
    moment: Moment,
) -> Result<Vec<KeyChange>, Error> {
    let now = moment.now;
    let index = keys.iter().position(|key| key.kid == kid).ok_or(Error::NotFound)?;
    if keys[index].revoked_at.is_some() {
        return Ok(vec![]);
    }
    // A key that signs by the marks alone has replaced the keys before it too, whose time is not to come back.
    let at = if keys[index].has_begun(moment) { now.max(keys[index].signs_from) } else { now };
    let mut remaining = keys.to_vec();
    remaining[index].revoked_at = Some(at);
    let states = KeyState::in_turn(&remaining, moment);
    let mut changes = vec![KeyChange::Revoke { kid: kid.to_owned(), at }];
    if !states.contains(&KeyState::Active) {
        let pending = states.iter().position(|state| *state == KeyState::Pending);
        let promoted = pending.map(|next| KeyChange::SignFrom { kid: keys[next].kid.clone(), time: now });
        changes.extend(promoted.or_else(|| spare.cloned().map(KeyChange::Add)));
    }
    Ok(changes)
}

#[cfg(test)]
mod tests {
    use super::KeyState::{Active, Expired, Pending, Retired, Revoked};
    use super::*;

    /// Keys with their position as id, the time from which each signs, and when it was revoked.
    fn stored(keys: &[(u64, Option<u64>)]) -> Vec<StoredKey> {
        let key = |(index, &(signs_from, revoked_at)): (usize, &(u64, Option<u64>))| StoredKey {
            kid: index.to_string(),
            private: PrivateKey::default(),
            created_at: 0,
            signs_from,
            revoked_at,
            mark: 0,
        };
        keys.iter().enumerate().map(key).collect()
    }

    #[test]
    fn keys_take_turns_and_expire_with_what_they_signed() {
        let end = 100 + 86_400 + 60;
        // When each signs from and when it was revoked, the time, and what each is for then.
        for (keys, now, expected) in [
            (&[(50, None)][..], 50, &[Active][..]),
            (&[(50, None)], u64::MAX, &[Active]),
            (&[(50, None), (100, None)], 99, &[Active, Pending]),
            (&[(50, None), (100, None)], 100, &[Retired(end), Active]),
            (&[(50, None), (100, None)], end - 1, &[Retired(end), Active]),
            (&[(50, None), (100, None)], end, &[Expired, Active]),
            (&[(50, None), (100, None), (150, None)], 150, &[Retired(end), Retired(end + 50), Active]),
            // A key that was revoked before its turn replaces none; one revoked after has replaced its
            // predecessor for good.
            (&[(50, None), (100, Some(99))], 200, &[Active, Revoked]),
            (&[(50, None), (100, Some(100))], 200, &[Retired(end), Revoked]),
            (&[(50, None), (100, Some(150)), (150, None)], 150, &[Retired(end), Revoked, Active]),
            // Of two that sign from the same time on, the second is active.
            (&[(50, None), (100, None), (100, None)], 100, &[Retired(end), Retired(end), Active]),
            (&[(50, Some(60)), (100, None)], 100, &[Revoked, Active]),
            // Without any whose turn has come, the first that is not revoked signs.
            (&[(50, None)], 49, &[Active]),
            (&[(50, None), (100, None)], 49, &[Active, Pending]),
            (&[(50, Some(60)), (100, None), (110, None)], 70, &[Revoked, Active, Pending]),
            // A key that was added while the clock was ahead is overtaken by one that was added later.
            (&[(50, None), (9000, None), (100, None)], 99, &[Active, Pending, Pending]),
            (&[(50, None), (9000, None), (100, None)], 100, &[Retired(end), Pending, Active]),
            (&[(50, None), (9000, None), (100, None)], 9000, &[Retired(9000 + 86_460), Retired(end), Active]),
            // So is one from before the clock was set back, for good.
            (&[(9000, None), (100, None)], 100, &[Pending, Active]),
            (&[(9000, None), (100, None)], 9000, &[Retired(end), Active]),
        ] {
            // The marks have not made any key's turn come, or all have followed that end a key.
            let newest_mark = if expected.contains(&Expired) { RETIRED_MARKS } else { 1 };
            assert_eq!(KeyState::of(&stored(keys), Moment { now, newest_mark }), expected, "{keys:?} at {now}");
        }
    }

    #[test]
    fn a_key_signs_once_it_was_published_for_an_hour_whatever_the_clock_says() {
        let mut keys = stored(&[(50, None), (9000, None)]);
        keys[1].mark = 7;
        for (now, newest_mark, expected) in [
            (60, 8, [Active, Pending]),
            (60, 9, [Retired(60 + 25 * 3600), Active]),
            // The clock is set back to before both.
            (40, 9, [Retired(40 + 25 * 3600), Active]),
            (60, 33, [Retired(60 + 3600), Active]),
            (60, 34, [Expired, Active]),
        ] {
            assert_eq!(KeyState::of(&keys, Moment { now, newest_mark }), expected, "{now} {newest_mark}");
        }
        // Its revocation brings the first one back neither now nor later.
        let spare = StoredKey { kid: "spare".into(), mark: 9, ..stored(&[(60, None)]).remove(0) };
        let moment = Moment { now: 60, newest_mark: 9 };
        let changes = revocation(&keys, "1", Some(&spare), moment).unwrap_or_else(|error| panic!("{error}"));
        assert!(matches!(&changes[..], [KeyChange::Revoke { at: 9000, .. }, KeyChange::Add(_)]));
        keys[1].revoked_at = Some(9000);
        keys.push(spare);
        assert_eq!(KeyState::of(&keys, moment), [Retired(60 + 25 * 3600), Revoked, Active]);
    }

    #[test]
    fn a_wrong_clock_ends_no_key_before_a_day_of_marks_has_passed() {
        let end = 100 + 86_400 + 60;
        let mut keys = stored(&[(50, None), (100, None)]);
        keys[1].mark = 7;
        // The clock was days behind when the successor was added, or is days ahead.
        let late = end + 300_000;
        for (now, newest_mark, expected) in [
            (end - 1, 7, Retired(end)),
            (end - 1, 500, Retired(end)),
            (late, 7, Retired(late + 27 * 3600)),
            (late, 33, Retired(late + 3600)),
            (late, 34, Expired),
            (end, 34, Expired),
        ] {
            assert_eq!(KeyState::of(&keys, Moment { now, newest_mark }), [expected, Active], "{now} {newest_mark}");
        }
    }

    #[test]
    fn a_revoked_key_has_a_successor_where_no_other_signs() {
        let spare = StoredKey { kid: "spare".into(), ..stored(&[(100, None)]).remove(0) };
        let moment = Moment { now: 100, newest_mark: 0 };
        // The keys, the one that is revoked at 100, and the one that signs at once because of it.
        for (keys, kid, successor) in [
            (&[(50, None)][..], "0", Some("spare")),
            (&[(50, None), (150, None)], "0", Some("1")),
            (&[(50, None), (150, None), (160, None)], "0", Some("1")),
            (&[(50, None), (150, Some(60)), (160, None)], "0", Some("2")),
            (&[(50, None), (90, None)], "0", None),
            (&[(50, None), (150, None)], "1", None),
            // The retired key does not sign again.
            (&[(50, None), (90, None)], "1", Some("spare")),
        ] {
            let keys = stored(keys);
            let changes = revocation(&keys, kid, Some(&spare), moment).unwrap_or_else(|error| panic!("{error}"));
            let is_revoked = matches!(&changes[0], KeyChange::Revoke { kid: revoked, at: 100 } if revoked == kid);
            let named = changes.get(1).map(|change| match change {
                KeyChange::Add(key) => &*key.kid,
                KeyChange::SignFrom { kid, time: 100 } => kid,
                _ => "another change",
            });
            assert_eq!((is_revoked, named), (true, successor), "{kid}");
            let without = revocation(&keys, kid, None, moment).unwrap_or_else(|error| panic!("{error}"));
            let with: Vec<_> = changes.into_iter().filter(|change| !matches!(change, KeyChange::Add(_))).collect();
            assert!(without == with, "{kid}: another pending key signs all the same");
        }
        let keys = stored(&[(50, Some(60)), (70, None)]);
        assert!(
            revocation(&keys, "0", Some(&spare), moment).is_ok_and(|changes| changes.is_empty()),
            "once is for good"
        );
        assert!(revocation(&keys, "2", Some(&spare), moment).is_err_and(|error| error == Error::NotFound));
    }

    #[test]
    fn a_key_is_due_once_all_are_old_but_those_of_a_clock_that_was_ahead_and_those_that_are_revoked() {
        // When each was created and when it was revoked.
        for (keys, is_due) in [
            (&[][..], true),
            (&[(900, None), (800, None)], true),
            (&[(901, None), (800, None)], false),
            (&[(1000, None)], false),
            (&[(800, None), (1060, None)], false),
            (&[(800, None), (1061, None)], true),
            (&[(800, None), (1061, None), (1000, None)], false),
            (&[(800, None), (950, Some(960))], true),
        ] {
            let key = |&(created_at, revoked_at)| StoredKey { created_at, ..stored(&[(0, revoked_at)]).remove(0) };
            let stored: Vec<_> = keys.iter().map(key).collect();
            let moment = Moment { now: 1000, newest_mark: 0 };
            assert_eq!(is_rotation_due(&stored, 100, moment), is_due, "{keys:?}");
        }
        // The clock was set back meanwhile.
        let young = [StoredKey { created_at: 1000, mark: 7, ..stored(&[(0, None)]).remove(0) }];
        for (newest_mark, is_due) in [(7, false), (30, false), (31, true)] {
            assert_eq!(is_rotation_due(&young, 86_400, Moment { now: 1000, newest_mark }), is_due, "{newest_mark}");
        }
    }
}
