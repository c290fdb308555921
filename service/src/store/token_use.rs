//! The part of the trait that is about how tokens are used: [`UseStore`].

use std::sync::Arc;

use super::{Rule, StoreFuture};
use crate::domain::days::Days;
use crate::domain::token_use::{Addition, Counts, StoredUse, UseFacts};

/// A store of how tokens were used on each day.
pub(crate) trait UseStore: Send + Sync {
    /// Writes the rows that the rule returns, and the number of the verifier's report; nothing if it returns none.
    /// The facts are of the tokens that the addition is about and reaches, of their organizations, and of the
    /// reporter's.
    ///
    /// Returns the serial numbers of those tokens; none if the rule returned nothing.
    ///
    /// Additions of one verifier exclude one another, and those to one row.
    fn add_use(
        &self,
        addition: Arc<Addition>,
        rule: Rule<UseFacts, Option<Vec<StoredUse>>>,
    ) -> StoreFuture<'_, Vec<u64>>;

    /// Returns the counts of a token of an organization, or of [all](crate::domain::token_use::ALL_TOKENS), on
    /// these days: with the number of each day, oldest first.
    fn token_use<'a>(&'a self, organization: &'a str, token: u64, days: Days) -> StoreFuture<'a, Vec<(u64, Counts)>>;

    /// Deletes rows of days before this one that were last written more than so many days ago, by the marks that
    /// followed: the oldest, and so many at most. Returns how many. Forgets the verifiers that have not reported
    /// for a day.
    fn delete_use(&self, before: u64, days: u64, most: usize) -> StoreFuture<'_, u64>;
}
