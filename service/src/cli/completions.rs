//! `daypass completions`

use std::io::{self, Write};

use clap::Args;
use clap_complete::{Shell, generate};

use super::command;

pub(super) const EXAMPLES: &str = "\
Examples:
  daypass completions bash
  daypass completions zsh";

#[derive(Args)]
pub(super) struct Options {
    /// The shell
    shell: Shell,
}

pub(super) fn run(Options { shell }: Options) -> anyhow::Result<()> {
    let mut script = vec![];
    generate(shell, &mut command(), "daypass", &mut script);
    Ok(io::stdout().write_all(&script)?)
}
