//! Reading JavaScript values.

use js_sys::{Array, Date, Function, JSON, Object, Reflect};
use serde::de::DeserializeOwned;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{AbortSignal, Response};

/// A field, `None` where it is absent, `undefined` or `null`, or the value has no fields.
pub(super) fn field(object: &JsValue, name: &str) -> Option<JsValue> {
    let value = Reflect::get(object, &name.into()).ok()?;
    (!value.is_undefined() && !value.is_null()).then_some(value)
}

/// A field that is a text.
pub(super) fn text_field(object: &JsValue, name: &str) -> Option<String> {
    field(object, name)?.as_string()
}

/// A field that is a number.
pub(super) fn number_field(object: &JsValue, name: &str) -> Option<f64> {
    field(object, name)?.as_f64()
}

/// A field that is a function.
pub(super) fn function_field(object: &JsValue, name: &str) -> Option<Function> {
    field(object, name)?.dyn_into().ok()
}

/// A text, or an object that is one by nature, such as a `URL`.
pub(super) fn text_or_url(value: &JsValue) -> Option<String> {
    value.as_string().or_else(|| value.dyn_ref::<web_sys::Url>().map(web_sys::Url::href))
}

/// The value as `T`, if it has the shape.
pub(super) fn read<T: DeserializeOwned>(value: JsValue) -> Option<T> {
    serde_wasm_bindgen::from_value(value).ok()
}

/// JSON text as a JavaScript value.
pub(super) fn parse_json(bytes: &[u8]) -> Option<JsValue> {
    JSON::parse(std::str::from_utf8(bytes).ok()?).ok()
}

/// A plain object with these fields.
pub(super) fn object(fields: &[(&str, JsValue)]) -> JsValue {
    let object = Object::new();
    for (name, value) in fields {
        // Setting a field of a plain object cannot fail.
        let _ = Reflect::set(&object, &(*name).into(), value);
    }
    object.into()
}

/// The origin of the page or worker, `null` in a sandboxed frame; `None` where there is no page, as in Node. It is not the
/// location's: a frame from `srcdoc` has the origin of the page around it.
pub(super) fn page_origin() -> Option<String> {
    text_field(&js_sys::global(), "origin")
}

/// A signal that aborts when `own` does, or after so many milliseconds.
pub(super) fn abort_after(milliseconds: u32, own: &AbortSignal) -> AbortSignal {
    AbortSignal::any(&Array::of2(&AbortSignal::timeout_with_u32(milliseconds), own))
}

/// The server's own time in Unix milliseconds, where the page may read it.
pub(super) fn server_time(response: &Response) -> Option<u64> {
    let date = Date::parse(&response.headers().get("date").ok()??);
    date.is_finite().then_some(date as u64)
}

/// Whether the browser knows that it has no network.
pub(super) fn is_offline() -> bool {
    let navigator = field(&js_sys::global(), "navigator");
    navigator.and_then(|navigator| field(&navigator, "onLine")).is_some_and(|online| online.is_falsy())
}
