//! The client for the npm package: what `pkg/src` calls.
//!
//! A trap loses everything that is in the WebAssembly's memory. So what another instance needs to go on is kept outside: the
//! object that [`prepare`] makes, and the token in it.

mod handle;
mod options;

use std::rc::Rc;

use js_sys::Promise;
use wasm_bindgen::prelude::*;
use web_sys::AbortSignal;

use handle::promise;
pub use handle::{Handle, Page};

use super::client::Prepared;
use super::dpop::Prover;
use super::error::Error;
use super::events::InUse;
use super::explain;
use super::js::{get, object, set, text, wall_now};
use super::signal::{either, until_aborted};
use super::token::Token;
use crate::session::refresh::NEVER;
use crate::{ErrorCode, TokenKind};

/// A tenth of the code of the usual one. Little is allocated here, and for a moment.
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

/// Checks the options of `connect`, opens a bundle, and gets the key of proofs. Returns what a [`Handle`] is made from, as often as
/// it takes: `{options, kind, parameters, base, authorization, endsAt, restsUntil, call, pair, jwk, thumbprint}`.
#[wasm_bindgen]
pub fn prepare(given: JsValue, signal: AbortSignal) -> Promise {
    promise(Box::pin(prepared(given, signal)))
}

async fn prepared(given: JsValue, signal: AbortSignal) -> Result<JsValue, Error> {
    let copy = options::copy(&given)?;
    let (options, clean) = options::read(&copy, true)?;
    let signal = options.signal.as_ref().map_or(signal.clone(), |own| either(own, &signal));
    let mut prepared = until_aborted(&signal, Prepared::new(options, &signal)).await?;
    if let Some(clean) = clean {
        clean.run()?;
    }
    let kept = object(&[
        ("options", &copy),
        ("kind", &prepared.options.source.kind().as_str().into()),
        ("parameters", &prepared.parameters),
        ("timeoutSeconds", &prepared.options.timeout_seconds.into()),
    ]);
    if let Some(token) = prepared.token.take() {
        let (ends_in, rests_for) = (token.lifetime, 0);
        keep(&kept, &InUse { token: Some(Rc::new(token)), call: 0, ends_in, rests_for });
    }
    if prepared.prover.is_none() && prepared.options.source.kind() != TokenKind::Publishable {
        set(&kept, "base", &prepared.api.href().into());
    }
    if let Some(prover) = &prepared.prover {
        let (pair, jwk, thumbprint) = prover.parts();
        for (name, value) in [("pair", pair.as_ref()), ("jwk", jwk), ("thumbprint", &thumbprint.into())] {
            set(&kept, name, value);
        }
    }
    Ok(kept)
}

/// Keeps the token in use: for another instance, and for requests that the page can send by itself.
fn keep(kept: &JsValue, in_use: &InUse) {
    let authorization = in_use.token.as_ref().map_or(JsValue::UNDEFINED, |token| token.authorization.as_str().into());
    set(kept, "authorization", &authorization);
    set(kept, "endsAt", &end(in_use.ends_in));
    // Not now: a clock that is set back would make it a time to come.
    let rests_until = if in_use.rests_for == 0 { 0.into() } else { end(in_use.rests_for) };
    set(kept, "restsUntil", &rests_until);
    set(kept, "call", &in_use.call.into());
}

/// Makes the error of a code, for what fails outside. Both are strings, which as values need less glue.
#[wasm_bindgen]
#[must_use]
pub fn failure(code: JsValue, particulars: JsValue) -> JsValue {
    let [code, particulars] = [code, particulars].map(|text| text.as_string().unwrap_or_default());
    ErrorCode::find(&code).map_or(JsValue::UNDEFINED, |code| Error::new(code, &particulars).into())
}

/// Returns the error in a response's body; `null` if it contains none.
#[wasm_bindgen]
pub fn refusal(response: JsValue) -> Promise {
    promise(Box::pin(async move { Ok(explain::refusal(&response).await.map_or(JsValue::NULL, JsValue::from)) }))
}

/// Reads what [`prepare`] made, and the token that was kept last.
fn restore(kept: &JsValue) -> Result<Prepared, Error> {
    let (options, _) = options::read(&get(kept, "options"), false)?;
    let mut prepared = Prepared::checked(options)?;
    prepared.parameters = get(kept, "parameters");
    prepared.token = text(kept, "authorization").and_then(|authorization| {
        let left = left(&get(kept, "endsAt"));
        (left > 0).then(|| Token::new(authorization, left))
    });
    if let Some(thumbprint) = text(kept, "thumbprint") {
        prepared.prover = Some(Prover::restored(get(kept, "pair").unchecked_into(), get(kept, "jwk"), thumbprint));
    }
    Ok(prepared)
}

/// Returns when something ends that has so many milliseconds left, in Unix milliseconds.
fn end(left: u64) -> JsValue {
    if left == NEVER { f64::INFINITY.into() } else { (wall_now() + left as f64).into() }
}

fn left(end: &JsValue) -> u64 {
    match end.as_f64() {
        Some(f64::INFINITY) => NEVER,
        Some(end) => (end - wall_now()).max(0.0) as u64,
        None => 0,
    }
}
