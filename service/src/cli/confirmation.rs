//! What cannot be undone is confirmed first: [`Confirmation`].

use std::io::{self, IsTerminal, Write};

use anyhow::ensure;
use clap::Args;
use daypass::TokenKind;

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

/// Says how many tokens of each kind there are.
pub(super) fn show_counts(counts: &[(TokenKind, u64)]) -> String {
    let count_of =
        |kind: TokenKind| counts.iter().find(|(counted, _)| *counted == kind).map(|(_, count)| (kind, count));
    let kinds = TokenKind::ALL.into_iter().filter_map(count_of);
    let kinds: Vec<_> = kinds.map(|(kind, count)| format!("{count} {kind}")).collect();
    if kinds.is_empty() { "none".into() } else { kinds.join(", ") }
}
