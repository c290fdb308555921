//! The part of the store's trait that is about principals: [`PrincipalStore`].

use daypass::TokenKind;
use daypass::api::PrincipalKind;

use super::{Rule, StoreFuture};
use crate::domain::principal::{AddPrincipalFacts, Principal};
use crate::domain::principal_edit::{EditedPrincipal, OwnedToken, PrincipalFacts, Removal, TokenRange};

/// A store of principals, the part of [`Store`](super::Store) that is about them.
///
/// SECURITY: changes of an organization's principals exclude one another, and additions of its tokens (PostgreSQL: the
/// organization's row is locked). So no token is added for a principal that was removed.
pub(crate) trait PrincipalStore: Send + Sync {
    /// Returns the principal of an organization with this id, also if it was removed.
    fn principal<'a>(&'a self, organization: &'a str, id: &'a str) -> StoreFuture<'a, Option<Principal>>;

    /// Returns an organization's principals that are not removed, those of a kind if one is given: the ones with a greater
    /// number than `after`, in their order, and at most so many.
    ///
    /// It costs about the same however many principals the organization has.
    fn principals<'a>(
        &'a self,
        organization: &'a str,
        kind: Option<PrincipalKind>,
        after: u64,
        most: usize,
    ) -> StoreFuture<'a, Vec<Principal>>;

    /// Counts the tokens that end with a principal and are active at a time, by kind: its own, and those that users let it have
    /// as an OAuth client. Suspension makes no difference.
    fn count_owned<'a>(
        &'a self,
        organization: &'a str,
        id: &'a str,
        now: u64,
    ) -> StoreFuture<'a, Vec<(TokenKind, u64)>>;

    /// Adds a principal if the rule allows it, and returns its number. The facts have the user that created it.
    fn add_principal(&self, new: Principal, rule: Rule<AddPrincipalFacts>) -> StoreFuture<'_, u64>;

    /// Makes the edit that the rule returns, if any, and the revocations that come with it, which it adds to the feed;
    /// only those if other tokens are to be looked at next. Returns the principal after that, and the token that was
    /// looked at last then.
    ///
    /// Deletes the principal's invitation if the rule says so. The facts have the tokens in the range, and the user with
    /// the id `acting`, who asks for it.
    fn edit_principal<'a>(
        &'a self,
        organization: &'a str,
        id: &'a str,
        acting: Option<&'a str>,
        range: TokenRange,
        at: u64,
        rule: Rule<PrincipalFacts<OwnedToken>, Option<EditedPrincipal>>,
    ) -> StoreFuture<'a, (Principal, Option<u64>)>;

    /// Makes the revocations that the rule returns, which it adds to the feed, and with the last of them removes the
    /// principal; nothing if the rule returns none. Returns the principal after that.
    ///
    /// The facts have one token more than `most`, if there are so many, and the user with the id `acting`.
    fn remove_principal<'a>(
        &'a self,
        organization: &'a str,
        id: &'a str,
        acting: Option<&'a str>,
        at: u64,
        most: usize,
        rule: Rule<PrincipalFacts<u64>, Option<Removal>>,
    ) -> StoreFuture<'a, Principal>;
}
