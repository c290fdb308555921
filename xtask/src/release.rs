//! A release: an archive for this kind of machine, the npm package, a bill of materials, and the sums of all of them.
//!
//! Two runs on one machine write the same bytes: the archive has no times, names of users or order of a file system,
//! and the bill of materials no number and time of its own. Another machine's linker may make another binary.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use clap::Args;

use crate::build::build;
use crate::process::{cargo, output, run as run_command};
use crate::workspace::{program, target_dir};
use crate::{pack, sbom};

#[derive(Args)]
pub(crate) struct Options {
    /// Put the files into this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Take the unoptimized binary, which is built sooner: for a trial
    #[arg(long)]
    debug: bool,
}

/// What the archive has from the repository, and where.
const FILES: [(&str, &str); 6] = [
    ("LICENSE-APACHE", "LICENSE-APACHE"),
    ("LICENSE-MIT", "LICENSE-MIT"),
    ("CHANGELOG.md", "CHANGELOG.md"),
    ("service/deploy/daypass.service", "deploy/daypass.service"),
    ("service/deploy/nginx.conf", "deploy/nginx.conf"),
    ("service/deploy/Containerfile", "deploy/Containerfile"),
];

/// The shells whose completions the archive has, with the name that the shell expects of the file.
const SHELLS: [(&str, &str); 5] = [
    ("bash", "daypass.bash"),
    ("elvish", "daypass.elv"),
    ("fish", "daypass.fish"),
    ("powershell", "_daypass.ps1"),
    ("zsh", "_daypass"),
];

/// The file with the sums, as `sha256sum --check` reads it.
const SUMS: &str = "SHA256SUMS";

/// Makes a release and prints its files with their sums.
pub(crate) fn run(options: &Options, from: &Path) -> Result<()> {
    let out = match &options.out {
        Some(folder) => from.join(folder),
        None => target_dir()?.join("release-files"),
    };
    let package = pack::pack(&out)?;
    let binary = binary(options.debug)?;
    let machine = machine()?;
    let name = format!("daypass-{}-{machine}", env!("CARGO_PKG_VERSION"));

    println!("packing {name}");
    let work = tempfile::tempdir()?;
    let folder = work.path().join(&name);
    fill(&folder, &binary)?;
    let archive = pack_folder(&folder, &name, &out, options.debug)?;
    let bill = out.join(format!("{name}.cdx.json"));
    fs::write(&bill, sbom::of_service(&machine)?)?;

    let names = [&archive, &bill, &package].map(|file| file.file_name().unwrap_or_default().to_owned());
    let sums = output(Command::new("sha256sum").arg("--").args(names).current_dir(&out))
        .context("install sha256sum, of the GNU core utilities")?;
    fs::write(out.join(SUMS), &sums)?;
    print!("{sums}");
    println!("{}", out.display());
    Ok(())
}

/// Builds the binary and returns its path. The package is built by now, so that the service has the browser SDK in it.
fn binary(is_debug: bool) -> Result<PathBuf> {
    if is_debug {
        build()?;
        return program("daypass");
    }
    println!("building the service, optimized");
    let service = ["-p", "daypass-service", "--bin", "daypass"];
    run_command(cargo().args(["build", "--quiet", "--release", "--locked"]).args(service))?;
    Ok(target_dir()?.join("release/daypass"))
}

/// Returns the name of this kind of machine, such as `x86_64-unknown-linux-gnu`.
fn machine() -> Result<String> {
    let version = output(Command::new("rustc").arg("-vV"))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("`rustc -vV` names no host")?.to_owned())
}

/// Puts everything that the archive has into a folder.
fn fill(folder: &Path, binary: &Path) -> Result<()> {
    for part in ["deploy", "completions"] {
        fs::create_dir_all(folder.join(part))?;
    }
    for (file, place) in FILES {
        fs::copy(file, folder.join(place)).with_context(|| format!("could not copy {file}"))?;
    }
    fs::copy(binary, folder.join("daypass")).with_context(|| format!("could not copy {}", binary.display()))?;
    run_command(Command::new(binary).arg("man").arg(folder.join("man/man1")))?;
    for (shell, file) in SHELLS {
        let script = output(Command::new(binary).args(["completions", shell]))?;
        fs::write(folder.join("completions").join(file), script)?;
    }
    Ok(())
}

/// Packs a folder, in the order of names, without times and owners, and returns the archive's path.
fn pack_folder(folder: &Path, name: &str, out: &Path, is_fast: bool) -> Result<PathBuf> {
    let mut files = Vec::new();
    list(folder, &mut files)?;
    files.sort();
    let plain = out.join(format!("{name}.tar"));
    let file = fs::File::create(&plain).with_context(|| format!("could not create {}", plain.display()))?;
    let mut tar = tar::Builder::new(file);
    tar.mode(tar::HeaderMode::Deterministic);
    for file in files {
        tar.append_path_with_name(&file, Path::new(name).join(file.strip_prefix(folder)?))?;
    }
    tar.into_inner()?.sync_all()?;
    // By the program, since xtask itself is not optimized.
    let level = if is_fast { "--fast" } else { "--best" };
    run_command(Command::new("gzip").args(["--no-name", "--force", level]).arg(&plain)).context("install gzip")?;
    Ok(out.join(format!("{name}.tar.gz")))
}

/// Lists the files of a folder, and of those in it.
fn list(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { list(&path, files)? } else { files.push(path) }
    }
    Ok(())
}
