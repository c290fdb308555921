//! Gets temporary tokens from a provider: a URL of the page's own backend, a function, or the page around this one.

use std::pin::Pin;
use std::rc::Rc;

use js_sys::{Array, Function, JSON};
use wasm_bindgen::prelude::*;
use web_sys::{AbortSignal, Response};

use super::error::Error;
use super::host::Host;
use super::http::{json, post, request, response, server_time, status};
use super::js::{array, call, get, global, is_present, object, set, settled, text, whole, whole_number, written};
use super::lifetime::left;
use super::signal::aborted;
#[cfg(not(feature = "package"))]
use super::signal::until_aborted;
use super::token::{Token, claims, split_jwt};
use super::url::absolute;
use crate::ErrorCode;
use crate::api::{TemporaryTokenRequest, TemporaryTokenResponse};
use crate::text::cut;

/// A number of seconds from here on lies beyond the year 5000: it was given in milliseconds.
const MILLISECONDS: u64 = 100_000_000_000;

/// Where temporary tokens come from.
#[derive(Clone)]
pub struct Provider(Kind);

#[derive(Clone)]
enum Kind {
    Url(String),
    JavaScript(Function),
    #[cfg(not(feature = "package"))]
    Rust(Rc<dyn Fn(TemporaryTokenRequest, AbortSignal) -> Answer>),
    Host(Rc<Host>),
}

/// What a provider that is a function returns.
pub type Answer = Pin<Box<dyn Future<Output = Result<TemporaryTokenResponse, Error>>>>;

/// Why a call to the provider brought no token.
pub(super) struct Failed {
    pub(super) error: Error,
    pub(super) course: Course,
}

/// What a failure means for the next calls.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Course {
    /// It may pass by itself.
    Passing,
    /// It stays until someone changes something. The provider is called again all the same.
    Lasting,
    /// The provider answered a token that is expired or was used before.
    Stale,
    /// The provider gives no more tokens.
    Final,
}

impl Provider {
    /// A URL of the page's own backend. It gets a [`TemporaryTokenRequest`] as a JSON `POST`, and answers a
    /// [`TemporaryTokenResponse`].
    pub fn url(url: impl Into<String>) -> Provider {
        Provider(Kind::Url(url.into()))
    }

    /// An async function. It is dropped when the token is no longer needed; before that, its second argument aborts when the token is no longer needed.
    #[cfg(not(feature = "package"))]
    pub fn function<F>(function: impl Fn(TemporaryTokenRequest, AbortSignal) -> F + 'static) -> Provider
    where
        F: Future<Output = Result<TemporaryTokenResponse, Error>> + 'static,
    {
        Provider(Kind::Rust(Rc::new(move |request, signal| Box::pin(function(request, signal)))))
    }

    /// The page around this one, if its origin matches one of the patterns. It mounts this one with `mount` of `daypass/host`.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidOptions`] if there is no page around this one, or a pattern is malformed.
    pub fn host<'a>(patterns: impl IntoIterator<Item = &'a str>) -> Result<Provider, Error> {
        Ok(Provider(Kind::Host(Rc::new(Host::new(patterns)?))))
    }

    /// Resolves a URL as the platform's own `fetch` does, once: a page's address may change.
    pub(super) fn resolve(&mut self) -> Result<(), Error> {
        if let Kind::Url(url) = &mut self.0 {
            let whole = absolute(url).filter(|url| url.href().starts_with("http"));
            let whole = whole.ok_or_else(|| Error::option("`provider` is not an http or https URL."))?;
            *url = whole.href().to_owned();
        }
        Ok(())
    }

    /// Returns the URL, if it is one.
    pub(super) fn address(&self) -> Option<&str> {
        match &self.0 {
            Kind::Url(url) => Some(url),
            _ => None,
        }
    }

    /// Makes one call, which ends with the signal, and returns the token that it brought. `is_fresh` says that the page asked for a
    /// new token: a page around this one must not answer with that of an earlier call.
    pub(super) async fn call(
        &self,
        asked: &TemporaryTokenRequest,
        is_fresh: bool,
        signal: &AbortSignal,
    ) -> Result<Token, Failed> {
        let scheme = if asked.dpop_jkt.is_some() { "DPoP" } else { "Bearer" };
        let answer = match &self.0 {
            Kind::Url(url) => return ask_url(url, asked, scheme, signal).await,
            Kind::JavaScript(function) => {
                let context = object(&[("signal", signal)]);
                let returned = function.call2(&JsValue::UNDEFINED, &request_to_js(asked), &context);
                // A promise of the page's may be anything, and may never be settled: a race makes it one of the platform's that is.
                let both = returned.map(|answer| array(&[&answer, &aborted(signal)]));
                let first = both.and_then(|both| call(&global("Promise"), "race", &[&both]));
                settled(first).await.map_err(thrown)?
            }
            Kind::Host(host) => {
                host.ask(&request_to_js(asked), is_fresh, signal).await.map_err(|error| thrown(error.into()))?
            }
            #[cfg(not(feature = "package"))]
            Kind::Rust(function) => {
                let answer = until_aborted(signal, function(asked.clone(), signal.clone())).await;
                return token(Ok(answer.map_err(|error| thrown(error.into()))?), None, scheme);
            }
        };
        token(read_answer(&answer), None, scheme)
    }
}

/// A function of JavaScript, which gets the request and `{signal}`, and returns a promise of `{authorization, expiresAt}`.
impl From<Function> for Provider {
    fn from(function: Function) -> Provider {
        Provider(Kind::JavaScript(function))
    }
}

/// Writes a request as the provider gets it, field by field: serde-wasm-bindgen would be 1.7 kB more in the npm package.
#[inline(never)]
pub(super) fn request_to_js(asked: &TemporaryTokenRequest) -> JsValue {
    let scopes: Array = asked.scopes.iter().map(|scope| JsValue::from(scope.as_str())).collect();
    let request = object(&[("scopes", &scopes)]);
    if let Some(seconds) = asked.duration_seconds {
        set(&request, "durationSeconds", &JsValue::from_f64(seconds as f64));
    }
    if let Some(thumbprint) = &asked.dpop_jkt {
        set(&request, "dpopJkt", &thumbprint.as_str().into());
    }
    request
}

async fn ask_url(
    url: &str,
    asked: &TemporaryTokenRequest,
    scheme: &str,
    signal: &AbortSignal,
) -> Result<Token, Failed> {
    let body = JSON::stringify(&request_to_js(asked)).map(String::from).unwrap_or_default();
    let response = response(post(request(url, signal), &body).await);
    let response = response.map_err(|cause| failed(Course::Passing, "It could not be reached.", &cause))?;
    if get(&response, "ok") != true {
        return Err(refused(&response).await);
    }
    let server_now = server_time(&response);
    let answer = json(&response).await;
    let answer = answer.map_err(|cause| failed(Course::Lasting, "Its answer is not JSON.", &cause))?;
    token(read_answer(&answer), server_now, scheme)
}

/// Reads a response that is not a success, with what the backend says of it.
async fn refused(response: &Response) -> Failed {
    let said = json(response).await.unwrap_or_default();
    by_status(status(response), &said, &JsValue::UNDEFINED)
}

/// Reads what a function threw: with a `status`, it is a backend's.
#[inline(never)]
fn thrown(thrown: JsValue) -> Failed {
    if let Some(status) = get(&thrown, "status").as_f64().filter(|status| *status >= 400.0 && *status < 600.0) {
        return by_status(status as u16, &thrown, &thrown);
    }
    let error = Error::from(thrown);
    if error.code().is_some() && error.js().is_instance_of::<js_sys::Error>() {
        let course = if error.is_retryable() { Course::Passing } else { Course::Lasting };
        return Failed { error, course };
    }
    let message = error.js().as_string().unwrap_or_else(|| error.message());
    failed(Course::Passing, &message, error.js())
}

/// A backend's status, with the `message` and the `help` that it may have given.
#[inline(never)]
fn by_status(status: u16, said: &JsValue, cause: &JsValue) -> Failed {
    let message = text(said, "message").unwrap_or_default();
    let (code, course) = match status {
        401 => (ErrorCode::ProviderUnauthorized, Course::Final),
        403 => (ErrorCode::ProviderForbidden, Course::Final),
        408 | 429 | 500.. => (ErrorCode::ProviderFailed, Course::Passing),
        _ => (ErrorCode::ProviderFailed, Course::Lasting),
    };
    let digits = written(&status.into());
    let particulars = match code {
        ErrorCode::ProviderFailed => ["It answered with status ", &digits, ". ", &message].concat(),
        _ => message,
    };
    let error = Error::caused(code, &particulars, cause).with_status(status);
    let error = match text(said, "help") {
        Some(help) => error.with_help(&help),
        None => error,
    };
    Failed::new(error, course)
}

#[inline(never)]
fn failed(course: Course, why: &str, cause: &JsValue) -> Failed {
    Failed::new(Error::caused(ErrorCode::ProviderFailed, why, cause), course)
}

impl Failed {
    fn new(error: Error, course: Course) -> Failed {
        let error = if course == Course::Lasting { error.lasting() } else { error };
        Failed { error, course }
    }
}

/// Reads an answer, or says what is wrong with it.
#[inline(never)]
pub(super) fn read_answer(answer: &JsValue) -> Result<TemporaryTokenResponse, String> {
    let end = get(answer, "expiresAt");
    let Some(authorization) = text(answer, "authorization").filter(|_| is_present(&end)) else {
        return Err("Its answer is not {authorization, expiresAt}.".into());
    };
    // Backends divide milliseconds.
    match end.as_f64().and_then(|end| whole_number(&end.floor().into())) {
        Some(expires_at) => Ok(TemporaryTokenResponse { authorization, expires_at }),
        None => Err("Its answer is not {authorization, expiresAt}: `expiresAt` is not a number of seconds.".into()),
    }
}

/// Checks an answer, and finds out how long its token has to live; `None` if it has expired. The error says what is wrong.
#[inline(never)]
pub(super) fn received(
    answer: TemporaryTokenResponse,
    server_now: Option<u64>,
    scheme: &str,
) -> Result<Option<Token>, String> {
    let TemporaryTokenResponse { authorization, expires_at } = answer;
    check_authorization(&authorization, scheme)?;
    if expires_at >= MILLISECONDS {
        return Err("Its `expiresAt` is not in seconds.".into());
    }
    let jwt = cut(&authorization, b' ').and_then(|(_, token)| split_jwt(token));
    let issued_at = jwt.and_then(|[_, payload, _]| whole(&claims(payload), "iat"));
    let left = left(expires_at, issued_at, server_now);
    Ok(left.map(|left| Token::new(authorization, left)))
}

/// Reads what a provider answered.
#[inline(never)]
fn token(
    answer: Result<TemporaryTokenResponse, String>,
    server_now: Option<u64>,
    scheme: &str,
) -> Result<Token, Failed> {
    match answer.and_then(|answer| received(answer, server_now, scheme)) {
        Ok(Some(token)) => Ok(token),
        Ok(None) => Err(Failed::new(Error::new(ErrorCode::ProviderStale, ""), Course::Stale)),
        Err(why) => Err(failed(Course::Lasting, &why, &JsValue::UNDEFINED)),
    }
}

/// Checks the value of a header `Authorization`, or says what is wrong with it.
#[inline(never)]
pub(super) fn check_authorization(authorization: &str, scheme: &str) -> Result<(), String> {
    let token = authorization.strip_prefix(scheme).and_then(|rest| rest.strip_prefix(' '));
    let wrong = ["Its `authorization` is not `", scheme, " …`"];
    let Some(token) = token.filter(|token| !token.is_empty()) else {
        let hint = if scheme == "DPoP" { ": your backend must pass `dpopJkt` to the service." } else { "." };
        return Err([&wrong.concat(), hint].concat());
    };
    if token.trim_ascii() != token {
        return Err([&wrong.concat(), ": there is white space around the token."].concat());
    }
    if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err([&wrong.concat(), ": the token has characters that no token has."].concat());
    }
    Ok(())
}
