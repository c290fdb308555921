//! What a key is for at a time: [`KeyState`].

use daypass::api::duration;
use daypass::verify::MAX_LEEWAY;

use crate::store::StoredKey;

/// How long the keys that were published may be cached, in seconds.
pub(crate) const JWKS_MAX_AGE: u64 = 300;
/// How long a new key is published before it signs, in seconds, so that every verifier knows it by then: as long as the keys
/// without it may be cached, and what a service takes to notice the new one.
pub(crate) const PUBLISHED_BEFORE: u64 = JWKS_MAX_AGE + 10;
/// How long what a replaced key has signed may live on, in seconds. Security rule: not a second longer is the key accepted.
const OUTLIVED: u64 = duration::MOST + MAX_LEEWAY;

/// What a key is for at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyState {
    /// It is published, and does not sign yet.
    Published,
    /// It signs.
    Signing,
    /// Another one signs. What it has signed counts until the time that is given.
    Replaced(u64),
    /// All that it has signed has ended.
    Ended,
    /// Nothing that it has signed counts.
    Revoked,
}

impl KeyState {
    /// The state of each of these keys, which are in the order in which they sign.
    pub(crate) fn of(keys: &[StoredKey], now: u64) -> Vec<KeyState> {
        // One that was revoked before its turn has replaced no other.
        let has_signed = |key: &&StoredKey| {
            key.signs_from <= now && key.revoked_at.is_none_or(|revoked_at| revoked_at >= key.signs_from)
        };
        let state = |(index, key): (usize, &StoredKey)| {
            if key.revoked_at.is_some() {
                return KeyState::Revoked;
            }
            if key.signs_from > now {
                return KeyState::Published;
            }
            match keys[index + 1..].iter().find(has_signed).map(|successor| successor.signs_from + OUTLIVED) {
                None => KeyState::Signing,
                Some(end) if now < end => KeyState::Replaced(end),
                Some(_) => KeyState::Ended,
            }
        };
        keys.iter().enumerate().map(state).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::KeyState::{Ended, Published, Replaced, Revoked, Signing};
    use super::*;

    #[test]
    fn keys_take_turns_and_end_with_what_they_signed() {
        let end = 100 + 86_400 + 60;
        // When each signs from and when it was revoked, the time, and what each is for then.
        for (keys, now, expected) in [
            (&[(50, None)][..], 49, &[Published][..]),
            (&[(50, None)], 50, &[Signing]),
            (&[(50, None)], u64::MAX, &[Signing]),
            (&[(50, None), (100, None)], 99, &[Signing, Published]),
            (&[(50, None), (100, None)], 100, &[Replaced(end), Signing]),
            (&[(50, None), (100, None)], end - 1, &[Replaced(end), Signing]),
            (&[(50, None), (100, None)], end, &[Ended, Signing]),
            (&[(50, None), (100, None), (150, None)], 150, &[Replaced(end), Replaced(end + 50), Signing]),
            // One that never had its turn replaces none; one that had did so for good.
            (&[(50, None), (100, Some(99))], 200, &[Signing, Revoked]),
            (&[(50, None), (100, Some(100))], 200, &[Replaced(end), Revoked]),
            (&[(50, None), (100, Some(150)), (150, None)], 150, &[Replaced(end), Revoked, Signing]),
            // Of two that sign from the same time on it is the second.
            (&[(50, None), (100, None), (100, None)], 100, &[Replaced(end), Replaced(end), Signing]),
            (&[(50, Some(60)), (100, None)], 100, &[Revoked, Signing]),
        ] {
            let stored = |(signs_from, revoked_at): &(u64, Option<u64>)| StoredKey {
                kid: String::new(),
                pkcs8: vec![],
                created_at: 0,
                signs_from: *signs_from,
                revoked_at: *revoked_at,
            };
            let keys: Vec<_> = keys.iter().map(stored).collect();
            let times: Vec<_> = keys.iter().map(|key| (key.signs_from, key.revoked_at)).collect();
            assert_eq!(KeyState::of(&keys, now), expected, "{times:?} at {now}");
        }
    }
}
