//! The refresh engines on random days with rare events. A failure prints its seed; one day runs again with
//! `SEED=677 cargo test --profile million -p daypass-million many_tabs` (or `one_tab`).

use std::array;
use std::env;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use crate::cases::CASES;
use crate::odd_days::{many, one};

/// The number of days with many tabs: such a day takes as long as fifty days with one tab.
const DAYS_OF_MANY: u64 = CASES as u64 / 10;

/// Simulates the days on all cores.
///
/// Each fact must be true on at least 5 % of the days: an oracle that never meets a rare event proves nothing.
fn live_through<const FACTS: usize>(days: u64, day: fn(u64) -> [bool; FACTS]) {
    if let Ok(seed) = env::var("SEED") {
        day(seed.parse().unwrap());
        return;
    }
    let seeds = AtomicU64::new(0);
    let counts: [AtomicU64; FACTS] = array::from_fn(|_| AtomicU64::new(0));
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().unwrap().get() {
            scope.spawn(|| {
                loop {
                    let seed = seeds.fetch_add(1, Ordering::Relaxed);
                    if seed >= days {
                        break;
                    }
                    for (count, fact) in counts.iter().zip(day(seed)) {
                        count.fetch_add(u64::from(fact), Ordering::Relaxed);
                    }
                }
            });
        }
    });
    for (fact, count) in counts.iter().map(|count| count.load(Ordering::Relaxed)).enumerate() {
        assert!(count >= days / 20, "fact {fact} is true on {count} of {days} days");
    }
}

#[test]
fn one_tab_lives_through_a_million_odd_days() {
    live_through(CASES.into(), one::simulate);
}

#[test]
fn many_tabs_live_through_odd_days() {
    live_through(DAYS_OF_MANY, many::simulate);
}
