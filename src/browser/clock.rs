//! Time in a browser: [`Clock`] never runs backwards, [`Timer`] rings once.

use std::cell::Cell;

use js_sys::{Date, Function, Reflect};
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &Function, milliseconds: i32) -> JsValue;
    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(timer: &JsValue);
}

/// The clocks may drift apart by this many milliseconds before it counts as a jump.
const DRIFT: f64 = 1_000.0;

/// Milliseconds since the connection began.
///
/// The steady clock may stand still while a device sleeps, and the wall clock may be set. This one goes with the steady
/// clock, and follows the wall clock's jumps forward: a token can seem older than it is, never younger.
pub(super) struct Clock {
    began: f64,
    jumped: Cell<f64>,
    /// By how much the wall clock was ahead of the steady one when they were last compared.
    ahead: Cell<f64>,
}

impl Clock {
    pub(super) fn new() -> Clock {
        let began = steady_now();
        Clock { began, jumped: Cell::new(0.0), ahead: Cell::new(Date::now() - began) }
    }

    pub(super) fn now(&self) -> u64 {
        let steady = steady_now();
        let ahead = Date::now() - steady;
        let jump = ahead - self.ahead.get();
        if jump.abs() > DRIFT {
            self.ahead.set(ahead);
            self.jumped.set(self.jumped.get() + jump.max(0.0));
        }
        (steady - self.began + self.jumped.get()) as u64
    }
}

fn steady_now() -> f64 {
    let performance = Reflect::get(&js_sys::global(), &"performance".into()).unwrap_or(JsValue::UNDEFINED);
    let now = Reflect::get(&performance, &"now".into()).ok().and_then(|now| now.dyn_into::<Function>().ok());
    now.and_then(|now| now.call0(&performance).ok()).and_then(|now| now.as_f64()).unwrap_or(0.0)
}

/// A timer that is set anew each time.
#[derive(Default)]
pub(super) struct Timer(Cell<Option<JsValue>>);

impl Timer {
    /// Calls back in so many milliseconds, unless set again before. Longer than 2^31 ms is cut: browsers would ring at once.
    pub(super) fn set(&self, milliseconds: Option<u64>, callback: &Function) {
        if let Some(timer) = self.0.take() {
            clear_timeout(&timer);
        }
        if let Some(milliseconds) = milliseconds {
            let milliseconds = i32::try_from(milliseconds).unwrap_or(i32::MAX);
            self.0.set(Some(set_timeout(callback, milliseconds)));
        }
    }
}
