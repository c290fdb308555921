//! `Origin` and `OriginPattern`.

use daypass::{Origin, OriginPattern};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use crate::cases::check;
use crate::origins::normalize_origin;
use crate::typo::typo;

const TYPOS: &str = "ab.-:/*[]@1A \\é";

/// A host as its labels: few, so that they often meet, and some are a prefix or a suffix of others.
fn host() -> impl Strategy<Value = Vec<&'static str>> {
    prop_oneof![
        8 => vec(select(&["a", "b", "ab", "ba"][..]), 1..4),
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

/// A pattern in its parts.
#[derive(Debug, Clone)]
struct Rule {
    scheme: Option<&'static str>,
    any_subdomain: bool,
    labels: Vec<&'static str>,
    port: Option<u16>,
}

impl Rule {
    fn text(&self) -> String {
        let scheme = self.scheme.map(|scheme| format!("{scheme}://")).unwrap_or_default();
        let wildcard = if self.any_subdomain { "*." } else { "" };
        format!("{scheme}{wildcard}{}{}", self.labels.join("."), port_text(self.port))
    }

    /// Returns whether the rule matches, written slowly as the documentation describes it.
    fn obviously_matches(&self, page: &Page) -> bool {
        let schemes = self.scheme.map_or(vec!["http", "https"], |scheme| vec![scheme]);
        let hosts_are_alike = if self.any_subdomain {
            (1..page.labels.len()).any(|depth| page.labels[depth..] == self.labels)
        } else {
            page.labels == self.labels
        };
        schemes.contains(&page.scheme) && hosts_are_alike && (self.port.is_none() || self.port == page.port)
    }
}

fn rule() -> impl Strategy<Value = Rule> {
    (option::weighted(0.4, scheme()), any::<bool>(), host(), option::weighted(0.4, port())).prop_map(
        |(scheme, wildcard, labels, port)| {
            let is_address = labels[0].starts_with(['[', '1']);
            Rule { scheme, any_subdomain: wildcard && !is_address, labels, port: port.flatten() }
        },
    )
}

/// A rule, and a page whose host often equals or resembles the rule's.
fn rule_and_page() -> impl Strategy<Value = (Rule, Page)> {
    let more = vec(select(&["a", "b", "ab"][..]), 0..3);
    (rule(), page(), more, any::<bool>()).prop_map(|(rule, page, more, is_similar)| {
        let is_address = rule.labels[0].starts_with(['[', '1']);
        let labels = match (is_similar, is_address) {
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

#[test]
fn a_pattern_matches_as_a_slow_and_obvious_one() {
    check(&rule_and_page(), |(rule, page)| {
        let matches = rule.text().parse::<OriginPattern>().unwrap().matches(&Origin::parse(&page.text()).unwrap());
        prop_assert_eq!(matches, rule.obviously_matches(&page), "{} and {}", rule.text(), page.text());
        Ok([matches])
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
            prop_assert_eq!(&normalize_origin(&pattern.to_string()), &normalized, "{}", text);
        }
        Ok([normalized.is_ok(), normalized.is_ok_and(|pattern| pattern.to_string() != text)])
    });
}
