//! The key of this origin's proofs: it cannot be exported, and is kept in IndexedDB where that works.

use js_sys::{Array, Promise};
use wasm_bindgen::prelude::*;
use web_sys::CryptoKeyPair;

use super::bundle::subtle;
use super::error::Error;
use super::js::{Callback, Settled, call, get, global, object, set, set_timeout, settled};

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
    let uses = Array::of1(&"sign".into());
    let made = subtle.generate_key_with_object(algorithm.unchecked_ref(), false, &uses)?;
    let made = settled(Ok(made.into())).await?;
    let kept = kept(name, &made).await;
    Ok(kept.unwrap_or(made).unchecked_into())
}

/// Returns the pair that is kept under this name, or keeps this one.
async fn kept(name: &str, made: &JsValue) -> Result<JsValue, JsValue> {
    let request = call(&global("indexedDB"), "open", &[&DATABASE.into(), &1.into()])?;
    let upgrade = Callback::new({
        let request = request.clone();
        move |_| call(&get(&request, "result"), "createObjectStore", &[&STORE.into()]).unwrap_or_default()
    });
    set(&request, "onupgradeneeded", upgrade.as_ref());
    done(&request).await?;
    let database = get(&request, "result");
    let kept = exchanged(&database, name, made).await;
    call(&database, "close", &[])?;
    kept
}

/// Another tab may have had the same thought: the transaction lets one in at a time.
async fn exchanged(database: &JsValue, name: &str, made: &JsValue) -> Result<JsValue, JsValue> {
    let transaction = call(database, "transaction", &[&STORE.into(), &"readwrite".into()])?;
    let store = call(&transaction, "objectStore", &[&STORE.into()])?;
    let request = call(&store, "get", &[&name.into()])?;
    done(&request).await?;
    let found = get(&request, "result");
    if !found.is_undefined() {
        return Ok(found);
    }
    // The transaction ends by itself.
    call(&store, "put", &[made, &name.into()])?;
    Ok(made.clone())
}

/// Waits for a request, whose result can then be read.
fn done(request: &JsValue) -> Settled {
    let answered = Promise::new(&mut |resolve, reject| {
        set(request, "onsuccess", &resolve);
        set(request, "onerror", &reject);
        // Once it is settled, this does nothing.
        set_timeout(&reject, TIMEOUT);
    });
    settled(Ok(answered.into()))
}
