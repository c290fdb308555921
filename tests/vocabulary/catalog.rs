//! `Catalog`.

use daypass::{Catalog, Resource, Scope, ScopeSet};
use wasm_bindgen_test::wasm_bindgen_test;

fn set(text: &str) -> ScopeSet {
    text.split_whitespace().map(|scope| scope.parse::<Scope>().unwrap()).collect()
}

fn limit(text: &str) -> Resource {
    let (kind, id) = text.split_once(' ').unwrap();
    Resource { kind: kind.into(), id: id.into() }
}

/// The Space API's table, in its order.
const SPACE_API: [(&str, bool); 16] = [
    ("floor:readPublic", true),
    ("floor:readPrivate", false),
    ("floor:queryPublic", true),
    ("floor:queryPrivate", false),
    ("floor:update", false),
    ("floor:export", false),
    ("floor:archive", false),
    ("customAttributes:read", true),
    ("customAttributes:write", false),
    ("customAttributeValues:readPublic", true),
    ("customAttributeValues:readPrivate", false),
    ("customAttributeValues:write", false),
    ("extension:create", false),
    ("extension:update", false),
    ("extension:query", false),
    ("extension:delete", false),
];

#[wasm_bindgen_test(unsupported = test)]
fn the_space_api_has_its_16_scopes_and_publishes_four() {
    let catalog = Catalog::space_api();
    let listed: Vec<_> = catalog.scopes.iter().map(|entry| (entry.scope.as_str(), entry.publishable)).collect();
    assert_eq!(listed, SPACE_API);
    assert_eq!((catalog.all().len(), catalog.publishable().len()), (16, 4));
    assert!(catalog.scopes.iter().all(|entry| !entry.description.is_empty()));
}

#[wasm_bindgen_test(unsupported = test)]
fn the_other_systems_have_their_scopes() {
    for (catalog, scopes, publishable) in
        [(Catalog::crafter(), 6, 0), (Catalog::speckle(), 23, 0), (Catalog::threekit(), 8, 3)]
    {
        assert_eq!((catalog.all().len(), catalog.publishable().len()), (scopes, publishable), "{}", catalog.name);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn daypass_has_five_scopes_of_its_own_and_publishes_none() {
    let catalog = Catalog::daypass();
    assert_eq!(
        catalog.all(),
        set("token:create token:read token:revoke token:introspect token:report daypass:administer bundle:create")
    );
    assert!(catalog.publishable().is_empty());
}

#[wasm_bindgen_test(unsupported = test)]
fn every_alias_of_a_shipped_catalogue_stands_for_scopes_of_it() {
    let systems = [Catalog::space_api(), Catalog::crafter(), Catalog::speckle(), Catalog::threekit()];
    for catalog in systems.into_iter().chain([Catalog::daypass()]) {
        for alias in &catalog.aliases {
            assert!(!alias.scopes.is_empty() && catalog.all().covers_all(&alias.scopes), "{}", alias.alias);
            assert!(!catalog.all().covers(&alias.alias), "{} is an alias and a scope", alias.alias);
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn scopes_are_known_by_canonical_names_and_aliases() {
    let cases = [
        ("floor:readPublic floor:update", Ok("floor:readPublic floor:update")),
        ("floor:readPrivate:f1", Ok("floor:readPrivate:f1")),
        ("*", Ok("*")),
        ("floor:*", Ok("floor:*")),
        ("floor:*:f1", Ok("floor:*:f1")),
        ("", Ok("")),
        ("floor:read", Ok("floor:readPublic floor:readPrivate")),
        ("floor:read:f1", Ok("floor:readPublic:f1 floor:readPrivate:f1")),
        ("floor:write floor:update", Ok("floor:update")),
        ("customFields:write:v7", Ok("customAttributeValues:write:v7")),
        ("floor:fly", Err("floor:fly")),
        ("floor:fly:f1", Err("floor:fly:f1")),
        ("floor:readpublic", Err("floor:readpublic")),
        ("floorplan:*", Err("floorplan:*")),
        ("token:create", Err("token:create")),
        ("floor:update floor:zoom floor:fly", Err("floor:fly")),
    ];
    let catalog = Catalog::space_api();
    for (requested, expected) in cases {
        let expected = expected.map(set).map_err(|unknown| unknown.parse().unwrap());
        assert_eq!(catalog.resolve(&set(requested), &[]), expected, "{requested}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn an_alias_is_narrowed_only_if_its_scopes_can_be() {
    let catalog = Catalog::from_json(
        r#"{"name":"Models","scopes":[{"scope":"model:view","description":"View"}],
            "aliases":[{"alias":"model:admin","scopes":["*"]},{"alias":"model:demo","scopes":["model:view:m1"]}]}"#,
    );
    let catalog = catalog.unwrap();
    for (requested, expected) in [
        ("model:admin", Some("*")),
        ("model:admin:m1", None),
        ("model:demo", Some("model:view:m1")),
        ("model:demo:m2", None),
    ] {
        assert_eq!(catalog.resolve(&set(requested), &[]).ok(), expected.map(set), "{requested}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_token_that_outlives_a_catalogue_keeps_scopes_that_are_unknown_now() {
    let cases = [
        ("", ""),
        ("* floor:* floor:update:f1", "* floor:* floor:update:f1"),
        ("floor:read:f1 floor:write", "floor:readPublic:f1 floor:readPrivate:f1 floor:update"),
        ("crane:lift floor:fly floor:read", "crane:lift floor:fly floor:readPublic floor:readPrivate"),
    ];
    for (held, expected) in cases {
        assert_eq!(Catalog::space_api().canonical_scopes(&set(held), &[]), set(expected), "{held}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_limit_to_some_resources_of_a_type_outlives_the_name_of_the_type() {
    let cases: [(&str, &[&str], &str); 7] = [
        ("customFields:readPrivate", &[], "customAttributeValues:readPrivate"),
        ("customFields:readPrivate", &["floor f1"], "customAttributeValues:readPrivate"),
        ("customFields:readPrivate", &["customFields c1"], "customAttributeValues:readPrivate:c1"),
        (
            "customFields:readPrivate",
            &["customFields c1", "customFields c2"],
            "customAttributeValues:readPrivate:c1 customAttributeValues:readPrivate:c2",
        ),
        ("customFields:readPrivate:c1", &["customFields c1"], "customAttributeValues:readPrivate:c1"),
        ("customFields:readPrivate:c2", &["customFields c1"], ""),
        // The type is unchanged.
        ("floor:write", &["floor f1"], "floor:update"),
    ];
    for (held, limits, expected) in cases {
        let limits: Vec<Resource> = limits.iter().map(|text| limit(text)).collect();
        assert_eq!(Catalog::space_api().canonical_scopes(&set(held), &limits), set(expected), "{held} {limits:?}");
        let resolved = Catalog::space_api().resolve(&set(held), &limits);
        assert_eq!(resolved.ok(), (!expected.is_empty()).then(|| set(expected)), "{held} {limits:?}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_wildcard_is_limited_under_every_name_and_never_widened() {
    let catalog = Catalog::from_json(
        r#"{"name":"Seats","scopes":[{"scope":"seat:use","description":"Use"},{"scope":"chair:move","description":"Move"},
            {"scope":"sofa:lie","description":"Lie"}],
            "aliases":[{"alias":"chair:sit","scopes":["seat:use"]},{"alias":"bench:sit","scopes":["seat:use","sofa:lie"]},
            {"alias":"chair:shove","scopes":["chair:move"]}]}"#,
    );
    let catalog = catalog.unwrap();
    for (limits, canonical) in [
        ("", ""),
        ("desk d1", ""),
        // Some scopes of chairs are still about chairs.
        ("chair c1", "seat c1"),
        ("chair c1,chair c2", "seat c1,seat c2"),
        ("bench b1", "seat b1,sofa b1"),
        ("seat s9", ""),
        ("chair c1,seat s9", ""),
        ("bench b1,seat s9", "sofa b1"),
        ("chair c1,chair c2,bench c2,bench b1", "seat c2,sofa b1,sofa c2"),
        // No seat was both.
        ("chair c1,bench b1", "seat  ,sofa b1"),
    ] {
        let parsed = |text: &str| -> Vec<Resource> { text.split_terminator(',').map(limit).collect() };
        assert_eq!(catalog.canonical_limits(&parsed(limits)), parsed(canonical), "{limits}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn an_alias_for_every_action_is_no_alias_for_a_single_one() {
    let catalog = Catalog::from_json(
        r#"{"name":"Seats","scopes":[{"scope":"seat:use","description":"Use"},{"scope":"seat:burn","description":"Burn"}],
            "aliases":[{"alias":"*","scopes":["seat:burn"]},{"alias":"chair:*","scopes":["seat:*"]}]}"#,
    );
    let catalog = catalog.unwrap();
    for (held, expected) in [
        ("crane:* *", "crane:* *"),
        ("chair:*", "seat:*"),
        ("chair:*:c1", "seat:*:c1"),
        ("chair:sit", "chair:sit"),
        ("chair:sit:c1", "chair:sit:c1"),
    ] {
        assert_eq!(catalog.canonical_scopes(&set(held), &[]), set(expected), "{held}");
    }
    assert_eq!(catalog.resolve(&set("chair:sit"), &[]), Err("chair:sit".parse().unwrap()));
}

#[wasm_bindgen_test(unsupported = test)]
fn an_alias_counts_also_where_the_catalogue_has_every_action_of_its_resource() {
    let catalog = Catalog::from_json(
        r#"{"name":"Floors","scopes":[{"scope":"floor:*","description":"All"},{"scope":"floor:look","description":"Look"}],
            "aliases":[{"alias":"floor:read","scopes":["floor:look"]}]}"#,
    );
    let catalog = catalog.unwrap();
    for (requested, expected) in [
        ("floor:read", "floor:look"),
        ("floor:read:f1", "floor:look:f1"),
        ("floor:look floor:paint floor:*", "floor:look floor:paint floor:*"),
    ] {
        assert_eq!(catalog.resolve(&set(requested), &[]), Ok(set(expected)), "{requested}");
        assert_eq!(catalog.canonical_scopes(&set(requested), &[]), set(expected), "{requested}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn resolving_twice_changes_nothing() {
    let catalog = Catalog::space_api();
    for requested in ["floor:read floor:query:f1", "floor:write customFields:write", "*", "floor:*"] {
        let once = catalog.resolve(&set(requested), &[]).unwrap();
        assert_eq!(catalog.resolve(&once, &[]).unwrap(), once, "{requested}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_catalogue_is_a_file_of_exactly_this_shape() {
    let read = |json: &str| Catalog::from_json(json);
    let own =
        read(r#"{"name":"Models","scopes":[{"scope":"model:view","description":"View","publishable":true}]}"#).unwrap();
    assert_eq!((own.name.as_str(), own.publishable(), own.aliases.len()), ("Models", set("model:view"), 0));
    assert_eq!(read(&serde_json::to_string(&own).unwrap()).unwrap(), own);

    let cases = [
        ("", "EOF"),
        (r#"{"name":"Models"}"#, "scopes"),
        (r#"{"name":"Models","scopes":[{"scope":"model","description":"View"}]}"#, "`model` is not a scope"),
        (r#"{"name":"Models","scopes":[{"scope":"model:view"}]}"#, "description"),
        (r#"{"name":"Models","scopes":[{"scope":"model:view","description":"View","public":true}]}"#, "public"),
        (r#"{"name":"Models","scopes":[],"alias":[]}"#, "alias"),
    ];
    for (json, told) in cases {
        let error = read(json).unwrap_err().to_string();
        assert!(error.contains(told) && error.contains("line 1"), "{json}: {error}");
    }
}
