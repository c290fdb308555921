//! How tokens are used, by day: what a report of a verifier adds, and what is kept.

use std::collections::{BTreeMap, HashMap};

use daypass::api::{ACCEPTED, OriginUse, UseDay, UseReport, UseRow};
use daypass::{Error, ErrorCode};
use serde::{Deserialize, Serialize};

use super::days::{SECONDS, day_of};
use super::use_origins::Origins;

/// How many verifiers of an organization are known at a time.
pub(crate) const MOST_VERIFIERS: usize = 1000;
/// In the place of a token's serial number: all tokens of the organization.
pub(crate) const ALL_TOKENS: u64 = 0;

/// The longest name of a verifier.
const MAX_VERIFIER: usize = 64;
/// The age of the oldest report that is counted, so that none changes the days before.
const MAX_AGE: u64 = SECONDS;
/// The outcome of codes that this version does not know.
const OTHER: &str = "other";

/// Which verifier reports, and where its reports have got to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reporter {
    /// The organization of its token.
    pub(crate) organization: String,
    /// Its name.
    pub(crate) verifier: String,
    /// The report's number.
    pub(crate) sequence: u64,
}

/// What is to be counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Addition {
    /// Who reports it; `None` if the service counted it.
    pub(crate) reporter: Option<Reporter>,
    /// The organization whose tokens are counted; those of all without one.
    pub(crate) organization: Option<String>,
    /// The day on which it happened.
    pub(crate) day: u64,
    rows: Vec<Counted>,
}

/// What happened, with which token, and how often.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Counted {
    /// The token's serial number; `None` for tokens that were not counted apart.
    serial: Option<u64>,
    outcome: Outcome,
    count: u64,
    origins: Vec<OriginUse>,
    other_origins: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Accepted,
    /// By the code of the error.
    Refused(&'static str),
    /// A temporary token was minted.
    Refreshed,
}

/// What is stored of a token on a day, or of all tokens of an organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredUse {
    /// The token's organization.
    pub(crate) organization: String,
    /// Its serial number, or [`ALL_TOKENS`].
    pub(crate) token: u64,
    /// The counts.
    pub(crate) counts: Counts,
}

/// What the store knows when something is to be counted.
pub(crate) struct UseFacts {
    /// The number of the last report of this verifier.
    pub(crate) last: Option<u64>,
    /// What is stored of the tokens that are counted, and of their organizations; empty counts if nothing is.
    pub(crate) rows: Vec<StoredUse>,
}

/// The counts of a day.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Counts {
    accepted: u64,
    refused: BTreeMap<String, u64>,
    refreshes: u64,
    origins: Origins,
    refused_origins: Origins,
}

impl Addition {
    /// Reads a report of a verifier whose token is of this organization, and counts tokens of those that it reaches.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`], which names the field.
    pub(crate) fn of_report(
        report: UseReport,
        reporter: &str,
        reach: Option<&str>,
        now: u64,
    ) -> Result<Addition, Error> {
        let UseReport { verifier, sequence, age_seconds, rows } = report;
        let is_name = (1..=MAX_VERIFIER).contains(&verifier.len()) && verifier.bytes().all(|b| b.is_ascii_graphic());
        if !is_name {
            let why = format!("The `verifier` must have 1 to {MAX_VERIFIER} visible ASCII characters.");
            return Err(Error::InvalidRequest(why));
        }
        if !(1..=i64::MAX.cast_unsigned()).contains(&sequence) {
            return Err(Error::InvalidRequest("The `sequence` must be a number from 1 on.".into()));
        }
        if age_seconds > MAX_AGE {
            return Err(Error::InvalidRequest(format!("The `ageSeconds` must be at most {MAX_AGE}.")));
        }
        // SECURITY: each row is a look-up and a write in the transaction, for which revocations wait.
        let most = UseReport::MOST_ROWS;
        if rows.len() > most {
            return Err(Error::InvalidRequest(format!("The `rows` must be at most {most}: send several reports.")));
        }
        let most = UseRow::MOST_ORIGINS;
        if rows.iter().any(|row| row.origins.len() > most) {
            let why = format!("The `origins` of a row must be at most {most}: add the others to `otherOrigins`.");
            return Err(Error::InvalidRequest(why));
        }
        Ok(Addition {
            reporter: Some(Reporter { organization: reporter.to_owned(), verifier, sequence }),
            organization: reach.map(str::to_owned),
            day: day_of(now.saturating_sub(age_seconds)),
            rows: rows.into_iter().map(Counted::of_row).collect(),
        })
    }

    /// Counts temporary tokens that were minted, by the serial numbers of their parents.
    pub(crate) fn of_refreshes(refreshes: impl IntoIterator<Item = (u64, u64)>, now: u64) -> Addition {
        let row = |(serial, count)| Counted {
            serial: Some(serial),
            outcome: Outcome::Refreshed,
            count,
            origins: vec![],
            other_origins: 0,
        };
        Addition {
            reporter: None,
            organization: None,
            day: day_of(now),
            rows: refreshes.into_iter().map(row).collect(),
        }
    }

    /// Returns the serial numbers of the tokens that it is about, in their order, each once.
    pub(crate) fn serials(&self) -> Vec<u64> {
        let mut serials: Vec<_> = self.rows.iter().filter_map(|row| row.serial).collect();
        serials.sort_unstable();
        serials.dedup();
        // Numbers begin with 1, and no store has a greater one.
        serials.retain(|serial| (1..=i64::MAX.cast_unsigned()).contains(serial));
        serials
    }

    /// Returns the serial numbers of the tokens that were accepted.
    pub(crate) fn accepted(&self) -> impl Iterator<Item = u64> + '_ {
        let is_use = |row: &&Counted| row.outcome == Outcome::Accepted && row.count > 0;
        self.rows.iter().filter(is_use).filter_map(|row| row.serial)
    }
}

impl Counted {
    fn of_row(row: UseRow) -> Counted {
        let UseRow { serial, outcome, count, origins, mut other_origins } = row;
        // SECURITY: names are of a known set, and origins are what browsers write for sites, or schemes alone, so that
        // no other text of a client's choice is stored or shown.
        let mut kept = Vec::with_capacity(origins.len());
        for OriginUse { origin, count } in origins {
            match OriginUse::kept(&origin) {
                Some(origin) => kept.push(OriginUse { origin: origin.to_owned(), count }),
                None => other_origins = other_origins.saturating_add(count),
            }
        }
        let outcome = match ErrorCode::find(&outcome) {
            _ if outcome == ACCEPTED => Outcome::Accepted,
            Some(code) if code.status() > 0 => Outcome::Refused(code.as_str()),
            _ => Outcome::Refused(OTHER),
        };
        Counted { serial, outcome, count, origins: kept, other_origins }
    }
}

/// Returns the rows that change; `None` if the report was counted before.
pub(crate) fn count(addition: &Addition, facts: &UseFacts) -> Option<Vec<StoredUse>> {
    if let Some(reporter) = &addition.reporter
        && facts.last.is_some_and(|last| reporter.sequence <= last)
    {
        return None;
    }
    let (mut tokens, mut organizations) = (HashMap::new(), HashMap::new());
    for (place, row) in facts.rows.iter().enumerate() {
        match row.token {
            ALL_TOKENS => organizations.insert(&*row.organization, place),
            serial => tokens.insert(serial, place),
        };
    }
    let own = addition.reporter.as_ref().map(|reporter| &*reporter.organization);
    let mut rows = facts.rows.clone();
    for row in &addition.rows {
        let of_token = row.serial.and_then(|serial| tokens.get(&serial));
        let organization = match (row.serial, of_token) {
            (Some(_), Some(place)) => Some(&*facts.rows[*place].organization),
            (Some(_), None) => None,
            (None, _) => own,
        };
        let of_all = organization.and_then(|organization| organizations.get(organization));
        of_token.into_iter().chain(of_all).for_each(|place| rows[*place].counts.add(row));
    }
    let changed = rows.into_iter().zip(&facts.rows).filter(|(after, before)| after != *before);
    Some(changed.map(|(after, _)| after).collect())
}

impl Counts {
    fn add(&mut self, row: &Counted) {
        let (number, origins) = match row.outcome {
            Outcome::Accepted => (&mut self.accepted, Some(&mut self.origins)),
            Outcome::Refreshed => (&mut self.refreshes, None),
            Outcome::Refused(code) => {
                (self.refused.entry(code.to_owned()).or_default(), Some(&mut self.refused_origins))
            }
        };
        *number = number.saturating_add(row.count);
        if let Some(origins) = origins {
            origins.add(&row.origins, row.other_origins);
        }
    }

    /// Returns the counts as callers see them.
    pub(crate) fn on(self, day: u64) -> UseDay {
        let Counts { accepted, refused, refreshes, origins, refused_origins } = self;
        // What an accepted token lacks is counted beside its request.
        let lacking = ErrorCode::InsufficientScope.as_str();
        let refusals = refused.iter().filter(|(code, _)| **code != lacking).map(|(_, count)| *count);
        let ((origins, other_origins), (refused_origins, other_refused_origins)) =
            (origins.listed(), refused_origins.listed());
        UseDay {
            day: day * SECONDS,
            requests: refusals.fold(accepted, u64::saturating_add),
            accepted,
            refused,
            refreshes,
            origins,
            other_origins,
            refused_origins,
            other_refused_origins,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 20_000 * SECONDS + 5;

    fn row(serial: Option<u64>, outcome: &'static str, count: u64, origins: &[(&str, u64)]) -> UseRow {
        let origin = |(origin, count): &(&str, u64)| OriginUse { origin: (*origin).to_owned(), count: *count };
        UseRow {
            serial,
            outcome: outcome.into(),
            count,
            origins: origins.iter().map(origin).collect(),
            other_origins: 0,
        }
    }

    fn report(sequence: u64, rows: Vec<UseRow>) -> UseReport {
        UseReport { verifier: "v".into(), sequence, age_seconds: 0, rows }
    }

    fn addition(rows: Vec<UseRow>) -> Addition {
        Addition::of_report(report(1, rows), "o", Some("o"), NOW).expect("a report")
    }

    fn stored(token: u64) -> StoredUse {
        StoredUse { organization: "o".into(), token, counts: Counts::default() }
    }

    #[test]
    fn a_report_counts_for_its_tokens_and_for_their_organization_and_unknown_tokens_for_nobody() {
        let site = [("https://a.example", 3)];
        let addition = addition(vec![
            row(Some(1), "accepted", 3, &site),
            row(Some(1), "insufficient_scope", 1, &[]),
            row(Some(2), "origin_not_allowed", 2, &[("https://b.example", 2)]),
            row(Some(2), "of_a_later_version", 5, &[]),
            row(Some(99), "accepted", 50, &[("https://c.example", 50)]),
            row(None, "accepted", 7, &[]),
        ]);
        assert_eq!(addition.serials(), [1, 2, 99]);
        assert_eq!(addition.accepted().collect::<Vec<_>>(), [1, 99]);
        let facts = UseFacts { last: None, rows: vec![stored(ALL_TOKENS), stored(1), stored(2), stored(3)] };
        let days: Vec<_> = count(&addition, &facts).expect("rows").into_iter().map(|row| row.counts.on(1)).collect();
        let [all, one, two] = &days[..] else { panic!("{days:?}") };
        assert_eq!((all.day, all.requests, all.accepted), (SECONDS, 17, 10));
        assert_eq!((one.requests, one.accepted, one.refused.len()), (3, 3, 1));
        assert_eq!((two.requests, two.accepted, two.refused["origin_not_allowed"], two.refused["other"]), (7, 0, 2, 5));
        assert_eq!(
            (one.origins.len(), two.origins.len(), &*two.refused_origins[0].origin),
            (1, 0, "https://b.example")
        );
    }

    #[test]
    fn a_report_counts_once() {
        let addition = addition(vec![row(Some(1), "accepted", 1, &[])]);
        for (last, is_counted) in [(None, true), (Some(0), true), (Some(1), false), (Some(2), false)] {
            let counted = count(&addition, &UseFacts { last, rows: vec![stored(1)] });
            assert_eq!(counted.is_some_and(|rows| rows.len() == 1), is_counted, "{last:?}");
        }
    }

    #[test]
    fn the_origins_of_most_requests_are_kept_and_other_texts_are_not() {
        let mut counts = Counts::default();
        for n in 0..1000 {
            let origin = format!("https://s{n}.example");
            counts.add(&Counted::of_row(row(Some(1), "accepted", 1, &[(&origin, 1), ("https://big.example", 2)])));
        }
        counts.add(&Counted::of_row(row(Some(1), "accepted", 1, &[("<script>", 4), ("https://a.example/path", 4)])));
        let day = counts.on(0);
        assert_eq!(
            (day.origins.len(), &*day.origins[0].origin, day.origins[0].count),
            (20, "https://big.example", 2000)
        );
        assert_eq!(day.other_origins, 1000 - 19 + 8);
    }

    #[test]
    fn of_an_origin_of_an_app_the_scheme_alone_is_kept() {
        let mut counts = Counts::default();
        let canaries = [("app://dp_sec_canary", 1), ("app://another", 2), ("app:", 4), ("ftp://dp_sec_canary", 8)];
        counts.add(&Counted::of_row(row(Some(1), "accepted", 15, &canaries)));
        let day = counts.on(0);
        assert_eq!(day.origins, [OriginUse { origin: "app:".into(), count: 7 }]);
        assert_eq!(day.other_origins, 8);
    }

    #[test]
    fn a_report_of_another_form_is_refused_by_name() {
        let check = |report: UseReport| {
            Addition::of_report(report, "o", None, NOW).map(drop).map_err(|error| error.to_string())
        };
        let good = report(1, vec![]);
        let rows = |count| vec![row(Some(1), "accepted", 1, &[]); count];
        let origins = |count| vec![row(Some(1), "accepted", 1, &vec![("https://a.example", 1); count])];
        for (age_seconds, rows) in [(0, vec![]), (SECONDS, vec![]), (0, rows(512)), (0, origins(8))] {
            assert_eq!(check(UseReport { age_seconds, rows, ..good.clone() }), Ok(()));
        }
        for (report, field) in [
            (UseReport { verifier: String::new(), ..good.clone() }, "`verifier`"),
            (UseReport { verifier: "a b".into(), ..good.clone() }, "`verifier`"),
            (UseReport { verifier: "a".repeat(65), ..good.clone() }, "`verifier`"),
            (UseReport { sequence: 0, ..good.clone() }, "`sequence`"),
            (UseReport { sequence: u64::MAX, ..good.clone() }, "`sequence`"),
            (UseReport { age_seconds: SECONDS + 1, ..good.clone() }, "`ageSeconds`"),
            (UseReport { rows: rows(513), ..good.clone() }, "`rows`"),
            (UseReport { rows: origins(9), ..good.clone() }, "`origins`"),
        ] {
            assert!(check(report).is_err_and(|error| error.contains(field)), "{field}");
        }
    }
}
