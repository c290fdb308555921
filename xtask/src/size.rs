//! The sizes of the files that a visitor downloads.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, ensure};
use clap::Args;
use serde::Serialize;

use crate::{package, rust_app, wasm, wasm_crates};

#[derive(Args)]
pub(crate) struct Options {
    /// Also show how many bytes of the WebAssembly are each crate's
    #[arg(long)]
    by_crate: bool,
    /// Also build the example of a web app in Rust, and print what Daypass adds to it
    #[arg(long)]
    rust_app: bool,
    /// Write all rows to this JSON file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// The file of each entry. A page loads `host`, `react` and `inspector` in addition to one of the others.
const ENTRIES: [(&str, &str); 7] = [
    ("default", "index.js"),
    ("global", "global.js"),
    ("nowasm", "nowasm.js"),
    ("host", "host.js"),
    ("react", "react.js"),
    (INSPECTOR, "inspector.js"),
    ("testing", "testing.js"),
];

/// The most bytes that the default entry may have after gzip.
pub(crate) const MOST: usize = 60_000;
/// The bytes that it should have at most.
pub(crate) const AIM: usize = 46_000;

/// The entry of the inspector.
const INSPECTOR: &str = "inspector";
/// The most bytes that it may have after gzip.
const INSPECTOR_MOST: usize = 7_000;

/// The bytes of a file: as it is, and compressed.
#[derive(Clone, Copy, Debug, Serialize)]
struct Size {
    bytes: usize,
    gzip: usize,
    brotli: usize,
}

#[derive(Debug, Serialize)]
struct Row {
    name: String,
    file: String,
    #[serde(flatten)]
    size: Size,
}

#[derive(Debug, Serialize)]
struct Report {
    entries: Vec<Row>,
    most: usize,
    aim: usize,
    inspector_most: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    crates: Vec<wasm_crates::Share>,
}

/// Builds the package, prints a table of bytes, and fails if the default entry or the inspector is over its limit.
pub(crate) fn run(options: &Options, from: &Path) -> Result<ExitCode> {
    package::build()?;
    let report = Report {
        entries: entries()?,
        most: MOST,
        aim: AIM,
        inspector_most: INSPECTOR_MOST,
        crates: if options.by_crate { wasm_crates::shares(&wasm::with_names()?)? } else { Vec::new() },
    };
    println!("{:<10} {:<28} {:>9} {:>9} {:>9}", "entry", "file", "bytes", "gzip -9", "Brotli");
    for Row { name, file, size } in &report.entries {
        println!("{name:<10} {file:<28} {:>9} {:>9} {:>9}", size.bytes, size.gzip, size.brotli);
    }
    if options.by_crate {
        println!("\n{:<28} {:>9} {:>9}", "crate", "functions", "bytes");
        for share in &report.crates {
            println!("{:<28} {:>9} {:>9}", share.name, share.functions, share.bytes);
        }
        println!();
    }
    if options.rust_app {
        print_rust_app()?;
    }
    if let Some(file) = &options.json {
        fs::write(from.join(file), serde_json::to_string_pretty(&report)?)?;
    }
    let default = report.entries[0].size.gzip;
    let verdict = |is_over| if is_over { ": OVER" } else { "" };
    let is_default_over = default > MOST;
    println!("default entry: {default} of at most {MOST} bytes, gzip -9, aim {AIM}{}", verdict(is_default_over));
    let inspector = report.entries.iter().find(|row| row.name == INSPECTOR).map_or(0, |row| row.size.gzip);
    let is_inspector_over = inspector > INSPECTOR_MOST;
    println!("inspector: {inspector} of at most {INSPECTOR_MOST} bytes, gzip -9{}", verdict(is_inspector_over));
    Ok(ExitCode::from(u8::from(is_default_over || is_inspector_over)))
}

/// Measures the entries, and what the default one would be in two files.
fn entries() -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (name, file) in ENTRIES {
        let size = measure(&Path::new(package::FOLDER).join(file))?;
        rows.push(Row { name: name.into(), file: file.into(), size });
    }
    let work = tempfile::tempdir()?;
    let loader = work.path().join("loader.js");
    package::bundle(Path::new("pkg/src/index.ts"), &["--loader:.deflate=empty"], &loader)?;
    let (loader, module) = (measure(&loader)?, measure(&Path::new(package::FOLDER).join("daypass_bg.wasm"))?);
    let both = Size {
        bytes: loader.bytes + module.bytes,
        gzip: loader.gzip + module.gzip,
        brotli: loader.brotli + module.brotli,
    };
    rows.push(Row { name: "two files".into(), file: "loader and daypass_bg.wasm".into(), size: both });
    Ok(rows)
}

/// Prints what Daypass adds to the example of a web app in Rust.
fn print_rust_app() -> Result<()> {
    let [with, without] = rust_app::build_small()?;
    let (with, without) = (measure(&with)?, measure(&without)?);
    let added = Size {
        bytes: with.bytes.saturating_sub(without.bytes),
        gzip: with.gzip.saturating_sub(without.gzip),
        brotli: with.brotli.saturating_sub(without.brotli),
    };
    let rows = [("Rust app", with), ("Rust app without daypass", without), ("Rust app: what daypass adds", added)];
    for (name, size) in rows {
        println!("{name:<39} {:>9} {:>9} {:>9}", size.bytes, size.gzip, size.brotli);
    }
    Ok(())
}

/// Returns the bytes of the default entry after `gzip -9`.
pub(crate) fn default_entry() -> Result<usize> {
    let [(_, file), ..] = ENTRIES;
    gzip(&Path::new(package::FOLDER).join(file))
}

fn measure(file: &Path) -> Result<Size> {
    let bytes = fs::metadata(file).with_context(|| format!("could not read {}", file.display()))?.len();
    Ok(Size { bytes: usize::try_from(bytes)?, gzip: gzip(file)?, brotli: brotli(file)? })
}

/// Returns the bytes of a file after `gzip -9`: compression libraries split blocks differently, and their sizes differ by up to 5 %.
pub(crate) fn gzip(file: &Path) -> Result<usize> {
    packed(Command::new("gzip").args(["-9", "--no-name", "--stdout"]).arg(file))
}

/// Returns the bytes of a file after Brotli at its highest quality, by Node.
fn brotli(file: &Path) -> Result<usize> {
    let script = "process.stdout.write(zlib.brotliCompressSync(fs.readFileSync(process.argv[1])))";
    packed(Command::new("node").args(["-e", script]).arg(file))
}

fn packed(command: &mut Command) -> Result<usize> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| format!("could not run {program}"))?;
    ensure!(output.status.success(), "{program} failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(output.stdout.len())
}
