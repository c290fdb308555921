//! Issuer, keys, opaque tokens and revocations from a token service over HTTP.
//!
//! | file | what it is |
//! | --- | --- |
//! | `connect` | a verifier with all of it |
//! | `issuer` | the issuer, from the service's metadata |
//! | `keys` | the keys, fetched and cached |
//! | `introspector` | records of opaque tokens, by introspection |
//! | `feed` | the subscriber of the revocation feed |
//! | `use_counts` | counts of decisions by token and outcome |
//! | `use_reports` | reports of those counts |

mod connect;
mod feed;
mod introspector;
mod issuer;
mod keys;
mod use_counts;
mod use_reports;

use std::error::Error;
use std::iter;
use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::{Response, StatusCode};
use serde::de::DeserializeOwned;

pub use connect::Connect;
pub use introspector::RemoteIntrospector;
pub use issuer::IssuerMismatch;
pub use keys::RemoteKeys;
pub use use_reports::UseReports;

use super::Unavailable;
use crate::{ErrorBody, ErrorCode};

/// How long the service may take to respond.
const TIMEOUT: Duration = Duration::from_secs(5);

fn client() -> reqwest::Client {
    let builder = reqwest::Client::builder().connect_timeout(TIMEOUT).redirect(reqwest::redirect::Policy::none());
    builder.build().expect("a client without a certificate of its own can be built")
}

fn url(service: &str, path: &str) -> String {
    format!("{}{path}", service.trim_end_matches('/'))
}

async fn fetch<T: DeserializeOwned>(request: reqwest::RequestBuilder) -> Result<T, Unavailable> {
    let response = request.timeout(TIMEOUT).send().await.map_err(unavailable)?;
    read_json(require_success(response).await?).await
}

/// Passes a success on. Otherwise names the cause: what the verifier's own token lacks, if the service says so.
async fn require_success(response: Response) -> Result<Response, Unavailable> {
    let (status, path) = (response.status(), response.url().path().to_owned());
    if status.is_success() {
        return Ok(response);
    }
    if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)
        && let Ok(ErrorBody { error, .. }) = response.json().await
    {
        // SECURITY: a code of ours, and not what another server may repeat of the request.
        if let Some(code) =
            ErrorCode::ALL.iter().find(|code| code.as_str() == error && code.status() == status.as_u16())
        {
            return Err(Unavailable(refusal(*code, &path)));
        }
    }
    let is_elsewhere = status == StatusCode::NOT_FOUND || status.is_redirection();
    let help = if is_elsewhere { ": is this the address of the token service?" } else { "" };
    Err(Unavailable(format!("{path} answers {status}{help}")))
}

/// Says why the service refused the verifier's own token at this path.
fn refusal(code: ErrorCode, path: &str) -> String {
    match code {
        ErrorCode::InsufficientScope => {
            let scope = if path.ends_with("/v2/use") { "token:report" } else { "token:introspect" };
            format!("this verifier's token lacks the scope {scope}: give it a token that has the scope")
        }
        code => format!("the token service refused this verifier's token: {code}. Give it another secret token"),
    }
}

/// Reads a success as JSON.
///
/// SECURITY: the cause has nothing of the body, in which another server may repeat the request.
async fn read_json<T: DeserializeOwned>(response: Response) -> Result<T, Unavailable> {
    let path = response.url().path().to_owned();
    let found = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let is_json = found.is_none_or(|found| found.to_ascii_lowercase().contains("json"));
    let found = if is_json { "JSON of another form" } else { "no JSON" };
    response.json().await.map_err(|cause| {
        if cause.is_decode() {
            Unavailable(format!("{path} is not what a token service answers, but {found}: is this its address?"))
        } else {
            unavailable(cause)
        }
    })
}

/// Turns a failed request into a cause for the log, with all that led to it, such as a refused connection.
///
/// SECURITY: the cause names neither URL nor request, whose query, headers and body hold tokens.
fn unavailable(cause: reqwest::Error) -> Unavailable {
    let cause = cause.without_url();
    let causes = iter::successors(Some::<&dyn Error>(&cause), |cause| (*cause).source());
    Unavailable(causes.map(ToString::to_string).collect::<Vec<_>>().join(": "))
}
