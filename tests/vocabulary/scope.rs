//! `Scope` and `ScopeSet`.

use daypass::{Catalog, Scope, ScopeSet};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use wasm_bindgen_test::wasm_bindgen_test;

fn scope(text: &str) -> Scope {
    text.parse().unwrap()
}

fn set(text: &str) -> ScopeSet {
    text.split_whitespace().map(scope).collect()
}

#[wasm_bindgen_test(unsupported = test)]
fn a_text_and_its_object_form_are_the_same_scope() {
    let cases = [
        ("floor:readPrivate", "floor", "readPrivate", None, r#"{"resource":"floor","action":"readPrivate"}"#),
        ("floor:read:f-1", "floor", "read", Some("f-1"), r#"{"resource":"floor","action":"read","resourceId":"f-1"}"#),
        ("floor:*", "floor", "*", None, r#"{"resource":"floor","action":"*","resourceId":null}"#),
        (
            "floor:*:a.b_c~d-9",
            "floor",
            "*",
            Some("a.b_c~d-9"),
            r#"{"action":"*","resourceId":"a.b_c~d-9","resource":"floor"}"#,
        ),
        ("model_v2:bulk-read", "model_v2", "bulk-read", None, r#"{"resource":"model_v2","action":"bulk-read"}"#),
    ];
    for (text, resource, action, id, object) in cases {
        let parsed = scope(text);
        assert_eq!((parsed.resource(), parsed.action(), parsed.resource_id()), (resource, action, id));
        assert_eq!(serde_json::from_str::<Scope>(object).unwrap(), parsed);
        assert_eq!(serde_json::from_str::<Scope>(&format!("\"{text}\"")).unwrap(), parsed);
        assert_eq!(serde_json::to_string(&parsed).unwrap(), format!("\"{text}\""));
        assert_eq!([parsed.to_string(), format!("{parsed:?}"), parsed.as_str().to_owned()], [text; 3]);
    }
    assert_eq!((Scope::ALL.resource(), Scope::ALL.action(), Scope::ALL.resource_id()), ("*", "*", None));
    assert_eq!((scope("*"), Scope::literal("floor:read")), (Scope::ALL, scope("floor:read")));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_text_that_is_not_a_scope_is_refused() {
    let name = "n".repeat(65);
    let id = "i".repeat(129);
    let cases = [
        "",
        " ",
        ":",
        "floor",
        "floor:",
        ":read",
        "floor::",
        "floor::f1",
        "floor:read:",
        "floor:read:f1:x",
        "*:read",
        "*:*",
        "**",
        "*:",
        "floor:**",
        "floor:re*d",
        "f*:read",
        "floor:read:*",
        "floor :read",
        " floor:read",
        "floor:read ",
        "floor:read\n",
        "floor:read:a b",
        "floor:read:a/b",
        "floor:read:ä",
        "flöör:read",
        "1floor:read",
        "-floor:read",
        "floor:2read",
        "floor:_read",
        "floor.read",
        "floor/read",
        "floor:read,floor:write",
        "floor:read\0",
        "floor：read",
        &format!("{name}:read"),
        &format!("floor:{name}"),
        &format!("floor:read:{id}"),
    ];
    for text in cases {
        assert!(text.parse::<Scope>().is_err(), "{text:?}");
        assert!(serde_json::from_value::<Scope>(text.into()).is_err(), "{text:?}");
    }
    for text in [format!("{}:{}:{}", &name[1..], &name[1..], &id[1..]), "a:b".into()] {
        assert_eq!(scope(&text).as_str(), text);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn an_object_with_other_fields_or_with_colons_in_them_is_refused() {
    let cases = [
        r#"{}"#,
        r#"{"resource":"floor"}"#,
        r#"{"action":"read"}"#,
        r#"{"resource":"floor","action":"read","id":"f1"}"#,
        r#"{"resource":"floor","action":"read","resource_id":"f1"}"#,
        r#"{"resource":"floor","action":"read","resourceId":""}"#,
        r#"{"resource":"floor","action":"read","resourceId":7}"#,
        r#"{"resource":"floor","action":["read"]}"#,
        r#"{"resource":"floor","resource":"site","action":"read"}"#,
        r#"{"resource":"floor:read","action":"f1"}"#,
        r#"{"resource":"floor","action":"read:f1"}"#,
        r#"{"resource":"*","action":"*"}"#,
        r#"["floor","read"]"#,
        "7",
        "null",
    ];
    for json in cases {
        assert!(serde_json::from_str::<Scope>(json).is_err(), "{json}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn the_error_names_the_text_without_its_control_characters() {
    let told = |text: &str| text.parse::<Scope>().unwrap_err().to_string();
    assert_eq!(told("floor"), "`floor` is not a scope: expected resource:action");
    assert_eq!(told("a\r\nb\0\u{1b}[31m"), "`ab[31m` is not a scope: expected resource:action");
    assert!(told(&"x".repeat(10_000)).len() < 150);
}

#[wasm_bindgen_test(unsupported = test)]
fn json_of_neither_form_gets_an_error_that_names_both() {
    for json in ["7", "null", r#"["floor","read"]"#] {
        let told = serde_json::from_str::<Scope>(json).unwrap_err().to_string();
        assert!(told.contains(r#"expected a scope: "resource:action" or {"resource", "action"}"#), "{told}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_scope_covers_itself_and_what_is_narrower() {
    let cases = [
        ("*", "floor:read", true),
        ("*", "floor:read:f1", true),
        ("*", "floor:*", true),
        ("*", "*", true),
        ("floor:*", "floor:read", true),
        ("floor:*", "floor:read:f1", true),
        ("floor:*", "floor:*", true),
        ("floor:*", "floorplan:read", false),
        ("floor:*", "*", false),
        ("floor:read", "floor:read", true),
        ("floor:read", "floor:read:f1", true),
        ("floor:read", "floor:*", false),
        ("floor:read", "floor:readPrivate", false),
        ("floor:readPrivate", "floor:read", false),
        ("floor:readPrivate", "floor:readPublic", false),
        ("floor:read", "floor:Read", false),
        ("floor:read", "Floor:read", false),
        ("floor:read:f1", "floor:read:f1", true),
        ("floor:read:f1", "floor:read", false),
        ("floor:read:f1", "floor:read:f2", false),
        ("floor:read:f1", "floor:read:f11", false),
        ("floor:read:f1", "floor:read:F1", false),
        ("floor:*:f1", "floor:read:f1", true),
        ("floor:*:f1", "floor:read:f2", false),
        ("floor:*:f1", "floor:read", false),
        ("floor:read:f1", "floor:*:f1", false),
    ];
    for (held, requested, expected) in cases {
        assert_eq!(scope(held).covers(&scope(requested)), expected, "{held} covers {requested}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_set_has_no_order_and_no_repetition_and_an_empty_one_allows_nothing() {
    let scopes = set("floor:update floor:readPublic floor:update");
    assert_eq!((scopes.len(), scopes.to_string()), (2, "floor:readPublic floor:update".into()));
    assert_eq!(scopes, set("floor:readPublic floor:update"));
    assert_eq!(format!("{scopes:?}"), "{floor:readPublic, floor:update}");
    assert!(scopes.iter().cloned().eq(scopes.clone()));
    assert_eq!(serde_json::to_string(&scopes).unwrap(), r#"["floor:readPublic","floor:update"]"#);
    let either = r#"["floor:update",{"resource":"floor","action":"readPublic"}]"#;
    assert_eq!(serde_json::from_str::<ScopeSet>(either).unwrap(), scopes);
    assert!(serde_json::from_str::<ScopeSet>(r#"["floor:update","floor"]"#).is_err());

    let nothing = ScopeSet::default();
    assert!(nothing.is_empty() && nothing.to_string().is_empty() && !scopes.is_empty());
    assert!(!nothing.covers(&scope("floor:readPublic")));
    assert!(nothing.covers_all(&nothing) && scopes.covers_all(&nothing) && !nothing.covers_all(&scopes));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_child_has_no_scope_that_its_parent_lacks() {
    let cases = [
        ("floor:readPublic floor:readPrivate", "floor:readPrivate", true),
        ("floor:readPublic floor:readPrivate", "floor:readPublic floor:readPrivate:f1", true),
        ("floor:readPublic", "floor:readPublic floor:readPrivate", false),
        ("floor:readPrivate:f1", "floor:readPrivate", false),
        ("floor:readPrivate:f1 floor:readPrivate:f2", "floor:readPrivate:f2", true),
        ("floor:readPublic floor:readPrivate", "floor:*", false),
        ("floor:* site:*", "*", false),
        ("*", "*", true),
        ("", "floor:readPublic", false),
    ];
    for (parent, child, expected) in cases {
        assert_eq!(set(parent).covers_all(&set(child)), expected, "{parent:?} covers {child:?}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn daypass_has_scopes_of_its_own_and_the_wildcard_includes_them() {
    for scope in Catalog::daypass().all() {
        assert!(scope.is_of_daypass(), "{scope}");
    }
    let cases =
        [("*", true), ("token:*", true), ("bundle:read:b1", true), ("tokens:create", false), ("floor:token", false)];
    for (text, expected) in cases {
        assert_eq!(scope(text).is_of_daypass(), expected, "{text}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn two_sets_share_the_narrower_of_each_part() {
    let cases = [
        ("floor:read", "floor:read", "floor:read"),
        ("floor:read", "floor:update", ""),
        ("*", "floor:read site:*", "floor:read site:*"),
        ("floor:*", "floor:read site:read", "floor:read"),
        ("floor:read", "floor:read:f1 floor:update:f1", "floor:read:f1"),
        ("floor:read floor:update:f1", "floor:*", "floor:read floor:update:f1"),
        ("floor:read", "", ""),
        ("floor:*:f1", "floor:read floor:update:f2 site:read", "floor:read:f1"),
        ("floor:*:f1", "floor:read:f1 floor:*", "floor:*:f1 floor:read:f1"),
        ("*", "*", "*"),
    ];
    for (one, other, expected) in cases {
        assert_eq!(set(one).intersection(&set(other)), set(expected), "{one:?} and {other:?}");
        assert_eq!(set(other).intersection(&set(one)), set(expected), "{other:?} and {one:?}");
    }
}

/// Scopes from few names, so that they often coincide.
fn some_scope() -> impl Strategy<Value = Scope> {
    let parts = (
        select(vec!["floor", "floorplan", "site"]),
        select(vec!["read", "readPrivate", "*"]),
        select(vec!["", ":f1", ":f2", ":f11"]),
    );
    prop_oneof![
        12 => parts.prop_map(|(resource, action, id)| scope(&format!("{resource}:{action}{id}"))),
        1 => Just(Scope::ALL),
    ]
}

fn some_set() -> impl Strategy<Value = ScopeSet> {
    vec(some_scope(), 0..5).prop_map(ScopeSet::from_iter)
}

/// Texts of the characters that matter, and some that are invalid.
fn near_scopes() -> impl Strategy<Value = String> {
    let chars = vec(select("::::**abzAZ09_-.~ \n/ä\0".chars().collect::<Vec<_>>()), 0..12);
    chars.prop_map(String::from_iter)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[wasm_bindgen_test(unsupported = test)]
    fn a_text_that_parses_prints_as_it_was(text in near_scopes()) {
        if let Ok(parsed) = text.parse::<Scope>() {
            prop_assert_eq!(parsed.to_string(), text.clone());
            let again = [parsed.resource(), parsed.action()].into_iter().chain(parsed.resource_id()).collect::<Vec<_>>().join(":");
            prop_assert!(text == "*" || again == text);
        }
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn both_forms_come_back(scope in some_scope()) {
        let text = serde_json::to_string(&scope).unwrap();
        prop_assert_eq!(&serde_json::from_str::<Scope>(&text).unwrap(), &scope);
        if scope != Scope::ALL {
            let object = serde_json::json!({ "resource": scope.resource(), "action": scope.action(), "resourceId": scope.resource_id() });
            prop_assert_eq!(&serde_json::from_value::<Scope>(object).unwrap(), &scope);
        }
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn covering_is_reflexive_and_transitive_and_both_ways_only_for_the_same(a in some_scope(), b in some_scope(), c in some_scope()) {
        prop_assert!(a.covers(&a));
        prop_assert!(!(a.covers(&b) && b.covers(&c)) || a.covers(&c));
        prop_assert_eq!(a.covers(&b) && b.covers(&a), a == b);
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn a_covered_child_can_do_nothing_that_its_parent_cannot(parent in some_set(), child in some_set(), requested in some_scope()) {
        if parent.covers_all(&child) && child.covers(&requested) {
            prop_assert!(parent.covers(&requested));
        }
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn what_two_sets_share_is_what_is_in_both(one in some_set(), other in some_set(), requested in vec(some_scope(), 30)) {
        let shared = one.intersection(&other);
        prop_assert!(one.covers_all(&shared) && other.covers_all(&shared));
        for requested in requested {
            prop_assert_eq!(shared.covers(&requested), one.covers(&requested) && other.covers(&requested), "{}", requested);
        }
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn taking_a_scope_away_never_allows_more(scopes in some_set(), requested in some_scope()) {
        for without in scopes.iter() {
            let fewer: ScopeSet = scopes.iter().filter(|scope| *scope != without).cloned().collect();
            prop_assert!(scopes.covers_all(&fewer));
            prop_assert!(!fewer.covers(&requested) || scopes.covers(&requested));
        }
    }
}
