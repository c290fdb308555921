//! The npm package: its entries, built from `pkg/src` and `pkg/wasm` into `pkg/dist`.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

use anyhow::Result;

use crate::files::{modified, replace, work_folder};
use crate::process::run;
use crate::workspace::program;
use crate::{declarations, origins, setup, wasm};

/// The folder that visitors and bundlers load from.
pub(crate) const FOLDER: &str = "pkg/dist";

/// The formats of a module, each with the end of its files.
const FORMATS: [(&str, &str); 2] = [("--format=esm", "js"), ("--format=cjs", "cjs")];

/// The entries of the package: the name, the source, and the options that differ from those of a plain module.
const ENTRIES: [(&str, &str, &[&str]); 7] = [
    ("index", "index.ts", &["--loader:.deflate=base64"]),
    ("nowasm", "nowasm.ts", &[]),
    ("host", "host.ts", &[]),
    ("react", "react.ts", &["--external:react", "--external:daypass"]),
    ("inspector", "inspector.ts", &["--external:daypass"]),
    ("testing", "testing.ts", &[]),
    ("types", "types.ts", &[]),
];

/// The classic script: the default entry as a global.
const GLOBAL: (&str, &str, &[&str]) =
    ("global", ENTRIES[0].1, &["--loader:.deflate=base64", "--format=iife", "--global-name=daypass"]);

/// The entries that have declarations of their own: the one without WebAssembly has those of the default entry.
const DECLARED: [&str; 7] = ["index", "host", "react", "inspector", "testing", "types", "global"];

/// The options of every entry: the syntax that browsers of 2024 support, minified.
const COMMON: [&str; 5] = ["--bundle", "--minify", "--format=esm", "--target=es2022", "--log-level=warning"];

/// Builds the WebAssembly, the entries and their declarations.
///
/// Outputs that are newer than their sources stay: the service is built from them and would be compiled again.
pub(crate) fn build() -> Result<()> {
    setup::wasm_target()?;
    setup::npm()?;
    wasm::build()?;
    // The service is built from this too.
    origins::build()?;
    let last = Path::new(FOLDER).join("daypass_bg.wasm");
    if modified(&last).ok() > Some(newest_source()?) && Path::new(declarations::FOLDER).is_dir() {
        return Ok(());
    }
    println!("building the package");
    declarations::build(&DECLARED)?;
    // Outputs move to `pkg/dist` together, so that it never holds half a build.
    let work = work_folder("pkg", ".dist-")?;
    for (name, source, own) in ENTRIES {
        for (format, end) in FORMATS {
            let to = work.path().join(format!("{name}.{end}"));
            bundle(&Path::new("pkg/src").join(source), &[own, &[format]].concat(), &to)?;
        }
    }
    let (name, source, own) = GLOBAL;
    bundle(&Path::new("pkg/src").join(source), own, &work.path().join(format!("{name}.js")))?;
    fs::copy(Path::new(wasm::FOLDER).join("daypass_bg.wasm"), work.path().join("daypass_bg.wasm"))?;
    replace(FOLDER, work.path())
}

/// Returns when the newest source of the entries was written.
fn newest_source() -> Result<SystemTime> {
    let files = [program("xtask")?, "pkg/tsconfig.json".into(), "package-lock.json".into()];
    let mut newest = SystemTime::UNIX_EPOCH;
    for file in files {
        newest = newest.max(modified(&file)?);
    }
    for folder in ["pkg/src", wasm::FOLDER] {
        for entry in fs::read_dir(folder)? {
            newest = newest.max(modified(&entry?.path())?);
        }
    }
    Ok(newest)
}

/// Writes a module and all its imports as one minified file.
pub(crate) fn bundle(source: &Path, own: &[&str], to: &Path) -> Result<()> {
    let to = format!("--outfile={}", to.display());
    run(Command::new("node_modules/.bin/esbuild").arg(source).args(COMMON).args(own).arg(to))
}
