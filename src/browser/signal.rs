//! Abort signals: what ends a wait.

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Poll, Waker};

use js_sys::{Array, Promise};
use wasm_bindgen::prelude::*;
use web_sys::AbortSignal;

use super::error::Error;
use super::js::{Callback, call, get, global};
use super::listening::Listening;

/// Makes a signal that aborts when either does.
pub(super) fn either(one: &AbortSignal, other: &AbortSignal) -> AbortSignal {
    any(&[one, other]).unwrap_or_else(|_| one.clone())
}

/// Makes a signal that aborts when any of these does. It fails if one is no signal.
#[inline(never)]
pub(super) fn any(signals: &[&JsValue]) -> Result<AbortSignal, JsValue> {
    let signals = signals.iter().copied().collect::<Array>();
    Ok(call(&global("AbortSignal"), "any", &[&signals])?.unchecked_into())
}

/// Returns whether a signal has aborted. That of a page may be anything: what it throws is a no.
#[inline(never)]
pub(super) fn is_aborted(signal: &AbortSignal) -> bool {
    get(signal, "aborted") == true
}

/// Returns why a signal has aborted.
pub(super) fn reason(signal: &AbortSignal) -> Error {
    get(signal, "reason").into()
}

/// Makes a promise that is settled when the signal aborts.
#[inline(never)]
pub(super) fn aborted(signal: &AbortSignal) -> Promise {
    Promise::new(&mut |resolve, _| {
        let _ = call(signal, "addEventListener", &[&"abort".into(), &resolve]);
    })
}

/// Wakes who waits when the signal aborts.
fn wake_on_abort(signal: &AbortSignal, waker: Rc<Cell<Option<Waker>>>) -> Listening<'_> {
    let wake = move |_| {
        if let Some(waker) = waker.take() {
            waker.wake();
        }
        JsValue::UNDEFINED
    };
    Listening::new(signal, "abort", None, Callback::new(wake))
}

/// Waits for the future, or for the signal, whose reason is then the error.
pub(super) async fn until_aborted<T>(
    signal: &AbortSignal,
    future: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let waker: Rc<Cell<Option<Waker>>> = Rc::default();
    let mut listening = None;
    let mut future = pin!(future);
    poll_fn(|context| {
        if is_aborted(signal) {
            return Poll::Ready(Err(reason(signal)));
        }
        let poll = future.as_mut().poll(context);
        if poll.is_pending() {
            waker.set(Some(context.waker().clone()));
            // Only now: most futures that wait here are ready.
            listening.get_or_insert_with(|| wake_on_abort(signal, waker.clone()));
        }
        poll
    })
    .await
}
