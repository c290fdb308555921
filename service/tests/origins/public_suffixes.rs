//! Every rule of the public suffix list, which the crate `psl` ships.

use crate::origins::{is_shared, normalize_origin};
use crate::package::read_file;

fn is_accepted(text: &str) -> bool {
    normalize_origin(text).is_ok()
}

fn is_taken_by_anyone(text: &str) -> bool {
    normalize_origin(text).is_ok_and(|pattern| is_shared(&pattern))
}

#[test]
fn a_wildcard_on_a_public_suffix_is_refused_and_one_on_a_site_below_it_is_not() {
    let rules = read_file("psl", "data/rules.txt");
    // A rule with `!` is an exception to one with `*`.
    let suffixes: Vec<String> =
        rules.lines().filter(|rule| !rule.starts_with('!')).map(|rule| rule.replace('*', "any")).collect();
    assert!(suffixes.len() >= 10_389, "{} suffixes", suffixes.len());
    for suffix in suffixes {
        assert!(!is_accepted(&format!("*.{suffix}")), "*.{suffix}");
        assert!(is_accepted(&format!("*.an-owner.{suffix}")), "*.an-owner.{suffix}");
        assert!(is_accepted(&suffix), "{suffix} itself is one site");
        assert!(is_taken_by_anyone(&format!("pr-*.{suffix}")), "pr-*.{suffix}");
        assert!(!is_taken_by_anyone(&format!("pr-*.an-owner.{suffix}")), "pr-*.an-owner.{suffix}");
        // A name above suffixes belongs to many owners too, whether or not it is a suffix itself.
        for (at, _) in suffix.match_indices('.') {
            assert!(!is_accepted(&format!("*{}", &suffix[at..])), "*{}", &suffix[at..]);
            assert!(is_taken_by_anyone(&format!("pr-*{}", &suffix[at..])), "pr-*{}", &suffix[at..]);
        }
    }
}

#[test]
fn a_wildcard_on_an_exception_to_a_rule_is_accepted() {
    let rules = read_file("psl", "data/rules.txt");
    let sites: Vec<_> = rules.lines().filter_map(|rule| rule.strip_prefix('!')).collect();
    assert!(sites.len() >= 8, "{sites:?}");
    for site in sites {
        assert!(is_accepted(&format!("*.{site}")) && is_accepted(site), "{site}");
        assert!(!is_taken_by_anyone(&format!("pr-*.{site}")), "{site}");
    }
}
