//! What changes in a connection, and what is then to be done.

use std::rc::Rc;
use std::task::Waker;

use wasm_bindgen::prelude::*;
use web_sys::AbortController;

use super::super::clock::Clock;
use super::super::error::Error;
use super::super::events;
use super::super::provider::{Course, Failed};
use super::super::token::Token;
use super::seconds;
use crate::ErrorCode;
use crate::session::refresh::{self, Failure, Loss, Refresh};
use crate::session::tabs::{Content, Effect, Event, Message, Tabs};

/// What changes in a connection.
pub(super) struct State {
    pub(super) engine: Tabs,
    pub(super) clock: Clock,
    pub(super) timer: JsValue,
    /// Ends the call in flight when its result is no longer needed.
    pub(super) call: Option<AbortController>,
    pub(super) token: Option<Rc<Token>>,
    /// The token that a call or another tab has just brought, until the engine says whether to use it.
    pub(super) arrived: Option<Token>,
    /// The token that was used last, to know it again if the provider returns it twice.
    pub(super) last: Option<Rc<Token>>,
    /// Why the call that is just ending brought no token.
    pub(super) failed: Option<Failed>,
    /// Why the last one did not.
    pub(super) failure: Option<(Error, Course)>,
    pub(super) waiting: Vec<Waker>,
    /// Until when failures that may pass are waited out.
    pub(super) opens_until: Option<u64>,
    /// How often something was done.
    pub(super) turn: u32,
}

/// What is done when the state is in order again.
pub(super) enum Notice {
    Abort(AbortController),
    Call(u32),
    Timer(Option<u64>),
    Post(Message, Option<Rc<Token>>),
    Lock,
    Unlock,
    Tell(events::Event),
    End,
}

impl State {
    /// Begins, with a first token if there is one.
    pub(super) fn new(jitter: f64, has_provider: bool, token: Option<Token>) -> State {
        let mut clock = Clock::new();
        let now = clock.now();
        let mut refresh = Refresh::new(jitter);
        let mut first = None;
        if let Some(token) = token {
            refresh = refresh.with_token(token.lifetime, now);
            first = Some(Rc::new(token));
        }
        if !has_provider {
            refresh = refresh.without_provider();
        }
        State {
            engine: Tabs::new(refresh, now),
            clock,
            timer: JsValue::UNDEFINED,
            call: None,
            last: first.clone(),
            token: first,
            arrived: None,
            failed: None,
            failure: None,
            waiting: Vec::new(),
            opens_until: None,
            turn: 0,
        }
    }

    /// Tells the engine what happened, and returns what is to be done, in order.
    pub(super) fn step(&mut self, event: Event) -> Vec<Notice> {
        let mut notices = Vec::new();
        let now = self.clock.now();
        for effect in self.engine.step(event, now) {
            self.carry_out(effect, &mut notices);
        }
        self.arrived = None;
        self.failed = None;
        if !notices.is_empty() {
            self.turn += 1;
        }
        notices
    }

    /// Turns an effect of the engine into what is then done.
    fn carry_out(&mut self, effect: Effect, notices: &mut Vec<Notice>) {
        let effect = match effect {
            Effect::Refresh(effect) => effect,
            Effect::Post(message) => {
                let is_token = matches!(message.content, Content::Token { .. });
                return notices.push(Notice::Post(message, self.token.clone().filter(|_| is_token)));
            }
            Effect::Lock => return notices.push(Notice::Lock),
            Effect::Unlock => return notices.push(Notice::Unlock),
        };
        match effect {
            refresh::Effect::Fetch { call, attempt } => {
                notices.extend(self.call.take().map(Notice::Abort));
                notices.push(Notice::Call(call));
                notices.push(Notice::Tell(events::Event::Refreshing { attempt }));
            }
            refresh::Effect::Activate { lifetime, .. } => {
                let token = self.arrived.take().map(|token| Rc::new(Token { lifetime, ..token }));
                self.last = token.clone();
                self.token = token;
                self.failure = None;
                notices.push(Notice::Tell(events::Event::Refreshed { lifetime_seconds: seconds(Some(lifetime)) }));
            }
            refresh::Effect::Clear(loss) => {
                self.token = None;
                if loss == Loss::Closed {
                    notices.push(Notice::End);
                }
                let event = if loss == Loss::Closed { events::Event::Closed } else { events::Event::Expired };
                notices.push(Notice::Tell(event));
            }
            refresh::Effect::NotifyFailure { failure, retry_in } => {
                notices.extend(self.call.take().map(Notice::Abort));
                let (error, course) = match (failure, self.failed.take()) {
                    (Failure::TimedOut, _) => (Error::new(ErrorCode::ProviderTimeout, ""), Course::Passing),
                    (Failure::Stale, _) => (Error::new(ErrorCode::ProviderStale, ""), Course::Stale),
                    (_, Some(Failed { error, course })) => (error, course),
                    _ => (Error::new(ErrorCode::ProviderFailed, "Another tab called it."), Course::Passing),
                };
                self.failure = Some((error.clone(), course));
                notices.push(Notice::Tell(events::Event::Failed { error, retry_in_seconds: seconds(retry_in) }));
            }
            refresh::Effect::WakeWaiters => self.waiting.drain(..).for_each(Waker::wake),
            refresh::Effect::SetTimer(time) => notices.push(Notice::Timer(time)),
        }
    }

    /// Takes the result of a call to the provider, and returns what to tell the engine.
    pub(super) fn take(&mut self, call: u32, result: Result<Token, Failed>) -> refresh::Event {
        self.call = None;
        match result {
            Ok(token) if self.last.as_ref().is_some_and(|last| last.authorization == token.authorization) => {
                refresh::Event::Stale { call }
            }
            Ok(token) => {
                let lifetime = token.lifetime;
                self.arrived = Some(token);
                refresh::Event::Received { call, lifetime }
            }
            Err(failed) => {
                let event = match failed.course {
                    Course::Stale => refresh::Event::Stale { call },
                    Course::Final => refresh::Event::Forbidden { call },
                    Course::Passing | Course::Lasting => refresh::Event::Failed { call },
                };
                self.failed = Some(failed);
                event
            }
        }
    }
}
