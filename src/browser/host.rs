//! The embed's end of the bridge: asks the page around this one for tokens. `pkg/src/host.ts` is the other end.
//!
//! The embed says hello; the host page answers with a port, on which requests and answers go: `{id, request,
//! isFresh}`, and `{id, token}` or `{id, error}`. With `isFresh`, a call to the provider that began earlier is no answer; a host page
//! of before this flag ignores it.

use std::cell::{Cell, RefCell};

use wasm_bindgen::prelude::*;
use web_sys::{AbortSignal, MessagePort};

use super::error::Error;
use super::js::{call, get, global, global_object, has_method, list, object, text, whole};
use super::listening::next_event;
use super::signal::{is_aborted, until_aborted};
use crate::ErrorCode;
use crate::origin::is_allowed;

/// The version of the messages between an embed and its host page.
const VERSION: u8 = 1;

/// The page around this one.
pub(super) struct Host {
    patterns: Vec<String>,
    port: RefCell<Option<MessagePort>>,
    last: Cell<u32>,
}

impl Host {
    pub(super) fn new<'a>(patterns: impl IntoIterator<Item = &'a str>) -> Result<Host, Error> {
        let patterns: Vec<_> = patterns.into_iter().map(str::to_owned).collect();
        if patterns.is_empty() || !patterns.iter().all(|pattern| is_pattern(pattern)) {
            return Err(Error::option(
                "`host` must name the origins of the pages around this one, such as `https://www.example.com` or \
                 `*.example.com`.",
            ));
        }
        let parent = global("parent");
        if !parent.is_object() || parent == global("self") {
            return Err(Error::option("`host` needs a page around this one: it is not in a frame."));
        }
        Ok(Host { patterns, port: RefCell::default(), last: Cell::default() })
    }

    /// Asks for one token.
    pub(super) async fn ask(&self, request: &JsValue, is_fresh: bool, signal: &AbortSignal) -> Result<JsValue, Error> {
        let result = until_aborted(signal, self.exchange(request, is_fresh, signal)).await;
        if result.is_err() && is_aborted(signal) {
            // No answer for too long: the page around may be another by now, and hears hello again.
            self.forget();
        }
        result
    }

    fn forget(&self) {
        if let Some(port) = self.port.take() {
            let _ = call(&port, "close", &[]);
        }
    }

    async fn exchange(&self, request: &JsValue, is_fresh: bool, signal: &AbortSignal) -> Result<JsValue, Error> {
        let port = self.port.borrow().clone();
        let port = match port {
            Some(port) => port,
            None => {
                let port = self.greet(signal).await?;
                let _ = call(&port, "start", &[]);
                *self.port.borrow_mut() = Some(port.clone());
                port
            }
        };
        self.last.set(self.last.get() + 1);
        let id = self.last.get();
        let is_answer = move |message: &JsValue| whole(&get(message, "data"), "id") == Some(id.into());
        let message = next_event(&port, "message", signal, is_answer, || {
            let message = object(&[("id", &id.into()), ("request", request), ("isFresh", &is_fresh.into())]);
            let _ = call(&port, "postMessage", &[&message]);
        });
        let data = get(&message.await, "data");
        let error = get(&data, "error");
        if error.is_object() { Err(error.into()) } else { Ok(get(&data, "token")) }
    }

    /// Says hello to the page around, which hands out a port. SECURITY: what other windows say is ignored, and a port of a page
    /// whose origin matches no pattern is not used.
    async fn greet(&self, signal: &AbortSignal) -> Result<MessagePort, Error> {
        let parent = global("parent");
        let is_port = {
            let parent = parent.clone();
            move |message: &JsValue| {
                get(message, "source") == parent && text(&get(message, "data"), "daypass").as_deref() == Some("port")
            }
        };
        let hello = object(&[("daypass", &"hello".into()), ("version", &VERSION.into())]);
        let page = global_object();
        let message = next_event(&page, "message", signal, is_port, || {
            // There is no secret in it, and the page around may be any of several.
            let _ = call(&parent, "postMessage", &[&hello, &"*".into()]);
        });
        let message = message.await;
        let origin = text(&message, "origin").unwrap_or_default();
        if !is_allowed(&origin, &self.patterns) {
            let why = ["The page around this one is ", &origin, ", which is not among `host`."].concat();
            return Err(Error::new(ErrorCode::ProviderFailed, &why));
        }
        let port = list(&message, "ports").map(|ports| ports.get(0)).unwrap_or_default();
        if !has_method(&port, "postMessage") {
            return Err(Error::new(ErrorCode::ProviderFailed, "The page around this one sent no port."));
        }
        Ok(port.unchecked_into())
    }
}

/// Returns whether a text can be the origin of a page, or a pattern of some.
fn is_pattern(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).unwrap_or(text);
    !host.is_empty() && !host.bytes().any(|byte| byte == b'/' || byte.is_ascii_whitespace())
}
