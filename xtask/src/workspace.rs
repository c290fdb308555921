//! The repository's folders, and the packages that Cargo builds together.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::process::{cargo, output};

/// Cargo's arguments for all packages except the benchmarks, whose peers take minutes to build.
pub(crate) const CHECKED: [&str; 3] = ["--workspace", "--exclude", "daypass-bench"];

/// Cargo's arguments for all packages in [`CHECKED`] except xtask and the tests that have a step of their own.
///
/// Cargo unifies features over the packages that it is given: with the same packages for the programs and for
/// their tests, and the feature that only the tests need, it builds each dependency once.
pub(crate) const PRODUCT: [&str; 13] = [
    "--workspace",
    "--exclude",
    "daypass-bench",
    "--exclude",
    "xtask",
    "--exclude",
    "daypass-differential",
    "--exclude",
    "daypass-million",
    "--exclude",
    "daypass-oauth-clients",
    "--features",
    TESTING,
];

/// The feature of the crate that the examples' tests turn on.
pub(crate) const TESTING: &str = "daypass/testing";

/// Returns the repository's folder.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask is a folder of the repository")
}

/// Asks Cargo for its folder of build outputs.
pub(crate) fn target_dir() -> Result<PathBuf> {
    let metadata = metadata()?;
    let folder = metadata["target_directory"].as_str().context("`cargo metadata` names no target folder")?;
    Ok(folder.into())
}

/// Asks Cargo for the manifests of the workspace's packages.
pub(crate) fn manifests() -> Result<Vec<PathBuf>> {
    let metadata = metadata()?;
    let packages = metadata["packages"].as_array().context("`cargo metadata` names no packages")?;
    Ok(packages.iter().filter_map(|package| package["manifest_path"].as_str()).map(PathBuf::from).collect())
}

/// Describes the workspace, without its dependencies.
fn metadata() -> Result<serde_json::Value> {
    let metadata = output(cargo().args(["metadata", "--no-deps", "--format-version=1"]))?;
    Ok(serde_json::from_str(&metadata)?)
}

/// Returns where Cargo puts a native program of this workspace, such as `daypass` or xtask itself.
pub(crate) fn program(name: &str) -> Result<PathBuf> {
    Ok(target_dir()?.join("debug").join(name))
}
