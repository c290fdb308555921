//! `fetch` with a credential: the request, its one replay, and why an answer could not be had.

use std::rc::Rc;

use js_sys::{Promise, Reflect, TypeError};
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{ReadableStream, Request, RequestInit, Response, Url};

use super::connection::Inner;
use super::credential::Credential;
use super::failure::{Failure, refused};
use super::js;
use crate::refresh::Event;
use crate::wire::TokenSelf;
use crate::{Denied, Refusal};

/// How long the service may take to explain a failure, in milliseconds.
const EXPLAIN: u32 = 5_000;

/// What a request with a body has besides its URL and its body.
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

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = fetch, catch)]
    fn browser_fetch(request: &Request) -> Result<Promise, JsValue>;
}

/// Sends a request. A 401 to a token that can be refreshed is answered by a fresh one, once; a 403 never is.
pub(super) async fn fetch(inner: Rc<Inner>, input: JsValue, init: JsValue) -> Result<JsValue, JsValue> {
    let url = target(&inner, &input)?;
    let (call, credential) = inner.credential().await?;
    let response = send(&inner, &url, &input, &init, &credential).await?;
    if !inner.can_refresh() || !rejects_the_token(&response) {
        return Ok(response.into());
    }
    inner.dispatch(Event::Rejected { call });
    match inner.credential().await {
        Ok((next, credential)) if next != call => {
            if js::field(&init, "body").is_some_and(|body| body.has_type::<ReadableStream>()) {
                return Err(Failure::BodyNotReplayable.into());
            }
            Ok(send(&inner, &url, &input, &init, &credential).await?.into())
        }
        // There is no other token: the API's word stands.
        _ => Ok(response.into()),
    }
}

/// A 401 is about the token, unless the API says readably that it is about something else (RFC 6750, section 3.1).
fn rejects_the_token(response: &Response) -> bool {
    let challenge = response.headers().get("www-authenticate").ok().flatten();
    response.status() == 401 && challenge.is_none_or(|challenge| challenge.contains("invalid_token"))
}

/// Where the request goes: to the API's own origin, or not at all.
fn target(inner: &Inner, input: &JsValue) -> Result<String, Failure> {
    let url = match input.dyn_ref::<Request>() {
        Some(request) => Some(request.url()),
        None => js::text_or_url(input)
            .and_then(|url| Url::new_with_base(&url, &inner.api.href()).ok())
            .map(|url| url.href()),
    };
    let url = url.and_then(|url| Url::new(&url).ok()).ok_or_else(|| Failure::ForeignUrl("This".into()))?;
    if url.origin() == inner.api.origin() { Ok(url.href()) } else { Err(Failure::ForeignUrl(url.origin())) }
}

async fn send(
    inner: &Inner,
    url: &str,
    input: &JsValue,
    init: &JsValue,
    credential: &Credential,
) -> Result<Response, JsValue> {
    let init = init.unchecked_ref::<RequestInit>();
    let request = match (input.dyn_ref::<Request>(), credential) {
        // A copy, so that the caller's own can be sent again.
        (Some(request), Credential::Authorization(_)) => Request::new_with_request_and_init(&request.clone()?, init)?,
        (Some(request), Credential::Publishable(_)) => {
            let moved = move_to(request, &with_credential(url, credential)?).await?;
            Request::new_with_request_and_init(&moved, init)?
        }
        (None, _) => Request::new_with_str_and_init(&with_credential(url, credential)?, init)?,
    };
    credential.put_on_request(&request);
    match JsFuture::from(browser_fetch(&request)?).await {
        Ok(response) => Ok(response.unchecked_into()),
        // The browser's word for "no answer that this page may read". An abort is the caller's own.
        Err(error) if error.is_instance_of::<TypeError>() => Err(explain(inner, credential, &request).await),
        Err(error) => Err(error),
    }
}

fn with_credential(url: &str, credential: &Credential) -> Result<String, JsValue> {
    let url = Url::new(url)?;
    credential.put_on_url(&url);
    Ok(url.href())
}

/// The same request to another URL. A `Request` cannot be given one, and its body would come along as a stream only, which
/// browsers do not send over HTTP/1.1.
async fn move_to(request: &Request, url: &str) -> Result<Request, JsValue> {
    if matches!(&*request.method(), "GET" | "HEAD") {
        return Request::new_with_str_and_init(url, request.unchecked_ref());
    }
    let init = RequestInit::new();
    for property in PROPERTIES {
        Reflect::set(&init, &property.into(), &Reflect::get(request, &property.into())?)?;
    }
    let body = JsFuture::from(request.clone()?.array_buffer()?).await?;
    init.set_body(&body);
    Request::new_with_str_and_init(url, &init)
}

/// An API does not let a page of a wrong origin read why it was refused. The service tells what the token allows.
async fn explain(inner: &Inner, credential: &Credential, request: &Request) -> JsValue {
    match token_self(inner, credential, request).await {
        Some(token) if !token.origin_allowed => {
            let denied = Denied::OriginNotAllowed(token.origin_seen.unwrap_or_else(|| "null".into()));
            let patterns: Vec<_> = token.origins.iter().map(ToString::to_string).collect();
            let message = format!("{denied} It allows: {}.", patterns.join(", "));
            refused(&Refusal { message, ..denied.refusal() }, denied.status()).unwrap_or(JsValue::NULL)
        }
        _ => Failure::NetworkFailed(inner.api.origin()).into(),
    }
}

/// Asks the service, unless the token is bound to no origin: then its origin cannot be the reason.
async fn token_self(inner: &Inner, credential: &Credential, request: &Request) -> Option<TokenSelf> {
    let service = inner.service.as_ref().filter(|_| inner.may_be_bound_to_origins())?;
    let url = with_credential(&format!("{service}/v2/access-token/self"), credential).ok()?;
    let init = RequestInit::new();
    init.set_signal(Some(&js::abort_after(EXPLAIN, &request.signal())));
    let question = Request::new_with_str_and_init(&url, &init).ok()?;
    credential.put_on_request(&question);
    let response: Response = JsFuture::from(browser_fetch(&question).ok()?).await.ok()?.unchecked_into();
    js::read(JsFuture::from(response.json().ok()?).await.ok()?)
}

/// The refusal in an answer's body, which stays readable; `null` where there is none.
pub(super) async fn refusal(response: JsValue) -> Result<JsValue, JsValue> {
    let Ok(response) = response.dyn_into::<Response>() else { return Ok(JsValue::NULL) };
    if response.ok() || response.body_used() {
        return Ok(JsValue::NULL);
    }
    let body = JsFuture::from(response.clone()?.json()?).await.ok();
    let refusal = body.and_then(js::read::<Refusal>);
    Ok(refusal.and_then(|refusal| refused(&refusal, response.status())).unwrap_or(JsValue::NULL))
}
