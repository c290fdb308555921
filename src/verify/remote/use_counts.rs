//! Counts of decisions by token and outcome, in bounded memory: [`UseCounts`].

use std::collections::HashMap;
use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::api::{ACCEPTED, OriginUse, UseRow};
use crate::verify::{Decision, Page};
use crate::{Error, ErrorCode};

/// How many parts the counts have, so that few threads wait for one another.
const PARTS: usize = 16;
/// How many rows each of them has, one for a token and an outcome.
const ROWS: usize = 256;
/// How many origins the rows of a part have together.
const ORIGINS_OF_PART: usize = 512;

/// The decisions since they were last taken.
///
/// SECURITY: it never grows beyond 4096 rows and 8192 origins, however many tokens there are, and has no token's text.
/// Counting waits for nothing but another count: what is taken is sent after the lock has ended.
pub(super) struct UseCounts(Box<[Mutex<Part>]>);

#[derive(Default)]
struct Part {
    rows: HashMap<Key, Row>,
    /// What found no room, by outcome.
    others: HashMap<Option<ErrorCode>, u64>,
    /// How many origins the rows have.
    origins: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    /// Of the stored token at the root of the chain: of the temporary tokens of a page, which are many, their parent.
    serial: u64,
    /// Why it was refused; `None` if it was accepted.
    outcome: Option<ErrorCode>,
}

#[derive(Default)]
struct Row {
    count: u64,
    origins: Vec<(Box<str>, u64)>,
    other_origins: u64,
}

impl UseCounts {
    pub(super) fn new() -> UseCounts {
        UseCounts(std::iter::repeat_with(|| Mutex::new(Part::new())).take(PARTS).collect())
    }

    /// Counts a decision on an authentic token. Who sends others is not told: they are nobody's.
    pub(super) fn count(&self, decision: &Decision<'_>) {
        let Some(token) = &decision.token else { return };
        let code = decision.error.map(Error::code);
        // A handler decides on what an accepted token lacks.
        let is_accepted = matches!(code, None | Some(ErrorCode::InsufficientScope));
        let mut part = lock(&self.0[token.root_serial as usize % PARTS]);
        let mut add = |outcome| part.add(Key { serial: token.root_serial, outcome }, decision.page);
        if is_accepted && decision.credentials.is_some() {
            add(None);
        }
        if code.is_some() {
            add(code);
        }
    }

    /// Takes the counts, and resets them.
    pub(super) fn take(&self) -> Vec<UseRow> {
        let mut rows = vec![];
        for part in &self.0 {
            if lock(part).is_empty() {
                continue;
            }
            // Made before the lock, so that counting never waits for memory.
            let empty = Part::new();
            let Part { rows: counted, others, .. } = mem::replace(&mut *lock(part), empty);
            rows.extend(counted.into_iter().map(|(key, row)| row.report(key)));
            rows.extend(others.into_iter().map(|(outcome, count)| UseRow {
                serial: None,
                outcome: name(outcome).into(),
                count,
                origins: vec![],
                other_origins: 0,
            }));
        }
        rows
    }
}

fn lock(part: &Mutex<Part>) -> MutexGuard<'_, Part> {
    part.lock().unwrap_or_else(PoisonError::into_inner)
}

fn name(outcome: Option<ErrorCode>) -> &'static str {
    outcome.map_or(ACCEPTED, ErrorCode::as_str)
}

impl Part {
    /// Makes an empty part that has memory for all its rows.
    fn new() -> Part {
        let others = HashMap::with_capacity(ErrorCode::ALL.len() + 1);
        Part { rows: HashMap::with_capacity(ROWS), others, origins: 0 }
    }

    fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.others.is_empty()
    }

    fn add(&mut self, key: Key, page: Option<Page<'_>>) {
        let is_full = self.rows.len() >= ROWS;
        let row = match self.rows.get_mut(&key) {
            Some(row) => row,
            None if is_full => return *self.others.entry(key.outcome).or_default() += 1,
            None => self.rows.entry(key).or_default(),
        };
        row.count += 1;
        let Some(page) = page else { return };
        let origin = OriginUse::kept(page.origin);
        let is_full = row.origins.len() >= UseRow::MOST_ORIGINS || self.origins >= ORIGINS_OF_PART;
        if let Some((_, count)) = row.origins.iter_mut().find(|(known, _)| Some(&**known) == origin) {
            *count += 1;
        } else if let Some(origin) = origin.filter(|_| !is_full) {
            row.origins.push((origin.into(), 1));
            self.origins += 1;
        } else {
            row.other_origins += 1;
        }
    }
}

impl Row {
    fn report(self, key: Key) -> UseRow {
        let Row { count, origins, other_origins } = self;
        let origins = origins.into_iter().map(|(origin, count)| OriginUse { origin: origin.into(), count }).collect();
        UseRow { serial: Some(key.serial), outcome: name(key.outcome).into(), count, origins, other_origins }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TokenKind;
    use crate::verify::{Credentials, OriginHeader, TokenLocation, TokenSummary};

    /// Counts a request of a page with this token.
    fn count(counts: &UseCounts, root_serial: u64, error: Option<&Error>, origin: &str) {
        let token =
            TokenSummary { id: "t", kind: TokenKind::Publishable, organization: "o", parent: None, root_serial };
        let credentials = Credentials::new("t", TokenLocation::Bearer);
        let page = Page::of_origin(OriginHeader::One(origin)).expect("one origin");
        let (requirement, token, credentials) = (None, Some(token), Some(&credentials));
        counts.count(&Decision { token, error, requirement, credentials, page });
    }

    #[test]
    fn a_flood_of_tokens_and_origins_stays_bounded_and_every_request_is_counted() {
        let counts = UseCounts::new();
        for serial in 0..50_000 {
            count(&counts, serial, None, &format!("https://s{serial}.example"));
        }
        for origin in 0..10_000 {
            count(&counts, 1, Some(&Error::TokenRevoked), &format!("https://s{origin}.example"));
        }
        let rows = counts.take();
        assert!(rows.len() <= PARTS * (ROWS + 2), "{}", rows.len());
        let origins = rows.iter().map(|row| row.origins.len()).sum::<usize>();
        assert!(
            origins <= PARTS * ORIGINS_OF_PART && rows.iter().all(|row| row.origins.len() <= UseRow::MOST_ORIGINS),
            "{origins}"
        );
        let count = |outcome| rows.iter().filter(|row| row.outcome == outcome).map(|row| row.count).sum::<u64>();
        assert_eq!((count(ACCEPTED), count("token_revoked")), (50_000, 10_000));
        assert_eq!(counts.take(), [], "what was taken is not counted again");
    }

    #[test]
    fn what_no_browser_writes_as_an_origin_is_not_kept() {
        let counts = UseCounts::new();
        let long = format!("https://{}.example", "a.".repeat(200));
        for origin in ["null", "dp_sec_canary", "https://a.example/dp_sec_canary", &long, "https://a.example"] {
            count(&counts, 1, None, origin);
        }
        let scheme = "a".repeat(40);
        for origin in [format!("{scheme}://a"), format!("{scheme}:")] {
            count(&counts, 1, None, &origin);
        }
        // Of the origin of an app, the scheme alone.
        for host in ["dp_sec_canary", "another"] {
            count(&counts, 1, None, &format!("app://{host}"));
        }
        let rows = counts.take();
        let origins = [("https://a.example", 1), ("app:", 2)];
        let origins = origins.map(|(origin, count)| OriginUse { origin: origin.into(), count });
        assert_eq!((rows.len(), &*rows[0].origins, rows[0].other_origins), (1, &origins[..], 6));
    }

    #[test]
    fn what_an_accepted_token_lacks_is_counted_beside_the_request() {
        let counts = UseCounts::new();
        let lacks = Error::InsufficientScope { scope: crate::Scope::literal("floor:export"), tenant: None };
        let token = TokenSummary { id: "t", kind: TokenKind::Secret, organization: "o", parent: None, root_serial: 1 };
        let credentials = Credentials::new("t", TokenLocation::Bearer);
        let at =
            |error, credentials| Decision { token: Some(token), error, requirement: None, credentials, page: None };
        // A requirement of the request, what a handler checks in vain, and what it checks.
        counts.count(&at(Some(&lacks), Some(&credentials)));
        counts.count(&at(Some(&lacks), None));
        counts.count(&at(None, None));
        let mut rows: Vec<_> = counts.take().into_iter().map(|row| (row.outcome, row.count)).collect();
        rows.sort();
        assert_eq!(rows, [("accepted".into(), 1), ("insufficient_scope".into(), 2)]);
    }
}
