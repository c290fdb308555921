//! One credential kept fresh: carries out what the session engine ([`Tabs`](crate::session::tabs::Tabs)) decides.
//!
//! | file | what it is |
//! | --- | --- |
//! | `state` | what changes, and what is then to be done |
//! | `platform` | doing it: the timer, the provider, the page's events, the other tabs |
//! | `wait` | waiting for a token |
//!
//! Nothing that a page can see happens while the state is borrowed: [`Notice`]s are collected, and given when all is in order
//! again, since a listener may call anything back.

mod platform;
mod state;
mod wait;

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use js_sys::{Function, Math};
use wasm_bindgen::prelude::*;
use web_sys::AbortController;

use super::channel::Channel;
use super::error::Error;
#[cfg(feature = "package")]
use super::events::InUse;
use super::events::{Events, Listener};
use super::js::{Callback, get, global};
use super::provider::Provider;
use super::token::Token;
use crate::ErrorCode;
use crate::api::TemporaryTokenRequest;
use crate::session::refresh::{self, NEVER, Refresh, Status};
use crate::session::tabs::{Event, Others};
pub(super) use platform::LONGEST;
use state::State;

/// What a connection begins with.
pub(super) struct Setup {
    pub(super) source: Option<(Provider, TemporaryTokenRequest)>,
    /// The first token.
    pub(super) token: Option<Token>,
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

impl Connection {
    pub(super) fn open(setup: Setup) -> Rc<Connection> {
        let Setup { source, token, shared, listener, life } = setup;
        let state = State::new(Math::random(), source.is_some(), token);
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
        connection.give(Vec::new(), 0);
        connection.listen("addEventListener");
        match &connection.channel {
            Some(channel) => channel.join(&connection),
            None => connection.dispatch(Event::Others(Others::None)),
        }
        let is_offline = get(&global("navigator"), "onLine") == false;
        connection.tell(if is_offline { refresh::Event::Offline } else { refresh::Event::Tick });
        connection
    }

    /// Returns the events from now on, if the listener has such.
    pub(super) fn events(&self) -> Option<Events> {
        self.listener.events()
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

    fn status(&self) -> Status {
        self.look(Refresh::status)
    }

    fn look<T>(&self, look: impl FnOnce(&Refresh, u64) -> T) -> T {
        let state = &mut *self.state.borrow_mut();
        let now = state.clock.now();
        look(state.engine.refresh(), now)
    }

    #[cfg(feature = "package")]
    fn in_use(&self) -> InUse {
        let state = &mut *self.state.borrow_mut();
        let (refresh, now) = (state.engine.refresh(), state.clock.now());
        let ends_in = refresh.expires_in(now).unwrap_or(NEVER);
        let rests_for = refresh.refresh_in(now).unwrap_or(NEVER).min(ends_in);
        let (call, rests_for) = match refresh.status(now) {
            Status::Valid(call) => (call, rests_for),
            _ => (0, 0),
        };
        InUse { token: state.token.clone(), call, ends_in, rests_for }
    }

    /// Does what a sleeping timer missed.
    #[inline(never)]
    fn catch_up(&self) {
        if self.look(Refresh::is_due) {
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

    /// Returns the number of the call that brought the token in use.
    pub(super) fn current_call(&self) -> Option<u32> {
        match self.status() {
            Status::Valid(call) => Some(call),
            _ => None,
        }
    }

    /// Returns whether the token in use has just replaced a rejected one: a 401 is then about that one.
    pub(super) fn is_replacement(&self) -> bool {
        self.look(Refresh::is_replacement)
    }

    /// Returns the failure that a synchronous caller is told, who has no token.
    pub(super) fn why_not(&self) -> Error {
        if self.is_closed() { Error::new(ErrorCode::Closed, "") } else { self.failure() }
    }

    fn is_closed(&self) -> bool {
        self.status() == Status::Closed
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
        let (notices, turn) = {
            let state = &mut *self.state.borrow_mut();
            (state.step(event), state.turn)
        };
        self.give(notices, turn);
    }
}

/// Returns seconds; `None` for never.
#[inline(never)]
pub(super) fn seconds(milliseconds: Option<u64>) -> Option<f64> {
    milliseconds.filter(|milliseconds| *milliseconds != NEVER).map(|milliseconds| milliseconds as f64 / 1000.0)
}
