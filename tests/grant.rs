//! `Grant` and `Need`, on both targets.
#![allow(missing_docs, clippy::unwrap_used, reason = "the names of the tests say what they hold; a panic is a failure")]

use daypass::{Grant, Need, Resource, Scope};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use wasm_bindgen_test::wasm_bindgen_test;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

/// A grant, written as "tenant | scopes | type:id …".
fn grant(text: &str) -> Grant {
    let [tenant, scopes, resources] = text.split('|').map(str::trim).collect::<Vec<_>>().try_into().unwrap();
    Grant {
        tenant: tenant.into(),
        scopes: scopes.split_whitespace().map(|scope| scope.parse::<Scope>().unwrap()).collect(),
        resources: resources
            .split_whitespace()
            .map(|resource| resource.split_once(':').unwrap())
            .map(|(kind, id)| Resource { kind: kind.into(), id: id.into() })
            .collect(),
    }
}

/// What a need is for: nothing in particular, a resource of the scope's type, or one of another type.
#[derive(Debug, Clone, Copy)]
enum Of {
    Nothing,
    Own(&'static str),
    Other(&'static str, &'static str),
}

fn allows(grant: &Grant, tenant: &str, scope: &str, of: Of) -> bool {
    let scope: Scope = scope.parse().unwrap();
    let need = Need::new(&scope, tenant);
    let need = match of {
        Of::Nothing => need,
        Of::Own(id) => need.of(id),
        Of::Other(kind, id) => need.of_type(kind, id),
    };
    assert_eq!(need.scope(), &scope);
    grant.allows(&need)
}

#[wasm_bindgen_test(unsupported = test)]
fn a_grant_opens_its_tenant_its_scopes_and_the_resources_it_lists() {
    use Of::{Nothing, Other, Own};
    let cases = [
        // The tenant, exactly.
        ("acme | floor:read |", "acme", "floor:read", Nothing, true),
        ("acme | floor:read |", "ACME", "floor:read", Nothing, false),
        ("acme | floor:read |", "acme2", "floor:read", Nothing, false),
        ("acme | floor:read |", "", "floor:read", Nothing, false),
        ("acme | floor:read |", "*", "floor:read", Nothing, false),
        (" | floor:read |", "acme", "floor:read", Nothing, false),
        ("* | floor:read |", "acme", "floor:read", Nothing, true),
        ("acm* | floor:read |", "acme", "floor:read", Nothing, false),
        // The scope.
        ("acme | |", "acme", "floor:read", Nothing, false),
        ("acme | floor:read |", "acme", "floor:update", Nothing, false),
        ("acme | floor:read site:* |", "acme", "site:update", Own("s1"), true),
        ("acme | * |", "acme", "floor:update", Own("f1"), true),
        // A scope for one resource.
        ("acme | floor:read:f1 |", "acme", "floor:read", Own("f1"), true),
        ("acme | floor:read:f1 |", "acme", "floor:read", Own("f2"), false),
        ("acme | floor:read:f1 |", "acme", "floor:read", Nothing, false),
        ("acme | floor:read:f1 |", "acme", "floor:read", Other("site", "f1"), false),
        ("acme | floor:read:f1 floor:read:f2 |", "acme", "floor:read", Own("f2"), true),
        ("acme | floor:*:f1 |", "acme", "floor:update", Own("f1"), true),
        // A limit to some resources of a type; other types are left alone.
        ("acme | floor:read | floor:f1", "acme", "floor:read", Own("f1"), true),
        ("acme | floor:read | floor:f1", "acme", "floor:read", Own("f2"), false),
        ("acme | floor:read | floor:f1", "acme", "floor:read", Own("F1"), false),
        ("acme | floor:read | floor:f1", "acme", "floor:read", Own(""), false),
        ("acme | floor:read | floor:f1", "acme", "floor:read", Nothing, false),
        ("acme | floor:read | floor:f1 floor:f2", "acme", "floor:read", Own("f2"), true),
        ("acme | floor:create | floor:f1", "acme", "floor:create", Nothing, false),
        ("acme | floor:* site:* | floor:f1", "acme", "site:read", Own("f2"), true),
        ("acme | floor:* site:* | floor:f1", "acme", "site:read", Nothing, true),
        ("acme | note:read | floor:f1", "acme", "note:read", Other("floor", "f1"), true),
        ("acme | note:read | floor:f1", "acme", "note:read", Other("floor", "f2"), false),
        ("acme | floor:read:f1 | floor:f2", "acme", "floor:read", Own("f1"), false),
        // Who asks for everything asks for every resource of every type.
        ("acme | * |", "acme", "*", Nothing, true),
        ("acme | * | floor:f1", "acme", "*", Nothing, false),
        ("acme | * | floor:f1", "acme", "*", Own("f1"), false),
        ("acme | * |", "acme", "*", Own("f1"), true),
        ("acme | * | floor:f1", "acme", "floor:*", Nothing, false),
        ("acme | * | floor:f1", "acme", "floor:*", Own("f1"), true),
    ];
    for (held, tenant, scope, of, expected) in cases {
        assert_eq!(allows(&grant(held), tenant, scope, of), expected, "{held} for {scope} of {of:?} on {tenant:?}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_child_is_no_wider_than_its_parent_in_any_respect() {
    let cases = [
        ("acme | floor:read site:* |", "acme | floor:read |", true),
        ("acme | floor:read |", "acme | floor:read floor:update |", false),
        ("acme | floor:read |", "other | floor:read |", false),
        ("acme | floor:read |", "* | floor:read |", false),
        ("* | floor:read |", "acme | floor:read |", true),
        ("* | floor:read |", "* | floor:read |", true),
        ("acme | floor:read |", "acme | floor:read:f1 |", true),
        ("acme | floor:read:f1 |", "acme | floor:read |", false),
        ("acme | floor:read |", "acme | floor:read | floor:f1", true),
        ("acme | floor:read | floor:f1", "acme | floor:read |", false),
        ("acme | floor:read | floor:f1", "acme | floor:read | floor:f1", true),
        ("acme | floor:read | floor:f1 floor:f2", "acme | floor:read | floor:f2", true),
        ("acme | floor:read | floor:f1", "acme | floor:read | floor:f1 floor:f2", false),
        ("acme | floor:read | floor:f1", "acme | floor:read | floor:f2", false),
        ("acme | floor:read | floor:f1", "acme | floor:read | site:f1", false),
        ("acme | floor:read | floor:f1", "acme | floor:read | floor:f1 site:s1", true),
        ("acme | floor:read | floor:f1 site:s1", "acme | floor:read | floor:f1", false),
        ("acme | floor:read |", "acme | |", true),
        ("acme | |", "acme | floor:read |", false),
    ];
    for (parent, child, expected) in cases {
        assert_eq!(grant(parent).covers(&grant(child)), expected, "{parent} covers {child}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_grant_is_json_of_exactly_this_shape() {
    let cases = [
        (r#"{"tenant":"acme","scopes":["floor:read"]}"#, "acme | floor:read |"),
        (
            r#"{"tenant":"*","scopes":["floor:read","site:*"],"resources":[{"type":"floor","id":"f1"}]}"#,
            "* | floor:read site:* | floor:f1",
        ),
    ];
    for (json, expected) in cases {
        assert_eq!(serde_json::from_str::<Grant>(json).unwrap(), grant(expected));
        assert_eq!(serde_json::to_string(&grant(expected)).unwrap(), json);
    }
    // A limit whose name is misspelt must not be a grant without a limit.
    for json in [
        r#"{"tenant":"acme","scopes":["floor:read"],"resource":[{"type":"floor","id":"f1"}]}"#,
        r#"{"tenant":"acme","scopes":["floor:read"],"resources":[{"type":"floor","id":"f1","ids":[]}]}"#,
        r#"{"tenant":"acme","scopes":["floor:read"],"resources":[{"kind":"floor","id":"f1"}]}"#,
        r#"{"tenant":"acme","scopes":["floor:read"],"resources":null}"#,
        r#"{"tenant":"acme"}"#,
        r#"{"scopes":["floor:read"]}"#,
        r#"{"tenant":null,"scopes":["floor:read"]}"#,
    ] {
        assert!(serde_json::from_str::<Grant>(json).is_err(), "{json}");
    }
}

const TENANTS: [&str; 3] = ["acme", "other", "*"];
const SCOPES: [&str; 9] = [
    "*",
    "floor:*",
    "floor:read",
    "floor:read:f1",
    "floor:*:f2",
    "site:read",
    "site:read:f1",
    "site:*",
    "floor:update",
];
const RESOURCES: [(&str, &str); 4] = [("floor", "f1"), ("floor", "f2"), ("site", "f1"), ("site", "s2")];

fn some_grant() -> impl Strategy<Value = Grant> {
    (select(&TENANTS[..]), subsequence(&SCOPES[..], 0..4), subsequence(&RESOURCES[..], 0..3)).prop_map(
        |(tenant, scopes, resources)| {
            let resources: Vec<_> = resources.iter().map(|(kind, id)| format!("{kind}:{id}")).collect();
            grant(&format!("{tenant}|{}|{}", scopes.join(" "), resources.join(" ")))
        },
    )
}

fn some_need() -> impl Strategy<Value = (&'static str, &'static str, Of)> {
    let of = prop_oneof![
        Just(Of::Nothing),
        select(vec!["f1", "f2", "s2"]).prop_map(Of::Own),
        select(&RESOURCES[..]).prop_map(|(kind, id)| Of::Other(kind, id)),
    ];
    (select(vec!["acme", "other"]), select(vec!["floor:read", "floor:update", "site:read", "floor:*", "*"]), of)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[wasm_bindgen_test(unsupported = test)]
    fn a_covered_child_opens_nothing_that_its_parent_does_not(parent in some_grant(), child in some_grant(), (tenant, scope, of) in some_need()) {
        if parent.covers(&child) && allows(&child, tenant, scope, of) {
            prop_assert!(allows(&parent, tenant, scope, of));
        }
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn covering_is_reflexive_and_transitive(a in some_grant(), b in some_grant(), c in some_grant()) {
        prop_assert!(a.covers(&a));
        prop_assert!(!(a.covers(&b) && b.covers(&c)) || a.covers(&c));
    }

    /// Each step away from a grant: a scope less, a tenant instead of all, a limit where there was none, a limit tightened.
    #[wasm_bindgen_test(unsupported = test)]
    fn narrowing_never_opens_anything(wide in some_grant(), (tenant, scope, of) in some_need(), drop_at in 0..4_usize, (kind, id) in select(&RESOURCES[..])) {
        let fewer = Grant { scopes: wide.scopes.iter().enumerate().filter(|(i, _)| *i != drop_at).map(|(_, s)| s.clone()).collect(), ..wide.clone() };
        let one_tenant = Grant { tenant: if wide.tenant == "*" { "acme".into() } else { wide.tenant.clone() }, ..wide.clone() };
        let limit = Resource { kind: kind.into(), id: id.into() };
        let mut narrower = vec![fewer, one_tenant];
        if wide.resources.iter().all(|resource| resource.kind != kind) {
            narrower.push(Grant { resources: wide.resources.iter().cloned().chain([limit]).collect(), ..wide.clone() });
        } else if wide.resources.contains(&limit) {
            let others = wide.resources.iter().filter(|resource| resource.kind != kind).cloned();
            narrower.push(Grant { resources: others.chain([limit]).collect(), ..wide.clone() });
        }
        for grant in narrower {
            prop_assert!(wide.covers(&grant), "{:?}", grant);
            prop_assert!(!allows(&grant, tenant, scope, of) || allows(&wide, tenant, scope, of), "{:?}", grant);
        }
    }
}
