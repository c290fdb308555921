//! What the class `Daypass` of `pkg/src/daypass.ts` holds of this instance.

use std::pin::Pin;
use std::rc::Rc;

use js_sys::{Array, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;
use web_sys::{AbortController, AbortSignal, Response};

use super::super::client::{Client, Description};
use super::super::error::Error;
use super::super::events::{Event, InUse, Listener};
use super::super::hooks::TransformedRequest;
use super::super::js::{get, has_method, is_present, object, set};
use super::super::request;
use super::super::signal::until_aborted;
use super::super::url::{NO_URL, url_text};
use super::{keep, restore};
use crate::Scope;

#[wasm_bindgen]
extern "C" {
    /// The page's side of a connection: the object of the class `Daypass`.
    pub type Page;
    /// Dispatches an event.
    #[wasm_bindgen(method)]
    fn emit(this: &Page, name: &str, detail: &JsValue);
}

/// The page, and what is kept for another instance.
struct Kept {
    page: Page,
    kept: JsValue,
}

impl Listener for Kept {
    fn keep(&self, in_use: &InUse) {
        keep(&self.kept, in_use);
    }

    fn hear(&self, event: Event) {
        let (name, detail) = match event {
            Event::Refreshing { attempt } => ("refreshing", object(&[("attempt", &attempt.into())])),
            Event::Refreshed { lifetime_seconds } => {
                ("refreshed", object(&[("lifetimeSeconds", &or_null(lifetime_seconds))]))
            }
            Event::Failed { error, retry_in_seconds } => {
                ("failed", object(&[("error", error.js()), ("retryInSeconds", &or_null(retry_in_seconds))]))
            }
            Event::Expired => ("expired", JsValue::NULL),
            Event::Closed => ("closed", JsValue::NULL),
        };
        self.page.emit(name, &detail);
    }
}

/// A connection of this instance.
#[wasm_bindgen]
pub struct Handle(Rc<Client>);

#[wasm_bindgen]
impl Handle {
    /// Opens a connection from what [`prepare`](super::prepare) made.
    #[wasm_bindgen(constructor)]
    pub fn new(kept: JsValue, page: Page, life: AbortController) -> Result<Handle, JsValue> {
        let prepared = restore(&kept)?;
        Ok(Handle(Rc::new(prepared.open(Rc::new(Kept { page, kept }), life))))
    }

    /// With a provider, waits for the first token.
    pub fn opened(&self, timeout_seconds: f64, signal: AbortSignal) -> Promise {
        self.promise(async move |client| {
            let first = until_aborted(&signal, client.first_token(timeout_seconds)).await;
            first.map(|()| JsValue::UNDEFINED)
        })
    }

    /// Sends a request with the credential, or goes on from what the page has sent already with the token of a call.
    pub fn fetch(&self, input: JsValue, init: JsValue, sent: JsValue, call: u32) -> Promise {
        self.promise(async move |client| {
            let sent = is_present(&sent).then_some((sent, call));
            Ok(request::send(&client, &input, &init, sent).await?.into())
        })
    }

    /// Waits for the value of the `Authorization` header.
    pub fn authorization(&self) -> Promise {
        self.promise(async |client| Ok(client.authorization().await?.into()))
    }

    /// Waits for a token whose fetch begins from now on.
    pub fn refresh(&self) -> Promise {
        self.promise(async |client| client.refresh().await.map(|()| JsValue::UNDEFINED))
    }

    /// Takes the report of a 401, and returns whether another token is in use now.
    pub fn unauthorized(&self, what: JsValue) -> Promise {
        self.promise(async move |client| {
            if url_text(&what).is_some_and(|url| client.api.resolve(&url).is_err()) {
                return Ok(false.into());
            }
            let response = has_method(&what, "clone").then(|| what.unchecked_ref::<Response>());
            Ok(client.unauthorized(response).await.into())
        })
    }

    /// Returns the URL and the headers for one request, and waits for a fresh token. A foreign URL is an error where only one of the
    /// API's will do.
    pub fn authorize(&self, url: JsValue, method: JsValue, is_own: bool) -> Promise {
        self.promise(async move |client| {
            let url = url_text(&url).unwrap_or_else(|| NO_URL.into());
            if is_own {
                client.api.resolve(&url)?;
            }
            client.authorize(&url, &method.as_string().unwrap_or_default()).await.map(transformed)
        })
    }

    /// Returns the URL and the headers for one request, without waiting.
    #[wasm_bindgen(js_name = transformRequest)]
    pub fn transform_request(&self, url: JsValue) -> Result<JsValue, JsValue> {
        let url = url_text(&url).unwrap_or_default();
        Ok(self.0.transform_request(&url).map(transformed)?)
    }

    /// Returns the value of the `Authorization` header; `null` if no token is active.
    pub fn peek(&self) -> JsValue {
        self.0.peek().map_or(JsValue::NULL, JsValue::from)
    }

    /// Returns whether the token has a scope; `null` if that is not known.
    pub fn can(&self, scope: JsValue) -> Result<JsValue, JsValue> {
        let can = self.0.can(&read_scope(&scope)?);
        Ok(can.map_or(JsValue::NULL, JsValue::from_bool))
    }

    /// Describes the token in use.
    pub fn describe(&self) -> JsValue {
        let Description { kind, scopes, origins, lifetime_seconds, seconds_left, refresh_in_seconds } =
            self.0.describe();
        let list = |texts: Option<Vec<String>>| match texts {
            Some(texts) => texts.iter().map(JsValue::from).collect::<Array>().into(),
            None => JsValue::NULL,
        };
        let token = self.0.connection.token();
        let contents = token.as_ref().and_then(|token| token.contents.as_ref());
        let of_visitor = |name| contents.map_or(JsValue::NULL, |contents| value_or_null(&contents.visitor, name));
        object(&[
            ("kind", &kind.as_str().into()),
            ("scopes", &list(scopes)),
            ("origins", &list(origins)),
            ("subject", &of_visitor("subject")),
            ("claims", &of_visitor("claims")),
            ("lifetimeSeconds", &or_null(lifetime_seconds)),
            ("secondsLeft", &or_null(seconds_left)),
            ("refreshInSeconds", &or_null(refresh_in_seconds)),
        ])
    }

    /// Ends the connection.
    pub fn close(&self) {
        self.0.close();
    }

    /// Ends the connection, and those of the same person in other tabs.
    #[wasm_bindgen(js_name = signOut)]
    pub fn sign_out(&self) {
        self.0.sign_out();
    }
}

impl Handle {
    /// Starts a call that outlives this handle.
    fn promise<F>(&self, call: impl FnOnce(Rc<Client>) -> F) -> Promise
    where
        F: Future<Output = Result<JsValue, Error>> + 'static,
    {
        promise(Box::pin(call(self.0.clone())))
    }
}

/// Makes a promise of a call: the one place, since each type of call would have code of its own.
#[inline(never)]
pub(super) fn promise(call: Pin<Box<dyn Future<Output = Result<JsValue, Error>>>>) -> Promise {
    future_to_promise(async { Ok(call.await?) })
}

fn or_null(seconds: Option<f64>) -> JsValue {
    seconds.map_or(JsValue::NULL, JsValue::from_f64)
}

fn value_or_null(of: &JsValue, name: &str) -> JsValue {
    let value = get(of, name);
    if is_present(&value) { value } else { JsValue::NULL }
}

fn read_scope(scope: &JsValue) -> Result<Scope, Error> {
    let text = scope.as_string().unwrap_or_default();
    Scope::read(&text)
        .ok_or_else(|| Error::argument(&["can: `", &text, "` is not a scope: expected resource:action."].concat()))
}

fn transformed(request: TransformedRequest) -> JsValue {
    object(&[("url", &request.url.into()), ("headers", &as_object(&request.headers))])
}

fn as_object(headers: &[(&'static str, String)]) -> JsValue {
    let object = object(&[]);
    for (name, value) in headers {
        set(&object, name, &value.as_str().into());
    }
    object
}
