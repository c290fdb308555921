//! What a connection does at the platform, and hears from it.

use std::task::Waker;

use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::AbortController;

use super::super::channel::Heard;
use super::super::js::{call, clear_timeout, get, global, global_object, has_method, object, set_timeout, text};
use super::super::signal::{either, is_aborted};
use super::Connection;
use super::state::Notice;
use crate::session::refresh;
use crate::session::tabs::Event;

/// Browsers fire a timer at once for more milliseconds.
pub(in crate::browser) const LONGEST: u64 = (1 << 31) - 1;

/// What tells a page that time may have passed unnoticed, or that the network changed.
const SIGNALS: [&str; 5] = ["focus", "pageshow", "pagehide", "online", "offline"];

impl Connection {
    /// Does what is to be done, in order.
    pub(super) fn give(&self, notices: Vec<Notice>, turn: u32) {
        #[cfg(feature = "package")]
        self.listener.keep(&self.in_use());
        for notice in notices {
            // A listener may have caused more meanwhile, which then has set the timer, or ended everything.
            let is_latest = self.state.borrow().turn == turn;
            match notice {
                Notice::Timer(_) if !is_latest => {}
                _ if !is_latest && self.is_closed() => return,
                Notice::Abort(call) => call.abort(),
                Notice::Call(call) => self.call(call),
                Notice::Timer(time) => self.set_timer(time),
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

    /// Calls the provider.
    fn call(&self, number: u32) {
        let (Some(me), Ok(call)) = (self.me.upgrade(), AbortController::new()) else { return };
        let signal = either(&call.signal(), &self.life.signal());
        self.state.borrow_mut().call = Some(call);
        spawn_local(async move {
            let Some((provider, request)) = &me.source else { return };
            // A listener of the event may have closed the connection.
            if is_aborted(&signal) {
                return;
            }
            let is_fresh = me.look(|refresh, _| refresh.is_renewing());
            let result = provider.call(request, is_fresh, &signal).await;
            // Nobody needs it any more.
            if !is_aborted(&signal) {
                let event = me.state.borrow_mut().take(number, result);
                me.tell(event);
            }
        });
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

    /// Adds or removes the listener. Where there is no such target (Node), there is nothing to hear.
    pub(super) fn listen(&self, method: &str) {
        let options = object(&[("signal", &self.life.signal())]);
        let listen = |target: &JsValue, name: &str| {
            if has_method(target, method) {
                let _ = call(target, method, &[&name.into(), self.callback.as_ref(), &options]);
            }
        };
        for signal in SIGNALS {
            listen(&global_object(), signal);
        }
        listen(&global("document"), "visibilitychange");
    }

    pub(super) fn hear(&self, event: &JsValue) {
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
                "pageshow" if get(event, "persisted") == true => match channel.is_signed_out() {
                    true => self.close(),
                    false => channel.join(&me),
                },
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
