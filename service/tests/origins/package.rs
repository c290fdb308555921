//! Where a package's files are.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// A text file of a package that Cargo has brought for this build, hence without the network.
pub(crate) fn file(package: &str, path: &str) -> String {
    let file = folder(package).join(path);
    fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn folder(package: &str) -> PathBuf {
    let host = output(Command::new("rustc").arg("--print=host-tuple"));
    let metadata = output(
        Command::new(env!("CARGO"))
            .args(["metadata", "--format-version=1", "--locked", "--offline"])
            // Cargo brings no packages that are for other platforms.
            .args(["--filter-platform", host.trim()])
            .current_dir(env!("CARGO_MANIFEST_DIR")),
    );
    let metadata: Value = serde_json::from_str(&metadata).unwrap();
    let found: Vec<_> = metadata["packages"].as_array().unwrap().iter().filter(|one| one["name"] == package).collect();
    assert_eq!(found.len(), 1, "versions of {package}");
    Path::new(found[0]["manifest_path"].as_str().unwrap()).parent().unwrap().to_owned()
}

fn output(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
