//! Asks for temporary tokens: [`Provider::ask`].

use gloo_net::http::Request;
use js_sys::{Date, JSON, Promise};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, Response};

use super::failure::Failure;
use super::js;
use super::options::Provider;
use crate::refresh::{TIMEOUT, time_left};
use crate::signed::UnverifiedDocument;
use crate::wire::{TemporaryTokenAnswer, TemporaryTokenRequest};
use crate::{Grant, ScopeSet};

/// Such a number of seconds lies beyond the year 5000: it was given in milliseconds.
const MILLISECONDS: u64 = 100_000_000_000;

/// A temporary token that has arrived.
pub(super) struct Arrived {
    /// The header's value.
    pub(super) authorization: String,
    /// What it had left on arrival, in milliseconds.
    pub(super) lifetime: u64,
    /// Its scopes, where it says them.
    pub(super) scopes: Option<ScopeSet>,
}

impl Provider {
    /// One call.
    ///
    /// A call to a URL ends when the connection closes.
    pub(super) async fn ask(&self, request: &TemporaryTokenRequest, closing: &AbortSignal) -> Result<Arrived, Failure> {
        let request = serde_wasm_bindgen::to_value(request).map_err(|_| failed("The request cannot be written."))?;
        let (answer, server_now) = match self {
            Provider::Url(url) => post(url, &request, closing).await?,
            Provider::Callback(callback) => {
                let answer = callback.call1(&JsValue::UNDEFINED, &request).map_err(|error| thrown(&error))?;
                (JsFuture::from(Promise::resolve(&answer)).await.map_err(|error| thrown(&error))?, None)
            }
        };
        let answer = js::read(answer).ok_or_else(|| failed("Its answer is not {authorization, expiresAt}."))?;
        arrived(answer, server_now)
    }
}

/// The answer and, where the page may read it, the server's time in Unix milliseconds.
async fn post(url: &str, body: &JsValue, closing: &AbortSignal) -> Result<(JsValue, Option<u64>), Failure> {
    let body = JSON::stringify(body).map_err(|_| failed("The request cannot be written."))?;
    let signal = js::abort_after(TIMEOUT as u32, closing);
    let request = Request::post(url).header("content-type", "application/json").abort_signal(Some(&signal)).body(body);
    let sent = request.map_err(|_| failed("Its URL cannot be used."))?.send().await;
    let response: Response = sent.map_err(|_| failed("It could not be reached."))?.into();
    match response.status() {
        403 => return Err(Failure::ProviderForbidden),
        status if !response.ok() => return Err(failed(&format!("It answered with status {status}."))),
        _ => {}
    }
    let server_now = js::server_time(&response);
    let not_json = |_| failed("Its answer is not JSON.");
    let json = JsFuture::from(response.json().map_err(not_json)?).await.map_err(not_json)?;
    Ok((json, server_now))
}

/// Checks a token and finds out how long it has to live.
pub(super) fn arrived(answer: TemporaryTokenAnswer, server_now: Option<u64>) -> Result<Arrived, Failure> {
    let TemporaryTokenAnswer { authorization, expires_at } = answer;
    let token = authorization.strip_prefix("Bearer ").filter(|token| token.bytes().all(|b| b.is_ascii_graphic()));
    let token =
        token.filter(|token| !token.is_empty()).ok_or_else(|| failed("Its `authorization` is not `Bearer …`."))?;
    if expires_at >= MILLISECONDS {
        return Err(failed("Its `expiresAt` is not in seconds."));
    }
    let glimpse = glimpse(token);
    let issued_at = glimpse.as_ref().map(|glimpse| glimpse.iat);
    let lifetime = time_left(expires_at, issued_at, server_now, Date::now() as u64).ok_or(Failure::ProviderStale)?;
    Ok(Arrived { lifetime, scopes: glimpse.map(|glimpse| glimpse.scopes()), authorization })
}

/// What a signed token says of itself: for showing, not for deciding.
#[derive(serde::Deserialize)]
pub(super) struct Glimpse {
    pub(super) iat: u64,
    #[serde(default)]
    grants: Vec<Grant>,
}

impl Glimpse {
    pub(super) fn scopes(self) -> ScopeSet {
        self.grants.into_iter().flat_map(|grant| grant.scopes).collect()
    }
}

fn glimpse(token: &str) -> Option<Glimpse> {
    js::read(js::parse_json(&UnverifiedDocument::parse(token)?.unverified_payload()?)?)
}

fn failed(why: &str) -> Failure {
    Failure::ProviderFailed(why.into())
}

/// A callback ends refreshing with an error whose `status` is 403.
fn thrown(error: &JsValue) -> Failure {
    if js::number_field(error, "status") == Some(403.0) {
        return Failure::ProviderForbidden;
    }
    let message = error.dyn_ref::<js_sys::Error>().map(|error| String::from(error.message())).unwrap_or_default();
    failed(&message)
}
