//! Checks a property in a million cases, and checks that the cases differ.

use std::cell::Cell;

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

/// The number of cases; a debug build runs a thousandth, which shows that the tests compile and pass.
pub(crate) const CASES: u32 = if cfg!(debug_assertions) { 1_000 } else { 1_000_000 };

/// Checks the property in every case.
///
/// The property returns facts about its case. Each fact must be true in at least 5 % of the cases and false in at least
/// 5 %: a property that never meets what it forbids proves nothing.
///
/// # Panics
/// If the property fails, or a fact is too rare or too common.
pub(crate) fn check<S: Strategy, const FACTS: usize>(
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
    let least = CASES / 20;
    for (fact, count) in counts.iter().map(Cell::get).enumerate() {
        assert!((least..=CASES - least).contains(&count), "fact {fact} is true in {count} of {CASES} cases");
    }
}
