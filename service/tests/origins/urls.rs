//! The URL standard's cases: `urltestdata.json` of the web platform tests, which the crate `url` ships.

use std::collections::{BTreeMap, BTreeSet};

use daypass::Origin;
use serde::Deserialize;

use crate::origins::normalize_origin;
use crate::package::read_file;

#[derive(Deserialize)]
#[serde(untagged)]
enum Entry {
    Case(Case),
    #[expect(dead_code, reason = "comments between the cases")]
    Comment(String),
}

#[derive(Deserialize)]
struct Case {
    input: String,
    base: Option<String>,
    /// The URL, if the input is one.
    href: Option<String>,
    /// The origin as text, or `null` for an opaque origin. Some cases leave it out.
    origin: Option<String>,
    protocol: Option<String>,
    host: Option<String>,
}

impl Case {
    /// Returns the origin of a page there, as a browser writes it.
    fn origin(&self) -> Option<String> {
        match (self.origin.as_deref(), self.protocol.as_deref()) {
            (Some("null"), _) | (None, None) => None,
            (Some(origin), _) => Some(origin.to_owned()),
            (None, Some(protocol @ ("http:" | "https:" | "ws:" | "wss:" | "ftp:"))) => {
                Some(format!("{protocol}//{}", self.host.as_ref()?))
            }
            (None, Some(_)) => None,
        }
    }
}

fn cases() -> Vec<Case> {
    let entries: Vec<Entry> = serde_json::from_str(&read_file("url", "tests/urltestdata.json")).unwrap();
    let cases: Vec<_> =
        entries.into_iter().filter_map(|entry| if let Entry::Case(case) = entry { Some(case) } else { None }).collect();
    assert!(cases.len() >= 819, "{} cases", cases.len());
    cases
}

/// Checks that the deviations from the standard are the listed ones, each with its reason.
fn assert_deviations(deviations: impl IntoIterator<Item = String>, listed: &[(&str, &str)]) {
    let deviations: BTreeSet<String> = deviations.into_iter().collect();
    let listed: BTreeMap<&str, &str> = listed.iter().copied().collect();
    assert_eq!(deviations.iter().map(String::as_str).collect::<Vec<_>>(), listed.keys().copied().collect::<Vec<_>>());
}

const EMPTY_LABEL: &str = "a host with empty labels, which the domain name system does not have";
const ODD_CHARACTERS: &str = "a host with characters that no domain name has";

#[test]
fn every_origin_that_a_browser_writes_is_an_origin() {
    let origins: Vec<_> = cases().iter().filter_map(Case::origin).collect();
    assert!(origins.len() >= 250, "{} origins", origins.len());
    assert_deviations(
        origins.into_iter().filter(|origin| Origin::parse(origin).is_err()),
        &[
            ("http://.", EMPTY_LABEL),
            ("http://..", EMPTY_LABEL),
            ("http://foo.09..", EMPTY_LABEL),
            ("http://!\"$&'()*+,-.;=_`{}~", ODD_CHARACTERS),
            ("wss://!\"$&'()*+,-.;=_`{}~", ODD_CHARACTERS),
        ],
    );
}

#[test]
fn text_that_no_browser_writes_is_not_an_origin() {
    const APP: &str =
        "a custom scheme: web views of apps send such origins, and only a pattern that names the scheme matches";
    const PUNYCODE: &str =
        "invalid punycode: the browser build has no tables to detect it, and no browser has such a page";
    let cases = cases();
    let texts = cases.iter().flat_map(|case| [Some(&case.input), case.href.as_ref()].map(|text| Some((case, text?))));
    let others: Vec<_> = texts.flatten().filter(|(case, text)| case.origin().as_ref() != Some(*text)).collect();
    assert!(others.len() >= 1_355, "{} texts", others.len());
    assert_deviations(
        others.into_iter().filter(|(_, text)| Origin::parse(text).is_ok()).map(|(_, text)| text.clone()),
        &[
            ("file://localhost", APP),
            ("file://test", APP),
            ("h://.", APP),
            ("sc:", APP),
            ("sc://%C3%B1", APP),
            ("w://x:0", APP),
            ("west://x:0", APP),
            ("http://a.b.c.xn--pokxncvks", PUNYCODE),
            ("http://10.0.0.xn--pokxncvks", PUNYCODE),
        ],
    );
}

/// Returns the input if a person may copy or type it: scheme, host, port and at most a slash.
fn as_typed(case: &Case) -> Option<&str> {
    let text = case.input.strip_suffix('/').unwrap_or(&case.input);
    let (scheme, rest) = text.split_once("://")?;
    let is_plain = ["http", "https"].contains(&scheme)
        && !rest.is_empty()
        && !rest.contains(|c: char| c.is_control() || c == ' ' || "/\\?#@".contains(c));
    (is_plain && case.base.is_none()).then_some(text)
}

#[test]
fn a_pattern_matches_the_page_that_a_browser_opens_for_the_same_text() {
    const ESCAPE: &str = "escapes, which nobody types in a host";
    const NUMBERS: &str = "an address in another form than a browser shows: refused rather than guessed";
    let cases = cases();
    let typed: Vec<_> = cases.iter().filter_map(|case| Some((as_typed(case)?, case.origin()))).collect();
    assert!(typed.len() >= 121, "{} cases", typed.len());
    let mut refused = Vec::new();
    for (text, origin) in typed {
        match (normalize_origin(text), origin) {
            (Ok(pattern), Some(origin)) => {
                assert!(pattern.matches(&Origin::parse(&origin).unwrap()), "{text} is {pattern} and not {origin}");
            }
            (Ok(pattern), None) => panic!("{text} is not a URL, but gives the pattern {pattern}"),
            (Err(_), Some(_)) => refused.push(text.to_owned()),
            (Err(_), None) => {}
        }
    }
    assert_deviations(
        refused,
        &[
            ("http://.", EMPTY_LABEL),
            ("http://..", EMPTY_LABEL),
            ("http://foo.09..", EMPTY_LABEL),
            ("http://!\"$&'()*+,-.;=_`{}~", ODD_CHARACTERS),
            ("http://192.0x00A80001", NUMBERS),
            ("https://0x.0x.0", NUMBERS),
            ("https://%e2%98%83", ESCAPE),
            ("https://a%C2%ADb", ESCAPE),
        ],
    );
}

#[test]
fn a_host_that_a_browser_writes_is_already_normal() {
    let cases = cases();
    let is_page = |case: &&Case| matches!(case.protocol.as_deref(), Some("http:" | "https:"));
    let hosts: Vec<_> = cases.iter().filter(is_page).filter_map(|case| case.host.as_deref()).collect();
    assert!(hosts.len() >= 219, "{} hosts", hosts.len());
    assert_deviations(
        hosts
            .into_iter()
            .filter(|host| !normalize_origin(host).is_ok_and(|pattern| pattern.to_string() == *host))
            .map(str::to_owned),
        &[(".", EMPTY_LABEL), ("..", EMPTY_LABEL), ("foo.09..", EMPTY_LABEL), ("!\"$&'()*+,-.;=_`{}~", ODD_CHARACTERS)],
    );
}
