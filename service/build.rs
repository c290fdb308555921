//! Embeds what `cargo xtask build` makes, if it is there: the browser SDK's two self-contained files (`cfg` `sdk`), and the
//! WebAssembly of the console's origin field (`cfg` `origins`).
#![allow(clippy::print_stdout, reason = "this is how a build script talks to Cargo")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use flate2::Compression;
use flate2::write::GzEncoder;

const FILES: [&str; 2] = ["index.js", "global.js"];
const ORIGINS: [&str; 2] = ["origins-wasm.js", "origins-wasm_bg.wasm"];

fn main() -> io::Result<()> {
    println!("cargo::rustc-check-cfg=cfg(sdk)");
    println!("cargo::rustc-check-cfg=cfg(origins)");
    let (pkg, dist) = (Path::new("../pkg"), Path::new("../pkg/dist"));
    watch(dist, pkg);
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("Cargo sets OUT_DIR"));
    if FILES.iter().all(|name| dist.join(name).is_file()) {
        for name in FILES {
            let bytes = fs::read(dist.join(name))?;
            let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
            gzip.write_all(&bytes)?;
            fs::write(out.join(format!("{name}.gz")), gzip.finish()?)?;
            fs::write(out.join(name), bytes)?;
        }
        println!("cargo::rustc-cfg=sdk");
    }
    let built = Path::new("origins/dist");
    watch(built, Path::new("origins"));
    if ORIGINS.iter().all(|name| built.join(name).is_file()) {
        for name in ORIGINS {
            fs::copy(built.join(name), out.join(name))?;
        }
        println!("cargo::rustc-cfg=origins");
    }
    Ok(())
}

/// Runs this script again when a folder changes. Cargo would run it at every build for a path that does not exist, so that
/// the folder above is watched until then.
fn watch(folder: &Path, above: &Path) {
    let watched = [folder, above, Path::new("build.rs")].into_iter().find(|path| path.exists());
    println!("cargo::rerun-if-changed={}", watched.unwrap_or(folder).display());
}
