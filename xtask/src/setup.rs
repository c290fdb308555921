//! The tools that a machine needs.
//!
//! Each check is quick when the tool is there; a missing tool is installed where possible, otherwise the error says
//! what to install.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::process::{cargo, output, run};
use crate::workspace::target_dir;
use crate::{browser, rust_app, sbom};

const WASM: &str = "wasm32-unknown-unknown";

/// The oldest Node whose test runner has the options that the tests use.
const NODE: (u32, u32) = (20, 10);

/// The folder of the packed package's tests.
pub(crate) const PACKAGE_TESTS: &str = "tests/package";

/// The folder of the client of Speckle in Python.
pub(crate) const SPECKLEPY_TESTS: &str = "tests/specklepy";

/// The folder of the tests with published OAuth clients.
pub(crate) const OAUTH_TESTS: &str = "tests/oauth";

/// The folder of the tests of the API's description.
pub(crate) const OPENAPI_TESTS: &str = "tests/openapi";

/// The folder of the tests of the guide to loaders.
pub(crate) const LOADER_TESTS: &str = "tests/loaders";

/// The folder of the tests of the guide to other languages.
pub(crate) const OTHER_LANGUAGES: &str = "tests/other-languages";

/// The folders of tests with packages of Python.
const PYTHON_TESTS: [&str; 5] = ["tests/differential", OAUTH_TESTS, OPENAPI_TESTS, OTHER_LANGUAGES, SPECKLEPY_TESTS];

/// The folder of Lighthouse, which scores the console's pages.
pub(crate) const LIGHTHOUSE: &str = "tests/lighthouse";

/// The folder of the published clients of the systems that Daypass replaces.
pub(crate) const SYSTEM_CLIENTS: &str = "tests/e2e/systems";

/// Checks or installs every tool and prints a line for each.
pub(crate) fn all() -> Result<()> {
    wasm_target()?;
    println!("ok  Rust target {WASM}, and the standard library's source");
    components()?;
    println!("ok  rustfmt and clippy");
    packages()?;
    println!("ok  the packages of Cargo.lock");
    npm()?;
    println!("ok  Node and node_modules");
    package_tests()?;
    system_clients()?;
    npm_in(Path::new(OAUTH_TESTS))?;
    npm_in(Path::new(LIGHTHOUSE))?;
    println!("ok  node_modules of {PACKAGE_TESTS}, {LOADER_TESTS}, {SYSTEM_CLIENTS}, {OAUTH_TESTS} and {LIGHTHOUSE}");
    other_languages()?;
    println!("ok  the libraries in Node, Python and Rust of {OTHER_LANGUAGES}, and OpenSSL");
    for tests in PYTHON_TESTS {
        println!("ok  Python of {tests} at {}", python(tests)?.display());
    }
    let browsers = browser::all()?;
    println!("ok  Chromium at {}", browsers.chromium.display());
    println!("ok  chromedriver at {}", browsers.chromedriver.display());
    println!("ok  Firefox at {}", browsers.firefox.display());
    println!("ok  geckodriver at {}", browsers.geckodriver.display());
    println!("ok  curl");
    println!("ok  PostgreSQL at {}", browser::postgres()?.display());
    println!("ok  libfaketime with {}", browser::faketime()?.display());
    println!("ok  cargo-cyclonedx at {}", sbom::program()?.display());
    if cfg!(target_os = "linux") {
        println!("ok  nginx at {}, and what checks a unit of systemd", browser::deployment()?.display());
    }
    Ok(())
}

/// Checks or installs the standard library for WebAssembly, and its source, which the package's build compiles.
pub(crate) fn wasm_target() -> Result<()> {
    let folder = output(Command::new("rustc").args(["--print=target-libdir", "--target", WASM]))?;
    if !Path::new(folder.trim()).is_dir() {
        println!("adding the Rust target {WASM}");
        run(Command::new("rustup").args(["target", "add", WASM]))
            .with_context(|| format!("install rustup, or give your Rust toolchain the target {WASM}"))?;
    }
    if !standard_library()?.is_file() {
        println!("adding the source of Rust's standard library");
        run(Command::new("rustup").args(["component", "add", "rust-src"]))
            .context("install rustup, or give your Rust toolchain the component rust-src")?;
    }
    Ok(())
}

/// Returns the manifest of the standard library's source.
fn standard_library() -> Result<PathBuf> {
    let folder = output(Command::new("rustc").arg("--print=sysroot"))?;
    Ok(Path::new(folder.trim()).join("lib/rustlib/src/rust/library/Cargo.toml"))
}

/// Fetches all packages that Cargo.lock names, with those of the benchmarks, of the web app in Rust and of the standard library.
///
/// Later steps then need no network: `cargo metadata`, which tests call to list packages, needs every one of them.
fn packages() -> Result<()> {
    let fetch = ["fetch", "--locked", "--quiet"];
    run(cargo().args(fetch))?;
    run(cargo().args(fetch).args(["--manifest-path", rust_app::MANIFEST]))?;
    run(cargo().args(fetch).arg("--manifest-path").arg(standard_library()?).env("RUSTC_BOOTSTRAP", "1"))
}

/// Checks or installs the parts of the Rust toolchain that only the tests need.
fn components() -> Result<()> {
    let present = |tool| output(cargo().args([tool, "--version"])).is_ok();
    if present("fmt") && present("clippy") {
        return Ok(());
    }
    println!("adding rustfmt and clippy");
    run(Command::new("rustup").args(["component", "add", "rustfmt", "clippy"]))
        .context("install rustup, or give your Rust toolchain rustfmt and clippy")
}

/// Checks Node, and installs the packages of the repository's `package-lock.json`.
pub(crate) fn npm() -> Result<()> {
    npm_in(Path::new("."))
}

/// Installs the bundlers, frameworks and loaders that the packed package is tested with.
pub(crate) fn package_tests() -> Result<()> {
    npm_in(Path::new(PACKAGE_TESTS))?;
    npm_in(Path::new(LOADER_TESTS))
}

/// Installs the published clients of the systems that Daypass replaces.
pub(crate) fn system_clients() -> Result<()> {
    npm_in(Path::new(SYSTEM_CLIENTS))
}

/// Installs the libraries of the guide to other languages, with what their tests share with those of other systems. Returns
/// their Python.
pub(crate) fn other_languages() -> Result<PathBuf> {
    system_clients()?;
    npm_in(Path::new(OTHER_LANGUAGES))?;
    let manifest = Path::new(OTHER_LANGUAGES).join("rust/Cargo.toml");
    run(cargo().args(["fetch", "--locked", "--quiet", "--manifest-path"]).arg(manifest))?;
    output(Command::new("pkg-config").args(["--exists", "openssl"]))
        .context("install OpenSSL's headers and pkg-config: `apt-get install libssl-dev pkg-config` on Debian")?;
    python(OTHER_LANGUAGES)
}

/// Checks Node, and installs the packages of a folder's `package-lock.json`.
pub(crate) fn npm_in(folder: &Path) -> Result<()> {
    let advice = format!("install Node {}.{} or newer, with npm", NODE.0, NODE.1);
    let version = output(Command::new("node").arg("--version")).context(advice.clone())?;
    ensure!(
        parse_node_version(&version).is_some_and(|version| version >= NODE),
        "{advice}: this is {}",
        version.trim()
    );

    // npm writes the second file when an installation is complete.
    let changed = |file| fs::metadata(folder.join(file)).and_then(|file| file.modified());
    let wanted = changed("package-lock.json").context("package-lock.json is missing")?;
    if changed("node_modules/.package-lock.json").is_ok_and(|installed| installed >= wanted) {
        return Ok(());
    }
    println!("installing node_modules");
    run(Command::new("npm").arg("ci").current_dir(folder).env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")).context(advice)
}

/// Returns a Python with the packages of a folder's `requirements.txt`, from a virtual environment of its own among the
/// build outputs.
pub(crate) fn python(tests: &str) -> Result<PathBuf> {
    let folder = target_dir()?.join("python").join(tests.replace('/', "-"));
    let python = folder.join("bin/python");
    let wanted = Path::new(tests).join("requirements.txt");
    // A complete installation ends with this copy.
    let installed = folder.join("requirements.txt");
    let content = fs::read(&wanted).with_context(|| format!("{} is missing", wanted.display()))?;
    if fs::read(&installed).is_ok_and(|installed| installed == content)
        && output(Command::new(&python).arg("-V")).is_ok()
    {
        return Ok(python);
    }
    println!("installing the Python packages of {}", wanted.display());
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))
        .context("install Python 3.10 or newer with venv: `apt-get install python3-venv` on Debian")?;
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--requirement"];
    run(Command::new(&python).args(pip).arg(&wanted)).context("pip could not install the Python packages")?;
    fs::copy(&wanted, &installed)?;
    Ok(python)
}

/// Reads the major and minor number of a version such as `v20.11.0`.
fn parse_node_version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.trim().strip_prefix('v')?.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::parse_node_version;

    #[test]
    fn node_version_is_major_and_minor() {
        assert_eq!(parse_node_version("v20.11.0\n"), Some((20, 11)));
        assert_eq!(parse_node_version("v9.0.1-rc.1"), Some((9, 0)));
        assert_eq!(parse_node_version("20.11.0"), None);
        assert_eq!(parse_node_version(""), None);
    }
}
