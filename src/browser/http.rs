//! The SDK's own requests: to the provider, to the service, for its keys.

use wasm_bindgen::prelude::*;
use web_sys::{AbortSignal, Response};

use super::js::{Settled, call, fetch, get, object, set, settled};

/// A request of our own. In the npm package gloo-net would be 1.8 kB more than this.
pub(super) struct OwnRequest {
    url: String,
    init: JsValue,
}

/// Starts a request that ends with the signal.
pub(super) fn request(url: &str, signal: &AbortSignal) -> OwnRequest {
    OwnRequest { url: url.into(), init: object(&[("signal", signal)]) }
}

impl OwnRequest {
    /// Sets an option of `fetch`.
    pub(super) fn option(self, name: &str, value: &str) -> OwnRequest {
        set(&self.init, name, &value.into());
        self
    }

    /// Sets the one header.
    pub(super) fn header(self, name: &str, value: &str) -> OwnRequest {
        self.headers(&[(name, &value.into())])
    }

    /// Sets all headers.
    pub(super) fn headers(self, headers: &[(&str, &JsValue)]) -> OwnRequest {
        set(&self.init, "headers", &object(headers));
        self
    }

    /// Sends it. Brings a `Response`.
    pub(super) fn send(self) -> Settled {
        fetch(&self.url.into(), &self.init)
    }
}

/// Posts JSON. Brings a `Response`.
pub(super) fn post(request: OwnRequest, json: &str) -> Settled {
    request.option("method", "POST").option("body", json).header("content-type", "application/json").send()
}

/// Returns the response, unless `fetch`, which a page may have replaced, returned something else.
pub(super) fn response(sent: Result<JsValue, JsValue>) -> Result<Response, JsValue> {
    sent.and_then(|sent| if sent.is_object() { Ok(sent.unchecked_into()) } else { Err(sent) })
}

/// Reads a response's body with the browser's own JSON parser.
#[inline(never)]
pub(super) fn json(response: &JsValue) -> Settled {
    settled(call(response, "json", &[]))
}

/// Returns the server's own time in Unix milliseconds, if the page may read it.
pub(super) fn server_time(response: &Response) -> Option<u64> {
    let time = js_sys::Date::parse(&header(response, "date")?);
    (time >= 0.0).then_some(time as u64)
}

/// Returns the status; 0 without one, as where `fetch` returned another thing than a response.
#[inline(never)]
pub(super) fn status(response: &JsValue) -> u16 {
    get(response, "status").as_f64().unwrap_or_default() as u16
}

/// Returns a header, if the page may read it.
#[inline(never)]
pub(super) fn header(response: &JsValue, name: &str) -> Option<String> {
    call(&get(response, "headers"), "get", &[&name.into()]).ok()?.as_string()
}

/// Returns whether a header has these characters in it: the standard library's search is made for longer texts, and is larger.
pub(super) fn contains(header: &str, part: &str) -> bool {
    header.as_bytes().windows(part.len()).any(|window| window == part.as_bytes())
}
