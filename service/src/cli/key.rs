//! `daypass key`: the operator lists, rotates and revokes the keys that sign temporary tokens and bundles, and makes
//! those that seal.

use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::Context;
use clap::Subcommand;
use daypass::Error;
use daypass::api::Revocation;
use serde::Serialize;

use super::confirmation::Confirmation;
use super::failure::Subject;
use super::key_file::{self, Purpose};
use super::master_key::{self, MasterKeyOptions};
use super::options::{Common, Json, print_json};
use super::time;
use crate::crypto::master_key::MasterKey;
use crate::domain::key::{KeyState, StoredKey};
use crate::store::Store;
use crate::usecase::{keys, seal_keys};

const LIST: &str = "\
Example:
  daypass key list";
const ROTATE: &str = "\
Examples:
  daypass key rotate
  daypass key rotate --now --store /var/lib/daypass.db";
const REVOKE: &str = "\
Examples:
  daypass key revoke kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k
  daypass key revoke kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k --yes
  daypass key revoke kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k --without-successor";

const MASTER: &str = "\
Example:
  daypass key master master.key";

const RESEAL: &str = "\
Examples:
  daypass key reseal --new-master-key-file /etc/daypass/master.key
  daypass key reseal --master-key-file old.key --new-master-key-file new.key --store /var/lib/daypass.db";

const SEALING: &str = "\
Example:
  daypass key sealing sealing.key";

#[derive(Subcommand)]
pub(super) enum Command {
    /// List the keys, in the order in which they were added
    ///
    /// A key is pending (published, and signs later), active (signs), retired (what it signed is still accepted),
    /// expired (nothing that it signed is valid any more) or revoked.
    #[command(after_help = LIST)]
    List {
        #[command(flatten)]
        common: Common,
    },
    /// Create a key that replaces the active one
    ///
    /// A running service publishes it at once, announces it in the feed, and signs with it some five minutes later, when
    /// every verifier has it.
    /// The retired key is published until all that it signed has expired, a day later, and for some hours more if the service
    /// did not run all that time.
    #[command(after_help = ROTATE)]
    Rotate {
        /// Sign with it in a few seconds: a verifier that does not know it by then fetches the keys first
        #[arg(long)]
        now: bool,
        #[command(flatten)]
        master_key: MasterKeyOptions,
        #[command(flatten)]
        common: Common,
    },
    /// Revoke a key that may have leaked, and with it all that it signed
    ///
    /// The service no longer publishes it. Products that follow the service's feed of revocations refuse what it
    /// signed within a second, others once they fetch the keys again. If it is the active key, the next key signs at
    /// once, or a new one.
    #[command(after_help = REVOKE)]
    Revoke {
        /// The key's id, as `daypass key list` prints it
        // It may begin with a hyphen.
        #[arg(allow_hyphen_values = true)]
        kid: String,
        /// Add no key, which needs no master key: if no other key signs, the service mints nothing until there is one
        #[arg(long)]
        without_successor: bool,
        #[command(flatten)]
        confirmation: Confirmation,
        #[command(flatten)]
        master_key: MasterKeyOptions,
        #[command(flatten)]
        common: Common,
    },
    /// Write a new master key to a file that only its owner can read
    ///
    /// It seals the signing keys in the store: with the store alone, nobody can sign tokens.
    #[command(after_help = MASTER)]
    Master {
        /// The file, which must not exist yet
        file: PathBuf,
        #[command(flatten)]
        output: Json,
    },
    /// Seal the signing keys by another master key
    ///
    /// Running services go on with the keys that they have opened, and add no key until they are restarted with the new
    /// master key. Keep the old one as long as backups that it has sealed.
    #[command(after_help = RESEAL)]
    Reseal {
        /// The file with the new master key, as `daypass key master` writes it
        #[arg(
            long,
            value_name = "FILE",
            required_unless_present = "new_master_key_command",
            conflicts_with = "new_master_key_command"
        )]
        new_master_key_file: Option<PathBuf>,
        /// A command that prints the new master key
        #[arg(long, value_name = "COMMAND")]
        new_master_key_command: Option<String>,
        #[command(flatten)]
        master_key: MasterKeyOptions,
        #[command(flatten)]
        common: Common,
    },
    /// Write a new key for the sealed parameters of bundles to a file that only its owner can read
    ///
    /// The service encrypts them with it (`daypass serve --sealing-key-file`), and the API's verifier opens them. To
    /// replace a key, give the verifiers the new one first, beside the old one.
    #[command(after_help = SEALING)]
    Sealing {
        /// The file, which must not exist yet
        file: PathBuf,
        #[command(flatten)]
        output: Json,
    },
}

/// A key without its private part.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    kid: String,
    state: &'static str,
    created_at: u64,
    signs_from: u64,
    /// When what a retired key signed is no longer accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    exp: Option<u64>,
    revoked_at: Option<u64>,
}

impl Listed {
    fn new(key: StoredKey, state: KeyState) -> Listed {
        let (state, exp) = match state {
            KeyState::Pending => ("pending", None),
            KeyState::Active => ("active", None),
            KeyState::Retired(end) => ("retired", Some(end)),
            KeyState::Expired => ("expired", None),
            KeyState::Revoked => ("revoked", None),
        };
        let StoredKey { kid, created_at, signs_from, revoked_at, .. } = key;
        Listed { kid, state, created_at, signs_from, exp, revoked_at }
    }

    /// Returns the time that belongs to the state.
    fn note(&self) -> String {
        match (self.exp, self.revoked_at) {
            (_, Some(at)) => format!("since {}", time::show(at)),
            (Some(end), _) => format!("until {}", time::show(end)),
            _ => format!("from {}", time::show(self.signs_from)),
        }
    }
}

pub(super) async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::List { common } => list(&common).await,
        Command::Rotate { now, master_key, common } => rotate(now, &master_key, &common).await,
        Command::Revoke { kid, without_successor, confirmation, master_key, common } => {
            revoke(&kid, &confirmation, (!without_successor).then_some(&master_key), &common).await
        }
        Command::Master { file, output } => key_file::run(&Purpose::Master, &file, &output),
        Command::Reseal { new_master_key_file, new_master_key_command, master_key, common } => {
            let new = master_key::load(new_master_key_file.as_deref(), new_master_key_command.as_deref()).await?;
            reseal(new.context("give the new master key")?, &master_key, &common).await
        }
        Command::Sealing { file, output } => key_file::run(&Purpose::Sealing, &file, &output),
    }
}

async fn list(common: &Common) -> anyhow::Result<()> {
    #[derive(Serialize)]
    struct List {
        keys: Vec<Listed>,
    }

    let store = common.open().await?;
    let keys = find_keys(&*store, common).await?;
    if common.is_json() {
        return print_json(&List { keys });
    }
    let mut out = io::stdout().lock();
    for key in &keys {
        writeln!(out, "{}  {:<7}  {}", key.kid, key.state, key.note())?;
    }
    Ok(())
}

async fn find_keys(store: &dyn Store, common: &Common) -> anyhow::Result<Vec<Listed>> {
    let keys = keys::list(store).await.map_err(|error| common.explain(error, None))?;
    Ok(keys.into_iter().map(|(key, state)| Listed::new(key, state)).collect())
}

async fn rotate(at_once: bool, master_key: &MasterKeyOptions, common: &Common) -> anyhow::Result<()> {
    let (store, master_key) = master_key.open(common).await?;
    let (key, state) =
        keys::rotate(&*store, &master_key, at_once).await.map_err(|error| common.explain(error, None))?;
    let listed = Listed::new(key, state);
    if common.is_json() {
        return print_json(&listed);
    }
    let Listed { kid, signs_from, .. } = listed;
    writeln!(io::stdout().lock(), "The new key {kid} is pending: it signs from {}.", time::show(signs_from))?;
    Ok(())
}

async fn reseal(new: MasterKey, master_key: &MasterKeyOptions, common: &Common) -> anyhow::Result<()> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Resealed<'a> {
        keys: usize,
        master_key: &'a str,
    }
    let old = master_key.given_or_beside(common).await?;
    let store = common.open().await?;
    let master_key = new.id().to_owned();
    let keys = seal_keys::reseal(&*store, old, new).await?;
    if common.is_json() {
        return print_json(&Resealed { keys, master_key: &master_key });
    }
    let mut out = io::stdout().lock();
    writeln!(out, "Sealed {keys} signing keys by the master key {master_key}.")?;
    writeln!(out, "Restart the service with it. Backups that were made before need the old one.")?;
    Ok(())
}

async fn revoke(
    kid: &str,
    confirmation: &Confirmation,
    successors: Option<&MasterKeyOptions>,
    common: &Common,
) -> anyhow::Result<()> {
    #[derive(Serialize)]
    struct Revoked<'a> {
        revocation: &'a Revocation,
        successor: Option<&'a str>,
    }

    let (store, master_key) = match successors {
        Some(master_key) => {
            let opened = master_key.open(common).await;
            let (store, key) = opened.context("cannot add a key that follows it (--without-successor adds none)")?;
            (store, Some(key))
        }
        None => (common.open().await?, None),
    };
    let explain = |error| common.explain(error, Some(Subject::Key(kid)));
    let keys = find_keys(&*store, common).await?;
    let key = keys.iter().find(|key| key.kid == kid).ok_or_else(|| explain(Error::NotFound))?;
    confirmation.require(&what_ends(key, master_key.is_some(), common))?;
    let done = keys::revoke(&*store, master_key.as_deref(), kid).await.map_err(explain)?;
    let (revocation, successor) = (&done.revocation, done.successor.as_deref());
    if common.is_json() {
        return print_json(&Revoked { revocation, successor });
    }
    let mut out = io::stdout().lock();
    writeln!(out, "Revoked at {}: {}.", time::show(revocation.at), revocation.target)?;
    if let Some(successor) = successor {
        writeln!(out, "It was the active key: the key {successor} signs from now on.")?;
    } else if master_key.is_none() && !find_keys(&*store, common).await?.iter().any(|key| key.state == "active") {
        writeln!(out, "No key signs now: add one with `{}`.", common.command("key rotate"))?;
    }
    Ok(())
}

fn what_ends(key: &Listed, has_successor: bool, common: &Common) -> String {
    let Listed { kid, state, .. } = key;
    let mut text = format!(
        "This revokes the {state} key {kid} in {}. What ends:\n\
         - every temporary token and signed bundle that it signed, of every organization",
        common.store
    );
    if *state == "active" {
        text += if has_successor {
            "\nThe next key, or a new one, signs from then on."
        } else {
            "\nThe next key signs from then on. Without one the service mints nothing."
        };
    }
    text
}
