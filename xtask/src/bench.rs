//! The cost of Daypass beside its limits and its peers, as one table.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::thread;

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use crate::bars::{self, Line, Results};
use crate::process::{cargo, output, run as run_command};
use crate::workspace::target_dir;
use crate::{browser, package, setup, size};

#[derive(Args)]
pub(crate) struct Options {
    /// What to measure
    #[arg(value_enum, default_value = "verify")]
    what: What,
    /// Write the table and the figures of every round to this file, in nanoseconds, bytes and counts
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Measure an earlier commit too, beside today's: for `verify` its hash, for `browser` the tarball of the package that
    /// `cargo xtask pack` made of it
    #[arg(long, value_name = "COMMIT|FILE")]
    beside: Option<String>,
    /// The browser to measure in; the limits of times are Chromium's (browser only)
    #[arg(long, value_enum, default_value = "chromium")]
    engine: EngineName,
    /// Measure these parts alone, as `bench-service --help` names them (service only)
    #[arg(long, value_name = "PARTS")]
    parts: Option<String>,
    /// Take less time, for a first look: too little for reliable bars
    #[arg(long)]
    quick: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum What {
    /// The verifier in a product's API
    Verify,
    /// The package in a visitor's browser
    Browser,
    /// The token service
    Service,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum EngineName {
    Chromium,
    Firefox,
}

/// The program of `benches/` that measures times.
const TIMES: &str = "bench-times";

/// How often the programs of two commits take turns.
const TURNS: usize = 5;

/// The peers of the package, each a module of `benches/browser/peers/`.
const PEERS: [&str; 5] = ["auth0-spa-js", "jose", "oidc-client-ts", "keycloak-js", "auth-js"];

/// The results, where they were measured, and the lines of the table.
struct Report {
    place: String,
    results: Results,
    lines: Vec<Line>,
}

/// Builds, measures and prints the table; fails if a bar is missed.
pub(crate) fn run(options: &Options, from: &Path) -> Result<ExitCode> {
    setup::npm_in(Path::new("benches"))?;
    let Report { place, results, lines } = match options.what {
        What::Verify => verify(options)?,
        What::Browser => browser(options, from)?,
        What::Service => service(options)?,
    };

    println!("\n{place}\n{}", bars::head());
    for line in &lines {
        println!("{line}");
    }
    if let Some(file) = &options.json {
        let file = from.join(file);
        let report = json!({ "machine": machine(&place)?, "quick": options.quick, "table": lines, "rounds": results });
        fs::write(&file, format!("{report:#}\n")).with_context(|| format!("could not write {}", file.display()))?;
    }
    let over = lines.iter().filter(|line| line.is_over()).count();
    println!("{}", if over == 0 { "every bar is met".into() } else { format!("bars missed: {over}") });
    Ok(ExitCode::from(u8::from(over > 0)))
}

fn verify(options: &Options) -> Result<Report> {
    println!("building the benchmarks");
    run_command(cargo().args(["build", "--quiet", "--profile", "bench", "-p", "daypass-bench"]))?;
    let cores = Cores::choose();
    let mut results = match &options.beside {
        Some(commit) => take_turns(&build_before(commit)?, &cores, options.quick)?,
        None => measure(&released(TIMES)?, &cores, options.quick, [])?,
    };
    for program in ["bench-memory", "bench-route"] {
        results.extend(measure(&released(program)?, &cores, options.quick, [])?);
    }
    results.extend(measure(&released("bench-threads")?, &Cores::ANY, options.quick, [])?);
    Ok(Report { place: cores.to_string(), lines: bars::verify(&results)?, results })
}

/// Builds the program that measures times as it was at a commit, in a worktree under `target/`, and returns it.
fn build_before(commit: &str) -> Result<PathBuf> {
    let folder = target_dir()?.join("before");
    println!("building the benchmarks of {commit}");
    if folder.is_dir() {
        // It was made for a commit that was measured earlier.
        run_command(Command::new("git").args(["checkout", "--quiet", "--detach", commit]).current_dir(&folder))?;
    } else {
        // Forced, in case that git still knows of one that was deleted.
        let add = ["worktree", "add", "--quiet", "--force", "--detach"];
        run_command(Command::new("git").args(add).arg(&folder).arg(commit))?;
    }
    setup::npm_in(&folder.join("benches"))?;
    let target = folder.join("target");
    let build = ["build", "--quiet", "--profile", "bench", "-p", "daypass-bench", "--bin", TIMES, "--target-dir"];
    run_command(cargo().args(build).arg(&target).current_dir(&folder))?;
    Ok(target.join("release").join(TIMES))
}

/// Measures times with the program of an earlier commit and with today's in turns, so that both meet the same machine. The
/// rows of the earlier one are called `before/…`.
fn take_turns(before: &Path, cores: &Cores, quick: bool) -> Result<Results> {
    let today = released(TIMES)?;
    let mut programs = [("before/", before), ("verify/", &today)];
    let mut results = Results::new();
    for _ in 0..if quick { 1 } else { TURNS } {
        for (name, program) in programs {
            for (row, rounds) in measure(program, cores, true, [])? {
                // The limits and the peers are the same: today's do.
                let row = match row.strip_prefix("verify/") {
                    Some(what) => format!("{name}{what}"),
                    None if name == "before/" => continue,
                    None => row,
                };
                results.entry(row).or_default().extend(rounds);
            }
        }
        programs.reverse();
    }
    Ok(results)
}

/// Returns where Cargo puts a program of the profile `bench`.
fn released(program: &str) -> Result<PathBuf> {
    Ok(target_dir()?.join("release").join(program))
}

/// Measures the service. Stores with many tokens stay in `target/bench-service`.
fn service(options: &Options) -> Result<Report> {
    println!("building the benchmarks and the service");
    let packages = ["-p", "daypass-bench", "-p", "daypass-service"];
    run_command(cargo().args(["build", "--quiet", "--profile", "bench"]).args(packages))?;
    let cores = Cores::choose();
    let folder = target_dir()?.join("bench-service").into_os_string();
    let parts = options.parts.iter().flat_map(|parts| ["--parts".into(), parts.into()]);
    let more = ["--folder".into(), folder].into_iter().chain(parts);
    let results = measure(&released("bench-service")?, &cores, options.quick, more)?;
    let lines = bars::service(&results, options.parts.is_none())?;
    Ok(Report { place: cores.to_string(), lines, results })
}

fn browser(options: &Options, from: &Path) -> Result<Report> {
    let [chromium, firefox] = browser::engines()?;
    let is_chromium = options.engine == EngineName::Chromium;
    let engine = if is_chromium { chromium } else { firefox };
    package::build()?;

    let folder = tempfile::tempdir()?;
    let mut sizes = Results::from([("browser/default".to_owned(), vec![size::default_entry()? as f64])]);
    for peer in PEERS {
        let bundle = folder.path().join(format!("{peer}.js"));
        package::bundle(&Path::new("benches/browser/peers").join(format!("{peer}.js")), &[], &bundle)?;
        sizes.insert(format!("size/{peer}"), vec![size::gzip(&bundle)? as f64]);
    }

    if let Some(tarball) = &options.beside {
        let mut tar = Command::new("tar");
        tar.arg("-xOzf").arg(from.join(tarball)).arg("package/dist/index.js");
        fs::write(folder.path().join("before.js"), output(&mut tar)?)?;
        sizes.insert("size/before".to_owned(), vec![size::gzip(&folder.path().join("before.js"))? as f64]);
    }
    let version = output(Command::new(&engine.program).arg("--version"))?;
    println!("measuring in {}", version.trim());
    let out = folder.path().join("results.json");
    run_command(
        Command::new("node")
            .arg("benches/browser.mjs")
            .args([&out, folder.path()])
            .args(options.quick.then_some("--quick"))
            .args(options.beside.as_ref().map(|_| "--before"))
            .env("DAYPASS_ENGINE", engine.name)
            .env(engine.variable, engine.program),
    )?;
    let mut results: Results = serde_json::from_slice(&fs::read(&out)?)?;
    results.extend(sizes);
    Ok(Report {
        place: format!("{}, on any processor", version.trim()),
        lines: bars::browser(&results, is_chromium)?,
        results,
    })
}

/// Runs one program, with more arguments.
fn measure(program: &Path, cores: &Cores, quick: bool, more: impl IntoIterator<Item = OsString>) -> Result<Results> {
    let folder = tempfile::tempdir()?;
    let out = folder.path().join("results.json");
    let mut command = cores.command(program);
    command.arg(&out).args(quick.then_some("--quick")).args(more);
    if let Some(core) = cores.load {
        command.args(["--load-core", &core.to_string()]);
    }
    run_command(&mut command)?;
    Ok(serde_json::from_slice(&fs::read(&out)?)?)
}

/// The processors that programs are pinned to, if `taskset` can pin them.
struct Cores {
    /// For the measured program.
    measured: Option<usize>,
    /// For the client that puts load on a measured server.
    load: Option<usize>,
}

impl Cores {
    /// Pins nothing.
    const ANY: Cores = Cores { measured: None, load: None };

    /// Chooses the last processor for the measured program, since the system uses the first one most.
    fn choose() -> Cores {
        let count = thread::available_parallelism().map_or(1, usize::from);
        let pins = |core: &usize| output(Command::new("taskset").args(["-c", &core.to_string(), "true"])).is_ok();
        let measured = count.checked_sub(1).filter(pins);
        Cores { measured, load: measured.and_then(|core| core.checked_sub(1)).filter(pins) }
    }

    fn command(&self, program: &Path) -> Command {
        let Some(core) = self.measured else { return Command::new(program) };
        let mut command = Command::new("taskset");
        command.args(["-c", &core.to_string()]).arg(program);
        command
    }
}

impl std::fmt::Display for Cores {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.measured, self.load) {
            (None, _) => f.write_str("not pinned to a processor: taskset is missing"),
            (Some(core), None) => write!(f, "pinned to processor {core}, with the route's client"),
            (Some(core), Some(load)) => write!(f, "pinned to processor {core}, the route's client to {load}"),
        }
    }
}

/// Describes the machine and the versions that the figures depend on.
fn machine(place: &str) -> Result<Value> {
    let line = |program: &str, args: &[&str]| {
        Ok::<_, anyhow::Error>(output(Command::new(program).args(args))?.trim().to_owned())
    };
    // Only Linux has this file.
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| Some(line.strip_prefix("model name")?.split_once(": ")?.1));
    Ok(json!({
        "processor": model,
        "processors": thread::available_parallelism().map_or(1, usize::from),
        "system": line("uname", &["-srm"])?,
        "rustc": line("rustc", &["--version"])?,
        "node": line("node", &["--version"])?,
        "commit": line("git", &["describe", "--always", "--dirty"])?,
        "pinned": place,
    }))
}
