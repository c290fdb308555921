//! Whether a running service answers, and follows its store.

use std::time::{Duration, Instant};

use daypass::api::ServerMetadata;
use daypass::jwt::Jwks;
use reqwest::{Client, Response};
use serde::Deserialize;

use super::{APART_SECONDS, Check, Own};
use crate::usecase::clock::now;

/// Where a service is that was given no address.
const DEFAULT: &str = "http://127.0.0.1:8787";
const PATIENCE: Duration = Duration::from_secs(10);
/// A service that takes longer to read its store sends heartbeats that subscribers find late.
const SLOW: Duration = Duration::from_millis(500);

/// Checks the service at this URL, which has this store if it could be read.
pub(super) async fn check(given: Option<&str>, own: Option<&Own>) -> Vec<Check> {
    let url = given.unwrap_or(DEFAULT);
    let metadata = match get(url, "/.well-known/oauth-authorization-server").await {
        Ok(response) => response,
        Err(cause) => {
            let text = format!("no service answers at {url} ({cause})");
            return vec![match given {
                Some(_) => Check::fail("issuer", text, "start the service, or correct --issuer or --listen"),
                None => Check::warn("issuer", text, "if it runs elsewhere, name its URL with --issuer"),
            }];
        }
    };
    let clock = clock(&metadata);
    let mut checks = vec![names_itself(metadata, url).await];
    checks.extend(clock);
    checks.push(feed(url, own).await);
    checks
}

/// Compares the issuer that the service names with the URL.
async fn names_itself(response: Response, url: &str) -> Check {
    const NAME: &str = "issuer";
    let url = url.trim_end_matches('/');
    match response.json::<ServerMetadata>().await {
        Ok(metadata) if metadata.issuer == url => Check::ok(NAME, format!("the service answers at {url}, its issuer")),
        Ok(metadata) => {
            let text = format!("the service at {url} names the issuer {}", metadata.issuer);
            Check::warn(NAME, text, "serve with the --issuer by which others reach it: verifiers compare it")
        }
        Err(_) => Check::fail(NAME, format!("what answers at {url} is no Daypass service"), "correct --issuer"),
    }
}

/// Compares the service's clock with the one here.
fn clock(response: &Response) -> Option<Check> {
    const NAME: &str = "clocks";
    let date = response.headers().get("date")?.to_str().ok()?;
    let date = jiff::fmt::rfc2822::parse(date).ok()?.timestamp().as_second();
    let apart = now().abs_diff(u64::try_from(date).ok()?);
    Some(if apart > APART_SECONDS {
        let text = format!("the clocks of the service and of this machine are {apart} seconds apart");
        Check::fail(NAME, text, "set both by NTP")
    } else {
        Check::ok(NAME, format!("the clocks of the service and of this machine are {apart} seconds apart"))
    })
}

/// Measures how long the service takes to follow its store: it answers with keys as of a moment after the question.
async fn feed(url: &str, own: Option<&Own>) -> Check {
    const NAME: &str = "feed";
    const ADVICE: &str = "name the store of that service with --store, or its URL with --issuer";
    let signing = own.and_then(|own| own.signing.as_deref());
    let begin = Instant::now();
    let keys = match get(url, "/.well-known/jwks.json").await {
        Ok(response) => response.json::<Jwks>().await.map_err(|cause| cause.to_string()),
        Err(cause) => Err(cause),
    };
    let lag = begin.elapsed();
    let text = format!("the service read its store {} ms after the question", lag.as_millis());
    match keys {
        Err(cause) => {
            let text = format!("the service does not follow its store ({cause})");
            Check::fail(NAME, text, "its log says why; revocations do not reach verifiers")
        }
        Ok(Jwks { keys }) if signing.is_some_and(|kid| !keys.iter().any(|key| key.kid == kid)) => {
            let text = format!("the service at {url} publishes other keys than this store has");
            Check::fail(NAME, text, ADVICE)
        }
        Ok(_) if is_another_history(url, own).await => {
            let text = format!("the service at {url} has another store with the same keys, such as a restored copy");
            Check::fail(NAME, text, ADVICE)
        }
        Ok(_) if lag > SLOW => Check::warn(NAME, text, "the machine or its disk is overloaded"),
        Ok(_) => Check::ok(NAME, text),
    }
}

/// Returns whether the feed of the service has another history than that of the store.
async fn is_another_history(url: &str, own: Option<&Own>) -> bool {
    #[derive(Deserialize)]
    struct Ready {
        epoch: String,
    }

    // It tells that when it is not ready, too.
    let Ok(response) = send(url, "/ready").await else { return false };
    let ready = response.json::<Ready>().await;
    ready.is_ok_and(|Ready { epoch }| own.is_some_and(|own| own.epoch != epoch))
}

async fn get(url: &str, path: &str) -> Result<Response, String> {
    let response = send(url, path).await?;
    if response.status().is_success() { Ok(response) } else { Err(format!("status {}", response.status())) }
}

async fn send(url: &str, path: &str) -> Result<Response, String> {
    let client = Client::builder().timeout(PATIENCE).build().map_err(|cause| cause.to_string())?;
    let response = client.get(format!("{}{path}", url.trim_end_matches('/'))).send().await;
    // The cause, without the URL.
    response.map_err(|cause| cause.without_url().to_string())
}
