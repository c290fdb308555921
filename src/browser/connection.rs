//! One credential kept fresh: carries out what the session engine ([`Tabs`]) decides.
//!
//! Nothing that a page can see happens while the state is borrowed: [`Notice`]s are collected, and given when all is in order
//! again, since a listener may call anything back.

use std::cell::RefCell;
use std::future::poll_fn;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll, Waker};

use js_sys::{Function, Math};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::AbortController;

use super::channel::{Channel, Heard};
use super::clock::Clock;
use super::error::Error;
use super::events::{self, Listener};
use super::js::{Callback, call, clear_timeout, get, global, has_method, object, set_timeout, text};
use super::provider::{Course, Failed, Provider};
use super::signal::either;
use super::token::Token;
use crate::ErrorCode;
use crate::api::TemporaryTokenRequest;
use crate::session::refresh::{self, Failure, Loss, NEVER, Refresh, Status};
use crate::session::tabs::{Content, Effect, Event, Message, Others, Tabs};

/// Browsers fire a timer at once for more milliseconds.
const LONGEST: u64 = (1 << 31) - 1;

/// What tells a page that time may have passed unnoticed, or that the network changed.
const SIGNALS: [&str; 5] = ["focus", "pageshow", "pagehide", "online", "offline"];

/// What a connection begins with.
pub(super) struct Setup {
    pub(super) source: Option<(Provider, TemporaryTokenRequest)>,
    /// The first token, and how long it has left.
    pub(super) token: Option<(Token, u64)>,
    /// What all tabs refresh together.
    pub(super) shared: Option<Channel>,
    pub(super) listener: Rc<dyn Listener>,
    /// Ends everything that the connection has at the platform.
    pub(super) life: AbortController,
}

pub(super) struct Connection {
    me: Weak<Connection>,
    source: Option<(Provider, TemporaryTokenRequest)>,
    listener: Rc<dyn Listener>,
    pub(super) life: AbortController,
    channel: Option<Channel>,
    /// Hears the timer, the page's events and the other tabs.
    callback: Callback,
    state: RefCell<State>,
}

struct State {
    engine: Tabs,
    clock: Clock,
    timer: JsValue,
    /// Ends the call in flight when its result is no longer needed.
    call: Option<AbortController>,
    token: Option<Rc<Token>>,
    /// The token that a call or another tab has just brought, until the engine says whether to use it.
    arrived: Option<Token>,
    /// The token that was used last, to know it again if the provider returns it twice.
    last: Option<Rc<Token>>,
    /// Why the call that is just ending brought no token.
    failed: Option<Failed>,
    /// Why the last one did not.
    failure: Option<(Error, Course)>,
    waiting: Vec<Waker>,
    /// Until when failures that may pass are waited out.
    opens_until: Option<u64>,
}

/// What is done when the state is in order again.
enum Notice {
    Abort(AbortController),
    Call(u32),
    Timer(Option<u64>),
    Post(Message, Option<Rc<Token>>),
    Lock,
    Unlock,
    Keep,
    Tell(events::Event),
    End,
}

impl Connection {
    pub(super) fn open(setup: Setup) -> Rc<Connection> {
        let Setup { source, token, shared, listener, life } = setup;
        let mut clock = Clock::new();
        let now = clock.now();
        let mut refresh = Refresh::new(Math::random());
        let mut first = None;
        if let Some((token, left)) = token {
            refresh = refresh.with_token(left, now);
            first = Some(Rc::new(token));
        }
        if source.is_none() {
            refresh = refresh.without_provider();
        }
        let state = State {
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
        };
        let connection = Rc::new_cyclic(|me: &Weak<Connection>| Connection {
            me: me.clone(),
            source,
            listener,
            life,
            channel: shared,
            callback: Callback::new({
                let me = me.clone();
                move |event| {
                    if let Some(me) = me.upgrade() {
                        me.hear(&event);
                    }
                    JsValue::UNDEFINED
                }
            }),
            state: RefCell::new(state),
        });
        connection.give(vec![Notice::Keep]);
        connection.listen("addEventListener");
        match &connection.channel {
            Some(channel) => channel.join(&connection),
            None => connection.dispatch(Event::Others(Others::None)),
        }
        let is_offline = get(&global("navigator"), "onLine") == false;
        connection.tell(if is_offline { refresh::Event::Offline } else { refresh::Event::Tick });
        connection
    }

    pub(super) fn callback(&self) -> &Function {
        self.callback.as_ref().unchecked_ref()
    }

    /// Returns whether a token that the API rejects can be replaced.
    pub(super) fn can_refresh(&self) -> bool {
        self.source.is_some()
    }

    /// Returns the token in use, whether it is active or not.
    pub(super) fn token(&self) -> Option<Rc<Token>> {
        self.state.borrow().token.clone()
    }

    /// Waits for an active token, and the number of the call that brought it.
    pub(super) fn credential(&self) -> impl Future<Output = Result<(u32, Rc<Token>), Error>> {
        poll_fn(|context| self.poll_credential(context))
    }

    /// Waits for the first token, through failures that may pass, for so many milliseconds; if 0, until one.
    pub(super) async fn first_token(&self, milliseconds: u64) -> Result<(), Error> {
        if milliseconds > 0 {
            let until = self.look(|_, now| now).saturating_add(milliseconds);
            self.state.borrow_mut().opens_until = Some(until);
            self.tell(refresh::Event::Tick);
        }
        let result = self.credential().await;
        self.state.borrow_mut().opens_until = None;
        result.map(|_| ())
    }

    /// Waits for a token whose fetch begins from now on.
    pub(super) async fn renew(&self) -> Result<(), Error> {
        let asked_at = self.look(|_, now| now);
        self.state.borrow_mut().failure = None;
        self.tell(refresh::Event::Renew);
        poll_fn(|context| {
            let fetched_at = self.look(|refresh, _| refresh.fetched_at());
            let failure = self.state.borrow().failure.as_ref().map(|(error, _)| error.clone());
            match (self.status(), failure) {
                (Status::Closed, _) => Poll::Ready(Err(Error::new(ErrorCode::Closed, ""))),
                _ if fetched_at.is_some_and(|at| at >= asked_at) => Poll::Ready(Ok(())),
                (_, Some(error)) => Poll::Ready(Err(error)),
                _ => {
                    self.state.borrow_mut().waiting.push(context.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await
    }

    #[inline(never)]
    fn poll_credential(&self, context: &Context<'_>) -> Poll<Result<(u32, Rc<Token>), Error>> {
        loop {
            match self.status() {
                Status::Valid(call) => {
                    self.catch_up();
                    if let Some(token) = self.token() {
                        return Poll::Ready(Ok((call, token)));
                    }
                }
                Status::Closed => return Poll::Ready(Err(Error::new(ErrorCode::Closed, ""))),
                Status::Idle => self.tell(refresh::Event::Requested),
                Status::Exhausted => return Poll::Ready(Err(self.failure())),
                Status::BackingOff if !self.is_opening() => return Poll::Ready(Err(self.failure())),
                Status::Refreshing if self.is_too_late() => return Poll::Ready(Err(self.failure())),
                Status::BackingOff | Status::Refreshing => {
                    self.state.borrow_mut().waiting.push(context.waker().clone());
                    return Poll::Pending;
                }
            }
        }
    }

    /// Returns whether the first token is still waited for, and the last failure may pass.
    fn is_opening(&self) -> bool {
        let may_pass = matches!(&self.state.borrow().failure, Some((_, Course::Passing)));
        may_pass && !self.is_too_late() && self.state.borrow().opens_until.is_some()
    }

    fn is_too_late(&self) -> bool {
        let now = self.look(|_, now| now);
        self.state.borrow().opens_until.is_some_and(|until| now >= until)
    }

    /// Returns why there is no token.
    fn failure(&self) -> Error {
        let state = self.state.borrow();
        match &state.failure {
            Some((error, _)) => error.clone(),
            None if state.opens_until.is_some() => Error::new(ErrorCode::ProviderTimeout, ""),
            None => Error::new(ErrorCode::TokenExpired, ""),
        }
    }

    fn status(&self) -> Status {
        self.look(Refresh::status)
    }

    fn look<T>(&self, look: impl FnOnce(&Refresh, u64) -> T) -> T {
        let state = &mut *self.state.borrow_mut();
        let now = state.clock.now();
        look(state.engine.refresh(), now)
    }

    /// Does what a sleeping timer missed.
    #[inline(never)]
    fn catch_up(&self) {
        if self.refresh_in() == Some(0) || self.expires_in() == Some(0) {
            self.tell(refresh::Event::Tick);
        }
    }

    /// Returns the milliseconds until the token in use ends.
    #[inline(never)]
    pub(super) fn expires_in(&self) -> Option<u64> {
        self.look(Refresh::expires_in)
    }

    /// Returns the milliseconds until the next call to the provider.
    #[inline(never)]
    pub(super) fn refresh_in(&self) -> Option<u64> {
        self.look(Refresh::refresh_in)
    }

    /// Returns the token in use if it has not ended, rejected or not: a caller who cannot wait may as well try it.
    #[inline(never)]
    pub(super) fn peek(&self) -> Option<Rc<Token>> {
        self.catch_up();
        self.token()
    }

    /// Returns the number of the call that brought the token in use, rejected or not.
    pub(super) fn current_call(&self) -> Option<u32> {
        self.look(|refresh, _| refresh.current_call())
    }

    /// Returns the failure that a synchronous caller is told, who has no token.
    pub(super) fn why_not(&self) -> Error {
        if self.status() == Status::Closed { Error::new(ErrorCode::Closed, "") } else { self.failure() }
    }

    pub(super) fn close(&self) {
        self.tell(refresh::Event::Closed);
    }

    /// Closes this connection and those of the other tabs.
    pub(super) fn sign_out(&self) {
        if let Some(channel) = &self.channel {
            channel.sign_out();
        }
        self.close();
    }

    #[inline(never)]
    pub(super) fn tell(&self, event: refresh::Event) {
        self.dispatch(Event::Refresh(event));
    }

    /// Tells the engine what happened, and does what it says.
    #[inline(never)]
    pub(super) fn dispatch(&self, event: Event) {
        let mut notices = Vec::new();
        {
            let state = &mut *self.state.borrow_mut();
            let now = state.clock.now();
            for effect in state.engine.step(event, now) {
                Connection::carry_out(effect, state, &mut notices);
            }
            state.arrived = None;
            state.failed = None;
        }
        self.give(notices);
    }

    fn give(&self, notices: Vec<Notice>) {
        for notice in notices {
            match notice {
                Notice::Abort(call) => call.abort(),
                Notice::Call(call) => self.call(call),
                Notice::Timer(time) => self.set_timer(time),
                Notice::Keep => self.listener.keep(self.token().as_deref(), self.expires_in()),
                Notice::Tell(event) => self.listener.hear(event),
                Notice::End => self.end(),
                among_tabs => self.give_tabs(among_tabs),
            }
        }
    }

    fn give_tabs(&self, notice: Notice) {
        let (Some(channel), Some(me)) = (&self.channel, self.me.upgrade()) else { return };
        match notice {
            Notice::Post(message, token) => channel.post(message, token.as_ref().map(|token| &*token.authorization)),
            Notice::Lock => channel.lock(&me),
            _ => channel.unlock(),
        }
    }

    /// Sets the timer, instead of at any earlier set time.
    fn set_timer(&self, time: Option<u64>) {
        let (timer, opening) = {
            let state = &mut *self.state.borrow_mut();
            let now = state.clock.now();
            (std::mem::take(&mut state.timer), state.opens_until.filter(|until| *until > now).map(|until| until - now))
        };
        clear_timeout(&timer);
        if let Some(time) = time.into_iter().chain(opening).min() {
            let timer = set_timeout(self.callback(), time.min(LONGEST) as f64);
            self.state.borrow_mut().timer = timer;
        }
    }

    /// Turns an effect of the engine into what is then done.
    fn carry_out(effect: Effect, state: &mut State, notices: &mut Vec<Notice>) {
        let effect = match effect {
            Effect::Refresh(effect) => effect,
            Effect::Post(message) => {
                let is_token = matches!(message.content, Content::Token { .. });
                return notices.push(Notice::Post(message, state.token.clone().filter(|_| is_token)));
            }
            Effect::Lock => return notices.push(Notice::Lock),
            Effect::Unlock => return notices.push(Notice::Unlock),
        };
        match effect {
            refresh::Effect::Fetch { call, attempt } => {
                notices.extend(state.call.take().map(Notice::Abort));
                notices.push(Notice::Call(call));
                notices.push(Notice::Tell(events::Event::Refreshing { attempt }));
            }
            refresh::Effect::Activate { lifetime, .. } => {
                let token = state.arrived.take().map(|token| Rc::new(Token { lifetime, ..token }));
                state.last = token.clone();
                state.token = token;
                state.failure = None;
                notices.push(Notice::Keep);
                notices.push(Notice::Tell(events::Event::Refreshed { lifetime_seconds: seconds(Some(lifetime)) }));
            }
            refresh::Effect::Clear(loss) => {
                state.token = None;
                if loss == Loss::Closed {
                    notices.push(Notice::End);
                }
                notices.push(Notice::Keep);
                let event = if loss == Loss::Closed { events::Event::Closed } else { events::Event::Expired };
                notices.push(Notice::Tell(event));
            }
            refresh::Effect::NotifyFailure { failure, retry_in } => {
                notices.extend(state.call.take().map(Notice::Abort));
                let (error, course) = match (failure, state.failed.take()) {
                    (Failure::TimedOut, _) => (Error::new(ErrorCode::ProviderTimeout, ""), Course::Passing),
                    (Failure::Stale, _) => (Error::new(ErrorCode::ProviderStale, ""), Course::Stale),
                    (_, Some(Failed { error, course })) => (error, course),
                    _ => (Error::new(ErrorCode::ProviderFailed, "Another tab called it."), Course::Passing),
                };
                state.failure = Some((error.clone(), course));
                notices.push(Notice::Tell(events::Event::Failed { error, retry_in_seconds: seconds(retry_in) }));
            }
            refresh::Effect::WakeWaiters => state.waiting.drain(..).for_each(Waker::wake),
            refresh::Effect::SetTimer(time) => notices.push(Notice::Timer(time)),
        }
    }

    /// Calls the provider.
    fn call(&self, number: u32) {
        let (Some(me), Ok(call)) = (self.me.upgrade(), AbortController::new()) else { return };
        let signal = either(&call.signal(), &self.life.signal());
        self.state.borrow_mut().call = Some(call);
        spawn_local(async move {
            let Some((provider, request)) = &me.source else { return };
            // A listener of the event may have closed the connection.
            if signal.aborted() {
                return;
            }
            let result = provider.call(request, &signal).await;
            // Nobody needs it any more.
            if !signal.aborted() {
                me.called(number, result);
            }
        });
    }

    fn called(&self, call: u32, result: Result<Token, Failed>) {
        let event = {
            let state = &mut *self.state.borrow_mut();
            state.call = None;
            match result {
                Ok(token) if state.last.as_ref().is_some_and(|last| last.authorization == token.authorization) => {
                    refresh::Event::Stale { call }
                }
                Ok(token) => {
                    let lifetime = token.lifetime;
                    state.arrived = Some(token);
                    refresh::Event::Received { call, lifetime }
                }
                Err(failed) => {
                    let event = match failed.course {
                        Course::Stale => refresh::Event::Stale { call },
                        Course::Final => refresh::Event::Forbidden { call },
                        Course::Passing | Course::Lasting => refresh::Event::Failed { call },
                    };
                    state.failed = Some(failed);
                    event
                }
            }
        };
        self.tell(event);
    }

    /// Lets go of everything at the platform.
    fn end(&self) {
        self.set_timer(None);
        self.life.abort();
        if let Some(channel) = &self.channel {
            channel.leave();
        }
        self.listen("removeEventListener");
    }

    /// Where there is no such target (Node), there is nothing to hear.
    fn listen(&self, method: &str) {
        let options = object(&[("signal", &self.life.signal())]);
        let listen = |target: &JsValue, name: &str| {
            if has_method(target, method) {
                let _ = call(target, method, &[&name.into(), self.callback.as_ref(), &options]);
            }
        };
        for signal in SIGNALS {
            listen(&js_sys::global(), signal);
        }
        listen(&global("document"), "visibilitychange");
    }

    fn hear(&self, event: &JsValue) {
        let kind = text(event, "type").unwrap_or_default();
        if let (Some(channel), Some(me)) = (&self.channel, self.me.upgrade()) {
            match kind.as_str() {
                "message" => {
                    match channel.read(&get(event, "data")) {
                        Some(Heard::SignOut) => self.close(),
                        Some(Heard::Message(message, token)) => {
                            self.state.borrow_mut().arrived = token;
                            self.dispatch(Event::Received(message));
                        }
                        None => {}
                    }
                    return;
                }
                "pagehide" => channel.leave(),
                "pageshow" if get(event, "persisted") == true => channel.join(&me),
                _ => {}
            }
        }
        self.tell(match kind.as_str() {
            "online" => refresh::Event::Online,
            "offline" => refresh::Event::Offline,
            _ => refresh::Event::Tick,
        });
        if self.is_too_late() {
            let waiting = std::mem::take(&mut self.state.borrow_mut().waiting);
            waiting.into_iter().for_each(Waker::wake);
        }
    }
}

/// Returns seconds; `None` for never.
#[inline(never)]
pub(super) fn seconds(milliseconds: Option<u64>) -> Option<f64> {
    milliseconds.filter(|milliseconds| *milliseconds != NEVER).map(|milliseconds| milliseconds as f64 / 1000.0)
}
