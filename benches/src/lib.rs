//! Tokens, verifiers, peers and the format of results, for the programs in `bin/`.
//!
//! | program | measures |
//! | --- | --- |
//! | `bench-times` | one decision, beside the limits and the peers, with Criterion |
//! | `bench-memory` | allocations of a cached decision, bytes of a cached token, with a counting allocator |
//! | `bench-route` | requests a second and the 99th percentile of a route, bare and behind the layer |
//! | `bench-service` | the token service, beside what bounds it and its peer in Node |
//! | `bench-load` | nothing by itself: it is the client of `bench-route` and `bench-service` |
//!
//! `cargo xtask bench` runs them; the bars are in `xtask/src/bars.rs`.

pub mod cpu_time;
pub mod fixture;
pub mod load;
pub mod node;
pub mod peers;
pub mod service;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Parser;

/// The arguments of every measuring program.
#[derive(Parser)]
pub struct Options {
    /// Write the results to this file, as JSON
    pub out: PathBuf,
    /// Take less time for each row
    #[arg(long)]
    pub quick: bool,
    /// Pin the client of servers to this processor
    #[arg(long)]
    pub load_core: Option<usize>,
}

/// The figures of all rounds by row. Figures of the same round can be compared.
pub type Results = BTreeMap<String, Vec<f64>>;

/// Writes the results for `cargo xtask bench`.
///
/// # Errors
/// If the file cannot be written.
pub fn write(options: &Options, results: &Results) -> Result<()> {
    let out = &options.out;
    fs::write(out, serde_json::to_vec(results)?).with_context(|| format!("could not write {}", out.display()))
}
