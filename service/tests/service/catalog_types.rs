use std::path::Path;
use std::process::Output;

use serde_json::json;

use crate::running::{Daypass, daypass};

/// The types of the Space API. `cargo xtask test --only types` compiles them, with right and wrong uses beside them.
const SPACE_API: &str = include_str!("../../../tests/types/space-api.ts");

fn types(arguments: &[&str], folder: &Path) -> Output {
    daypass().args(["catalog", "types"]).args(arguments).current_dir(folder).output().expect("it runs")
}

#[test]
fn the_types_of_a_catalogue_are_the_ones_that_are_compiled_with_the_declarations() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../catalogs/space-api.json");
    let service = Daypass::start();
    for arguments in [&["--store", service.store()][..], &[file]] {
        let output = types(arguments, folder.path());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let advice = "put its output in tests/types/space-api.ts";
        assert_eq!(String::from_utf8_lossy(&output.stdout), SPACE_API, "{advice}");
    }
    let output = types(&[file, "--out", "scopes.ts"], folder.path());
    assert!(output.status.success() && output.stdout.is_empty());
    let written = std::fs::read_to_string(folder.path().join("scopes.ts")).expect("a file");
    assert_eq!(written, SPACE_API);
}

/// The scopes that the example of an API for floors has in its handlers.
const FLOOR_API: &str = include_str!("../../../examples/floor-api/src/scopes.rs");

#[test]
fn the_scopes_in_rust_are_those_that_the_floor_api_is_compiled_with() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../catalogs/space-api.json");
    let output = types(&[file, "--language", "rust"], folder.path());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stdout), FLOOR_API);

    let chair = |action: &str| json!({"scope": format!("chair:{action}"), "description": ""});
    let catalog = json!({"name": "P", "scopes": [chair("sitDown"), chair("sit-down")]});
    std::fs::write(folder.path().join("chairs.json"), catalog.to_string()).expect("a file");
    let output = types(&["chairs.json", "--language", "rust", "--out", "scopes.rs"], folder.path());
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("`chair:sitDown` and `chair:sit-down` would both be called CHAIR_SIT_DOWN"), "{error}");
    assert!(!output.status.success() && !folder.path().join("scopes.rs").exists());
}

#[test]
fn an_error_names_the_file_and_the_field() {
    let folder = tempfile::tempdir().expect("a folder");
    let sit = json!({"scope": "chair:sit", "description": "Sit"});
    for (catalog, says) in [
        (
            json!({"name": "P", "scopes": [sit, {"scope": "chair", "description": ""}]}),
            "scopes[1].scope: `chair` is not",
        ),
        (
            json!({"name": "P", "scopes": [{"scope": "chair:sit", "description": 7}]}),
            "scopes[0].description: invalid type",
        ),
        (json!({"name": "P", "scopes": [{"scope": "chair:sit"}]}), "scopes[0]: missing field `description`"),
        (
            json!({"name": "P", "scopes": [sit], "aliases": [{"alias": "chair:use", "scopes": ["sit"]}]}),
            "aliases[0].scopes",
        ),
        (json!({"name": "P", "scopes": [sit], "version": 1}), "version: unknown field"),
        (json!({"name": "P", "scopes": [sit, sit]}), "it has the scope `chair:sit` twice"),
    ] {
        std::fs::write(folder.path().join("chairs.json"), catalog.to_string()).expect("a file");
        let output = types(&["chairs.json"], folder.path());
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && output.stdout.is_empty(), "{catalog}");
        assert!(error.contains(&format!("the catalogue chairs.json: {says}")), "{error}");
    }
    std::fs::write(folder.path().join("chairs.json"), json!({"name": "P", "scopes": [sit]}).to_string())
        .expect("a file");
    let output = types(&["chairs.json", "--out", "no/such/folder/scopes.ts"], folder.path());
    assert!(String::from_utf8_lossy(&output.stderr).contains("no/such/folder/scopes.ts cannot be written"));
    assert!(!output.status.success());
    let output = types(&[], folder.path());
    assert!(String::from_utf8_lossy(&output.stderr).contains("there is no store at daypass.db: run `"));
    assert!(!output.status.success());
}
