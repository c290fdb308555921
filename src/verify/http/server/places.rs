//! How many of something there may be, in all and for each holder: [`Places`].

use std::collections::HashMap;
use std::fmt::Display;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::Error;

/// How often at most it is logged that there is no place.
const LOG_PAUSE: Duration = Duration::from_secs(10);
/// When to try again, in seconds.
const RETRY_AFTER: u64 = 1;

/// How many of something there may be at a time, in all and for each holder `K`.
///
/// [`serve`](super::serve) counts the connections of client addresses with it. Use it for what a client can hold for long,
/// such as streams of events. Clones count together.
pub struct Places<K> {
    what: &'static str,
    most: usize,
    most_of_one: usize,
    taken: Arc<Mutex<Taken<K>>>,
}

struct Taken<K> {
    all: usize,
    holders: HashMap<K, usize>,
    /// How many were refused since that was logged.
    refused: u64,
    logged: Option<Instant>,
}

impl<K> Clone for Places<K> {
    fn clone(&self) -> Places<K> {
        Places { taken: Arc::clone(&self.taken), ..*self }
    }
}

impl<K: Display + Hash + Eq + Clone> Places<K> {
    /// Makes so many places in all, of which one holder gets at most `most_of_one`. Logs name them as `what`.
    #[must_use]
    pub fn new(what: &'static str, most: usize, most_of_one: usize) -> Places<K> {
        let taken = Taken { all: 0, holders: HashMap::new(), refused: 0, logged: None };
        Places { what, most, most_of_one, taken: Arc::new(Mutex::new(taken)) }
    }

    /// Takes a place, until what is returned is dropped.
    ///
    /// # Errors
    /// [`Error::TooManyRequests`] if this holder has as many as one may have, [`Error::Unavailable`] if all are taken.
    pub fn take(&self, holder: K) -> Result<Place<K>, Error> {
        let mut taken = lock(&self.taken);
        let of_holder = taken.holders.get(&holder).copied().unwrap_or_default();
        let error = if of_holder >= self.most_of_one {
            Error::TooManyRequests(RETRY_AFTER)
        } else if taken.all >= self.most {
            Error::Unavailable
        } else {
            taken.all += 1;
            taken.holders.insert(holder.clone(), of_holder + 1);
            return Ok(Place { holder, taken: Arc::clone(&self.taken) });
        };
        taken.refused += 1;
        if taken.logged.is_none_or(|logged| logged.elapsed() >= LOG_PAUSE) {
            let (what, open, refused) = (self.what, taken.all, std::mem::take(&mut taken.refused));
            taken.logged = Some(Instant::now());
            tracing::warn!(what, %holder, of_holder, open, refused, "refused, since too many are open");
        }
        Err(error)
    }
}

/// A place that is taken. Dropping it frees the place.
pub struct Place<K: Hash + Eq> {
    holder: K,
    taken: Arc<Mutex<Taken<K>>>,
}

impl<K: Hash + Eq> Drop for Place<K> {
    fn drop(&mut self) {
        let mut taken = lock(&self.taken);
        taken.all -= 1;
        if let Some(of_holder) = taken.holders.get_mut(&self.holder) {
            *of_holder -= 1;
            // A holder of nothing takes no memory.
            if *of_holder == 0 {
                taken.holders.remove(&self.holder);
            }
        }
    }
}

fn lock<K>(taken: &Mutex<Taken<K>>) -> MutexGuard<'_, Taken<K>> {
    taken.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_holder_takes_no_more_than_its_part_and_all_take_no_more_than_there_is() {
        let places = Places::new("tests", 3, 2);
        let take = |holder: &'static str| places.clone().take(holder);
        let [first, second] = [(); 2].map(|()| take("a").expect("a place"));
        assert_eq!(take("a").err(), Some(Error::TooManyRequests(1)));
        let third = take("b").expect("a place");
        assert_eq!(take("b").err(), Some(Error::Unavailable));
        drop(first);
        let fourth = take("c").expect("a place");
        drop((second, third, fourth));
        let taken = lock(&places.taken);
        assert_eq!((taken.all, taken.holders.len()), (0, 0));
    }
}
