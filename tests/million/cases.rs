//! Runs a property over a million cases, and holds that they were not all alike.

use std::cell::Cell;

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

/// In a debug build a thousandth, which shows that the tests compile and pass.
pub(crate) const CASES: u32 = if cfg!(debug_assertions) { 1_000 } else { 1_000_000 };

/// Holds the property in every case. It tells facts about its case, each of which must be so in a part of the cases and
/// not so in another part: a property that never sees what it forbids holds nothing.
pub(crate) fn hold<S: Strategy, const FACTS: usize>(
    cases: &S,
    property: impl Fn(S::Value) -> Result<[bool; FACTS], TestCaseError>,
) {
    let counts = [const { Cell::new(0) }; FACTS];
    let result = TestRunner::new(Config::with_cases(CASES)).run(cases, |case| {
        for (count, fact) in counts.iter().zip(property(case)?) {
            count.set(count.get() + u32::from(fact));
        }
        Ok(())
    });
    if let Err(failure) = result {
        panic!("{failure}");
    }
    let often = CASES / 20;
    for (fact, count) in counts.iter().map(Cell::get).enumerate() {
        assert!((often..=CASES - often).contains(&count), "fact {fact} is so in {count} of {CASES} cases");
    }
}
