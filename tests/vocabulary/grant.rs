//! `Grant` and `Requirement`.

use daypass::{Grant, Requirement, Resource, Scope};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use wasm_bindgen_test::wasm_bindgen_test;

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

/// What a requirement names: resources of the scope's own type, and of others.
#[derive(Debug, Clone, Copy)]
enum Of {
    Own(&'static str),
    Type(&'static str, &'static str),
}

fn allows(grant: &Grant, tenant: &str, scope: &str, named: &[Of]) -> bool {
    let scope: Scope = scope.parse().unwrap();
    let requirement = named.iter().fold(Requirement::new(&scope, tenant), |requirement, of| match of {
        Of::Own(id) => requirement.resource(id),
        Of::Type(kind, id) => requirement.resource_of_type(kind, id),
    });
    assert_eq!(requirement.scope(), &scope);
    grant.allows(&requirement)
}

#[wasm_bindgen_test(unsupported = test)]
fn a_grant_opens_its_tenant_its_scopes_and_the_resources_it_lists() {
    use Of::{Own, Type};
    let cases: &[(_, _, _, &[Of], _)] = &[
        // The tenant, exactly.
        ("acme | floor:read |", "acme", "floor:read", &[], true),
        ("acme | floor:read |", "ACME", "floor:read", &[], false),
        ("acme | floor:read |", "acme2", "floor:read", &[], false),
        ("acme | floor:read |", "", "floor:read", &[], false),
        ("acme | floor:read |", "*", "floor:read", &[], false),
        (" | floor:read |", "acme", "floor:read", &[], false),
        ("* | floor:read |", "acme", "floor:read", &[], true),
        ("acm* | floor:read |", "acme", "floor:read", &[], false),
        // The scope.
        ("acme | |", "acme", "floor:read", &[], false),
        ("acme | floor:read |", "acme", "floor:update", &[], false),
        ("acme | floor:read site:* |", "acme", "site:update", &[Own("s1")], true),
        ("acme | * |", "acme", "floor:update", &[Own("f1")], true),
        // A scope for one resource.
        ("acme | floor:read:f1 |", "acme", "floor:read", &[Own("f1")], true),
        ("acme | floor:read:f1 |", "acme", "floor:read", &[Own("f2")], false),
        ("acme | floor:read:f1 |", "acme", "floor:read", &[], false),
        ("acme | floor:read:f1 |", "acme", "floor:read", &[Type("site", "f1")], false),
        ("acme | floor:read:f1 floor:read:f2 |", "acme", "floor:read", &[Own("f2")], true),
        ("acme | floor:*:f1 |", "acme", "floor:update", &[Own("f1")], true),
        // A limit to some resources of a type does not limit other types.
        ("acme | floor:read | floor:f1", "acme", "floor:read", &[Own("f1")], true),
        ("acme | floor:read | floor:f1", "acme", "floor:read", &[Own("f2")], false),
        ("acme | floor:read | floor:f1", "acme", "floor:read", &[Own("F1")], false),
        ("acme | floor:read | floor:f1", "acme", "floor:read", &[Own("")], false),
        ("acme | floor:read | floor:f1", "acme", "floor:read", &[], false),
        ("acme | floor:read | floor:f1 floor:f2", "acme", "floor:read", &[Own("f2")], true),
        ("acme | floor:create | floor:f1", "acme", "floor:create", &[], false),
        ("acme | floor:* site:* | floor:f1", "acme", "site:read", &[Own("f2")], true),
        ("acme | floor:* site:* | floor:f1", "acme", "site:read", &[], true),
        ("acme | note:read | floor:f1", "acme", "note:read", &[Type("floor", "f1")], true),
        ("acme | note:read | floor:f1", "acme", "note:read", &[Type("floor", "f2")], false),
        ("acme | floor:read:f1 | floor:f2", "acme", "floor:read", &[Own("f1")], false),
        // Every named resource must be reached, and a limit of the scope's own type still counts.
        ("acme | floor:read | floor:f1", "acme", "floor:read", &[Type("site", "s1")], false),
        ("acme | floor:read | floor:f1", "acme", "floor:read", &[Type("site", "s1"), Own("f1")], true),
        ("acme | floor:read | floor:f1 site:s1", "acme", "floor:read", &[Type("site", "s1"), Own("f1")], true),
        ("acme | floor:read | floor:f1 site:s1", "acme", "floor:read", &[Own("f1"), Type("site", "s1")], true),
        ("acme | floor:read | floor:f1 site:s1", "acme", "floor:read", &[Type("site", "s2"), Own("f1")], false),
        ("acme | floor:read | floor:f1 site:s1", "acme", "floor:read", &[Own("f1"), Type("site", "s2")], false),
        ("acme | floor:read | floor:f1 site:s1", "acme", "floor:read", &[Own("f2"), Type("site", "s1")], false),
        ("acme | floor:read | site:s1", "acme", "floor:read", &[Type("site", "s2"), Own("f1")], false),
        ("acme | floor:read | floor:f1", "acme", "floor:read", &[Own("f1"), Own("f2")], false),
        ("acme | floor:read | floor:f1", "acme", "floor:read", &[Own("f2"), Own("f1")], false),
        ("acme | floor:read | floor:f1 floor:f2", "acme", "floor:read", &[Own("f2"), Own("f1")], true),
        ("acme | floor:read:f1 |", "acme", "floor:read", &[Own("f1"), Own("f2")], false),
        ("acme | floor:read:f1 floor:read:f2 |", "acme", "floor:read", &[Own("f1"), Own("f2")], true),
        ("acme | floor:read:f1 |", "acme", "floor:read", &[Own("f1"), Type("site", "s1")], true),
        ("acme | floor:read:f1 |", "acme", "floor:read", &[Type("floor", "f1")], true),
        // A scope for one resource names it.
        ("acme | floor:read:f1 | floor:f1", "acme", "floor:read:f1", &[], true),
        ("acme | floor:read:f2 |", "acme", "floor:read:f1", &[], false),
        ("acme | floor:read:f2 |", "acme", "floor:read:f1", &[Own("f2")], false),
        ("acme | floor:read | floor:f2", "acme", "floor:read:f1", &[], false),
        ("acme | floor:read | floor:f2", "acme", "floor:read:f1", &[Own("f2")], false),
        // A requirement for everything is for every resource of every type.
        ("acme | * |", "acme", "*", &[], true),
        ("acme | * | floor:f1", "acme", "*", &[], false),
        ("acme | * | floor:f1", "acme", "*", &[Own("f1")], false),
        ("acme | * | floor:f1", "acme", "*", &[Type("floor", "f1")], false),
        ("acme | note:read | floor:f1", "acme", "note:read", &[Type("*", "f1")], false),
        ("acme | * |", "acme", "*", &[Own("f1")], true),
        ("acme | * | floor:f1", "acme", "floor:*", &[], false),
        ("acme | * | floor:f1", "acme", "floor:*", &[Own("f1")], true),
    ];
    for (held, tenant, scope, named, expected) in cases {
        let allowed = allows(&grant(held), tenant, scope, named);
        assert_eq!(allowed, *expected, "{held} for {scope} of {named:?} on {tenant:?}");
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
    // A misspelt limit must not give a grant without it.
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

fn some_requirement() -> impl Strategy<Value = (&'static str, &'static str, Vec<Of>)> {
    let of = prop_oneof![
        select(vec!["f1", "f2", "s2"]).prop_map(Of::Own),
        select(&RESOURCES[..]).prop_map(|(kind, id)| Of::Type(kind, id)),
    ];
    let scopes = vec!["floor:read", "floor:read:f1", "floor:update", "site:read", "floor:*", "*"];
    (select(vec!["acme", "other"]), select(scopes), proptest::collection::vec(of, 0..4))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[wasm_bindgen_test(unsupported = test)]
    fn a_covered_child_opens_nothing_that_its_parent_does_not(parent in some_grant(), child in some_grant(), (tenant, scope, named) in some_requirement()) {
        if parent.covers(&child) && allows(&child, tenant, scope, &named) {
            prop_assert!(allows(&parent, tenant, scope, &named));
        }
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn covering_is_reflexive_and_transitive(a in some_grant(), b in some_grant(), c in some_grant()) {
        prop_assert!(a.covers(&a));
        prop_assert!(!(a.covers(&b) && b.covers(&c)) || a.covers(&c));
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn naming_a_resource_of_another_type_never_opens_anything(held in some_grant(), (tenant, scope, named) in some_requirement(), more in select(&RESOURCES[..])) {
        let own = scope.split(':').next().unwrap();
        let more_named: Vec<_> = named.iter().copied().chain([Of::Type(more.0, more.1)]).collect();
        if more.0 != own && allows(&held, tenant, scope, &more_named) {
            prop_assert!(allows(&held, tenant, scope, &named));
        }
    }

    /// Narrows a grant in each way: drops a scope, names a tenant instead of all, adds a limit, tightens one.
    #[wasm_bindgen_test(unsupported = test)]
    fn narrowing_never_opens_anything(wide in some_grant(), (tenant, scope, named) in some_requirement(), drop_at in 0..4_usize, (kind, id) in select(&RESOURCES[..])) {
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
            prop_assert!(!allows(&grant, tenant, scope, &named) || allows(&wide, tenant, scope, &named), "{:?}", grant);
        }
    }
}
