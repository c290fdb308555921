//! The checks of a decision one by one, for people who ask why a request was refused: [`RequestFacts`].

use super::authenticate::apply_catalog;
use super::clock::Moment;
use super::credentials::page::PageRules;
use super::sources::Generation;
use super::token::AuthenticToken;
use super::{Credentials, OriginHeader, Standing, TokenLocation};
use crate::api::TokenRecord;
use crate::jwt::Claims;
use crate::{Catalog, Error, Grant, Requirement, TokenKind};

/// A check that a verifier makes on an authentic token, in the order in which it makes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Check {
    /// Whether a token of its kind may be where it was in the request.
    Location,
    /// Whether the page that sent the request may use it.
    Page,
    /// Whether it was revoked, or its organization suspended.
    Withdrawal,
    /// Whether the time is within its life.
    Life,
    /// Whether it has the scope for the tenant and the resources.
    Requirement,
}

/// What is told of a request, to be compared with a token.
///
/// It explains a decision and makes none: there is no way from it to an [`Access`](super::Access). Proofs of keys and
/// limits of requests are not among the checks, since nothing but the request itself shows them.
#[derive(Debug, Clone, Copy)]
pub struct RequestFacts<'a> {
    /// Where the token was; `None` if that is not known, which leaves the check out.
    pub location: Option<TokenLocation>,
    /// The origin of the page that sent it; `None` if no page did.
    pub origin: Option<&'a str>,
    /// What the API requires; `None` leaves the check out.
    pub requirement: Option<&'a Requirement<'a>>,
    /// The scopes that exist, by which a verifier reads what tokens hold; `None` for one that has no catalogue.
    pub catalog: Option<&'a Catalog>,
    /// When, in Unix seconds.
    pub now: u64,
}

impl RequestFacts<'_> {
    /// Returns what grants open to a token of a kind: older names of scopes are replaced, and what must not be
    /// published is taken from a publishable token.
    #[must_use]
    pub fn effective(&self, kind: TokenKind, mut grants: Vec<Grant>) -> Vec<Grant> {
        if let Some(catalog) = self.catalog {
            grants.iter_mut().for_each(|grant| apply_catalog(catalog, kind, grant));
        }
        grants
    }

    /// Returns the outcome of every check on a stored token, also of those after one that fails.
    #[must_use]
    pub fn explain_record(&self, mut record: TokenRecord) -> Vec<(Check, Result<(), Error>)> {
        record.grants = self.effective(record.kind, record.grants);
        self.explain(&AuthenticToken::from_record(record, Generation::Untracked, Moment::now()))
    }

    /// Like [`explain_record`](RequestFacts::explain_record), of a JWT of this standing with these claims. The
    /// verifier's leeway is not added.
    #[must_use]
    pub fn explain_claims(&self, mut claims: Claims, standing: Standing) -> Vec<(Check, Result<(), Error>)> {
        claims.grants = self.effective(claims.kind, claims.grants);
        self.explain(&AuthenticToken::from_claims(claims, None, standing, None, 0, Moment::now()))
    }

    fn explain(&self, token: &AuthenticToken) -> Vec<(Check, Result<(), Error>)> {
        let origin = self.origin.map_or(OriginHeader::None, OriginHeader::One);
        let (credentials, rules) = (Credentials::default().with_origin(origin), PageRules::default());
        let mut steps = vec![];
        let location = self.location.unwrap_or(TokenLocation::Bearer);
        let find_page = || token.page(&credentials, &rules);
        let all = token.check_in_order(location, find_page, token.check_standing(), self.now, |check, outcome| {
            if check != Check::Location || self.location.is_some() {
                steps.push((check, outcome));
            }
            Ok(())
        });
        debug_assert!(all.is_ok(), "no outcome stops it");
        steps.extend(self.requirement.map(|required| (Check::Requirement, token.check_requirement(required))));
        steps
    }
}

#[cfg(test)]
mod tests {
    use super::super::token::tests::record;
    use super::*;

    #[test]
    fn every_check_is_told_in_the_order_of_the_verifier_also_after_one_that_fails() {
        let mut token = record(TokenKind::Publishable, "t", "o");
        token.origins = vec!["shop.example.com".parse().expect("a pattern")];
        token.grants = vec![Grant {
            tenant: "o".into(),
            scopes: ["floor:read".parse().expect("a scope")].into_iter().collect(),
            resources: vec![],
        }];
        let (read, write) = ("floor:read".parse().expect("a scope"), "floor:write".parse().expect("a scope"));
        let (read, write) = (Requirement::new(&read, "o"), Requirement::new(&write, "o"));
        let good = RequestFacts {
            location: Some(TokenLocation::Query),
            origin: Some("https://shop.example.com"),
            requirement: Some(&read),
            catalog: None,
            now: 100,
        };
        let failing = |attempt: RequestFacts<'_>, record: &TokenRecord| {
            let steps = attempt.explain_record(record.clone());
            let checks: Vec<_> = steps.iter().map(|(check, _)| *check).collect();
            let all = [Check::Location, Check::Page, Check::Withdrawal, Check::Life, Check::Requirement];
            let told: Vec<_> = all
                .into_iter()
                .filter(|check| *check != Check::Location || attempt.location.is_some())
                .filter(|check| *check != Check::Requirement || attempt.requirement.is_some())
                .collect();
            assert_eq!(checks, told);
            steps.into_iter().filter(|(_, outcome)| outcome.is_err()).map(|(check, _)| check).collect::<Vec<_>>()
        };
        assert_eq!(failing(good, &token), []);
        assert_eq!(failing(RequestFacts { location: None, requirement: None, ..good }, &token), []);
        assert_eq!(failing(RequestFacts { location: Some(TokenLocation::ApiKey), ..good }, &token), [Check::Location]);
        assert_eq!(failing(RequestFacts { origin: None, ..good }, &token), [Check::Page]);
        assert_eq!(failing(RequestFacts { origin: Some("null"), ..good }, &token), [Check::Page]);
        let ended = TokenRecord { expires_at: Some(100), revoked_at: Some(50), ..token };
        let bad = RequestFacts { origin: Some("https://evil.example"), requirement: Some(&write), ..good };
        assert_eq!(failing(bad, &ended), [Check::Page, Check::Withdrawal, Check::Life, Check::Requirement]);
    }
}
