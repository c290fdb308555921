//! `daypass doctor`: whether a service and its store are in order.

mod disk;
mod service;

use std::fmt::{self, Display, Formatter};
use std::io::{self, Write};

use anyhow::bail;
use clap::Args;
use serde::Serialize;

use super::issuer;
use super::master_key::MasterKeyOptions;
use super::options::{Common, print_json};
use super::time;
use crate::crypto::signing_key::SigningKey;
use crate::domain::key::{KeyState, StoredKey};
use crate::private_files::{self, beside};
use crate::store::{self, FILES, Location, Schema, SharedStore};
use crate::usecase::clock::now;
use crate::usecase::keys;

const EXAMPLES: &str = "\
Examples:
  daypass doctor
  daypass doctor --store /var/lib/daypass.db --issuer https://tokens.example.com --json";

/// How far clocks may be apart before tokens are refused.
const APART_SECONDS: u64 = 30;
/// How old the key that signs may be, in days, before the doctor advises another.
const OLD_DAYS: u64 = 365;

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Options {
    /// The URL of the running service, as in `daypass serve --issuer` [default: http://127.0.0.1:8787]
    #[arg(long, env = "DAYPASS_ISSUER", value_name = "URL", value_parser = issuer::parse)]
    issuer: Option<String>,
    #[command(flatten)]
    master_key: MasterKeyOptions,
    #[command(flatten)]
    common: Common,
}

/// How a check ended.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Ok,
    Warn,
    Fail,
}

impl Display for Status {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Status::Ok => "ok",
            Status::Warn => "warn",
            Status::Fail => "fail",
        })
    }
}

/// What was found, and what to do about it.
#[derive(Serialize)]
struct Check {
    name: &'static str,
    status: Status,
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
}

impl Check {
    fn ok(name: &'static str, text: impl Into<String>) -> Check {
        Check { name, status: Status::Ok, text: text.into(), advice: None }
    }

    fn warn(name: &'static str, text: impl Into<String>, advice: impl Into<String>) -> Check {
        Check { name, status: Status::Warn, text: text.into(), advice: Some(advice.into()) }
    }

    fn fail(name: &'static str, text: impl Into<String>, advice: impl Into<String>) -> Check {
        Check { name, status: Status::Fail, text: text.into(), advice: Some(advice.into()) }
    }
}

pub(super) async fn run(options: Options) -> anyhow::Result<()> {
    let common = &options.common;
    let mut checks = vec![permissions(&common.store)?, disk::check(&common.store)];
    let (schema, is_current) = schema(common).await;
    checks.push(schema);
    let mut signing = None;
    if is_current {
        let (store_checks, active) = store_checks(&options).await;
        checks.extend(store_checks);
        signing = active;
    }
    checks.extend(service::check(options.issuer.as_deref(), signing.as_deref()).await);
    report(&checks, common)
}

/// Prints the checks, and fails if one of them did.
fn report(checks: &[Check], common: &Common) -> anyhow::Result<()> {
    #[derive(Serialize)]
    struct Report<'a> {
        status: Status,
        checks: &'a [Check],
    }
    let status = checks.iter().map(|check| check.status).max().unwrap_or(Status::Ok);
    if common.is_json() {
        print_json(&Report { status, checks })?;
    } else {
        let mut out = io::stdout().lock();
        for Check { name, status, text, advice } in checks {
            let advice = advice.as_ref().map(|advice| format!(": {advice}")).unwrap_or_default();
            writeln!(out, "{status:<4}  {name:<11}  {text}{advice}")?;
        }
    }
    let failed = checks.iter().filter(|check| check.status == Status::Fail).count();
    if failed > 0 {
        bail!("{failed} of {} checks failed", checks.len());
    }
    Ok(())
}

fn permissions(location: &Location) -> anyhow::Result<Check> {
    const NAME: &str = "permissions";
    let Location::File(path) = location else {
        return Ok(Check::ok(NAME, "the database keeps its files to itself"));
    };
    if let Err(cause) = private_files::require_safe_folder(path) {
        return Ok(Check::fail(NAME, "the folder of the store is open to every user", cause.to_string()));
    }
    for ending in FILES.into_iter().chain([".master-key"]) {
        let file = beside(path, ending);
        match private_files::open_to_others(&file) {
            Ok(Some(mode)) => {
                let text = format!("others can read or write {} (mode {mode:04o})", file.display());
                return Ok(Check::fail(NAME, text, format!("run `chmod 600 {}`", file.display())));
            }
            Ok(None) => {}
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {}
            Err(cause) => return Ok(Check::fail(NAME, cause.to_string(), "run this as the user of the service")),
        }
    }
    Ok(Check::ok(NAME, "only the owner can read and write the files of the store"))
}

/// Compares the version of the tables, and returns whether this version of Daypass can read them as they are.
async fn schema(common: &Common) -> (Check, bool) {
    const NAME: &str = "schema";
    match store::schema(&common.store).await {
        Ok(Some(Schema { found, known })) if found == known => {
            (Check::ok(NAME, format!("the tables have version {found}, as this version of Daypass")), true)
        }
        Ok(Some(Schema { found, known })) if found < known => {
            let text = format!("the tables have version {found}, and this version of Daypass has {known}");
            let advice = "the next start upgrades them, and there is no way back: run `daypass backup FILE` first";
            (Check::warn(NAME, text, advice), false)
        }
        Ok(Some(Schema { found, known })) => {
            let text = format!("the tables have version {found}, and this version of Daypass knows {known}");
            (Check::fail(NAME, text, "run the newer version of Daypass"), false)
        }
        Ok(None) => {
            let text = format!("there is no store at {}", common.store);
            (Check::fail(NAME, text, format!("run `{}`", common.command("serve"))), false)
        }
        Err(cause) => (Check::fail(NAME, format!("{cause:#}"), "make the store readable for this user"), false),
    }
}

/// Checks what is in the store. Returns the id of the key that signs, too.
async fn store_checks(options: &Options) -> (Vec<Check>, Option<String>) {
    let common = &options.common;
    let store = match common.open().await {
        Ok(store) => store,
        Err(cause) => return (vec![Check::fail("store", format!("{cause:#}"), "see the log above")], None),
    };
    let listed = match (keys::list(&*store).await, clock(&store).await) {
        (Ok(keys), Ok(clock)) => (keys, clock),
        (Err(error), _) | (_, Err(error)) => {
            return (vec![Check::fail("store", error.to_string(), "see the log above")], None);
        }
    };
    let (keys, clock) = listed;
    let signing = keys.iter().find(|(_, state)| *state == KeyState::Active).map(|(key, _)| key.kid.clone());
    (vec![clock, signing_keys(&keys, common), master_key(&keys, options).await], signing)
}

/// Compares the clock with the newest time in the store.
async fn clock(store: &SharedStore) -> Result<Check, daypass::Error> {
    const NAME: &str = "clock";
    let (newest, now) = (store.newest_time().await?, now());
    if newest > now + APART_SECONDS {
        let text =
            format!("it is {} here, before {}, the newest time in the store", time::show(now), time::show(newest));
        return Ok(Check::fail(NAME, text, "set the clock, for example by NTP: one of the two is wrong"));
    }
    Ok(Check::ok(NAME, format!("it is {} here, after everything in the store", time::show(now))))
}

fn signing_keys(keys: &[(StoredKey, KeyState)], common: &Common) -> Check {
    const NAME: &str = "keys";
    let rotate = common.command("key rotate");
    let Some((active, _)) = keys.iter().find(|(_, state)| *state == KeyState::Active) else {
        return Check::fail(NAME, "no key signs", format!("check the clock, or run `{rotate}`"));
    };
    let days = now().saturating_sub(active.created_at) / 86_400;
    let text = format!("the key {} signs, created {days} days ago", active.kid);
    if days > OLD_DAYS {
        return Check::warn(NAME, text, format!("run `{rotate}`, or serve with --rotate-keys-every"));
    }
    Check::ok(NAME, text)
}

async fn master_key(keys: &[(StoredKey, KeyState)], options: &Options) -> Check {
    const NAME: &str = "master key";
    let unsealed = keys.iter().filter(|(key, _)| key.private.master_key.is_none()).count();
    if unsealed == keys.len() {
        return Check::warn(NAME, "the signing keys are not sealed yet", "the next start of the service seals them");
    }
    let master_key = match options.master_key.given_or_beside(&options.common).await {
        Ok(master_key) => master_key,
        Err(cause) => return Check::fail(NAME, format!("{cause:#}"), "give the one that the service has"),
    };
    let opened = keys.iter().try_for_each(|(key, _)| SigningKey::load(key, &master_key).map(drop));
    match opened {
        Ok(()) => Check::ok(NAME, format!("the master key {} opens all {} signing keys", master_key.id(), keys.len())),
        Err(cause) => Check::fail(NAME, format!("{cause:#}"), "the service does not start like this"),
    }
}
