//! Takes the browser SDK's two self-contained files along if the npm package was built before: `pkg/dist`. With them the
//! program has the `cfg` `sdk`.
#![allow(clippy::print_stdout, reason = "so a build script speaks to Cargo")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use flate2::Compression;
use flate2::write::GzEncoder;

const FILES: [&str; 2] = ["index.js", "global.js"];

fn main() -> io::Result<()> {
    println!("cargo::rustc-check-cfg=cfg(sdk)");
    let (pkg, dist) = (Path::new("../pkg"), Path::new("../pkg/dist"));
    // What is not there would count as changed at every build.
    let watched = [dist, pkg, Path::new("build.rs")].into_iter().find(|path| path.exists());
    println!("cargo::rerun-if-changed={}", watched.unwrap_or(dist).display());
    if FILES.iter().all(|name| dist.join(name).is_file()) {
        let out = PathBuf::from(env::var_os("OUT_DIR").expect("Cargo sets it"));
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
