//! When to get a new temporary token, among all tabs: [`Tabs`] for JavaScript.
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
//! | 7 forbidden: call | 7 post: a message |
//! | 8 rejected: call | 8 lock |
//! | 9 closed | 9 unlock |
//! | 10 others: 0 if there are none | |
//! | 11 locked | |
//! | 12 no lock | |
//!
//! An effect is [`WIDTH`] numbers in a row, those that it lacks 0. A message is what it says (0 who, 1
//! asking, 2 failed, 3 has), when it was sent, by whom the token was asked for and when, its lifetime, and
//! how many were rejected before it; where there is no token, it was asked for at -1. Times are in
//! milliseconds; what never comes is infinite. `pkg/src/connection.js` gives the numbers their names.

use wasm_bindgen::prelude::*;

use crate::session::refresh::{self, Failure, Loss, NEVER, Refresh, Status, Token};
use crate::session::tabs::{Content, Effect, Event, Mark, Message, Others, Tabs};

/// Numbers in an effect.
const WIDTH: usize = 7;

/// [`Tabs`], by numbers.
#[wasm_bindgen]
pub struct Engine(Tabs);

#[wasm_bindgen]
impl Engine {
    /// An engine with this jitter, from 0 to 1, that has a provider or not, and begins with a token unless
    /// its lifetime is 0.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(jitter: f64, has_provider: bool, lifetime: f64, now: f64) -> Engine {
        let mut refresh = Refresh::new(jitter);
        if lifetime > 0.0 {
            refresh = refresh.with_token(whole(lifetime), whole(now));
        }
        if !has_provider {
            refresh = refresh.without_provider();
        }
        Engine(Tabs::new(refresh, whole(now)))
    }

    /// What is to be done after an event.
    pub fn step(&mut self, event: u8, call: u32, lifetime: f64, now: f64) -> Vec<f64> {
        let event = match event {
            0 => refresh::Event::Requested,
            1 => refresh::Event::Tick,
            2 => refresh::Event::Online,
            3 => refresh::Event::Offline,
            4 => refresh::Event::Received { call, lifetime: whole(lifetime) },
            5 => refresh::Event::Failed { call },
            6 => refresh::Event::Stale { call },
            7 => refresh::Event::Forbidden { call },
            8 => refresh::Event::Unauthorized { call },
            9 => refresh::Event::Closed,
            10 => return self.take(Event::Others(if call == 0 { Others::None } else { Others::Some }), now),
            11 => return self.take(Event::Locked, now),
            _ => return self.take(Event::NoLock, now),
        };
        self.take(Event::Refresh(event), now)
    }

    /// Like [`Engine::step`], but for a message of another tab.
    #[expect(clippy::too_many_arguments, reason = "a message is so many numbers")]
    pub fn hear(
        &mut self,
        said: u8,
        sent_at: f64,
        by: u32,
        asked_at: f64,
        lifetime: f64,
        rejections: u32,
        now: f64,
    ) -> Vec<f64> {
        let token = Token { fetched_at: whole(asked_at), lifetime: whole(lifetime), rejections };
        let content = match said {
            0 if asked_at < 0.0 => Content::Query { after: None },
            0 => Content::Query { after: Some(Mark { fetched_at: token.fetched_at, by }) },
            1 => Content::Fetching,
            2 => Content::Failed,
            _ => Content::Token { by, token },
        };
        self.take(Event::Received(Message { sent_at: whole(sent_at), content }), now)
    }

    /// How things stand: the number of the call whose token is good, or -1 asking, -2 pausing, -3 idle, -4
    /// exhausted, -5 closed.
    #[must_use]
    pub fn status(&self, now: f64) -> f64 {
        match self.0.refresh().status(whole(now)) {
            Status::Valid(call) => f64::from(call),
            Status::Refreshing => -1.0,
            Status::BackingOff => -2.0,
            Status::Idle => -3.0,
            Status::Exhausted => -4.0,
            Status::Closed => -5.0,
        }
    }

    /// Until the token in use ends.
    #[must_use]
    pub fn expires_in(&self, now: f64) -> f64 {
        number(self.0.refresh().expires_in(whole(now)))
    }

    /// Until the next call.
    #[must_use]
    pub fn refresh_in(&self, now: f64) -> f64 {
        number(self.0.refresh().refresh_in(whole(now)))
    }
}

impl Engine {
    fn take(&mut self, event: Event, now: f64) -> Vec<f64> {
        let mut rows = Vec::new();
        for effect in self.0.step(event, whole(now)) {
            rows.extend(numbers(effect));
        }
        rows
    }
}

fn numbers(effect: Effect) -> [f64; WIDTH] {
    let (what, [first, second]) = match effect {
        Effect::Post(message) => return words(message),
        Effect::Lock => (8.0, [0.0; 2]),
        Effect::Unlock => (9.0, [0.0; 2]),
        Effect::Refresh(effect) => match effect {
            refresh::Effect::Fetch { call, attempt } => (0.0, [call.into(), attempt.into()]),
            refresh::Effect::Activate { call, lifetime } => (1.0, [call.into(), number(Some(lifetime))]),
            refresh::Effect::Clear(Loss::Expired) => (2.0, [0.0; 2]),
            refresh::Effect::Clear(Loss::Closed) => (3.0, [0.0; 2]),
            refresh::Effect::NotifyFailure { failure, retry_in } => (4.0, [code(failure), number(retry_in)]),
            refresh::Effect::WakeWaiters => (5.0, [0.0; 2]),
            refresh::Effect::SetTimer(time) => (6.0, [number(time), 0.0]),
        },
    };
    [what, first, second, 0.0, 0.0, 0.0, 0.0]
}

fn words(Message { sent_at, content }: Message) -> [f64; WIDTH] {
    let mark = |mark: Option<Mark>| mark.map_or([0.0, -1.0], |Mark { fetched_at, by }| [by.into(), fetched_at as f64]);
    let (said, [by, asked_at], lifetime, rejections) = match content {
        Content::Query { after } => (0.0, mark(after), 0.0, 0),
        Content::Fetching => (1.0, mark(None), 0.0, 0),
        Content::Failed => (2.0, mark(None), 0.0, 0),
        Content::Token { by, token: Token { fetched_at, lifetime, rejections } } => {
            (3.0, mark(Some(Mark { fetched_at, by })), number(Some(lifetime)), rejections)
        }
    };
    [7.0, said, sent_at as f64, by, asked_at, lifetime, rejections.into()]
}

fn code(failure: Failure) -> f64 {
    match failure {
        Failure::Failed => 0.0,
        Failure::TimedOut => 1.0,
        Failure::Stale => 2.0,
        Failure::Forbidden => 3.0,
    }
}

/// What JavaScript's infinity and fractions mean here.
fn whole(milliseconds: f64) -> u64 {
    if milliseconds == f64::INFINITY { NEVER } else { milliseconds as u64 }
}

fn number(milliseconds: Option<u64>) -> f64 {
    milliseconds.filter(|milliseconds| *milliseconds != NEVER).map_or(f64::INFINITY, |milliseconds| milliseconds as f64)
}
