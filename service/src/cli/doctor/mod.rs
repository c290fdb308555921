//! `daypass doctor`: whether a service and its store are in order.

mod disk;
mod permissions;
mod service;

use std::fmt::{self, Display, Formatter};
use std::io::{self, Write};

use anyhow::bail;
use clap::Args;
use serde::Serialize;

use super::master_key::MasterKeyOptions;
use super::options::{Common, print_json};
use super::{address, issuer, time};
use crate::crypto::signing_key::SigningKey;
use crate::domain::key::{KeyState, StoredKey};
use crate::store::{self, Location, Schema, SharedStore};
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
    /// The URL of the running service, as in `daypass serve --issuer` [default: http:// and the address of --listen]
    #[arg(long, env = "DAYPASS_ISSUER", value_name = "URL", value_parser = issuer::parse)]
    issuer: Option<String>,
    /// The address that the running service listens on, as in `daypass serve --listen` [default: 127.0.0.1:8787]
    #[arg(long, env = "DAYPASS_LISTEN", value_name = "HOST:PORT", value_parser = address::parse)]
    listen: Option<String>,
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

impl Options {
    /// Returns the URL of the service, if one was given.
    fn url(&self) -> Option<String> {
        self.issuer.clone().or_else(|| self.listen.as_deref().and_then(local_url))
    }
}

/// Returns the URL by which this machine reaches what listens on an address; none if the port was not chosen yet.
fn local_url(listen: &str) -> Option<String> {
    let (host, port) = listen.rsplit_once(':').filter(|(_, port)| *port != "0")?;
    let host = match host {
        "0.0.0.0" => "127.0.0.1",
        "[::]" => "[::1]",
        host => host,
    };
    Some(format!("http://{host}:{port}"))
}

/// What the running service must have too, if the store is its own.
struct Own {
    /// The id of the key that signs, if one does.
    signing: Option<String>,
    /// The name of the feed's history.
    epoch: String,
}

pub(super) async fn run(options: Options) -> anyhow::Result<()> {
    let common = &options.common;
    let permissions = permissions::find(&common.store);
    let mut checks = vec![disk::check(&common.store)];
    let (schema, is_current) = schema(common).await;
    checks.push(schema);
    let mut own = None;
    if is_current {
        let (store_checks, found) = store_checks(&options).await;
        checks.extend(store_checks);
        own = found;
    }
    checks.insert(0, permissions.unwrap_or_else(|exposed| exposed.after_opening(&common.store)));
    checks.extend(service::check(options.url().as_deref(), own.as_ref()).await);
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
            let advice = match store::require_not_lost(&common.store) {
                Ok(()) => format!("run `{}`", common.command("serve")),
                Err(cause) => cause.to_string(),
            };
            (Check::fail(NAME, text, advice), false)
        }
        Err(cause) => {
            let advice = match common.store {
                Location::File(_) => "if the permissions above are right, the file is no store: correct --store",
                Location::Database(_) => "start the database, or correct --store",
            };
            (Check::fail(NAME, format!("{cause:#}"), advice), false)
        }
    }
}

/// Checks what is in the store.
async fn store_checks(options: &Options) -> (Vec<Check>, Option<Own>) {
    let common = &options.common;
    let store = match common.open().await {
        Ok(store) => store,
        Err(cause) => return (vec![Check::fail("store", format!("{cause:#}"), "see the log above")], None),
    };
    let read = async || Ok((keys::list(&*store).await?, clock(&store).await?, store.snapshot().await?.epoch));
    let (keys, clock, epoch) = match read().await {
        Ok(read) => read,
        Err::<_, daypass::Error>(error) => {
            return (vec![Check::fail("store", error.to_string(), "see the log above")], None);
        }
    };
    let signing = keys.iter().find(|(_, state)| *state == KeyState::Active).map(|(key, _)| key.kid.clone());
    let checks = vec![clock, signing_keys(&keys, options), master_key(&keys, options).await];
    (checks, Some(Own { signing, epoch }))
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

fn signing_keys(keys: &[(StoredKey, KeyState)], options: &Options) -> Check {
    const NAME: &str = "keys";
    let rotate = options.common.command("key rotate") + &options.master_key.words();
    let Some((active, _)) = keys.iter().find(|(_, state)| *state == KeyState::Active) else {
        let advice = if options.master_key.is_given_or_beside(&options.common.store) {
            format!("check the clock, or run `{rotate}`")
        } else {
            // The command would make another.
            format!("check the clock, or run `{rotate}` with the master key of the service")
        };
        return Check::fail(NAME, "no key signs", advice);
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
    if keys.is_empty() {
        return Check::warn(NAME, "there is no signing key that it could open", "add one first");
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_reached_where_it_listens() {
        for (listen, url) in [
            ("127.0.0.1:9000", Some("http://127.0.0.1:9000")),
            ("0.0.0.0:9000", Some("http://127.0.0.1:9000")),
            ("[::]:9000", Some("http://[::1]:9000")),
            ("tokens.example:80", Some("http://tokens.example:80")),
            ("127.0.0.1:0", None),
        ] {
            assert_eq!(local_url(listen).as_deref(), url, "{listen}");
        }
    }
}
