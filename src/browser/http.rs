//! The SDK's own requests: to the provider, to the service, for its keys. gloo-net makes them.

use gloo_net::http::{Method, RequestBuilder};
use wasm_bindgen::prelude::*;
use web_sys::{AbortSignal, RequestCache, RequestRedirect, Response};

use super::js::{call, fetch, get as get_property, settled};

/// Starts a request that ends with the signal.
pub(super) fn request(url: &str, signal: &AbortSignal) -> RequestBuilder {
    RequestBuilder::new(url).abort_signal(Some(signal))
}

/// Does not follow redirects: elsewhere a header would go along.
pub(super) fn without_redirects(request: RequestBuilder) -> RequestBuilder {
    request.redirect(RequestRedirect::Error)
}

/// Asks the server itself, not a cache.
pub(super) fn uncached(request: RequestBuilder) -> RequestBuilder {
    request.cache(RequestCache::NoStore)
}

/// Posts JSON.
pub(super) async fn post(request: RequestBuilder, json: &str) -> Result<Response, JsValue> {
    let request = request.method(Method::POST).header("content-type", "application/json");
    sent(request.body(json)).await
}

pub(super) async fn get(request: RequestBuilder) -> Result<Response, JsValue> {
    sent(request.build()).await
}

/// Sends a request. Not by gloo-net, whose errors are texts without a cause, and which panics on a `Response` of another
/// realm, such as a test runner's.
async fn sent(request: Result<gloo_net::http::Request, gloo_net::Error>) -> Result<Response, JsValue> {
    let request: web_sys::Request = request.map_err(|_| JsValue::UNDEFINED)?.into();
    Ok(fetch(&request, &JsValue::UNDEFINED).await?.unchecked_into())
}

/// Reads a response's body with the browser's own JSON parser.
#[inline(never)]
pub(super) async fn json(response: &Response) -> Result<JsValue, JsValue> {
    settled(call(response, "json", &[])).await
}

/// Returns the server's own time in Unix milliseconds, if the page may read it.
pub(super) fn server_time(response: &Response) -> Option<u64> {
    let time = js_sys::Date::parse(&header(response, "date")?);
    (time >= 0.0).then_some(time as u64)
}

/// Returns a header, if the page may read it.
#[inline(never)]
pub(super) fn header(response: &Response, name: &str) -> Option<String> {
    call(&get_property(response, "headers"), "get", &[&name.into()]).ok()?.as_string()
}
