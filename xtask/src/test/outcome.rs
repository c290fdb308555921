//! What a step or a part of one came to.

use std::fmt;
use std::iter::Sum;
use std::ops::AddAssign;

/// Counts of tests, and the names of those that failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) passed: u32,
    pub(super) failed: u32,
    pub(super) skipped: u32,
    /// The failed tests, each with its suite in front. Empty if what failed is no test.
    pub(super) failures: Vec<String>,
}

impl Outcome {
    /// Makes the outcome of a check that passed.
    pub(super) fn pass() -> Self {
        Self { passed: 1, ..Self::default() }
    }

    /// Makes the outcome of a check that failed.
    pub(super) fn fail() -> Self {
        Self { failed: 1, ..Self::default() }
    }

    /// Names the part that failed if no test is named.
    pub(super) fn or_name(mut self, part: &str) -> Self {
        if self.failed > 0 && self.failures.is_empty() {
            self.failures.push(part.to_owned());
        }
        self
    }

    /// Puts the name of a step or a part in front of each failure. A failure without names gets that name.
    pub(super) fn within(mut self, part: &str) -> Self {
        for name in &mut self.failures {
            *name = format!("{part}: {name}");
        }
        self.or_name(part)
    }
}

impl AddAssign for Outcome {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
        self.failures.extend(other.failures);
    }
}

impl Sum for Outcome {
    fn sum<I: Iterator<Item = Self>>(outcomes: I) -> Self {
        outcomes.fold(Self::default(), |mut sum, outcome| {
            sum += outcome;
            sum
        })
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)?;
        match self.skipped {
            0 => Ok(()),
            skipped => write!(f, ", {skipped} skipped"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Outcome;

    fn counts(passed: u32, failed: u32, skipped: u32) -> Outcome {
        Outcome { passed, failed, skipped, failures: Vec::new() }
    }

    #[test]
    fn the_sum_is_one_line() {
        let sum: Outcome = [counts(5, 0, 0), counts(1, 2, 0)].into_iter().sum();
        assert_eq!(sum.to_string(), "6 passed, 2 failed");
        assert_eq!(counts(1, 0, 4).to_string(), "1 passed, 0 failed, 4 skipped");
    }

    #[test]
    fn a_failure_without_a_test_is_named_by_its_step() {
        assert!(Outcome::pass().within("fmt").failures.is_empty());
        assert_eq!(Outcome::fail().within("fmt").failures, ["fmt"]);
        let tests = Outcome { failed: 1, failures: vec!["verify: cache::it_is_full".into()], ..Outcome::default() };
        let parts = [tests.or_name("product"), Outcome::fail().or_name("xtask"), Outcome::pass().or_name("none")];
        let sum = parts.into_iter().sum::<Outcome>().within("native");
        assert_eq!(sum.failures, ["native: verify: cache::it_is_full", "native: xtask"]);
    }
}
