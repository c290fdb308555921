//! `fetch` with a credential: the request, when it is sent again, and what stands in its way.

use std::rc::Rc;

use js_sys::{Date, Math, Object, Promise};
use wasm_bindgen::prelude::*;
use web_sys::{AbortSignal, Headers, ReadableStream, Request, RequestInit, Response};

use super::client::Client;
use super::connection::LONGEST;
use super::error::Error;
use super::explain::explained;
use super::http::{contains, header, status};
use super::js::{
    Timer, call, fetch, get, global, has_method, is_present, number, object, set, settled, text, try_get, wall_now,
};
use super::signal::{any, is_aborted, reason, until_aborted};
use super::token::Token;
use super::url::{NO_URL, Target, url_text, with_publishable};
use crate::session::refresh::Event;
use crate::{ErrorCode, TokenKind};

/// The options of `fetch`, of which a `Request` has all but the body's.
const OPTIONS: [&str; 14] = [
    "body",
    "duplex",
    "priority",
    "method",
    "headers",
    "mode",
    "credentials",
    "cache",
    "redirect",
    "referrer",
    "referrerPolicy",
    "integrity",
    "keepalive",
    "signal",
];

/// Milliseconds that are waited at least, whatever the API says.
const SHORTEST_WAIT: f64 = 1_000.0;

/// What a caller of `fetch` passed.
struct Call<'a> {
    input: &'a JsValue,
    is_request: bool,
    /// A copy of the options, with what is ours.
    init: Object,
    /// The caller's headers.
    headers: JsValue,
    /// In upper case, as in a proof.
    method: String,
    /// Whether the body can be read once only.
    is_stream: bool,
    /// Whether redirects are followed here: browsers drop the token on the way to another origin, but not the proof.
    follows: bool,
    /// Aborts when the caller's signal does, or the connection ends.
    signal: AbortSignal,
}

/// Sends a request.
///
/// - A 401 to a token that can be refreshed causes one more request, with a fresh token; a 403 never does.
/// - A response that says when to come again is waited out, within the client's limit.
/// - `sent` is the promise of a response that was asked for already, with the token of this call to the provider.
/// - A redirect on the API's own origin loses a publishable token or a proof: the request is then sent to where it led.
pub(super) async fn send(
    client: &Client,
    input: &JsValue,
    init: &JsValue,
    sent: Option<(JsValue, u32)>,
) -> Result<Response, Error> {
    let life = client.life();
    let mut call = Call::new(client, input, init, &life)?;
    if is_request(init) && !call.is_safe() {
        // Firefox has no stream of it, and no browser sends such a stream over HTTP/1.1.
        read_body(init, &call.init).await?;
        call.is_stream = false;
    }
    let result = call.settle(client, sent).await;
    match result {
        // The connection's end is told as such.
        Err(_) if is_aborted(&life) => Err(Error::new(ErrorCode::Closed, "")),
        // Whatever it was that the caller's signal ended.
        Err(_) if is_aborted(&call.signal) => Err(reason(&call.signal)),
        result => result,
    }
}

/// Returns whether a value is a `Request`, of this realm or another.
pub(super) fn is_request(value: &JsValue) -> bool {
    value.is_object() && get(value, "url").is_string() && has_method(value, "clone")
}

impl<'a> Call<'a> {
    fn new(client: &Client, input: &'a JsValue, given: &JsValue, life: &AbortSignal) -> Result<Call<'a>, Error> {
        let is_request = is_request(input);
        let init = options_of(given)?;
        if is_request && !given.is_object() {
            // A Request that anything is changed about loses these two, unless they are given again.
            for name in ["referrer", "referrerPolicy"] {
                set(&init, name, &get(input, name));
            }
        }
        // Most requests have no options: nothing is read of them then.
        let given = |name| if given.is_object() { get(&init, name) } else { JsValue::UNDEFINED };
        let effective = |name| match given(name) {
            value if is_request && value.is_undefined() => get(input, name),
            value => value,
        };
        let own = effective("signal");
        let signal = if is_present(&own) { any(&[&own, life])? } else { life.clone() };
        let redirect = effective("redirect");
        let follows = client.prover.is_some() && (!is_present(&redirect) || redirect == "follow");
        if effective("mode") == "no-cors" {
            // Such a request could not carry a header, and nobody could read its answer.
            set(&init, "mode", &"cors".into());
            if get(&init, "credentials").is_undefined() {
                // It may be sent with cookies that an API need not allow.
                set(&init, "credentials", &"same-origin".into());
            }
        }
        let method = effective("method").as_string().unwrap_or_else(|| "GET".into()).to_ascii_uppercase();
        let (headers, is_stream) = (given("headers"), is_read_once(&given("body")));
        set(&init, "signal", &signal);
        Ok(Call { input, is_request, init, headers, is_stream, follows, method, signal })
    }

    /// Returns whether the request changes nothing at the API, so that it may be sent again wherever the API redirects it.
    fn is_safe(&self) -> bool {
        matches!(&*self.method, "GET" | "HEAD")
    }

    async fn settle(&self, client: &Client, sent: Option<(JsValue, u32)>) -> Result<Response, Error> {
        let asked = if self.is_request { text(self.input, "url") } else { url_text(self.input) };
        let mut url = client.api.resolve(&asked.unwrap_or_else(|| NO_URL.into()))?;
        let (mut sent, (mut number, mut token)) = match sent {
            // Whatever has become of the token since.
            Some((sent, call)) => (Some(sent), (call, client.connection.token().unwrap_or_default())),
            None => (None, self.credential(client, 0.0).await?),
        };
        let (mut was_rejected, mut was_refused, mut was_moved) = (false, false, false);
        let mut patience = client.max_retry_after;
        loop {
            let response = self.send_once(client, &url, &token, sent.take()).await?;
            let learned = client.prover.as_ref().is_some_and(|prover| prover.learn(&response, &client.api));
            if !matches!(status(&response), 401 | 429 | 503) {
                return Ok(response);
            }
            let mut wait = 0.0;
            let mut is_rejected = false;
            if let Some(end) = (!was_moved && self.is_safe()).then(|| moved(client, &response)).flatten() {
                was_moved = true;
                url = end;
            } else if learned && !was_refused {
                was_refused = true;
            } else if let Some(asked) = retry_after(&response).filter(|asked| *asked <= patience && !self.is_stream) {
                // Spread, so that what was refused together does not come back together.
                wait = (asked * (1.0 + Math::random() / 4.0)).min(patience);
                patience -= wait;
            } else if !was_rejected && client.connection.can_refresh() && rejects_token(&response) {
                was_rejected = true;
                is_rejected = true;
                client.connection.tell(Event::Unauthorized { call: number });
            } else {
                return Ok(response);
            }
            match self.credential(client, wait).await {
                Err(error) if !is_rejected || is_aborted(&self.signal) => return Err(error),
                Ok((other, next)) if !is_rejected || other != number => (number, token) = (other, next),
                // Unless there is another token, the API's word stands.
                _ => return Ok(response),
            }
            if self.is_stream {
                return Err(Error::new(ErrorCode::BodyNotReplayable, ""));
            }
            // The response makes room for another. Nothing waits for that: it may have ended by itself.
            drop(settled(call(&get(&response, "body"), "cancel", &[])));
        }
    }

    /// Waits so many milliseconds, then for an active token.
    async fn credential(&self, client: &Client, wait: f64) -> Result<(u32, Rc<Token>), Error> {
        until_aborted(&self.signal, async {
            if wait > 0.0 {
                sleep(wait).await?;
            }
            client.connection.credential().await
        })
        .await
    }

    async fn send_once(
        &self,
        client: &Client,
        url: &Target,
        token: &Token,
        sent: Option<JsValue>,
    ) -> Result<Response, Error> {
        let mut is_proven = client.prover.is_some();
        let sent = loop {
            if let Some(sent) = sent {
                break settled(Ok(sent)).await;
            }
            let (resource, options) = self.prepare(client, url, token, is_proven).await?;
            let sent = fetch(&resource, &options).await;
            let is = |name, value: &str| sent.as_ref().is_ok_and(|response| get(response, name) == value);
            if !self.follows {
                break sent;
            }
            if is_proven && is("type", "opaqueredirect") {
                // SECURITY: the API may have acted on it already, and where it led is not known.
                if !self.is_safe() {
                    return Err(redirected());
                }
                is_proven = false;
                continue;
            }
            if !is_proven && sent.as_ref().is_ok_and(|sent| status(sent) == 401 && get(sent, "redirected") == false) {
                return Err(redirected());
            }
            break sent;
        };
        match sent {
            Ok(response) if response.is_object() => Ok(response.unchecked_into()),
            Ok(nothing) => Err(Error::caused(ErrorCode::NetworkFailed, client.api.origin(), &nothing)),
            // The browser's word for "no response that this page may read". An abort is the caller's own.
            Err(cause) if get(&cause, "name") == "TypeError" => {
                // What cannot be asked is a TypeError too.
                let probe = call(&global("Object"), "assign", &[&Object::new(), &self.init])?;
                set(&probe, "method", &self.method.as_str().into());
                if is_present(&get(&probe, "body")) {
                    set(&probe, "body", &"".into());
                }
                Request::new_with_str_and_init(url.href(), probe.unchecked_ref())?;
                Err(explained(client, token, &self.signal, &cause).await)
            }
            Err(thrown) => Err(thrown.into()),
        }
    }

    /// Makes what `fetch` is given. Where nothing needs it, no `Request` is made: it costs more than all else here.
    async fn prepare(
        &self,
        client: &Client,
        url: &Target,
        token: &Token,
        is_proven: bool,
    ) -> Result<(JsValue, JsValue), Error> {
        if self.follows {
            set(&self.init, "redirect", &if is_proven { "manual" } else { "follow" }.into());
        }
        let is_publishable = client.kind == TokenKind::Publishable;
        let with_token = is_publishable.then(|| with_publishable(url, token.text()));
        let target = with_token.as_deref().unwrap_or(url.href());
        let (resource, headers) = if self.is_request {
            let request = self.copy(target, is_publishable).await?;
            let headers = get(&request, "headers");
            (request.into(), headers)
        } else if self.is_stream && !sends_streams(has_method(&get(&self.init, "body"), "getReader")) {
            return Err(Error::new(ErrorCode::StreamNotSupported, ""));
        } else if is_publishable {
            return Ok((target.into(), self.init.clone().into()));
        } else {
            let given = if is_present(&self.headers) { &self.headers } else { &object(&[]) };
            let headers = JsValue::from(Headers::new_with_str_sequence_sequence(given)?);
            set(&self.init, "headers", &headers);
            (target.into(), headers)
        };
        if !is_publishable {
            call(&headers, "set", &[&"authorization".into(), &token.authorization.as_str().into()])?;
        }
        if let Some(prover) = client.prover.as_ref().filter(|_| is_proven) {
            let proof = prover.proof(&self.method, url, token.text()).await?;
            call(&headers, "set", &[&"dpop".into(), &proof.into()])?;
        }
        let options = if self.is_request { JsValue::UNDEFINED } else { self.init.clone().into() };
        Ok((resource, options))
    }

    /// Copies the caller's request, so that it can be sent again.
    async fn copy(&self, target: &str, is_publishable: bool) -> Result<Request, Error> {
        let (original, init): (&Request, _) = (self.input.unchecked_ref(), &self.init);
        let is_here = get(original, "url") == target;
        let base = if is_publishable || !is_here {
            moved_to(original, target).await?
        } else {
            call(original, "clone", &[])?.unchecked_into()
        };
        let copy = Request::new_with_request_and_init(&base, init.unchecked_ref::<RequestInit>())?;
        // SECURITY: the browser reads an object that only looks like a Request as a text: the token would go there.
        let url = text(&copy, "url").unwrap_or_default();
        if url == target { Ok(copy) } else { Err(Error::new(ErrorCode::ForeignUrl, &url)) }
    }
}

/// Copies a request to another URL. A `Request` cannot be given one, and its body would come along as a stream only, which
/// browsers do not send over HTTP/1.1.
async fn moved_to(request: &Request, url: &str) -> Result<Request, Error> {
    if matches!(text(request, "method").as_deref(), Some("GET" | "HEAD")) {
        return Ok(Request::new_with_str_and_init(url, request.unchecked_ref())?);
    }
    let init = options_of(request)?;
    read_body(request, &init).await?;
    Ok(Request::new_with_str_and_init(url, init.unchecked_ref())?)
}

/// Sets the body to what a request has as such.
async fn read_body(request: &JsValue, init: &Object) -> Result<(), Error> {
    let copy = call(request, "clone", &[])?;
    set(init, "body", &settled(call(&copy, "arrayBuffer", &[])).await?);
    Ok(())
}

/// Copies the options of `fetch`: all that are an object's own, and those that are known wherever it has them from.
#[inline(never)]
fn options_of(given: &JsValue) -> Result<Object, Error> {
    let options = Object::new();
    if given.is_object() {
        let _ = call(&global("Object"), "assign", &[&options, given]);
        for name in OPTIONS {
            // What a getter throws is the caller's own, as with the browser's `fetch`.
            set(&options, name, &try_get(given, name)?);
        }
    }
    Ok(options)
}

/// Says that the API redirects where a proof cannot follow.
fn redirected() -> Error {
    let why = "The API redirected a request that has a proof, which is for one URL.";
    Error::read(ErrorCode::NetworkFailed, 0, why, "Send it to the URL that it ends at.", &JsValue::UNDEFINED).lasting()
}

/// Returns whether a body can be read once only; Node accepts whatever can be iterated.
fn is_read_once(body: &JsValue) -> bool {
    let is_iterable =
        || call(&global("Reflect"), "get", &[body, &async_iterator()]).is_ok_and(|method| method.is_function());
    has_method(body, "getReader") || (body.is_object() && is_iterable())
}

/// Returns the name of the method that makes an asynchronous iterator.
fn async_iterator() -> JsValue {
    get(&global("Symbol"), "asyncIterator")
}

/// Returns where a redirect on the API's own origin led, if the API refused the request there for what the redirect lost: the query
/// with a publishable token, or a proof, which is for one URL.
fn moved(client: &Client, response: &Response) -> Option<Target> {
    let can_be_lost = client.kind == TokenKind::Publishable || client.prover.is_some();
    if !can_be_lost || status(response) != 401 || get(response, "redirected") != true {
        return None;
    }
    text(response, "url").filter(|url| client.api.contains(url)).and_then(|url| Target::parse(&url, None))
}

/// A 401 is about the token, unless the API says readably that it is about something else (RFC 6750, section 3.1).
pub(super) fn rejects_token(response: &Response) -> bool {
    let challenge = header(response, "www-authenticate");
    status(response) == 401 && challenge.is_none_or(|challenge| contains(&challenge, "invalid_token"))
}

/// Returns how long the API asks to wait, in milliseconds: seconds or a date (RFC 9110, section 10.2.3).
fn retry_after(response: &Response) -> Option<f64> {
    if !matches!(status(response), 429 | 503) {
        return None;
    }
    let value = header(response, "retry-after")?;
    let wait = match number(&value) {
        Some(seconds) => seconds * 1000.0,
        None => Date::parse(&value) - wall_now(),
    };
    (!wait.is_nan()).then_some(wait.max(SHORTEST_WAIT))
}

async fn sleep(milliseconds: f64) -> Result<(), Error> {
    let mut timer = None;
    let slept = Promise::new(&mut |resolve, _| timer = Some(Timer::new(&resolve, milliseconds.min(LONGEST as f64))));
    settled(Ok(slept.into())).await?;
    Ok(())
}

/// Returns whether the platform sends a stream as a body, or what can be iterated. Where it does not, it sends a text such as
/// `[object ReadableStream]`.
fn sends_streams(is_readable: bool) -> bool {
    let stream: JsValue = match ReadableStream::new() {
        Ok(stream) if is_readable => stream.into(),
        _ => {
            let iterable = Object::new();
            // Any function will do.
            let _ = call(&global("Reflect"), "set", &[&iterable, &async_iterator(), &global("Object")]);
            iterable.into()
        }
    };
    let init = object(&[("method", &"POST".into()), ("body", &stream), ("duplex", &"half".into())]);
    Request::new_with_str_and_init("http://localhost/", init.unchecked_ref())
        .is_ok_and(|request| header(&request, "content-type").is_none())
}
