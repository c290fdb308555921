//! `Origin` and `OriginPattern`.

use daypass::{Origin, OriginPattern};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use crate::cases::check;
use crate::origins::{is_shared, normalize_origin};
use crate::typo::typo;

const TYPOS: &str = "ab.-:/*[]@1A \\é";

/// A host as its labels: few, so that they often meet, and some are a prefix or a suffix of others.
fn host() -> impl Strategy<Value = Vec<&'static str>> {
    prop_oneof![
        8 => vec(select(&["a", "b", "ab", "ba", "xn--a"][..]), 1..4),
        1 => Just(vec!["127", "0", "0", "1"]),
        1 => Just(vec!["[::1]"]),
    ]
}

fn scheme() -> impl Strategy<Value = &'static str> {
    prop_oneof![4 => Just("https"), 2 => Just("http"), 1 => Just("capacitor")]
}

fn port() -> impl Strategy<Value = Option<u16>> {
    option::weighted(0.4, select(&[80, 443, 8080, u16::MAX][..]))
}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}

/// An origin in its parts. Its text leaves out the default port of the scheme.
#[derive(Debug, Clone)]
struct Page {
    scheme: &'static str,
    labels: Vec<&'static str>,
    port: Option<u16>,
}

impl Page {
    fn text(&self) -> String {
        let written = self.port.filter(|port| Some(*port) != default_port(self.scheme));
        format!("{}://{}{}", self.scheme, self.labels.join("."), port_text(written))
    }
}

fn page() -> impl Strategy<Value = Page> {
    (scheme(), host(), port()).prop_map(|(scheme, labels, port)| Page {
        scheme,
        labels,
        port: port.or(default_port(scheme)),
    })
}

/// What a pattern says of the labels before its own.
#[derive(Debug, Clone, Copy)]
enum Before {
    Nothing,
    /// `*.`
    Subdomain,
    /// A label if there is one, and another, which begins and ends so.
    Parts(Option<&'static str>, &'static str, &'static str),
}

/// A pattern in its parts. Without labels, it is its scheme alone.
#[derive(Debug, Clone)]
struct Rule {
    scheme: Option<&'static str>,
    before: Before,
    labels: Vec<&'static str>,
    port: Option<u16>,
}

impl Rule {
    fn text(&self) -> String {
        let scheme = self.scheme.map(|scheme| format!("{scheme}://")).unwrap_or_default();
        let wildcard = match self.before {
            Before::Nothing => String::new(),
            Before::Subdomain => "*.".into(),
            Before::Parts(left, start, end) => {
                let left = left.map(|label| format!("{label}.")).unwrap_or_default();
                format!("{left}{start}*{end}.")
            }
        };
        if self.labels.is_empty() {
            return scheme.trim_end_matches('/').to_owned();
        }
        format!("{scheme}{wildcard}{}{}", self.labels.join("."), port_text(self.port))
    }

    /// Returns whether the rule matches, written slowly as the documentation describes it.
    fn obviously_matches(&self, page: &Page) -> bool {
        let schemes = self.scheme.map_or(vec!["http", "https"], |scheme| vec![scheme]);
        if self.labels.is_empty() {
            return schemes == [page.scheme];
        }
        let hosts_are_alike = match self.before {
            Before::Nothing => page.labels == self.labels,
            Before::Subdomain => (1..page.labels.len()).any(|depth| page.labels[depth..] == self.labels),
            Before::Parts(left, start, end) => {
                // Every text that a `*` could stand for in these labels.
                let texts = ["a", "b", "ab", "ba", "aa", "bb", "b-", "x"].map(|text| [start, text, end].concat());
                texts.iter().filter(|label| *label != "xn--a").any(|label| {
                    let labels: Vec<&str> = left.into_iter().chain([&**label]).chain(self.labels.clone()).collect();
                    page.labels == labels
                })
            }
        };
        schemes.contains(&page.scheme) && hosts_are_alike && (self.port.is_none() || self.port == page.port)
    }
}

/// The label that a pattern may have before the one with the `*`, and what that one begins and ends with.
fn parts() -> impl Strategy<Value = (Option<&'static str>, (&'static str, &'static str))> {
    let left = option::weighted(0.3, select(&["a", "b"][..]));
    (left, select(&[("a", ""), ("", "a"), ("a", "b"), ("x", ""), ("", "-a")][..]))
}

fn before() -> impl Strategy<Value = Before> {
    prop_oneof![
        4 => Just(Before::Nothing),
        4 => Just(Before::Subdomain),
        5 => parts().prop_map(|(left, (start, end))| Before::Parts(left, start, end)),
    ]
}

fn rule() -> impl Strategy<Value = Rule> {
    let with_host = (option::weighted(0.4, scheme()), before(), host(), option::weighted(0.4, port())).prop_map(
        |(scheme, before, labels, port)| {
            let before = if is_address(&labels) { Before::Nothing } else { before };
            Rule { scheme, before, labels, port: port.flatten() }
        },
    );
    let alone = Rule { scheme: Some("capacitor"), before: Before::Nothing, labels: vec![], port: None };
    prop_oneof![12 => with_host, 1 => Just(alone)]
}

fn is_address(labels: &[&str]) -> bool {
    labels.first().is_some_and(|first| first.starts_with(['[', '1']))
}

/// A rule, and a page whose host often equals or resembles the rule's.
fn rule_and_page() -> impl Strategy<Value = (Rule, Page)> {
    let more = vec(select(&["a", "b", "ab", "aa", "aab", "aba", "bb", "xn--a"][..]), 0..3);
    (rule(), page(), more, any::<bool>()).prop_map(|(rule, page, more, is_similar)| {
        let labels = match (is_similar && !rule.labels.is_empty(), is_address(&rule.labels)) {
            (false, _) => page.labels,
            (true, true) => rule.labels.clone(),
            (true, false) => more.iter().chain(&rule.labels).copied().collect(),
        };
        (rule, Page { labels, ..page })
    })
}

fn port_text(port: Option<u16>) -> String {
    port.map(|port| format!(":{port}")).unwrap_or_default()
}

/// Checks that a rule matches as the documentation says, and returns whether it does. That the browser half matches alike is
/// checked where it is.
fn matches(rule: &Rule, page: &Page) -> Result<bool, TestCaseError> {
    let (rule_text, page_text) = (rule.text(), page.text());
    let matches = rule_text.parse::<OriginPattern>().unwrap().matches(&Origin::parse(&page_text).unwrap());
    prop_assert_eq!(matches, rule.obviously_matches(page), "{} and {}", rule_text, page_text);
    Ok(matches)
}

#[test]
fn a_pattern_matches_as_a_slow_and_obvious_one() {
    check(&rule_and_page(), |(rule, page)| Ok([matches(&rule, &page)?]));
}

/// A rule with a `*` within a label, and a page that differs from what it matches in one label at most.
#[test]
fn a_part_of_a_label_matches_as_a_slow_and_obvious_one() {
    let labels = vec(select(&["a", "b", "ab"][..]), 1..3);
    let first = select(&["a", "aa", "ab", "aab", "abb", "b", "ba", "b-a", "xn--a", "xa"][..]);
    let other_left = option::weighted(0.25, option::of(select(&["a", "b"][..])));
    check(&(parts(), labels, first, any::<bool>(), other_left), |(parts, labels, first, is_alike, other_left)| {
        let (left, (start, end)) = parts;
        let rule = Rule { scheme: None, before: Before::Parts(left, start, end), labels: labels.clone(), port: None };
        let others = if is_alike { labels } else { labels.into_iter().skip(1).chain(["b"]).collect() };
        let left = other_left.unwrap_or(left);
        let labels = left.into_iter().chain([first]).chain(others).collect();
        Ok([matches(&rule, &Page { scheme: "https", labels, port: Some(443) })?])
    });
}

#[test]
fn a_text_that_is_a_pattern_prints_as_it_was() {
    check(&(rule(), option::weighted(0.7, typo(TYPOS))), |(rule, typo)| {
        let text = typo.map_or(rule.text(), |typo| typo.of(&rule.text()));
        let parsed = text.parse::<OriginPattern>();
        if let Ok(pattern) = &parsed {
            prop_assert_eq!(&pattern.to_string(), &text);
            let json = serde_json::to_string(pattern).unwrap();
            prop_assert_eq!(&serde_json::from_str::<OriginPattern>(&json).unwrap(), pattern);
        }
        Ok([parsed.is_ok()])
    });
}

/// An origin cannot be printed, so that two texts of one origin show as equality.
#[test]
fn two_texts_are_never_the_same_origin() {
    check(&(page(), option::weighted(0.8, typo(TYPOS))), |(page, typo)| {
        let text = page.text();
        let with_port = || format!("{}://{}{}", page.scheme, page.labels.join("."), port_text(page.port));
        let other = typo.map_or_else(with_port, |typo| typo.of(&text));
        let [origin, parsed] = [&text, &other].map(|text| Origin::parse(text));
        prop_assert!(origin.is_ok(), "{}", text);
        prop_assert_eq!(parsed == origin, other == text, "{} and {}", text, other);
        Ok([parsed.is_ok()])
    });
}

#[test]
fn a_normalized_pattern_is_normal() {
    check(&(rule(), option::weighted(0.7, typo("ABéß.-:* "))), |(rule, typo)| {
        let text = typo.map_or(rule.text(), |typo| typo.of(&rule.text()));
        let normalized = normalize_origin(&text);
        if let Ok(pattern) = &normalized {
            // Only a `*` within a label, since none of these domains is below a suffix of the list.
            prop_assert!(!is_shared(pattern) || !pattern.host().starts_with("*."), "{}", text);
            prop_assert_eq!(&normalize_origin(&pattern.to_string()), &normalized, "{}", text);
        }
        Ok([normalized.is_ok(), normalized.is_ok_and(|pattern| pattern.to_string() != text)])
    });
}
