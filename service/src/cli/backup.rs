//! `daypass backup` and `daypass restore`.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use clap::Args;
use serde::Serialize;

use super::options::{Common, print_json};
use crate::store::{self, Contents, Progress};

/// How often a long copy says how far it is.
const EVERY: Duration = Duration::from_secs(5);

const BACKUP: &str = "\
Examples:
  daypass backup daypass-2026-01-31.backup
  daypass backup /backups/daypass.backup --store /var/lib/daypass.db";

const RESTORE: &str = "\
Examples:
  daypass restore daypass-2026-01-31.backup --store restored.db
  DAYPASS_STORE=postgres://daypass:PASSWORD@db.example/restored daypass restore daypass.backup";

#[derive(Args)]
#[command(after_help = BACKUP)]
pub(super) struct Backup {
    /// The file to write, which must not exist yet
    file: PathBuf,
    #[command(flatten)]
    common: Common,
}

#[derive(Args)]
#[command(after_help = RESTORE)]
pub(super) struct Restore {
    /// The file that `daypass backup` wrote
    file: PathBuf,
    #[command(flatten)]
    common: Common,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Copied<'a> {
    file: &'a Path,
    bytes: u64,
    organizations: u64,
    tokens: u64,
    unsealed_keys: u64,
}

pub(super) async fn back_up(backup: Backup) -> anyhow::Result<()> {
    let Backup { file, common } = backup;
    let contents = store::back_up(&common.store, &file, &reporter()).await?;
    print(&file, &contents, &common, &format!("Backed up {} to {}", common.store, file.display()))?;
    if common.is_json() {
        return Ok(());
    }
    let keys = match contents.unsealed_keys {
        0 => "The signing keys in it are sealed: keep the master key too, in another place.",
        _ => "The signing keys in it are not sealed yet: keep it like a password.",
    };
    Ok(writeln!(io::stdout(), "{keys}")?)
}

pub(super) async fn restore(restore: Restore) -> anyhow::Result<()> {
    let Restore { file, common } = restore;
    let contents = store::restore(&file, &common.store, &reporter()).await?;
    print(&file, &contents, &common, &format!("Restored {} to {}", file.display(), common.store))?;
    if common.is_json() {
        return Ok(());
    }
    Ok(writeln!(
        io::stdout(),
        "What was revoked after the backup is active again: revoke it before the service starts, as the guide says\n\
         (docs/guides/service.md#back-up-and-restore). Start the service with the master key of that time."
    )?)
}

fn print(file: &Path, contents: &Contents, common: &Common, done: &str) -> anyhow::Result<()> {
    let Contents { organizations, tokens, unsealed_keys } = *contents;
    let bytes = file.metadata()?.len();
    if common.is_json() {
        return print_json(&Copied { file, bytes, organizations, tokens, unsealed_keys });
    }
    Ok(writeln!(io::stdout(), "{done}: {organizations} organizations, {tokens} tokens, {bytes} bytes.")?)
}

/// Returns what tells on standard error how far a long copy is.
fn reporter() -> impl Fn(Progress) + Send + Sync {
    let last = Mutex::new(Instant::now());
    move |progress| {
        let Ok(mut last) = last.lock() else { return };
        if last.elapsed() < EVERY {
            return;
        }
        *last = Instant::now();
        match progress {
            Progress::Copied(percent) => eprintln!("copied {percent} %"),
            Progress::Checking => eprintln!("checking the copy"),
        }
    }
}
