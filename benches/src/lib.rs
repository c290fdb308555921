//! What the programs in `bin/` share: tokens and their verifier, peers, and the form of the results.
//!
//! | program | what it measures |
//! | --- | --- |
//! | `bench-times` | one decision, beside the limits and the peers, with Criterion |
//! | `bench-memory` | allocations of a cached decision, bytes of a cached token, with a counting allocator |
//! | `bench-route` | requests a second and the 99th percentile of a route, bare and behind the layer |
//! | `bench-load` | what `bench-route` lets run as a client |
//!
//! `cargo xtask bench` runs them; the bars are in `xtask/src/bars.rs`.

pub mod cpu_time;
pub mod fixture;
pub mod node;
pub mod peers;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Parser;

/// What every measuring program is started with.
#[derive(Parser)]
pub struct Options {
    /// Where the results go, as JSON
    pub out: PathBuf,
    /// Less time for each row
    #[arg(long)]
    pub quick: bool,
    /// The processor that the client of `bench-route` is pinned to
    #[arg(long)]
    pub load_core: Option<usize>,
}

/// A figure of each round, by row. What is to be compared was measured in the same round.
pub type Results = BTreeMap<String, Vec<f64>>;

/// Writes the results for `cargo xtask bench`.
///
/// # Errors
/// When the file cannot be written.
pub fn write(options: &Options, results: &Results) -> Result<()> {
    let out = &options.out;
    fs::write(out, serde_json::to_vec(results)?).with_context(|| format!("could not write {}", out.display()))
}
