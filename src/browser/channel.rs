//! The other tabs of this origin with the same connection: a channel for messages, and a lock for the tab that calls the provider.
//!
//! A message is an object with a `version`. What another version, or other code of this origin, says on the channel is ignored.

use std::cell::RefCell;
use std::rc::Rc;

use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::{AbortController, BroadcastChannel};

use super::connection::Connection;
use super::js::{Callback, call, get, global, list, number, object, set, settled, text, wall_now, whole};
use super::provider::check_authorization;
use super::signal::{aborted, either, is_aborted};
use super::token::{Token, encode};
use crate::session::refresh;
use crate::session::tabs::{Content, Event, Mark, Message, Others};

/// The version of the messages.
const VERSION: u64 = 1;

/// The tabs with the same connection.
pub(super) struct Channel {
    /// What all tabs of one visitor have in common: they sign out together.
    name: String,
    /// What they refresh together.
    key: String,
    /// The scheme of their tokens.
    scheme: &'static str,
    /// In Unix milliseconds.
    made_at: f64,
    channel: RefCell<Option<BroadcastChannel>>,
    /// Ends what is held or waited for: that this tab is here, and that it calls the provider.
    here: RefCell<Option<AbortController>>,
    turn: RefCell<Option<AbortController>>,
}

/// What another tab said.
pub(super) enum Heard {
    Message(Message, Option<Token>),
    SignOut,
}

impl Channel {
    pub(super) fn new(share: &str, key: String, scheme: &'static str) -> Channel {
        let name = ["daypass ", share].concat();
        let made_at = wall_now();
        let (channel, here, turn) = <(RefCell<_>, RefCell<_>, RefCell<_>)>::default();
        Channel { name, key, scheme, made_at, channel, here, turn }
    }

    /// Joins the other tabs. A platform may have no channels or locks, or not let a page use them: then there are no other tabs, or
    /// no lock.
    pub(super) fn join(&self, connection: &Rc<Connection>) {
        let channel =
            global("BroadcastChannel").is_function().then(|| BroadcastChannel::new(&self.name).ok()).flatten();
        let Some(channel) = channel else { return connection.dispatch(Event::Others(Others::None)) };
        let options = object(&[("signal", &connection.life.signal())]);
        let _ = call(&channel, "addEventListener", &[&"message".into(), connection.callback(), &options]);
        *self.channel.borrow_mut() = Some(channel);
        // Each tab holds a lock that says that it is here. Without locks it is not known which tabs are.
        *self.here.borrow_mut() = hold(connection, [&self.name, " here"].concat(), Purpose::Here);
    }

    /// Leaves the others, as when the page is put into the back/forward cache: a page that holds a lock is not kept there.
    pub(super) fn leave(&self) {
        if let Some(channel) = self.channel.take() {
            let _ = call(&channel, "close", &[]);
        }
        abort(&self.here);
        self.unlock();
    }

    pub(super) fn post(&self, message: Message, authorization: Option<&str>) {
        let data = write(message);
        set(&data, "key", &self.key.as_str().into());
        if let Some(authorization) = authorization {
            set(&data, "authorization", &authorization.into());
        }
        self.send(&data);
    }

    pub(super) fn sign_out(&self) {
        let _ = call(&global("localStorage"), "setItem", &[&self.mark().into(), &wall_now().into()]);
        self.send(&object(&[("version", &(VERSION as f64).into()), ("says", &"signOut".into())]));
    }

    /// Returns whether the person has signed out since this connection was made. A page in the back/forward cache does not hear it.
    pub(super) fn is_signed_out(&self) -> bool {
        let mark = call(&global("localStorage"), "getItem", &[&self.mark().into()]).ok();
        let at = mark.and_then(|mark| number(&mark.as_string()?));
        at.is_some_and(|at| at >= self.made_at)
    }

    /// The name of the time when the person signed out: without the person's own name (FNV-1a).
    fn mark(&self) -> String {
        let hash =
            self.name.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        ["daypass:signed-out:", &encode(&hash.to_be_bytes())].concat()
    }

    fn send(&self, data: &JsValue) {
        if let Some(channel) = &*self.channel.borrow() {
            // Another page of this origin may have closed it.
            let _ = call(channel, "postMessage", &[data]);
        }
    }

    /// Requests the lock.
    pub(super) fn lock(&self, connection: &Rc<Connection>) {
        if self.channel.borrow().is_some() {
            *self.turn.borrow_mut() = hold(connection, ["daypass ", &self.key].concat(), Purpose::Turn);
        }
    }

    /// Releases it.
    pub(super) fn unlock(&self) {
        abort(&self.turn);
    }

    /// Reads a message, if it is one of ours. Nothing is taken from it that has not the form of what we write.
    pub(super) fn read(&self, data: &JsValue) -> Option<Heard> {
        let says = text(data, "says").filter(|_| whole(data, "version") == Some(VERSION))?;
        if says == "signOut" {
            return Some(Heard::SignOut);
        }
        if text(data, "key").as_ref() != Some(&self.key) {
            return None;
        }
        let by = || whole(data, "by").and_then(|by| u32::try_from(by).ok());
        let mut token = None;
        let content = match says.as_str() {
            "query" => {
                let after = by().zip(whole(data, "fetchedAt"));
                Content::Query { after: after.map(|(by, fetched_at)| Mark { fetched_at, by }) }
            }
            "fetching" => Content::Fetching,
            "failed" => Content::Failed,
            "token" => {
                let authorization = text(data, "authorization")?;
                check_authorization(&authorization, self.scheme).ok()?;
                let times = refresh::Token {
                    fetched_at: whole(data, "fetchedAt")?,
                    lifetime: whole(data, "lifetime")?,
                    rejections: u32::try_from(whole(data, "rejections")?).ok()?,
                };
                token = Some(Token::new(authorization, times.lifetime));
                Content::Token { by: by()?, token: times }
            }
            _ => return None,
        };
        Some(Heard::Message(Message { sent_at: whole(data, "sentAt")?, content }, token))
    }
}

/// Writes a message. Times are in milliseconds.
fn write(Message { sent_at, content }: Message) -> JsValue {
    let says = match content {
        Content::Query { .. } => "query",
        Content::Fetching => "fetching",
        Content::Failed => "failed",
        Content::Token { .. } => "token",
    };
    let number = |number: u64| JsValue::from_f64(number as f64);
    let data = object(&[("version", &number(VERSION)), ("says", &says.into()), ("sentAt", &number(sent_at))]);
    let (mark, token) = match content {
        Content::Query { after } => (after, None),
        Content::Token { by, token } => (Some(Mark { fetched_at: token.fetched_at, by }), Some(token)),
        Content::Fetching | Content::Failed => (None, None),
    };
    if let Some(Mark { fetched_at, by }) = mark {
        set(&data, "by", &number(by.into()));
        set(&data, "fetchedAt", &number(fetched_at));
    }
    if let Some(token) = token {
        set(&data, "lifetime", &number(token.lifetime));
        set(&data, "rejections", &number(token.rejections.into()));
    }
    data
}

#[inline(never)]
fn abort(held: &RefCell<Option<AbortController>>) {
    if let Some(held) = held.take() {
        held.abort();
    }
}

/// What a lock is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// To be counted. All tabs hold it at once.
    Here,
    /// To call the provider.
    Turn,
}

/// Requests a lock, tells the connection when it is held or cannot be, and holds it until it is aborted.
fn hold(connection: &Rc<Connection>, name: String, purpose: Purpose) -> Option<AbortController> {
    let ending = AbortController::new().ok()?;
    // The browser releases it with the connection's life, whatever became of this code.
    let signal = either(&ending.signal(), &connection.life.signal());
    let connection = connection.clone();
    spawn_local(async move {
        let locks = get(&global("navigator"), "locks");
        let held = Callback::new({
            let (connection, signal, name) = (connection.clone(), signal.clone(), name.clone());
            move |_| {
                if is_aborted(&signal) {
                    return JsValue::UNDEFINED;
                }
                match purpose {
                    Purpose::Here => spawn_local(count(connection.clone(), name.clone())),
                    Purpose::Turn => connection.dispatch(Event::Locked),
                }
                aborted(&signal).into()
            }
        });
        let mode = if purpose == Purpose::Here { "shared" } else { "exclusive" };
        let options = object(&[("mode", &mode.into()), ("signal", &signal)]);
        let ended = settled(call(&locks, "request", &[&name.into(), &options, held.as_ref()])).await;
        if ended.is_err() && !is_aborted(&signal) && purpose == Purpose::Turn {
            connection.dispatch(Event::NoLock);
        }
    });
    Some(ending)
}

/// Tells the connection whether there are other tabs.
async fn count(connection: Rc<Connection>, here: String) {
    let locks = get(&global("navigator"), "locks");
    let Ok(answer) = settled(call(&locks, "query", &[])).await else { return };
    let Some(held) = list(&answer, "held") else { return };
    let count = held.iter().filter(|lock| text(lock, "name").as_ref() == Some(&here)).count();
    connection.dispatch(Event::Others(if count > 1 { Others::Some } else { Others::None }));
}
