//! One credential kept fresh: [`Connection`] carries out what [`crate::refresh`] says.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use js_sys::{Array, Function, Math, Promise};
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, future_to_promise, spawn_local};
use web_sys::{AbortController, EventTarget, Url};

use super::clock::{Clock, Timer};
use super::credential::Credential;
use super::failure::Failure;
use super::options::{Options, Provider, Way};
use super::provider::{Arrived, arrived};
use super::{bundle, js, request};
use crate::refresh::{self, Effect, Event, Loss, NEVER, Refresh, Status};
use crate::wire::{TemporaryTokenAnswer, TemporaryTokenRequest};
use crate::{Denied, ScopeSet, TokenKind};

/// What tells a page that time may have passed unnoticed, or that the network changed.
const SIGNALS: [&str; 4] = ["focus", "pageshow", "online", "offline"];

/// What `connect` resolves to, behind the class `Daypass` of the entry.
#[wasm_bindgen]
pub struct Connection(Rc<Inner>);

/// Opens a connection. `emit` is called with the name and the detail of each event.
#[wasm_bindgen]
pub fn connect(options: JsValue, emit: Function) -> Promise {
    future_to_promise(async move {
        let inner = Inner::open(Options::read(&options)?, emit).await?;
        // With a provider, connected means that the first token is there.
        inner.credential().await?;
        Ok(Connection(inner).into())
    })
}

#[wasm_bindgen]
impl Connection {
    /// The browser's `fetch` with the credential added.
    pub fn fetch(&self, input: JsValue, init: JsValue) -> Promise {
        future_to_promise(request::fetch(Rc::clone(&self.0), input, init))
    }

    /// The value of the `Authorization` header, fresh.
    pub fn authorization(&self) -> Promise {
        let inner = Rc::clone(&self.0);
        future_to_promise(async move { Ok(inner.credential().await?.1.authorization().into()) })
    }

    /// The same without waiting; `null` while there is none.
    pub fn peek(&self) -> JsValue {
        self.0.peek().map_or(JsValue::NULL, JsValue::from)
    }

    /// What is known of the token in use.
    pub fn describe(&self) -> JsValue {
        self.0.describe()
    }

    /// The refusal that an answer carries, or `null`.
    pub fn refusal(&self, response: JsValue) -> Promise {
        future_to_promise(request::refusal(response))
    }

    /// What a bundle unpacked to, or `null`.
    #[wasm_bindgen(getter)]
    pub fn parameters(&self) -> JsValue {
        self.0.parameters.clone()
    }

    /// Ends everything, and gives the error that calls under way end with.
    pub fn close(&self) -> JsValue {
        self.0.dispatch(Event::Closed);
        Failure::Closed.into()
    }
}

/// The connection itself, shared by its calls, its timer and its listeners.
pub(super) struct Inner {
    pub(super) api: Url,
    pub(super) service: Option<String>,
    kind: TokenKind,
    provider: Option<(Provider, TemporaryTokenRequest)>,
    parameters: JsValue,
    /// Gone once the connection is closed: it holds what holds the connection.
    emit: RefCell<Option<Function>>,
    /// Ends the calls to the provider when the connection closes.
    closing: AbortController,
    clock: Clock,
    timer: Timer,
    state: RefCell<State>,
    ring: Closure<dyn Fn()>,
    hear: Closure<dyn Fn(web_sys::Event)>,
    is_listening: Cell<bool>,
}

struct State {
    engine: Refresh,
    /// The token in use.
    token: Option<Token>,
    /// The token that the last call brought, until the engine says to use it.
    arrived: Option<Token>,
    /// The last token that was in use, to know it again should the provider bring it twice.
    last: Option<String>,
    /// Why the last call brought none.
    error: Option<Failure>,
    /// Who waits for a token.
    waiting: Vec<Function>,
}

struct Token {
    credential: Credential,
    scopes: Option<ScopeSet>,
    lifetime: u64,
}

impl From<Arrived> for Token {
    fn from(Arrived { authorization, lifetime, scopes }: Arrived) -> Token {
        Token { credential: Credential::Authorization(authorization), scopes, lifetime }
    }
}

impl Inner {
    async fn open(options: Options, emit: Function) -> Result<Rc<Inner>, JsValue> {
        let Options { api, service, way } = options;
        let mut provider = None;
        let mut parameters = JsValue::NULL;
        let (kind, token) = match way {
            Way::Publishable(token) => {
                let credential = Credential::Publishable(token);
                (TokenKind::Publishable, Some(Token { credential, scopes: None, lifetime: NEVER }))
            }
            Way::Given(given) => (TokenKind::Temporary, Some(given_token(given)?.into())),
            Way::Provider { provider: from, request, first } => {
                provider = Some((from, request));
                // A first token that is over is no failure: the provider is there.
                (TokenKind::Temporary, first.and_then(|first| arrived(first, None).ok()).map(Token::from))
            }
            Way::Bundle(text) => {
                let (unpacked, token) = bundle::open(&text, service.as_deref().unwrap_or_default()).await?;
                parameters = unpacked;
                (TokenKind::Bundle, Some(token.into()))
            }
        };
        let clock = Clock::new();
        let mut engine = Refresh::new(Math::random());
        if let Some(token) = &token {
            engine = engine.with_token(token.lifetime, clock.now());
        }
        if provider.is_none() {
            engine = engine.without_provider();
        }
        let last = token.as_ref().map(|token| token.credential.authorization());
        let closing = AbortController::new()?;
        let state = State { engine, token, last, arrived: None, error: None, waiting: Vec::new() };
        let inner = Rc::new_cyclic(|weak| Inner {
            api,
            service,
            kind,
            provider,
            parameters,
            emit: RefCell::new(Some(emit)),
            closing,
            clock,
            timer: Timer::default(),
            state: RefCell::new(state),
            ring: ring(weak.clone()),
            hear: hear(weak.clone()),
            is_listening: Cell::new(false),
        });
        inner.listen(true);
        inner.dispatch(if js::is_offline() { Event::Offline } else { Event::Woke });
        Ok(inner)
    }

    /// A living credential and the number of the call that brought it, waited for if need be.
    pub(super) async fn credential(self: &Rc<Self>) -> Result<(u32, Credential), JsValue> {
        loop {
            if let Some(living) = self.living() {
                return Ok(living);
            }
            match self.status() {
                Status::Closed => return Err(Failure::Closed.into()),
                Status::Over | Status::Pausing => return Err(self.why_not()),
                Status::Idle => self.dispatch(Event::Wanted),
                Status::Asking | Status::Living(_) => self.settled().await,
            }
        }
    }

    /// The credential in use, if it lives. Looking at it also starts a refresh that a sleeping timer missed.
    fn living(self: &Rc<Self>) -> Option<(u32, Credential)> {
        let Status::Living(call) = self.status() else { return None };
        if self.state.borrow().engine.refresh_in(self.clock.now()) == Some(0) {
            self.dispatch(Event::Woke);
        }
        self.state.borrow().token.as_ref().map(|token| (call, token.credential.clone()))
    }

    /// The token in use if it has not ended, rejected or not: who cannot wait may as well try it.
    fn peek(self: &Rc<Self>) -> Option<String> {
        let _ = self.living();
        let has_ended = self.state.borrow().engine.expires_in(self.clock.now()) == Some(0);
        let state = self.state.borrow();
        state.token.as_ref().filter(|_| !has_ended).map(|token| token.credential.authorization())
    }

    /// Whether the token may be bound to origins. Temporary tokens are not.
    pub(super) fn may_be_bound_to_origins(&self) -> bool {
        self.kind != TokenKind::Temporary
    }

    /// Whether a token that the API rejects can be replaced.
    pub(super) fn can_refresh(&self) -> bool {
        self.provider.is_some()
    }

    fn status(&self) -> Status {
        self.state.borrow().engine.status(self.clock.now())
    }

    fn why_not(&self) -> JsValue {
        match &self.state.borrow().error {
            Some(failure) => failure.into(),
            None => Denied::TokenExpired.into(),
        }
    }

    async fn settled(&self) {
        let promise = Promise::new(&mut |resolve, _| self.state.borrow_mut().waiting.push(resolve));
        // The promise is only ever resolved.
        let _ = JsFuture::from(promise).await;
    }

    /// Tells the engine what happened and does what it says. Events go out last, when all is in order again: their
    /// listeners may call back.
    pub(super) fn dispatch(self: &Rc<Self>, event: Event) {
        let now = self.clock.now();
        let effects = self.state.borrow_mut().engine.step(event, now);
        let notices: Vec<_> = effects.into_iter().filter_map(|effect| self.carry_out(effect)).collect();
        for (name, detail) in notices {
            let emit = self.emit.borrow().clone();
            // A listener's own error is its page's business.
            let _ = emit.map(|emit| emit.call2(&JsValue::NULL, &name.into(), &detail));
        }
        if event == Event::Closed {
            self.emit.take();
        }
    }

    /// Does one thing, and gives the event that tells of it.
    fn carry_out(self: &Rc<Self>, effect: Effect) -> Option<(&'static str, JsValue)> {
        match effect {
            Effect::Ask { call, attempt } => {
                self.ask(call);
                Some(("refreshing", js::object(&[("attempt", attempt.into())])))
            }
            Effect::Use { lifetime, .. } => {
                let mut state = self.state.borrow_mut();
                state.token = state.arrived.take();
                state.last = state.token.as_ref().map(|token| token.credential.authorization());
                state.error = None;
                Some(("refreshed", js::object(&[("lifetimeSeconds", seconds(lifetime))])))
            }
            Effect::Forget(loss) => {
                self.state.borrow_mut().token = None;
                match loss {
                    Loss::Expired => Some(("expired", JsValue::NULL)),
                    Loss::Closed => {
                        // A text: an error would hold its stack, and with it whoever called.
                        self.closing.abort_with_reason(&"closed".into());
                        self.listen(false);
                        Some(("closed", JsValue::NULL))
                    }
                }
            }
            Effect::Report { failure, retry_in } => {
                let mut state = self.state.borrow_mut();
                state.arrived = None;
                match failure {
                    refresh::Failure::TimedOut => state.error = Some(Failure::ProviderTimeout),
                    refresh::Failure::Stale => state.error = Some(Failure::ProviderStale),
                    // What the call itself said was noted when it ended.
                    refresh::Failure::Failed | refresh::Failure::Forbidden => {}
                }
                let error = state.error.as_ref().map_or(JsValue::NULL, JsValue::from);
                let retry_in = retry_in.map_or(JsValue::NULL, seconds);
                Some(("failed", js::object(&[("error", error), ("retryInSeconds", retry_in)])))
            }
            Effect::Settle => {
                let waiting = std::mem::take(&mut self.state.borrow_mut().waiting);
                for resolve in waiting {
                    let _ = resolve.call0(&JsValue::UNDEFINED);
                }
                None
            }
            Effect::WakeIn(milliseconds) => {
                self.timer.set(milliseconds, self.ring.as_ref().unchecked_ref());
                None
            }
        }
    }

    /// Calls the provider. The call must not keep a closed connection alive, so that it holds it weakly.
    fn ask(self: &Rc<Self>, call: u32) {
        let Some((provider, request)) = self.provider.clone() else { return };
        let weak = Rc::downgrade(self);
        let closing = self.closing.signal();
        spawn_local(async move {
            // A listener of the event before this may have closed the connection.
            if closing.aborted() {
                return;
            }
            let outcome = provider.ask(&request, &closing).await;
            if let Some(inner) = weak.upgrade() {
                let event = inner.asked(call, outcome);
                inner.dispatch(event);
            }
        });
    }

    /// Notes what a call to the provider brought.
    fn asked(&self, call: u32, outcome: Result<Arrived, Failure>) -> Event {
        let mut state = self.state.borrow_mut();
        match outcome {
            Ok(arrived) if state.last.as_ref() != Some(&arrived.authorization) => {
                let lifetime = arrived.lifetime;
                state.arrived = Some(arrived.into());
                Event::Granted { call, lifetime }
            }
            Ok(_) | Err(Failure::ProviderStale) => {
                state.error = Some(Failure::ProviderStale);
                Event::Stale { call }
            }
            Err(failure) => {
                let is_final = failure == Failure::ProviderForbidden;
                state.error = Some(failure);
                if is_final { Event::Forbidden { call } } else { Event::Failed { call } }
            }
        }
    }

    fn describe(&self) -> JsValue {
        let now = self.clock.now();
        let state = self.state.borrow();
        let token = state.token.as_ref();
        let scopes = token.and_then(|token| token.scopes.as_ref());
        let scopes = scopes.map_or(JsValue::NULL, |scopes| {
            scopes.iter().map(|scope| JsValue::from(scope.as_str())).collect::<Array>().into()
        });
        let lifetime = token.map(|token| token.lifetime).filter(|lifetime| *lifetime != NEVER);
        let or_null = |milliseconds: Option<u64>| milliseconds.map_or(JsValue::NULL, seconds);
        js::object(&[
            ("kind", self.kind.as_str().into()),
            ("scopes", scopes),
            ("lifetimeSeconds", or_null(lifetime)),
            ("secondsLeft", or_null(state.engine.expires_in(now))),
            ("refreshInSeconds", or_null(state.engine.refresh_in(now))),
        ])
    }

    fn listen(&self, on: bool) {
        if self.is_listening.replace(on) == on {
            return;
        }
        let hear = self.hear.as_ref().unchecked_ref();
        let global = js_sys::global();
        let document = js::field(&global, "document").map(|document| (document, "visibilitychange"));
        let signals = SIGNALS.into_iter().map(|signal| (JsValue::from(&global), signal));
        for (target, signal) in signals.chain(document) {
            // Where there is no such target (Node), there is nothing to hear.
            if js::function_field(&target, "addEventListener").is_some() {
                let target = target.unchecked_into::<EventTarget>();
                let _ = match on {
                    true => target.add_event_listener_with_callback(signal, hear),
                    false => target.remove_event_listener_with_callback(signal, hear),
                };
            }
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.timer.set(None, self.ring.as_ref().unchecked_ref());
        self.listen(false);
    }
}

/// A token that no provider stands behind: what is wrong with it is the page's business.
fn given_token(given: TemporaryTokenAnswer) -> Result<Arrived, JsValue> {
    arrived(given, None).map_err(|failure| match failure {
        Failure::ProviderStale => Denied::TokenExpired.into(),
        _ => Failure::InvalidOptions("`temporaryToken.authorization` is not `Bearer …`.".into()).into(),
    })
}

fn ring(inner: Weak<Inner>) -> Closure<dyn Fn()> {
    Closure::new(move || {
        if let Some(inner) = inner.upgrade() {
            inner.dispatch(Event::Woke);
        }
    })
}

fn hear(inner: Weak<Inner>) -> Closure<dyn Fn(web_sys::Event)> {
    Closure::new(move |signal: web_sys::Event| {
        if let Some(inner) = inner.upgrade() {
            inner.dispatch(match &*signal.type_() {
                "online" => Event::Online,
                "offline" => Event::Offline,
                _ => Event::Woke,
            });
        }
    })
}

fn seconds(milliseconds: u64) -> JsValue {
    (milliseconds as f64 / 1000.0).into()
}
