//! What cannot be undone is confirmed first: [`Confirmation`].

use std::io::{self, IsTerminal, Write};

use anyhow::ensure;
use clap::Args;

/// `--yes`
#[derive(Args)]
pub(super) struct Confirmation {
    /// Do not ask for confirmation; required in scripts
    #[arg(long)]
    yes: bool,
}

impl Confirmation {
    /// Says what ends, and fails unless the operator agrees on the terminal or has agreed with `--yes`.
    pub(super) fn require(&self, what_ends: &str) -> anyhow::Result<()> {
        if self.yes {
            return Ok(());
        }
        let mut terminal = io::stderr().lock();
        writeln!(terminal, "{what_ends}\nThis cannot be undone.")?;
        ensure!(
            io::stdin().is_terminal(),
            "nothing was revoked: run the command in a terminal to confirm it, or with --yes"
        );
        write!(terminal, "Continue? [y/N] ")?;
        terminal.flush()?;
        let mut answer = String::new();
        io::stdin().read_line(&mut answer)?;
        ensure!(["y", "yes"].contains(&answer.trim().to_ascii_lowercase().as_str()), "nothing was revoked");
        Ok(())
    }
}
