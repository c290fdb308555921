//! The rows of `bench service`: a running `daypass serve`, beside what bounds it.
//!
//! | module | what it measures |
//! | --- | --- |
//! | `backup` | writes at a steady rate, alone and while the store is backed up |
//! | `console` | the console's list of tokens |
//! | `creation` | secret tokens, beside bare inserts |
//! | `introspection` | introspection, beside a bare route and oidc-provider |
//! | `minting` | temporary tokens, beside bare signing |
//! | `node` | a running service, and requests to it |
//! | `oauth` | tokens of a client's own, beside oidc-provider |
//! | `oidc_provider` | the peer for OAuth |
//! | `peers` | routes and inserts that do nothing else |
//! | `revocation` | from a revocation by one node to a refusal behind another |
//! | `scale` | lists, creations and look-ups in stores with many tokens |
//! | `server` | servers in turns |
//! | `stores` | stores that are filled by inserts |
//! | `streams` | the memory of open streams of the feed |

mod backup;
mod console;
mod creation;
mod introspection;
mod minting;
mod node;
mod oauth;
mod oidc_provider;
mod peers;
mod revocation;
mod scale;
mod server;
mod stores;
mod streams;

use std::path::PathBuf;

use anyhow::Result;
use clap::ValueEnum;

use crate::{Options, Results};

/// A part of the table, which can be measured alone.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// Introspection of a living token
    Introspection,
    /// Temporary tokens
    Minting,
    /// The token endpoint of OAuth
    Oauth,
    /// Secret tokens
    Creation,
    /// The console's list of 100,000 tokens
    Console,
    /// An organization of a million tokens
    Million,
    /// A store of ten million tokens
    TenMillion,
    /// A revocation, from node to node
    Revocation,
    /// The memory of 10,000 open streams of the feed
    Streams,
    /// Writes while the store is backed up
    Backup,
}

/// What every part is given.
pub(crate) struct Bench<'a> {
    options: &'a Options,
    /// Where stores are.
    folder: PathBuf,
}

impl Bench<'_> {
    /// Returns how often something is repeated.
    fn rounds(&self, rounds: usize) -> usize {
        if self.options.quick { rounds.div_ceil(8) } else { rounds }
    }
}

/// Measures these parts, with the stores in this folder.
///
/// # Errors
/// When a server does not start or refuses a request.
pub fn measure(options: &Options, folder: PathBuf, parts: &[Part]) -> Result<Results> {
    let bench = Bench { options, folder };
    let mut results = Results::new();
    for part in parts {
        results.extend(match part {
            Part::Introspection => introspection::measure(&bench)?,
            Part::Minting => minting::measure(&bench)?,
            Part::Oauth => oauth::measure(&bench)?,
            Part::Creation => creation::measure(&bench)?,
            Part::Console => console::measure(&bench)?,
            Part::Million => scale::million(&bench)?,
            Part::TenMillion => scale::ten_million(&bench)?,
            Part::Revocation => revocation::measure(&bench)?,
            Part::Streams => streams::measure(&bench)?,
            Part::Backup => backup::measure(&bench)?,
        });
    }
    Ok(results)
}
