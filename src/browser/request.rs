//! `fetch` with a credential: the request, when it is sent again, and what stands in its way.

use js_sys::{Date, Math, Object, Promise, Reflect, Symbol};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::{AbortSignal, Headers, ReadableStream, Request, RequestInit, Response};

use super::client::Client;
use super::connection::LONGEST;
use super::error::Error;
use super::explain::explained;
use super::http::{contains, header};
use super::js::{
    call, clear_timeout, fetch, get, global, has_method, is_present, number, object, set, set_timeout, settled, text,
    wall_now,
};
use super::signal::{any, until_aborted};
use super::token::Token;
use super::url::{NO_URL, Target, url_text, with_publishable};
use crate::session::refresh::Event;
use crate::{ErrorCode, TokenKind};

/// The properties that a request with a body has besides its URL and its body.
const PROPERTIES: [&str; 11] = [
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
    init: Object,
    signal: AbortSignal,
}

/// Sends a request.
///
/// - A 401 to a token that can be refreshed causes one more request, with a fresh token; a 403 never does.
/// - A response that says when to come again is waited out, within the client's limit.
/// - A redirect on the API's own origin loses a publishable token or a proof: the request is then sent to where it led.
pub(super) async fn send(client: &Client, input: &JsValue, init: &JsValue) -> Result<Response, Error> {
    let whole = Object::new();
    if init.is_object() {
        call(&global("Object"), "assign", &[&whole, init])?;
    } else if is_request(input) {
        // A Request that anything is changed about loses these two, unless they are given again.
        for name in ["referrer", "referrerPolicy"] {
            set(&whole, name, &get(input, name));
        }
    }
    let own = get(init, "signal");
    let own = if own.is_undefined() && is_request(input) { get(input, "signal") } else { own };
    let life = client.life();
    let signal = if is_present(&own) { any(&[&own, &life])? } else { life.clone() };
    set(&whole, "signal", &signal);
    let call = Call { input, init: whole, signal };
    let result = until_aborted(&call.signal, call.settle(client)).await;
    // The connection's end is told as such.
    if life.aborted() && result.is_err() { Err(Error::new(ErrorCode::Closed, "")) } else { result }
}

/// Returns whether a value is a `Request`, of this realm or another.
pub(super) fn is_request(value: &JsValue) -> bool {
    value.is_object() && get(value, "url").is_string() && has_method(value, "clone")
}

impl Call<'_> {
    async fn settle(&self, client: &Client) -> Result<Response, Error> {
        let asked = if is_request(self.input) { text(self.input, "url") } else { url_text(self.input) };
        let mut url = client.api.resolve(&asked.unwrap_or_else(|| NO_URL.into()))?;
        let connection = &client.connection;
        let (mut number, mut token) = connection.credential().await?;
        let (mut was_rejected, mut was_refused, mut was_moved) = (false, false, false);
        let mut patience = client.max_retry_after;
        loop {
            let response = self.send_once(client, &url, &token).await?;
            let learned = client.prover.as_ref().is_some_and(|prover| prover.learn(&response));
            if let Some(end) = (!was_moved).then(|| moved(client, &response)).flatten() {
                was_moved = true;
                url = end;
            } else if learned && !was_refused {
                was_refused = true;
            } else if let Some(wait) = retry_after(&response).filter(|wait| *wait <= patience) {
                if self.is_stream() {
                    return Ok(response);
                }
                // Spread, so that what was refused together does not come back together.
                let wait = (wait * (1.0 + Math::random() / 4.0)).min(patience);
                patience -= wait;
                sleep(wait).await?;
            } else if !was_rejected && connection.can_refresh() && rejects_token(&response) {
                was_rejected = true;
                connection.tell(Event::Unauthorized { call: number });
                // Unless there is another token, the API's word stands.
                match connection.credential().await {
                    Ok((other, next)) if other != number => (number, token) = (other, next),
                    _ => return Ok(response),
                }
            } else {
                return Ok(response);
            }
            if self.is_stream() {
                return Err(Error::new(ErrorCode::BodyNotReplayable, ""));
            }
            // The response makes room for another. It may have ended by itself.
            let body = get(&response, "body");
            spawn_local(async move { drop(settled(call(&body, "cancel", &[])).await) });
        }
    }

    /// Returns whether the body can be read once only; Node accepts whatever can be iterated.
    fn is_stream(&self) -> bool {
        let body = get(&self.init, "body");
        let is_iterable = || Reflect::get(&body, &Symbol::async_iterator()).is_ok_and(|method| method.is_function());
        has_method(&body, "getReader") || (body.is_object() && is_iterable())
    }

    async fn send_once(&self, client: &Client, url: &Target, token: &Token) -> Result<Response, Error> {
        let (resource, options) = self.prepare(client, url, token, client.prover.is_some()).await?;
        let mut sent = fetch(&resource, &options).await;
        // A redirect. It is followed without the proof: browsers drop the token on the way to another origin, but not the proof.
        if sent.as_ref().is_ok_and(|response| get(response, "type") == "opaqueredirect") && !self.is_manual() {
            let (resource, options) = self.prepare(client, url, token, false).await?;
            sent = fetch(&resource, &options).await;
        }
        match sent {
            Ok(response) => Ok(response.unchecked_into()),
            // The browser's word for "no response that this page may read". An abort is the caller's own.
            Err(cause) if get(&cause, "name") == "TypeError" => {
                // What cannot be asked is a TypeError too.
                let probe = Object::assign(&Object::new(), &self.init);
                if is_request(self.input) && get(&probe, "method").is_undefined() {
                    set(&probe, "method", &get(self.input, "method"));
                }
                if is_present(&get(&probe, "body")) {
                    set(&probe, "body", &"".into());
                }
                Request::new_with_str_and_init(url.href(), probe.unchecked_ref())?;
                Err(explained(client, token, &self.signal, &cause).await)
            }
            Err(thrown) => Err(thrown.into()),
        }
    }

    /// Returns whether the caller handles redirects.
    fn is_manual(&self) -> bool {
        let redirect = get(&self.init, "redirect");
        let redirect =
            if redirect.is_undefined() && is_request(self.input) { get(self.input, "redirect") } else { redirect };
        is_present(&redirect) && redirect != "follow"
    }

    /// Makes what `fetch` is given. Where nothing needs it, no `Request` is made: it costs more than all else here.
    async fn prepare(
        &self,
        client: &Client,
        url: &Target,
        token: &Token,
        is_proven: bool,
    ) -> Result<(JsValue, JsValue), Error> {
        let is_publishable = client.kind == TokenKind::Publishable;
        let target = if is_publishable { with_publishable(url, token.text()) } else { url.href().to_owned() };
        let init = Object::assign(&Object::new(), &self.init);
        if is_proven && !self.is_manual() {
            set(&init, "redirect", &"manual".into());
        }
        if is_request(self.input) {
            let request = self.copy(&target, is_publishable, &init).await?;
            if !is_publishable {
                authorize(client, &request.headers(), &request.method(), url, token, is_proven).await?;
            }
            return Ok((request.into(), JsValue::UNDEFINED));
        }
        if self.is_stream() && !sends_streams(has_method(&get(&self.init, "body"), "getReader")) {
            return Err(Error::new(ErrorCode::StreamNotSupported, ""));
        }
        if !is_publishable {
            let method = text(&init, "method").unwrap_or_else(|| "GET".into());
            let headers = headers_of(&get(&init, "headers"))?;
            authorize(client, &headers, &method, url, token, is_proven).await?;
            set(&init, "headers", &headers);
        }
        Ok((target.into(), init.into()))
    }

    /// Copies the caller's request, so that it can be sent again. One that could not carry a header becomes a CORS request.
    async fn copy(&self, target: &str, is_publishable: bool, init: &Object) -> Result<Request, Error> {
        let original: &Request = self.input.unchecked_ref();
        let is_here = get(original, "url") == target;
        let base = if is_publishable || !is_here { moved_to(original, target).await? } else { original.clone()? };
        if get(original, "mode") == "no-cors" && get(init, "mode").is_undefined() {
            set(init, "mode", &"cors".into());
            // As such a request, whose answer nobody reads, may be sent with cookies that an API need not allow.
            set(init, "credentials", &"same-origin".into());
        }
        let copy = Request::new_with_request_and_init(&base, init.unchecked_ref::<RequestInit>())?;
        // SECURITY: the browser reads an object that only looks like a Request as a text: the token would go there.
        if copy.url() == target { Ok(copy) } else { Err(Error::new(ErrorCode::ForeignUrl, &copy.url())) }
    }
}

/// Copies a request to another URL. A `Request` cannot be given one, and its body would come along as a stream only, which
/// browsers do not send over HTTP/1.1.
async fn moved_to(request: &Request, url: &str) -> Result<Request, Error> {
    if matches!(text(request, "method").as_deref(), Some("GET" | "HEAD")) {
        return Ok(Request::new_with_str_and_init(url, request.unchecked_ref())?);
    }
    let init = Object::new();
    for name in PROPERTIES {
        set(&init, name, &get(request, name));
    }
    let copy = request.clone()?;
    set(&init, "body", &settled(call(&copy, "arrayBuffer", &[])).await?);
    Ok(Request::new_with_str_and_init(url, init.unchecked_ref())?)
}

fn headers_of(given: &JsValue) -> Result<Headers, Error> {
    let given = if given.is_undefined() { object(&[]) } else { given.clone() };
    Ok(Headers::new_with_str_sequence_sequence(&given)?)
}

/// Adds the token, and a proof where it is bound to a key.
async fn authorize(
    client: &Client,
    headers: &Headers,
    method: &str,
    url: &Target,
    token: &Token,
    is_proven: bool,
) -> Result<(), Error> {
    headers.set("authorization", &token.authorization)?;
    if let Some(prover) = client.prover.as_ref().filter(|_| is_proven) {
        headers.set("dpop", &prover.proof(&method.to_ascii_uppercase(), url, token.text()).await?)?;
    }
    Ok(())
}

/// Returns where a redirect on the API's own origin led, if the API refused the request there for what the redirect lost: the query
/// with a publishable token, or a proof, which is for one URL.
fn moved(client: &Client, response: &Response) -> Option<Target> {
    let can_be_lost = client.kind == TokenKind::Publishable || client.prover.is_some();
    let url = response.url();
    (can_be_lost && response.status() == 401 && response.redirected() && client.api.contains(&url))
        .then(|| Target::parse(&url, None))?
}

/// A 401 is about the token, unless the API says readably that it is about something else (RFC 6750, section 3.1).
pub(super) fn rejects_token(response: &Response) -> bool {
    let challenge = header(response, "www-authenticate");
    get(response, "status") == 401 && challenge.is_none_or(|challenge| contains(&challenge, "invalid_token"))
}

/// Returns how long the API asks to wait, in milliseconds: seconds or a date (RFC 9110, section 10.2.3).
fn retry_after(response: &Response) -> Option<f64> {
    if !matches!(response.status(), 429 | 503) {
        return None;
    }
    let value = header(response, "retry-after")?;
    let wait = match number(&value) {
        Some(seconds) => seconds * 1000.0,
        None => Date::parse(&value) - wall_now(),
    };
    (!wait.is_nan()).then_some(wait.max(SHORTEST_WAIT))
}

/// A timer, until it is dropped.
struct Timer(JsValue);

impl Drop for Timer {
    fn drop(&mut self) {
        clear_timeout(&self.0);
    }
}

async fn sleep(milliseconds: f64) -> Result<(), Error> {
    let mut timer = Timer(JsValue::UNDEFINED);
    let slept = Promise::new(&mut |resolve, _| {
        timer.0 = set_timeout(&resolve, milliseconds.min(LONGEST as f64));
    });
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
            let _ = Reflect::set(&iterable, &Symbol::async_iterator(), &global("Object"));
            iterable.into()
        }
    };
    let init = object(&[("method", &"POST".into()), ("body", &stream), ("duplex", &"half".into())]);
    Request::new_with_str_and_init("http://localhost/", init.unchecked_ref())
        .is_ok_and(|request| !request.headers().has("content-type").unwrap_or(true))
}
