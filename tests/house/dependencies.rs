//! Neither half of the crate brings the other's dependencies or outputs.

use std::collections::BTreeSet;
use std::process::Command;

const SERVER: [&str; 12] =
    ["axum", "hyper", "tokio", "tower", "aws-lc", "rusqlite", "reqwest", "rustls", "psl", "idna", "ring", "openssl"];
const WEB: [&str; 6] = ["wasm-bindgen", "js-sys", "web-sys", "gloo", "serde-wasm-bindgen", "wasm-streams"];

/// Lists the crates of a build with all features, as `cargo tree` with these arguments names them.
fn crates(target: &[&str]) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--package", "daypass", "--all-features", "--edges", "normal"])
        // Locked, so that it needs no network after a build for the target.
        .args(["--prefix", "none", "--format", "{lib}", "--locked"])
        .args(target)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().split_whitespace().map(|name| name.replace('_', "-")).collect()
}

/// Keeps the crates that are of one of these families, such as `tower-http` of `tower`.
fn of<'a>(crates: &'a BTreeSet<String>, families: &[&str]) -> Vec<&'a str> {
    let is_of = |name: &str, family: &str| {
        name.strip_prefix(family).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    crates.iter().map(String::as_str).filter(|name| families.iter().any(|family| is_of(name, family))).collect()
}

#[test]
fn no_server_dependency_reaches_the_wasm_build() {
    let crates = crates(&["--target", "wasm32-unknown-unknown"]);
    assert_eq!(of(&crates, &SERVER), [""; 0]);
    assert!(!of(&crates, &WEB).is_empty(), "{crates:?}");
}

#[test]
fn no_web_dependency_reaches_the_native_build() {
    let crates = crates(&[]);
    assert_eq!(of(&crates, &WEB), [""; 0]);
    for expected in ["axum-core", "reqwest", "tokio", "aws-lc-rs"] {
        assert!(crates.contains(expected), "{expected} is not among {crates:?}");
    }
}

#[test]
fn a_native_build_makes_no_shared_library() {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version=1", "--locked"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap().iter();
    let targets = packages.flat_map(|package| package["targets"].as_array().unwrap());
    // `cargo rustc --crate-type cdylib` chooses another type where the WebAssembly is built.
    let library = targets.filter(|target| target["name"] == "daypass" && target["kind"][0] != "bin");
    assert_eq!(library.map(|target| &target["crate_types"]).collect::<Vec<_>>(), [&serde_json::json!(["lib"])]);
}
