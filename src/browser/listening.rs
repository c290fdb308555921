//! Listeners at the platform, and waiting for one event.

use std::cell::RefCell;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

use wasm_bindgen::prelude::*;
use web_sys::AbortSignal;

use super::js::{Callback, call, object, set};

/// A listener, until it is dropped, or until a signal aborts.
pub(super) struct Listening<'a> {
    target: &'a JsValue,
    event: &'static str,
    callback: Callback,
}

impl<'a> Listening<'a> {
    #[inline(never)]
    pub(super) fn new(
        target: &'a JsValue,
        event: &'static str,
        signal: Option<&AbortSignal>,
        callback: Callback,
    ) -> Listening<'a> {
        let options = object(&[]);
        if let Some(signal) = signal {
            set(&options, "signal", signal);
        }
        let _ = call(target, "addEventListener", &[&event.into(), callback.as_ref(), &options]);
        Listening { target, event, callback }
    }
}

impl Drop for Listening<'_> {
    fn drop(&mut self) {
        let _ = call(self.target, "removeEventListener", &[&self.event.into(), self.callback.as_ref()]);
    }
}

/// Waits for the first event that is accepted. `start` is called when the listener is there.
pub(super) async fn next_event(
    target: &JsValue,
    event: &'static str,
    signal: &AbortSignal,
    accept: impl Fn(&JsValue) -> bool + 'static,
    start: impl FnOnce(),
) -> JsValue {
    let heard: Rc<RefCell<(Option<JsValue>, Option<Waker>)>> = Rc::default();
    let callback = Callback::new({
        let heard = heard.clone();
        move |event| {
            let is_first = heard.borrow().0.is_none();
            if is_first && accept(&event) {
                let mut heard = heard.borrow_mut();
                heard.0 = Some(event);
                if let Some(waker) = heard.1.take() {
                    waker.wake();
                }
            }
            JsValue::UNDEFINED
        }
    });
    let _listening = Listening::new(target, event, Some(signal), callback);
    start();
    poll_fn(|context| {
        let mut heard = heard.borrow_mut();
        match heard.0.take() {
            Some(event) => Poll::Ready(event),
            None => {
                heard.1 = Some(context.waker().clone());
                Poll::Pending
            }
        }
    })
    .await
}
