//! The bars of the benchmarks, and the verdict on each result.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::{Context, Result};
use serde::Serialize;

use crate::size;

/// The figures of all rounds by row, as the programs of `benches/` write them.
pub(crate) type Results = BTreeMap<String, Vec<f64>>;

/// The bar of a row.
#[derive(Clone, Copy)]
enum Bar {
    /// At most this many times another row.
    Times(&'static str, f64),
    /// Shown beside another row, without a limit.
    Beside(&'static str),
    /// At most this value.
    Most(f64),
    /// A goal; missing it is no failure.
    Aim(f64),
    /// A goal relative to another row.
    AimTimes(&'static str, f64),
}

use Bar::{Aim, AimTimes, Beside, Most, Times};

/// The rows of a table with their bars.
type Bars = [(&'static str, Bar)];

/// Rows of `bench verify`. The unit of a row follows from its name: [`Unit::of`].
const VERIFY: [(&str, Bar); 38] = [
    ("verify/jwt-cold", Times("limit/ed25519", 1.10)),
    ("verify/jwt-cold", AimTimes("limit/ed25519", 1.05)),
    ("verify/jwt-cold", Times("peer/jsonwebtoken", 0.90)),
    ("verify/jwt-cold", Beside("peer/biscuit")),
    ("verify/jwt-cold", Beside("peer/jose")),
    ("verify/jwt-cached", Times("peer/jsonwebtoken", 0.01)),
    // Five million a second.
    ("verify/jwt-cached", Aim(200.0)),
    ("verify/jwt-cached", Beside("peer/fast-jwt-cached")),
    ("verify/jwt-reporting", Beside("verify/jwt-origin")),
    ("verify/opaque-cached", Times("limit/sha256", 4.0)),
    ("verify/grants-1", Beside("verify/opaque-cached")),
    ("verify/grants-10", Most(1000.0)),
    // No worse than linear.
    ("verify/grants-10", Times("verify/grants-1", 10.0)),
    ("verify/grants-100", Times("verify/grants-10", 10.0)),
    ("verify/origins-1", Beside("verify/opaque-cached")),
    ("verify/origins-10", Most(1000.0)),
    ("verify/origins-10", Times("verify/origins-1", 10.0)),
    ("verify/origins-100", Times("verify/origins-10", 10.0)),
    ("verify/referer", Times("verify/origin", 1.20)),
    ("route/layer", Times("route/bare", 1.05)),
    ("route/layer", Times("route/tower-http", 1.01)),
    ("route/layer", AimTimes("route/tower-http", 0.97)),
    ("route/layer", Beside("route/validate")),
    ("route/layer", Beside("route/async")),
    ("route/layer", Beside("route/noop")),
    ("route/tower-http", Beside("route/bare")),
    ("route/noop", Beside("route/bare")),
    // The error of the measurement.
    ("route/again", Beside("route/bare")),
    ("route/layer-p99", Times("route/bare-p99", 1.10)),
    ("allocations/jwt-cached", Most(0.0)),
    ("allocations/opaque-cached", Most(0.0)),
    ("allocations/jwt-reporting", Most(0.0)),
    ("memory/cached-token", Most(369.0)),
    ("memory/cached-token", Aim(256.0)),
    ("memory/full-cache", Times("memory/setting", 1.0)),
    ("memory/full-cache-apart", Times("memory/setting", 1.0)),
    // Four threads on two processors decide at least 1.6 times as often as one.
    ("threads/four", Times("threads/one", 1.0 / 1.6)),
    ("threads/four-one-token", Beside("threads/one-token")),
];

/// Rows of `bench verify --beside`.
const VERIFY_BESIDE: [(&str, Bar); 5] = [
    ("verify/jwt-cached", Times("before/jwt-cached", 1.0)),
    ("verify/jwt-cached", AimTimes("before/jwt-cached", 0.7)),
    ("verify/opaque-cached", Times("before/opaque-cached", 1.0)),
    ("verify/opaque-cached", AimTimes("before/opaque-cached", 0.7)),
    ("verify/jwt-cold", Beside("before/jwt-cold")),
];

/// Rows of `bench browser`.
const BROWSER: [(&str, Bar); 31] = [
    ("browser/default", Most(size::MOST as f64)),
    ("browser/default", Aim(size::AIM as f64)),
    ("browser/default", Beside("size/auth0-spa-js")),
    ("browser/default", Beside("size/jose")),
    ("browser/default", Beside("size/oidc-client-ts")),
    ("browser/default", Beside("size/keycloak-js")),
    ("browser/default", Beside("size/auth-js")),
    ("browser/import", Most(5e6)),
    ("browser/import", Beside("import/nothing")),
    ("browser/import", Beside("import/nowasm")),
    ("browser/import", Beside("import/auth0-spa-js")),
    ("browser/import", Beside("import/jose")),
    ("browser/import", Beside("import/oidc-client-ts")),
    ("browser/import", Beside("import/keycloak-js")),
    ("browser/import", Beside("import/auth-js")),
    ("browser/fetch", Most(150_000.0)),
    ("browser/fetch", Beside("fetch/bare")),
    ("browser/fetch", Beside("fetch/peek")),
    ("browser/fetch", Beside("fetch/request")),
    ("browser/fetch", Beside("fetch/auth0-spa-js")),
    ("browser/fetch", Beside("fetch/oidc-client-ts")),
    // The error of the measurement.
    ("fetch/again", Beside("fetch/bare")),
    ("browser/work", Beside("work/peek")),
    ("browser/work", Beside("work/request")),
    ("browser/work", Beside("work/auth0-spa-js")),
    ("browser/work", Beside("work/oidc-client-ts")),
    ("browser/authorization", Most(5_000.0)),
    ("browser/authorization", Beside("authorization/auth0-spa-js")),
    ("browser/authorization", Beside("authorization/oidc-client-ts")),
    ("browser/preflights", Most(0.0)),
    // Shows that the log records preflights.
    ("browser/preflights", Beside("preflights/header")),
];

/// The bytes of a mebibyte.
const MIB: f64 = 1_048_576.0;

/// Rows of `bench service`. To answer a part of another row's requests a second is to take one divided by it of its time.
const SERVICE: [(&str, Bar); 42] = [
    ("introspection/daypass", Times("introspection/bare", 1.0 / 0.60)),
    ("introspection/daypass", AimTimes("introspection/bare", 1.0 / 0.85)),
    ("introspection/daypass", Times("introspection/oidc-provider", 1.0 / 10.0)),
    ("introspection/daypass", AimTimes("introspection/oidc-provider", 1.0 / 15.0)),
    ("introspection/daypass-processor", Beside("introspection/bare-processor")),
    ("introspection/daypass-processor", Beside("introspection/oidc-provider-processor")),
    ("introspection/daypass-p99", Beside("introspection/bare-p99")),
    ("introspection/recorded", Times("introspection/daypass", 1.0 / 0.90)),
    ("introspection/recorded", AimTimes("introspection/daypass", 1.0 / 0.97)),
    ("introspection/recorded-processor", Beside("introspection/daypass-processor")),
    ("minting/daypass", Times("minting/route", 1.0 / 0.65)),
    ("minting/daypass", AimTimes("minting/route", 1.0 / 0.85)),
    ("minting/daypass", Beside("minting/signing")),
    ("minting/route", Beside("minting/signing")),
    ("minting/daypass-processor", Beside("minting/route-processor")),
    ("minting/daypass-processor", Beside("minting/signing")),
    ("minting/daypass-p99", Beside("minting/route-p99")),
    ("oauth/daypass", Times("oauth/oidc-provider", 1.0 / 5.0)),
    ("oauth/daypass", AimTimes("oauth/oidc-provider", 1.0 / 10.0)),
    ("oauth/daypass-processor", Beside("oauth/oidc-provider-processor")),
    ("creation/daypass", Times("creation/insert", 1.0 / 0.7)),
    ("creation/one-client", Beside("creation/insert")),
    ("creation/million", Times("creation/hundred", 1.5)),
    ("console/list-p99", Most(50e6)),
    ("console/filter-p99", Most(50e6)),
    ("list/million", Times("list/thousand", 2.0)),
    ("memory/first-page", Most(4.0 * MIB)),
    ("lookup/ten-million", Times("lookup/thousand", 2.0)),
    ("lookup/ten-million", AimTimes("lookup/thousand", 1.5)),
    ("lookup/any-of-ten-million", Beside("lookup/thousand-again")),
    // The error of the measurement.
    ("lookup/thousand-again", Beside("lookup/thousand")),
    ("start/ten-million", Most(1e9)),
    ("start/ten-million", Beside("start/thousand")),
    ("memory/ten-million", Most(32.0 * MIB)),
    ("size/token", Beside("size/thousand")),
    ("revocation/p99", Most(250e6)),
    ("revocation/p99", Aim(100e6)),
    ("revocation/p99", Beside("revocation/p50")),
    ("memory/stream", Most(24.0 * 1024.0)),
    ("memory/stream", Aim(8.0 * 1024.0)),
    ("backup/writes-p99", Times("backup/writes-calm-p99", 3.0)),
    ("backup/time", Beside("backup/writes-p99")),
];

/// The verdict on a row.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Ok,
    Over,
    /// The aim is not reached.
    Missed,
    /// The row has no bar.
    Reported,
}

/// A line of the table.
#[derive(Serialize)]
pub(crate) struct Line {
    row: &'static str,
    measured: f64,
    unit: Unit,
    peer: Option<&'static str>,
    peer_measured: Option<f64>,
    ratio: Option<f64>,
    most: Option<f64>,
    verdict: Verdict,
}

/// Compares the results with the bars of `bench verify`.
pub(crate) fn verify(results: &Results) -> Result<Vec<Line>> {
    let mut table = lines(&VERIFY, results)?;
    if results.contains_key("before/jwt-cached") {
        table.extend(lines(&VERIFY_BESIDE, results)?);
    }
    Ok(table)
}

/// Compares the results with the bars of `bench service`: with those of the measured rows, unless it is complete.
pub(crate) fn service(results: &Results, is_complete: bool) -> Result<Vec<Line>> {
    let is_shown = |(row, _): &&(&str, Bar)| is_complete || results.contains_key(*row);
    let rows: Vec<_> = SERVICE.iter().filter(is_shown).copied().collect();
    lines(&rows, results)
}

/// Rows of `bench browser --beside`.
const BROWSER_BESIDE: [(&str, Bar); 5] = [
    ("browser/default", Beside("size/before")),
    ("browser/import", Times("import/before", 2.0)),
    ("browser/fetch", Times("fetch/before", 1.5)),
    ("browser/work", Times("work/before", 1.5)),
    ("browser/authorization", Beside("authorization/before")),
];

/// Compares the results with the bars of `bench browser`. Limits of times are for Chromium.
pub(crate) fn browser(results: &Results, is_chromium: bool) -> Result<Vec<Line>> {
    let is_for_all = |(row, bar): &(&str, Bar)| Unit::of(row) != Unit::Nanoseconds || !matches!(bar, Most(_));
    let rows: Vec<_> = BROWSER.into_iter().filter(|row| is_chromium || is_for_all(row)).collect();
    let mut table = lines(&rows, results)?;
    if results.contains_key("size/before") {
        table.extend(lines(&BROWSER_BESIDE, results)?);
    }
    Ok(table)
}

fn lines(bars: &Bars, results: &Results) -> Result<Vec<Line>> {
    bars.iter().map(|&(row, bar)| line(row, bar, results)).collect()
}

fn line(row: &'static str, bar: Bar, results: &Results) -> Result<Line> {
    let rounds = |row| results.get(row).with_context(|| format!("no program measured {row}"));
    let measured = median(rounds(row)?.iter().copied());
    let (peer, most) = match bar {
        Times(peer, most) | AimTimes(peer, most) => (Some(peer), Some(most)),
        Beside(peer) => (Some(peer), None),
        Most(most) | Aim(most) => (None, Some(most)),
    };
    let peer_rounds = peer.map(rounds).transpose()?;
    // The ratio is taken within each round, so that a slow round slows both sides.
    let ratio = peer_rounds
        .map(|theirs| {
            Ok::<_, anyhow::Error>(median(rounds(row)?.iter().zip(theirs).map(|(ours, theirs)| ours / theirs)))
        })
        .transpose()?;
    let is_within = most.map(|most| ratio.unwrap_or(measured) <= most);
    let verdict = match (is_within, bar) {
        (None, _) => Verdict::Reported,
        (Some(true), _) => Verdict::Ok,
        (Some(false), Aim(_) | AimTimes(..)) => Verdict::Missed,
        (Some(false), _) => Verdict::Over,
    };
    let peer_measured = peer_rounds.map(|theirs| median(theirs.iter().copied()));
    Ok(Line { row, measured, unit: Unit::of(row), peer, peer_measured, ratio, most, verdict })
}

/// Returns the middle value; of two middle values the lower one.
fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get((values.len().max(1) - 1) / 2).copied().unwrap_or(f64::NAN)
}

impl Line {
    /// Returns whether the bar is missed.
    pub(crate) fn is_over(&self) -> bool {
        self.verdict == Verdict::Over
    }
}

/// Returns the table's head, with the column widths of [`Line`].
pub(crate) fn head() -> String {
    columns(["row", "measured", "its peer", "", "ratio", "bar", ""])
}

fn columns([row, measured, peer, peer_measured, ratio, most, verdict]: [&str; 7]) -> String {
    let line = format!("{row:<31} {measured:>10}   {peer:<37} {peer_measured:>10} {ratio:>8} {most:>9}  {verdict}");
    line.trim_end().to_owned()
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let show = |value| self.unit.show(value);
        let ratio = |value: f64| if value < 0.1 { format!("{value:.4}") } else { format!("{value:.2}") };
        let bar = |most| if self.ratio.is_some() { ratio(most) } else { show(most) };
        f.write_str(&columns([
            self.row,
            &show(self.measured),
            self.peer.unwrap_or_default(),
            &self.peer_measured.map(show).unwrap_or_default(),
            &self.ratio.map(ratio).unwrap_or_default(),
            &self.most.map(bar).unwrap_or_default(),
            match self.verdict {
                Verdict::Ok => "ok",
                Verdict::Over => "OVER",
                Verdict::Missed => "aim missed",
                Verdict::Reported => "",
            },
        ]))
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Unit {
    Nanoseconds,
    Bytes,
    Count,
}

impl Unit {
    fn of(row: &str) -> Unit {
        match row.split_once('/') {
            Some(("memory" | "size", _) | ("browser", "default")) => Unit::Bytes,
            Some(("allocations" | "preflights", _) | ("browser", "preflights")) => Unit::Count,
            _ => Unit::Nanoseconds,
        }
    }

    fn show(self, value: f64) -> String {
        match self {
            // A difference of two measurements can be negative.
            Unit::Nanoseconds if value.abs() < 1e3 => format!("{value:.1} ns"),
            Unit::Nanoseconds if value.abs() < 1e6 => format!("{:.2} µs", value / 1e3),
            Unit::Nanoseconds => format!("{:.2} ms", value / 1e6),
            Unit::Bytes => format!("{value:.0} B"),
            Unit::Count => format!("{value}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Aim, AimTimes, Bar, Beside, Most, Results, Times, Unit, Verdict, line};

    #[test]
    fn a_bar_compares_the_median_of_the_ratios_within_rounds() {
        // The second round was slow for both; in the third, another process slowed the peer.
        let rounds = [("ours", vec![11.0, 44.0, 11.0]), ("theirs", vec![10.0, 40.0, 99.0])];
        let results: Results = rounds.into_iter().map(|(row, values)| (row.to_owned(), values)).collect();
        let cases: [(Bar, Option<f64>, Verdict); 9] = [
            (Times("theirs", 1.1), Some(1.1), Verdict::Ok),
            (Times("theirs", 1.0), Some(1.1), Verdict::Over),
            (Beside("theirs"), Some(1.1), Verdict::Reported),
            (Most(11.0), None, Verdict::Ok),
            (Most(10.0), None, Verdict::Over),
            (Aim(11.0), None, Verdict::Ok),
            (Aim(10.0), None, Verdict::Missed),
            (AimTimes("theirs", 1.1), Some(1.1), Verdict::Ok),
            (AimTimes("theirs", 1.0), Some(1.1), Verdict::Missed),
        ];
        for (bar, ratio, verdict) in cases {
            let line = line("ours", bar, &results).expect("both rows have figures");
            assert_eq!((line.measured, line.ratio), (11.0, ratio));
            assert!(line.verdict == verdict, "{line}");
        }
        assert!(line("ours", Beside("nobody"), &results).is_err());
    }

    #[test]
    fn a_row_is_shown_in_the_unit_that_its_name_says() {
        let cases = [
            ("browser/default", 27_869.0, "27869 B"),
            ("size/jose", 10_906.0, "10906 B"),
            ("memory/cached-token", 369.0, "369 B"),
            ("browser/preflights", 0.0, "0"),
            ("preflights/header", 1.0, "1"),
            ("allocations/jwt-cached", 0.0, "0"),
            ("browser/import", 4_900_000.0, "4.90 ms"),
            ("browser/fetch", 41_250.0, "41.25 µs"),
            ("fetch/again", -2_500.0, "-2.50 µs"),
            ("verify/jwt-cached", 240.0, "240.0 ns"),
        ];
        for (row, value, shown) in cases {
            assert_eq!(Unit::of(row).show(value), shown, "{row}");
        }
    }
}
