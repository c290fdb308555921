//! The token service over loopback, on one processor; its client is on another. `cargo xtask bench service` runs this.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Parser, ValueEnum};
use daypass_bench::service::{Part, measure};
use daypass_bench::{Options, write};

#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    options: Options,
    /// Where the stores are; those with many tokens stay there
    #[arg(long)]
    folder: PathBuf,
    /// What to measure; everything without it
    #[arg(long, value_delimiter = ',')]
    parts: Vec<Part>,
}

fn main() -> Result<()> {
    let Arguments { options, folder, mut parts } = Arguments::parse();
    if parts.is_empty() {
        parts = Part::value_variants().to_vec();
    }
    let results = measure(&options, folder, &parts)?;
    write(&options, &results)
}
