//! The key of this origin's proofs: it cannot be exported, and is kept in IndexedDB where that works.

use js_sys::Promise;
use wasm_bindgen::prelude::*;
use web_sys::CryptoKeyPair;

use super::bundle::subtle;
use super::error::Error;
use super::js::{Callback, Timer, array, call, get, global, object, set, settled};

/// A store that has not answered by then will not, in milliseconds: some browsers' never do.
const TIMEOUT: f64 = 1_000.0;

const DATABASE: &str = "daypass";
const STORE: &str = "keys";

/// Returns the key pair under this name, which is made if it is missing. Where nothing can be kept, it lives as long as the page.
pub(super) async fn open_key(name: &str) -> Result<CryptoKeyPair, Error> {
    let Some(subtle) = subtle() else {
        return Err(Error::option("`dpop` needs a secure context: serve the page over https."));
    };
    let algorithm = object(&[("name", &"ECDSA".into()), ("namedCurve", &"P-256".into())]);
    let uses = array(&[&"sign".into()]);
    let made = settled(call(&subtle, "generateKey", &[&algorithm, &false.into(), &uses])).await?;
    let kept = kept(name, &made).await;
    Ok(kept.unwrap_or(made).unchecked_into())
}

/// Returns the pair that is kept under this name, or keeps this one.
async fn kept(name: &str, made: &JsValue) -> Result<JsValue, JsValue> {
    let request = call(&global("indexedDB"), "open", &[&DATABASE.into(), &1.into()])?;
    let ready = Callback::new(|event| {
        let database = get(&get(&event, "target"), "result");
        let is_new = get(&event, "type") == "upgradeneeded";
        let (method, argument) = if is_new { ("createObjectStore", STORE) } else { ("close", "") };
        call(&database, method, &[&argument.into()]).unwrap_or_default()
    });
    // The browser frees it with the request, whose answer may come when nobody waits for it any more.
    let ready = ready.into_js_value();
    set(&request, "onupgradeneeded", &ready);
    exchanged(&done(&request, &ready).await?, name, made).await
}

/// Another tab may have had the same thought: the transaction lets one in at a time.
async fn exchanged(database: &JsValue, name: &str, made: &JsValue) -> Result<JsValue, JsValue> {
    let transaction = call(database, "transaction", &[&STORE.into(), &"readwrite".into()]);
    // It closes when the transaction ends.
    call(database, "close", &[])?;
    let store = call(&transaction?, "objectStore", &[&STORE.into()])?;
    let request = call(&store, "get", &[&name.into()])?;
    let found = done(&request, &JsValue::NULL).await?;
    if !found.is_undefined() {
        return Ok(found);
    }
    // The transaction ends by itself.
    call(&store, "put", &[made, &name.into()])?;
    Ok(made.clone())
}

/// Waits for a request, and returns its result. What comes later, `late` hears.
async fn done(request: &JsValue, late: &JsValue) -> Result<JsValue, JsValue> {
    let mut waiting = Waiting { request, late, timer: None };
    let answered = Promise::new(&mut |resolve, reject| {
        set(request, "onsuccess", &resolve);
        set(request, "onerror", &reject);
        waiting.timer = Some(Timer::new(&reject, TIMEOUT));
    });
    settled(Ok(answered.into())).await?;
    Ok(get(request, "result"))
}

/// The wait for a request, until it is dropped.
struct Waiting<'a> {
    request: &'a JsValue,
    late: &'a JsValue,
    timer: Option<Timer>,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        set(self.request, "onsuccess", self.late);
        set(self.request, "onerror", &JsValue::NULL);
    }
}
