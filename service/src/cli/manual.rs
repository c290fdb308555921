//! `daypass man`

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use clap_mangen::{Man, generate_to};

use super::command;

pub(super) const EXAMPLES: &str = "\
Examples:
  daypass man
  daypass man /usr/local/share/man/man1";

#[derive(Args)]
pub(super) struct Options {
    /// The folder for `daypass.1`, `daypass-serve.1` and so on, which is created if it is missing [default: print the first]
    folder: Option<PathBuf>,
}

pub(super) fn run(Options { folder }: Options) -> anyhow::Result<()> {
    let Some(folder) = folder else {
        let mut page = vec![];
        Man::new(command()).render(&mut page)?;
        return Ok(io::stdout().write_all(&page)?);
    };
    let advice = || format!("cannot write the manual pages to {}", folder.display());
    fs::create_dir_all(&folder).with_context(advice)?;
    generate_to(command(), &folder).with_context(advice)
}
