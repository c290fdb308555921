//! `Scope` and `ScopeSet`.

use std::collections::BTreeSet;

use daypass::{Scope, ScopeSet};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use crate::cases::check;
use crate::typo::typo;

/// Scopes from few names with common prefixes, so that they often meet.
pub(crate) fn scope_text() -> impl Strategy<Value = String> {
    let parts = (select(&["floor", "floors", "site"][..]), select(&["read", "reads", "*"][..]), id());
    prop_oneof![
        12 => parts.prop_map(|(resource, action, id)| format!("{resource}:{action}{id}")),
        1 => Just("*".to_owned()),
    ]
}

fn id() -> impl Strategy<Value = &'static str> {
    prop_oneof![2 => Just(""), 1 => select(&[":f1", ":f2", ":f11", ":a.b_c~d-9"][..])]
}

pub(crate) fn scope() -> impl Strategy<Value = Scope> {
    scope_text().prop_map(|text| text.parse().unwrap())
}

fn scopes() -> impl Strategy<Value = ScopeSet> {
    vec(scope(), 0..5).prop_map(ScopeSet::from_iter)
}

#[test]
fn a_text_that_is_a_scope_prints_as_it_was() {
    let texts = (scope_text(), option::weighted(0.7, typo("::*a_-1é \n")));
    check(&texts, |(text, typo)| {
        let text = typo.map_or(text.clone(), |typo| typo.of(&text));
        let parsed = text.parse::<Scope>();
        if let Ok(scope) = &parsed {
            prop_assert_eq!(&scope.to_string(), &text);
            let json = serde_json::to_string(scope).unwrap();
            prop_assert_eq!(&json, &format!("\"{text}\""));
            prop_assert_eq!(&serde_json::from_str::<Scope>(&json).unwrap(), scope);
            let parts: Vec<_> = [scope.resource(), scope.action()].into_iter().chain(scope.resource_id()).collect();
            prop_assert!(parts.join(":") == text || text == "*");
        }
        Ok([parsed.is_ok()])
    });
}

#[test]
fn a_set_of_scopes_prints_what_was_put_in() {
    check(&vec(scope_text(), 0..5), |texts| {
        let set: ScopeSet = texts.iter().map(|text| text.parse::<Scope>().unwrap()).collect();
        let expected: BTreeSet<&str> = texts.iter().map(String::as_str).collect();
        let printed = set.to_string();
        prop_assert_eq!(printed.split_whitespace().collect::<Vec<_>>(), expected.iter().copied().collect::<Vec<_>>());
        let again: ScopeSet = printed.split_whitespace().map(|text| text.parse::<Scope>().unwrap()).collect();
        prop_assert_eq!(&again, &set);
        prop_assert_eq!(&serde_json::from_str::<ScopeSet>(&serde_json::to_string(&set).unwrap()).unwrap(), &set);
        Ok([set.len() < texts.len(), set.is_empty()])
    });
}

#[test]
fn a_covered_set_covers_nothing_that_its_parent_does_not() {
    check(&(scopes(), scopes(), scope()), |(parent, child, asked)| {
        let covered = parent.covers_all(&child);
        prop_assert!(!covered || !child.covers(&asked) || parent.covers(&asked), "{:?}", parent);
        Ok([covered, child.covers(&asked), parent.covers(&asked)])
    });
}

#[test]
fn a_narrower_scope_covers_no_more() {
    // From wide to narrow.
    let chains = (
        (select(&["floor", "site"][..]), select(&["read", "reads"][..]), select(&["f1", "f2"][..])),
        scope(),
        0..3_usize,
        1..4_usize,
    );
    check(&chains, |((resource, action, id), asked, from, steps)| {
        let chain = [
            "*".to_owned(),
            format!("{resource}:*"),
            format!("{resource}:{action}"),
            format!("{resource}:{action}:{id}"),
        ];
        let to = (from + steps).min(chain.len() - 1);
        let [wide, narrow] = [&chain[from], &chain[to]].map(|text| text.parse::<Scope>().unwrap());
        prop_assert!(wide.covers(&narrow) && !narrow.covers(&wide));
        prop_assert!(!narrow.covers(&asked) || wide.covers(&asked));
        Ok([narrow.covers(&asked), wide.covers(&asked)])
    });
}
