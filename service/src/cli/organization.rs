//! `daypass organization`: the operator revokes more than one token at once.

use std::io::{self, Write};

use clap::Subcommand;

use super::common::{Common, print_json};
use crate::unique;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Revoke an organization for ever: all its tokens, those to come too
    ///
    /// There is no way back. A running service refuses the tokens within a second, and so do the products that follow its feed
    /// of revocations. A product that does not follow it accepts temporary tokens and signed bundles to their end, a day at
    /// most.
    Revoke {
        /// The organization's id, as `daypass serve --json` and a token's record give it
        id: String,
        #[command(flatten)]
        common: Common,
    },
    /// Revoke all of an organization's tokens that were issued before a time
    ///
    /// Its secret tokens are among them: afterwards, make a new one with `daypass token create`. An earlier time than one that
    /// was given before changes nothing. For all tokens up to now: daypass organization revoke-issued-before ID $(date +%s)
    RevokeIssuedBefore {
        /// The organization's id, as `daypass serve --json` and a token's record give it
        id: String,
        /// The first second whose tokens live, in Unix seconds; not in the future
        time: u64,
        #[command(flatten)]
        common: Common,
    },
}

pub(super) async fn run(command: Command) -> anyhow::Result<()> {
    let (revocation, json) = match command {
        Command::Revoke { id, common } => {
            let (store, _) = common.open().await?;
            (store.revoke_organization(&id, unique::now()).await?, common.json)
        }
        Command::RevokeIssuedBefore { id, time, common } => {
            let (store, _) = common.open().await?;
            (store.revoke_issued_before(&id, time, unique::now()).await?, common.json)
        }
    };
    if json {
        return print_json(&revocation);
    }
    Ok(writeln!(io::stdout(), "Revoked since {}: {}.", revocation.at, revocation.target)?)
}
