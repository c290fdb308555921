//! `daypass key`: the operator lists, rotates and revokes the keys that sign temporary tokens and bundles.

use std::io::{self, Write};

use clap::Subcommand;
use daypass::api::Revocation;
use serde::Serialize;

use super::common::{Common, print_json};
use crate::signing::{self, KeyState};
use crate::store::StoredKey;
use crate::unique;

#[derive(Subcommand)]
pub(super) enum Command {
    /// List the keys, in the order in which they sign
    List {
        #[command(flatten)]
        common: Common,
    },
    /// Make a new key, which replaces the one that signs now
    ///
    /// A running service publishes it at once and signs with it some five minutes later, when every verifier has it. The
    /// replaced key is published until all that it has signed has ended, a day later.
    Rotate {
        /// Sign with it at once: verifiers that do not have it yet refuse what it signs until they have fetched it
        #[arg(long)]
        now: bool,
        #[command(flatten)]
        common: Common,
    },
    /// Revoke a key, and with it all that it has signed: for one that others may have
    ///
    /// It is no longer published. Products that follow the service's feed of revocations refuse what it has signed within a
    /// second, others once they fetch the keys anew. If it is the one that signs, the next key signs at once, or a new one.
    Revoke {
        /// The key's name
        // It may begin with a hyphen.
        #[arg(allow_hyphen_values = true)]
        kid: String,
        #[command(flatten)]
        common: Common,
    },
}

/// A key without the key.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    kid: String,
    state: &'static str,
    created_at: u64,
    signs_from: u64,
    /// When what it has signed no longer counts, of a replaced one.
    #[serde(skip_serializing_if = "Option::is_none")]
    exp: Option<u64>,
    revoked_at: Option<u64>,
}

impl Listed {
    fn new(key: StoredKey, state: KeyState) -> Listed {
        let (state, exp) = match state {
            KeyState::Published => ("published", None),
            KeyState::Signing => ("signing", None),
            KeyState::Replaced(end) => ("replaced", Some(end)),
            KeyState::Ended => ("ended", None),
            KeyState::Revoked => ("revoked", None),
        };
        let StoredKey { kid, created_at, signs_from, revoked_at, .. } = key;
        Listed { kid, state, created_at, signs_from, exp, revoked_at }
    }

    /// What its state means, with the time that belongs to it.
    fn note(&self) -> String {
        match (self.exp, self.revoked_at) {
            (_, Some(at)) => format!("since {at}"),
            (Some(end), _) => format!("until {end}"),
            _ => format!("from {}", self.signs_from),
        }
    }
}

pub(super) async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::List { common } => list(&common).await,
        Command::Rotate { now, common } => rotate(now, &common).await,
        Command::Revoke { kid, common } => revoke(&kid, &common).await,
    }
}

async fn list(common: &Common) -> anyhow::Result<()> {
    #[derive(Serialize)]
    struct List {
        keys: Vec<Listed>,
    }

    let (store, _) = common.open().await?;
    let keys = store.signing_keys().await?;
    let states = KeyState::of(&keys, unique::now());
    let keys: Vec<_> = keys.into_iter().zip(states).map(|(key, state)| Listed::new(key, state)).collect();
    if common.json {
        return print_json(&List { keys });
    }
    let mut out = io::stdout().lock();
    for key in &keys {
        writeln!(out, "{}  {:<9}  {}", key.kid, key.state, key.note())?;
    }
    Ok(())
}

async fn rotate(at_once: bool, common: &Common) -> anyhow::Result<()> {
    let (store, _) = common.open().await?;
    let now = unique::now();
    let key = signing::generate(now, if at_once { now } else { now + signing::PUBLISHED_BEFORE });
    store.add_key(key.clone()).await?;
    let listed = Listed::new(key, if at_once { KeyState::Signing } else { KeyState::Published });
    if common.json {
        return print_json(&listed);
    }
    let Listed { kid, signs_from, .. } = listed;
    let mut out = io::stdout().lock();
    if at_once {
        writeln!(out, "The new key {kid} signs from now on.")?;
    } else {
        writeln!(out, "The new key {kid} is published from now on, and signs from {signs_from} on.")?;
    }
    Ok(())
}

async fn revoke(kid: &str, common: &Common) -> anyhow::Result<()> {
    #[derive(Serialize)]
    struct Revoked<'a> {
        revocation: &'a Revocation,
        successor: Option<&'a str>,
    }

    let (store, _) = common.open().await?;
    let now = unique::now();
    let done = store.revoke_key(kid, signing::generate(now, now), now).await?;
    let (revocation, successor) = (&done.revocation, done.successor.as_deref());
    if common.json {
        return print_json(&Revoked { revocation, successor });
    }
    let mut out = io::stdout().lock();
    writeln!(out, "Revoked since {}: {}.", revocation.at, revocation.target)?;
    if let Some(successor) = successor {
        writeln!(out, "It was the one that signs: the key {successor} does from now on.")?;
    }
    Ok(())
}
