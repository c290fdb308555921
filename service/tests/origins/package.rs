//! The files of a package that Cargo has fetched.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Reads a text file of a package that Cargo has fetched for this build, so without the network.
pub(crate) fn read_file(package: &str, path: &str) -> String {
    let file = find_folder(package).join(path);
    fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn find_folder(package: &str) -> PathBuf {
    let host = run(Command::new("rustc").arg("--print=host-tuple"));
    let metadata = run(Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--locked", "--offline"])
        // Cargo fetches no packages of other platforms.
        .args(["--filter-platform", host.trim()])
        .current_dir(env!("CARGO_MANIFEST_DIR")));
    let metadata: Value = serde_json::from_str(&metadata).unwrap();
    let found: Vec<_> = metadata["packages"].as_array().unwrap().iter().filter(|one| one["name"] == package).collect();
    assert_eq!(found.len(), 1, "versions of {package}");
    Path::new(found[0]["manifest_path"].as_str().unwrap()).parent().unwrap().to_owned()
}

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
