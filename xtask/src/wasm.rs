//! The WebAssembly that visitors download, from the crate to `pkg/wasm`.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

use anyhow::{Context, Result};

use crate::package::replace;
use crate::process::{cargo, run};
use crate::{program, target_dir};

/// Where `pkg/src` expects it.
pub(crate) const FOLDER: &str = "pkg/wasm";

/// A standard library that is built for size and ends in a trap instead of a message. rustc takes these from stable toolchains
/// in bootstrap mode only. A visitor's download is a fifth smaller for it.
const STANDARD_LIBRARY: [&str; 2] = ["-Zbuild-std=std,panic_abort", "-Zbuild-std-features=optimize_for_size"];
const FLAGS: &str = "-Zunstable-options -Zlocation-detail=none -Cpanic=immediate-abort -Ctarget-cpu=mvp -Ctarget-feature=+bulk-memory,+sign-ext";

/// What of the second WebAssembly is used: it is small, and can be written out for JavaScript, unlike tables of references.
const FEATURES: [&str; 2] = ["--enable-bulk-memory", "--enable-sign-ext"];
/// How it is written out.
const LOWERED: [&str; 2] = ["--signext-lowering", "--llvm-memory-copy-fill-lowering"];

/// Builds `pkg/wasm`: `daypass_bg.wasm`, the same compressed with `.deflate` behind its name, the same as JavaScript in `daypass_bg.wasm.js`, and `daypass_bg.js`, what both need of
/// JavaScript. Nothing is done if they are newer than what they come from.
pub(crate) fn build() -> Result<()> {
    println!("building the WebAssembly");
    // In a folder of its own: these flags would have the tests' outputs built anew each time.
    let target = target_dir()?.join("small");
    let wasm32 =
        ["--no-default-features", "--features", "package", "--target", "wasm32-unknown-unknown", "--profile", "wasm"];
    run(cargo()
        .args(["rustc", "--quiet", "-p", "daypass", "--lib", "--crate-type", "cdylib"])
        .args(wasm32)
        .args(STANDARD_LIBRARY)
        .env("CARGO_TARGET_DIR", &target)
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTFLAGS", FLAGS))?;
    let compiled = target.join("wasm32-unknown-unknown/wasm/daypass.wasm");

    let sources = [&compiled, &program("xtask")?, Path::new("package-lock.json")].map(modified);
    let newest = sources.into_iter().collect::<io::Result<Vec<_>>>()?.into_iter().max();
    if modified(&Path::new(FOLDER).join("daypass_bg.wasm.js")).ok() > newest {
        return Ok(());
    }

    // In a folder beside it, so that `pkg/wasm` is always a whole result.
    let work =
        tempfile::Builder::new().prefix(".wasm-").permissions(fs::Permissions::from_mode(0o755)).tempdir_in("pkg")?;
    let line = ["wasm-bindgen", "--target", "bundler", "--out-name", "daypass", "--no-typescript", "--out-dir"];
    let line = line.into_iter().map(OsString::from).chain([work.path().into(), compiled.into()]);
    wasm_bindgen_cli::wasm_bindgen::run_cli_with_args(line).context("wasm-bindgen failed")?;

    complete(&work.path().join("daypass_bg.js"))?;
    let module = work.path().join("daypass_bg.wasm");
    let tool = |name: &str, passes: &[&str], output: &str| {
        let program = Path::new("node_modules/.bin").join(name);
        let output = work.path().join(output);
        run(Command::new(program).args(FEATURES).arg(&module).args(passes).args(["-Oz", "-o"]).arg(output))
    };
    tool("wasm2js", &LOWERED, "daypass_bg.wasm.js")?;
    // In rounds: what one leaves, the next makes smaller.
    let stripped = ["--traps-never-happen", "--strip-producers", "--strip-target-features"];
    let round = ["--flatten", "--local-cse", "--rereloop", "-Oz"];
    tool("wasm-opt", &[&stripped[..], &round, &round, &round].concat(), "daypass_bg.wasm")?;
    compress(&module, &work.path().join("daypass_bg.wasm.deflate"))?;

    replace(FOLDER, work.path())
}

/// Adds to what wasm-bindgen wrote what it does not offer for bundlers: the functions that the WebAssembly calls, as a list, lest
/// the whole module be one, and how another instance takes the place of the first.
fn complete(file: &Path) -> Result<()> {
    let mut code = fs::read_to_string(file).with_context(|| format!("could not read {}", file.display()))?;
    let named = |start: &'static str| code.lines().filter_map(move |line| line.strip_prefix(start));
    let imports = named("export function ").filter_map(|line| line.split('(').next());
    let imports =
        imports.filter(|name| name.starts_with("__wbg_") && *name != "__wbg_set_wasm").collect::<Vec<_>>().join(", ");
    // Views of the memory of the instance before.
    let views = named("let cached").filter_map(|line| line.strip_suffix("Memory0 = null;"));
    let views = views.map(|name| format!("cached{name}Memory0 = ")).collect::<String>();
    code.push_str(&format!("\nexport const imports = {{ {imports} }};\n"));
    code.push_str(&format!("\nexport function attach(exports) {{\n    wasm = exports;\n    {views}null;\n}}\n"));
    fs::write(file, code).with_context(|| format!("could not write {}", file.display()))
}

/// As small as zlib's format (RFC 1950) can be: smaller than what a server makes of it in passing.
fn compress(file: &Path, to: &Path) -> Result<()> {
    let bytes = fs::read(file).with_context(|| format!("could not read {}", file.display()))?;
    let mut deflated = Vec::new();
    zopfli::compress(zopfli::Options::default(), zopfli::Format::Zlib, &bytes[..], &mut deflated)?;
    fs::write(to, deflated).with_context(|| format!("could not write {}", to.display()))
}

/// When a file was last written.
pub(crate) fn modified(file: &Path) -> io::Result<SystemTime> {
    fs::metadata(file)?.modified()
}
