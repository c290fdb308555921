//! Abort signals: what ends a wait.

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use js_sys::Promise;
use wasm_bindgen::prelude::*;
use web_sys::AbortSignal;

use super::error::Error;
use super::js::{Callback, array, call, get, global};
use super::listening::Listening;

/// Makes a signal that aborts when either does.
pub(super) fn either(one: &AbortSignal, other: &AbortSignal) -> AbortSignal {
    any(&[one, other]).unwrap_or_else(|_| one.clone())
}

/// Makes a signal that aborts when another does, and after so many milliseconds.
#[inline(never)]
pub(super) fn at_most(milliseconds: u32, signal: &AbortSignal) -> AbortSignal {
    either(&AbortSignal::timeout_with_u32(milliseconds), signal)
}

/// Makes a signal that aborts when any of these does. It fails if one is no signal.
#[inline(never)]
pub(super) fn any(signals: &[&JsValue]) -> Result<AbortSignal, JsValue> {
    Ok(call(&global("AbortSignal"), "any", &[&array(signals)])?.unchecked_into())
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

/// Who waits, and hears when the signal aborts.
struct Watch<'a> {
    signal: &'a AbortSignal,
    waker: Rc<Cell<Option<Waker>>>,
    listening: Option<Listening<'a>>,
}

impl Watch<'_> {
    /// Returns why the signal has aborted, if it has.
    #[inline(never)]
    fn end(&self) -> Option<Error> {
        is_aborted(self.signal).then(|| reason(self.signal))
    }

    /// Wakes the task when the signal aborts.
    #[inline(never)]
    fn wait(&mut self, context: &Context<'_>) {
        self.waker.set(Some(context.waker().clone()));
        // Only now: most futures that wait here are ready.
        if self.listening.is_none() {
            let waker = self.waker.clone();
            let wake = move |_| {
                if let Some(waker) = waker.take() {
                    waker.wake();
                }
                JsValue::UNDEFINED
            };
            self.listening = Some(Listening::new(self.signal, "abort", None, Callback::new(wake)));
        }
    }
}

/// Waits for the future, or for the signal, whose reason is then the error.
pub(super) async fn until_aborted<T>(
    signal: &AbortSignal,
    future: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let mut watch = Watch { signal, waker: Rc::default(), listening: None };
    let mut future = pin!(future);
    poll_fn(|context| {
        if let Some(error) = watch.end() {
            return Poll::Ready(Err(error));
        }
        let poll = future.as_mut().poll(context);
        if poll.is_pending() {
            watch.wait(context);
        }
        poll
    })
    .await
}
