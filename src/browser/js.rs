//! JavaScript's own objects, by name: what web-sys has in more bytes, or does not have on stable.

use std::pin::Pin;
use std::task::{Context, Poll};

use js_sys::{Array, Function, Promise, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

/// The one type of function that is handed to the browser: each type has glue of its own.
///
/// `Fn`: a listener of the page may cause another event, which is heard before the first one is done with.
pub(super) type Callback = Closure<dyn Fn(JsValue) -> JsValue>;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = Reflect, js_name = get, catch)]
    fn reflect_get(of: &JsValue, name: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(js_namespace = Reflect, js_name = set, catch)]
    fn reflect_set(of: &JsValue, name: &str, value: &JsValue) -> Result<bool, JsValue>;
    #[wasm_bindgen(js_namespace = Reflect, js_name = apply, catch)]
    fn reflect_apply(function: &JsValue, of: &JsValue, arguments: &Array) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(js_name = fetch, catch)]
    fn global_fetch(resource: &JsValue, options: &JsValue) -> Result<JsValue, JsValue>;
    /// The global object itself. js_sys looks for it in four places, for browsers of long ago.
    #[wasm_bindgen(js_namespace = globalThis, js_name = valueOf)]
    pub(super) fn global_object() -> JsValue;
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    pub(super) fn steady_now() -> f64;
    #[wasm_bindgen(js_namespace = Date, js_name = now)]
    pub(super) fn wall_now() -> f64;
    #[wasm_bindgen(js_name = setTimeout)]
    pub(super) fn set_timeout(callback: &Function, milliseconds: f64) -> JsValue;
    #[wasm_bindgen(js_name = clearTimeout)]
    pub(super) fn clear_timeout(timer: &JsValue);
}

/// Returns a property; `undefined` if it is missing, or reading it throws.
#[inline(never)]
pub(super) fn get(of: &JsValue, name: &str) -> JsValue {
    try_get(of, name).unwrap_or_default()
}

/// Returns a property, or what reading it throws.
#[inline(never)]
pub(super) fn try_get(of: &JsValue, name: &str) -> Result<JsValue, JsValue> {
    reflect_get(of, name)
}

/// Sets a property of an object of ours.
#[inline(never)]
pub(super) fn set(of: &JsValue, name: &str, value: &JsValue) {
    // It fails for values that are no objects.
    let _ = reflect_set(of, name, value);
}

/// Calls a method; fails if it is missing, or with what it throws.
#[inline(never)]
pub(super) fn call(of: &JsValue, name: &str, arguments: &[&JsValue]) -> Result<JsValue, JsValue> {
    reflect_apply(&get(of, name), of, &array(arguments))
}

/// Makes an array.
#[inline(never)]
pub(super) fn array(items: &[&JsValue]) -> Array {
    items.iter().copied().collect()
}

/// Copies bytes.
pub(super) fn bytes(bytes: &[u8]) -> JsValue {
    Uint8Array::from(bytes).into()
}

/// Returns a property that is a string.
#[inline(never)]
pub(super) fn text(of: &JsValue, name: &str) -> Option<String> {
    get(of, name).as_string()
}

/// Returns a property that is a whole number from 0 to 2^53 - 1.
#[inline(never)]
pub(super) fn whole(of: &JsValue, name: &str) -> Option<u64> {
    whole_number(&get(of, name))
}

/// Returns a value that is a whole number from 0 to 2^53 - 1.
#[inline(never)]
pub(super) fn whole_number(value: &JsValue) -> Option<u64> {
    let number = value.as_f64()?;
    ((0.0..9_007_199_254_740_992.0).contains(&number) && number as u64 as f64 == number).then_some(number as u64)
}

/// Reads a number as JavaScript does: the standard library's way is larger.
#[inline(never)]
pub(super) fn number(text: &str) -> Option<f64> {
    let number = JsValue::from_str(text).unchecked_into_f64();
    (!text.is_empty() && number.is_finite()).then_some(number)
}

/// Writes a number as JavaScript does: the standard library's way is larger.
#[inline(never)]
pub(super) fn written(number: &JsValue) -> String {
    let text = call(&array(&[number]), "join", &[]).ok();
    text.and_then(|text| text.as_string()).unwrap_or_default()
}

/// Returns a property that is a list.
pub(super) fn list(of: &JsValue, name: &str) -> Option<Array> {
    items(&get(of, name))
}

/// Returns a copy of a list: the list itself may be a proxy, which throws.
#[inline(never)]
pub(super) fn items(value: &JsValue) -> Option<Array> {
    let array = global("Array");
    let is_list = call(&array, "isArray", &[value]).ok()? == true;
    is_list.then(|| call(&array, "from", &[value]).ok())?.map(JsCast::unchecked_into)
}

/// Returns a list of strings.
#[inline(never)]
pub(super) fn texts(list: &Array) -> Option<Vec<String>> {
    let mut texts = Vec::new();
    // The iterator that collects options would be larger.
    for item in list.iter() {
        texts.push(item.as_string()?);
    }
    Some(texts)
}

/// Returns whether a value is neither `undefined` nor `null`.
pub(super) fn is_present(value: &JsValue) -> bool {
    !value.is_undefined() && !value.is_null()
}

/// Returns whether a value has a method of this name. So an object is told by what it can do: `instanceof` fails for
/// one of another realm, such as a frame or a test runner.
#[inline(never)]
pub(super) fn has_method(value: &JsValue, name: &str) -> bool {
    value.is_object() && get(value, name).is_function()
}

/// Returns a global; `undefined` if the platform does not have it, or does not let the page use it.
#[inline(never)]
pub(super) fn global(name: &str) -> JsValue {
    get(&global_object(), name)
}

/// Makes an object with these properties.
#[inline(never)]
pub(super) fn object(properties: &[(&str, &JsValue)]) -> JsValue {
    let object = js_sys::Object::new().into();
    for (name, value) in properties {
        set(&object, name, value);
    }
    object
}

/// What a promise brings: the one place where promises are polled, since each has code of its own otherwise.
pub(super) struct Settled(JsFuture);

impl Future for Settled {
    type Output = Result<JsValue, JsValue>;

    #[inline(never)]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context)
    }
}

/// Waits for what a call returns, if that is a promise.
#[inline(never)]
pub(super) fn settled(returned: Result<JsValue, JsValue>) -> Settled {
    let promise = match returned {
        Ok(value) => Promise::resolve(&value),
        Err(error) => Promise::reject(&error),
    };
    Settled(promise.into())
}

/// Calls the browser's `fetch`.
#[inline(never)]
pub(super) fn fetch(resource: &JsValue, options: &JsValue) -> Settled {
    settled(global_fetch(resource, options))
}

/// A timer, until it is dropped.
pub(super) struct Timer(JsValue);

impl Timer {
    /// Calls a function later.
    pub(super) fn new(callback: &Function, milliseconds: f64) -> Timer {
        Timer(set_timeout(callback, milliseconds))
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        clear_timeout(&self.0);
    }
}

/// Joins texts: the standard library's way is made for speed, and larger.
#[inline(never)]
pub(super) fn joined(parts: &[impl AsRef<str>], between: &str) -> String {
    let mut whole = String::new();
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            whole.push_str(between);
        }
        whole.push_str(part.as_ref());
    }
    whole
}
