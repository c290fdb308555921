//! `fetch` with a credential: the request, its one replay, and why an answer could not be had.

use std::rc::Rc;

use js_sys::{Promise, TypeError};
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{ReadableStream, Request, RequestInit, Response, Url};

use super::connection::Inner;
use super::credential::Credential;
use super::failure::Failure;
use super::js;
use crate::refresh::Event;
use crate::wire::TokenSelf;
use crate::{Denied, Refusal};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = fetch)]
    fn browser_fetch(request: &Request) -> Promise;
}

/// Sends a request. A 401 to a token that can be refreshed is answered by a fresh one, once; a 403 never is.
pub(super) async fn fetch(inner: Rc<Inner>, input: JsValue, init: JsValue) -> Result<JsValue, JsValue> {
    let url = target(&inner, &input)?;
    let (call, credential) = inner.credential().await?;
    // Looked at before it is sent: afterwards every body is used up.
    let replayable = is_replayable(&input, &init);
    let response = send(&inner, &url, &input, &init, &credential).await?;
    if response.status() != 401 || !inner.can_refresh() {
        return Ok(response.into());
    }
    inner.dispatch(Event::Rejected { call });
    let Ok((_, credential)) = inner.credential().await else { return Ok(response.into()) };
    if !replayable {
        return Err(Failure::BodyNotReplayable.into());
    }
    Ok(send(&inner, &url, &input, &init, &credential).await?.into())
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
    let url = Url::new(url)?;
    credential.put_on_url(&url);
    // A `Request` serves as the initial values of the next one, `undefined` as none.
    let base = input.dyn_ref::<Request>().map_or(JsValue::UNDEFINED, JsValue::from);
    let request = Request::new_with_str_and_init(&url.href(), base.unchecked_ref::<RequestInit>())?;
    let request = Request::new_with_request_and_init(&request, init.unchecked_ref::<RequestInit>())?;
    credential.put_on_request(&request);
    match JsFuture::from(browser_fetch(&request)).await {
        Ok(response) => Ok(response.unchecked_into()),
        // The browser's word for "no answer that this page may read". An abort is the caller's own.
        Err(error) if error.is_instance_of::<TypeError>() => Err(explain(inner, credential).await),
        Err(error) => Err(error),
    }
}

/// A body that is a stream can be read once; all others can be sent again.
fn is_replayable(input: &JsValue, init: &JsValue) -> bool {
    let own_body = input.dyn_ref::<Request>().is_none_or(|request| request.body().is_none());
    let given_body = js::field(init, "body");
    given_body.map_or(own_body, |body| !body.has_type::<ReadableStream>())
}

/// An API does not let a page of a wrong origin read why it was refused. The service tells what the token allows.
async fn explain(inner: &Inner, credential: &Credential) -> JsValue {
    match token_self(inner, credential).await {
        Some(token) if !token.origin_allowed => {
            let origin = token.origin_seen.unwrap_or_else(|| "null".into());
            let patterns: Vec<_> = token.origins.iter().map(ToString::to_string).collect();
            let denied = Denied::OriginNotAllowed(origin);
            let refusal =
                Refusal { message: format!("{denied} It allows: {}.", patterns.join(", ")), ..denied.refusal() };
            JsValue::from(&refusal)
        }
        _ => Failure::NetworkFailed(inner.api.origin()).into(),
    }
}

async fn token_self(inner: &Inner, credential: &Credential) -> Option<TokenSelf> {
    let url = Url::new(&format!("{}/v2/access-token/self", inner.service.as_ref()?)).ok()?;
    credential.put_on_url(&url);
    let request = Request::new_with_str(&url.href()).ok()?;
    credential.put_on_request(&request);
    let response: Response = JsFuture::from(browser_fetch(&request)).await.ok()?.unchecked_into();
    js::read(JsFuture::from(response.json().ok()?).await.ok()?)
}

/// The refusal in an answer's body, which stays readable.
pub(super) async fn refusal(response: Response) -> Result<JsValue, JsValue> {
    if response.ok() || response.body_used() {
        return Ok(JsValue::NULL);
    }
    let body = JsFuture::from(response.clone()?.json()?).await.ok();
    let refusal = body.and_then(js::read::<Refusal>);
    Ok(refusal.map_or(JsValue::NULL, |refusal| JsValue::from(&refusal)))
}
