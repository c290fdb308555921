//! Where the master key is: [`MasterKeyOptions`].

use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use clap::Args;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;
use tokio::time::timeout;

use super::options::Common;
use super::shell;
use crate::crypto::master_key::MasterKey;
use crate::crypto::random;
use crate::private_files::{self, beside};
use crate::store::{Location, SharedStore, Store};
use crate::usecase::seal_keys;

/// How long a command may take that prints the master key.
const PATIENCE: Duration = Duration::from_secs(30);

/// How many bytes of what the command prints are read.
const MOST: u64 = 4096;

/// How to give the master key, for messages.
const HOW: &str = "--master-key-file FILE, the environment variable DAYPASS_MASTER_KEY or --master-key-command COMMAND";

/// What follows the name of an SQLite store in the name of the file with its master key.
const ENDING: &str = ".master-key";

#[derive(Args)]
pub(super) struct MasterKeyOptions {
    /// The file with the master key, which seals the signing keys in the store, as `daypass key master` writes it
    /// [default: DAYPASS_MASTER_KEY, or with SQLite the file STORE.master-key, created at the first start]
    #[arg(long, env = "DAYPASS_MASTER_KEY_FILE", value_name = "FILE", conflicts_with = "master_key_command")]
    master_key_file: Option<PathBuf>,

    /// A command that prints the master key within 30 seconds, such as one that asks a key management service
    #[arg(long, env = "DAYPASS_MASTER_KEY_COMMAND", value_name = "COMMAND")]
    master_key_command: Option<String>,
}

/// The master key of a store.
pub(super) struct StoreMasterKey {
    pub(super) key: Arc<MasterKey>,
    /// The file beside the store, if it was created just now.
    pub(super) created: Option<PathBuf>,
}

impl MasterKeyOptions {
    /// Loads the master key that was given, if one was.
    ///
    /// # Errors
    /// When it cannot be read, or the store needs one.
    pub(super) async fn given(&self, location: &Location) -> anyhow::Result<Option<MasterKey>> {
        // SECURITY: the key itself is no option, because other users of the machine can see command lines.
        let variable = std::env::var("DAYPASS_MASTER_KEY").ok();
        let is_option = self.master_key_file.is_some() || self.master_key_command.is_some();
        ensure!(!is_option || variable.is_none(), "several master keys are given: give one, by {HOW}");
        if variable.is_none()
            && let Some(key) = load(self.master_key_file.as_deref(), self.master_key_command.as_deref()).await?
        {
            return Ok(Some(key));
        }
        let given = variable.map(|text| MasterKey::parse(&text).context("DAYPASS_MASTER_KEY")).transpose()?;
        ensure!(
            given.is_some() || matches!(location, Location::File(_)),
            "the store {location} needs a master key, which seals the signing keys in it: write one with \
             `daypass key master FILE`, and give it by {HOW}"
        );
        Ok(given)
    }

    /// Returns the master key that was given, or the one in the file beside the store.
    pub(super) async fn given_or_beside(&self, common: &Common) -> anyhow::Result<MasterKey> {
        match (self.given(&common.store).await?, &common.store) {
            (Some(given), _) => Ok(given),
            (None, Location::File(path)) => Ok(default(&beside(path, ENDING), true)?.0),
            (None, Location::Database(_)) => bail!("a database needs a master key: give it by {HOW}"),
        }
    }

    /// Returns these options as a shell reads them behind a command.
    pub(super) fn words(&self) -> String {
        let file = self.master_key_file.as_ref().map(|file| format!(" --master-key-file {}", shell::quote(file)));
        let command = self.master_key_command.as_ref();
        let command = command.map(|command| format!(" --master-key-command {}", shell::quote(command)));
        [file, command].into_iter().flatten().collect()
    }

    /// Returns whether a command with these options has a master key, and makes none.
    pub(super) fn is_given_or_beside(&self, location: &Location) -> bool {
        let is_beside = matches!(location, Location::File(path) if beside(path, ENDING).exists());
        let is_option = self.master_key_file.is_some() || self.master_key_command.is_some();
        is_option || is_beside || std::env::var_os("DAYPASS_MASTER_KEY").is_some()
    }

    /// Opens a store and the master key that opens its signing keys, and seals those that are not sealed yet.
    pub(super) async fn open(&self, common: &Common) -> anyhow::Result<(SharedStore, Arc<MasterKey>)> {
        let given = self.given(&common.store).await?;
        let store = common.open().await?;
        let StoreMasterKey { key, .. } = of_store(given, &*store, &common.store).await?;
        Ok((store, key))
    }
}

/// Loads the master key in a file, or the one that a command prints.
pub(super) async fn load(file: Option<&Path>, command: Option<&str>) -> anyhow::Result<Option<MasterKey>> {
    if let Some(file) = file {
        let context = || format!("cannot use the master key in {}", file.display());
        return private_files::read_secret(file)
            .and_then(|text| MasterKey::parse(&text))
            .with_context(context)
            .map(Some);
    }
    let Some(command) = command else { return Ok(None) };
    run(command).await.with_context(|| format!("the command for the master key, `{command}`")).map(Some)
}

/// Returns the master key that was given, or the one in the file beside the store. It opens all signing keys of the store,
/// which are sealed when this is done.
pub(super) async fn of_store(
    given: Option<MasterKey>,
    store: &dyn Store,
    location: &Location,
) -> anyhow::Result<StoreMasterKey> {
    let (key, created) = match (given, location) {
        (Some(given), _) => (given, None),
        (None, Location::File(path)) => {
            let has_sealed_key = seal_keys::has_sealed_key(store).await.context("cannot read the signing keys")?;
            default(&beside(path, ENDING), has_sealed_key)?
        }
        (None, Location::Database(_)) => bail!("a database needs a master key: give it by {HOW}"),
    };
    if let Some(file) = &created {
        tracing::warn!(file = %file.display(), "a new master key seals the signing keys, keep a copy apart from backups of the store");
    }
    let key = Arc::new(key);
    let sealed = seal_keys::seal(store, &key).await?;
    if sealed > 0 {
        tracing::info!(keys = sealed, master_key = key.id(), "sealed the signing keys of an earlier version");
    }
    Ok(StoreMasterKey { key, created })
}

/// Reads the file beside a store, or writes a new key to it.
///
/// SECURITY: never while the store has keys that another master key has sealed.
fn default(file: &Path, has_sealed_key: bool) -> anyhow::Result<(MasterKey, Option<PathBuf>)> {
    let context = || format!("cannot use the master key in {}", file.display());
    let is_missing = file.metadata().map_or(true, |metadata| metadata.len() == 0);
    if is_missing && has_sealed_key {
        bail!(
            "the signing keys are sealed by a master key, and {} is missing: put it back, or give the master key by {HOW}",
            file.display()
        );
    }
    let is_created = is_missing && write_default(file).with_context(context)?;
    let key = private_files::read_secret(file).and_then(|text| MasterKey::parse(&text)).with_context(context)?;
    Ok((key, is_created.then(|| file.to_owned())))
}

/// Writes a new key to the file, unless another process has done so meanwhile. Returns whether it did.
fn write_default(file: &Path) -> anyhow::Result<bool> {
    private_files::require_safe_folder(file)?;
    let mut out = private_files::open_or_create(file)?;
    out.lock()?;
    let mut text = String::new();
    out.read_to_string(&mut text)?;
    if !text.is_empty() {
        return Ok(false);
    }
    out.seek(SeekFrom::Start(0))?;
    writeln!(out, "{}", random::key())?;
    out.sync_all()?;
    private_files::sync_folder(file)?;
    Ok(true)
}

/// Runs a command that prints the key.
///
/// SECURITY: no error has what it printed to its standard output.
async fn run(command: &str) -> anyhow::Result<MasterKey> {
    let (shell, option) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    let mut child = Command::new(shell)
        .args([option, command])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let done = async { tokio::join!(read(stdout), read(stderr), child.wait()) };
    let Ok((text, complaint, status)) = timeout(PATIENCE, done).await else {
        bail!("it printed no key within {} seconds", PATIENCE.as_secs());
    };
    let complaint: String = complaint.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).take(500).collect();
    let status = status?;
    ensure!(status.success(), "it failed ({status}): {}", if complaint.is_empty() { "no message" } else { &complaint });
    MasterKey::parse(&text).with_context(|| format!("its output is no key{}", of_complaint(&complaint)))
}

fn of_complaint(complaint: &str) -> String {
    if complaint.is_empty() { String::new() } else { format!(" ({complaint})") }
}

/// Reads the beginning of what a command prints.
async fn read(pipe: Option<impl AsyncRead + Unpin>) -> String {
    let mut bytes = vec![];
    if let Some(pipe) = pipe {
        let _ = pipe.take(MOST).read_to_end(&mut bytes).await;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
