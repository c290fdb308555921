//! Embeds the browser SDK's two self-contained files, if `pkg/dist` has them. The `cfg` `sdk` tells the code.
#![allow(clippy::print_stdout, reason = "this is how a build script talks to Cargo")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use flate2::Compression;
use flate2::write::GzEncoder;

const FILES: [&str; 2] = ["index.js", "global.js"];

fn main() -> io::Result<()> {
    println!("cargo::rustc-check-cfg=cfg(sdk)");
    let (pkg, dist) = (Path::new("../pkg"), Path::new("../pkg/dist"));
    // Cargo would run this script at every build for a path that does not exist.
    let watched = [dist, pkg, Path::new("build.rs")].into_iter().find(|path| path.exists());
    println!("cargo::rerun-if-changed={}", watched.unwrap_or(dist).display());
    if FILES.iter().all(|name| dist.join(name).is_file()) {
        let out = PathBuf::from(env::var_os("OUT_DIR").expect("Cargo sets OUT_DIR"));
        for name in FILES {
            let bytes = fs::read(dist.join(name))?;
            let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
            gzip.write_all(&bytes)?;
            fs::write(out.join(format!("{name}.gz")), gzip.finish()?)?;
            fs::write(out.join(name), bytes)?;
        }
        println!("cargo::rustc-cfg=sdk");
    }
    Ok(())
}
