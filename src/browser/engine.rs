//! When to get a new temporary token: [`Refresh`] for JavaScript.
//!
//! | event | effect |
//! | --- | --- |
//! | 0 wanted | 0 ask: call, attempt |
//! | 1 woke | 1 use: call, lifetime |
//! | 2 online | 2 expired |
//! | 3 offline | 3 closed |
//! | 4 granted: call, lifetime | 4 report: failure, retry in |
//! | 5 failed: call | 5 settle |
//! | 6 stale: call | 6 wake in |
//! | 7 forbidden: call | |
//! | 8 rejected: call | |
//! | 9 closed | |
//!
//! An effect is three numbers in a row, those that it lacks 0. Times are in milliseconds; what never comes is infinite.
//! `pkg/src/engine.js` gives the numbers their names.

use wasm_bindgen::prelude::*;

use crate::refresh::{Effect, Event, Failure, Loss, NEVER, Refresh, Status};

/// [`Refresh`], by numbers.
#[wasm_bindgen]
pub struct Engine(Refresh);

#[wasm_bindgen]
impl Engine {
    /// An engine with this jitter, from 0 to 1, that has a provider or not.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(jitter: f64, has_provider: bool) -> Engine {
        let engine = Refresh::new(jitter);
        Engine(if has_provider { engine } else { engine.without_provider() })
    }

    /// Begins with a token.
    pub fn hold(&mut self, lifetime: f64, now: f64) {
        self.0 = self.0.clone().with_token(whole(lifetime), whole(now));
    }

    /// What is to be done after an event.
    pub fn step(&mut self, event: u8, call: u32, lifetime: f64, now: f64) -> Vec<f64> {
        let event = match event {
            0 => Event::Wanted,
            1 => Event::Woke,
            2 => Event::Online,
            3 => Event::Offline,
            4 => Event::Granted { call, lifetime: whole(lifetime) },
            5 => Event::Failed { call },
            6 => Event::Stale { call },
            7 => Event::Forbidden { call },
            8 => Event::Rejected { call },
            _ => Event::Closed,
        };
        self.0.step(event, whole(now)).into_iter().flat_map(numbers).collect()
    }

    /// How things stand: the number of the call whose token is good, or -1 asking, -2 pausing, -3 idle, -4 over, -5 closed.
    #[must_use]
    pub fn status(&self, now: f64) -> f64 {
        match self.0.status(whole(now)) {
            Status::Living(call) => f64::from(call),
            Status::Asking => -1.0,
            Status::Pausing => -2.0,
            Status::Idle => -3.0,
            Status::Over => -4.0,
            Status::Closed => -5.0,
        }
    }

    /// Until the token in use ends.
    #[must_use]
    pub fn expires_in(&self, now: f64) -> f64 {
        number(self.0.expires_in(whole(now)))
    }

    /// Until the next call.
    #[must_use]
    pub fn refresh_in(&self, now: f64) -> f64 {
        number(self.0.refresh_in(whole(now)))
    }
}

fn numbers(effect: Effect) -> [f64; 3] {
    match effect {
        Effect::Ask { call, attempt } => [0.0, call.into(), attempt.into()],
        Effect::Use { call, lifetime } => [1.0, call.into(), number(Some(lifetime))],
        Effect::Forget(Loss::Expired) => [2.0, 0.0, 0.0],
        Effect::Forget(Loss::Closed) => [3.0, 0.0, 0.0],
        Effect::Report { failure, retry_in } => {
            let failure = match failure {
                Failure::Failed => 0.0,
                Failure::TimedOut => 1.0,
                Failure::Stale => 2.0,
                Failure::Forbidden => 3.0,
            };
            [4.0, failure, number(retry_in)]
        }
        Effect::Settle => [5.0, 0.0, 0.0],
        Effect::WakeIn(time) => [6.0, number(time), 0.0],
    }
}

/// What JavaScript's infinity and fractions mean here.
fn whole(milliseconds: f64) -> u64 {
    if milliseconds == f64::INFINITY { NEVER } else { milliseconds as u64 }
}

fn number(milliseconds: Option<u64>) -> f64 {
    milliseconds.filter(|milliseconds| *milliseconds != NEVER).map_or(f64::INFINITY, |milliseconds| milliseconds as f64)
}
