//! When to get a new temporary token: [`Refresh`], a pure engine.
//!
//! [`Refresh::step`] takes an [`Event`] and the time, and returns the [`Effect`]s to carry out. The engine has no I/O, no timer,
//! no clock and no token: tokens are numbers to it. So the browser half only obeys, and a native test can simulate any day.
//!
//! Times are milliseconds on any clock that never runs backwards. [`tabs`](super::tabs) shares one refresh among many tabs.

mod event;

pub use event::{Effect, Event, Failure, Loss, NEVER, Status, Token};

pub use super::policy::TIMEOUT;
use super::policy::{MAX_BACKOFF, RESUME_GRACE, SUSPEND_THRESHOLD, backoff, is_stale, refresh_after};

/// The engine of one connection.
#[derive(Debug, Clone)]
pub struct Refresh {
    /// From 0 to 1, constant for a connection, so that the refreshes of many visitors spread out.
    pub(super) jitter: f64,
    current: Option<Current>,
    fetch: Option<Fetch>,
    backoff_until: Option<u64>,
    failures: u32,
    /// Tokens in a row that got 401 before their planned refresh.
    rejections: u32,
    /// The page's last wish for a new token, until it has one or the provider fails to give one.
    wish: Option<Wish>,
    last_call: u32,
    is_offline: bool,
    mode: Mode,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// There is a provider.
    Refreshing,
    /// There is no provider, or it gives no more tokens.
    Ending,
    Closed,
}

/// The current token.
#[derive(Debug, Clone, Copy)]
struct Current {
    call: u32,
    /// Whether the API answered 401 to it, so that another one is needed.
    is_rejected: bool,
    fetched_at: u64,
    refresh_at: u64,
    expires_at: u64,
}

/// The page's wish for a token whose fetch begins after it. Within a millisecond, the calls' numbers tell what came first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    at: u64,
    /// The last call that had begun.
    after: u32,
}

impl Wish {
    fn is_fulfilled_by(self, call: u32, fetched_at: u64) -> bool {
        call > self.after && fetched_at >= self.at
    }
}

/// The call to the provider that is in flight.
#[derive(Debug, Clone, Copy)]
struct Fetch {
    call: u32,
    /// When it began; `None` while another tab may bring the token.
    began_at: Option<u64>,
    /// The deadline after a suspension, which replaces the original one.
    extended_deadline: Option<u64>,
}

impl Fetch {
    fn deadline(&self) -> Option<u64> {
        self.began_at.map(|began_at| self.extended_deadline.unwrap_or(began_at + TIMEOUT))
    }
}

impl Refresh {
    /// Makes an engine with a provider. `jitter` is a random number from 0 to 1, drawn once.
    #[must_use]
    pub fn new(jitter: f64) -> Refresh {
        Refresh {
            jitter: jitter.clamp(0.0, 1.0),
            current: None,
            fetch: None,
            backoff_until: None,
            failures: 0,
            rejections: 0,
            wish: None,
            last_call: 0,
            is_offline: false,
            mode: Mode::Refreshing,
        }
    }

    /// Starts with a token, as call 0.
    #[must_use]
    pub fn with_token(self, lifetime: u64, now: u64) -> Refresh {
        let current = self.current(0, now, lifetime);
        Refresh { current: Some(current), ..self }
    }

    /// Removes the provider: the token is used until it expires.
    #[must_use]
    pub fn without_provider(self) -> Refresh {
        Refresh { mode: Mode::Ending, ..self }
    }

    /// Returns the state. It checks the expiry here, on use, whatever the timers did.
    #[must_use]
    pub fn status(&self, now: u64) -> Status {
        match (self.mode, self.current) {
            (Mode::Closed, _) => Status::Closed,
            // While another token is being fetched, callers do not get one that the API rejected.
            (_, Some(current)) if now < current.expires_at && !(current.is_rejected && self.fetch.is_some()) => {
                Status::Valid(current.call)
            }
            (Mode::Ending, _) => Status::Exhausted,
            _ if self.fetch.is_some() => Status::Refreshing,
            _ if self.backoff_until.is_some_and(|until| now < until) => Status::BackingOff,
            _ => Status::Idle,
        }
    }

    /// Returns the milliseconds until the planned refresh, if there is one.
    #[must_use]
    pub fn refresh_in(&self, now: u64) -> Option<u64> {
        let current = self.current.filter(|_| self.mode == Mode::Refreshing)?;
        Some(current.refresh_at.saturating_sub(now))
    }

    /// Returns the milliseconds until the current token expires, if it does.
    #[must_use]
    pub fn expires_in(&self, now: u64) -> Option<u64> {
        let current = self.current.filter(|current| current.expires_at != NEVER)?;
        Some(current.expires_at.saturating_sub(now))
    }

    /// Returns whether the planned refresh or the end of the token is due: the timer may be late.
    #[must_use]
    pub fn is_due(&self, now: u64) -> bool {
        self.refresh_in(now) == Some(0) || self.expires_in(now) == Some(0)
    }

    /// Returns the wish that [`Event::Renew`] makes now. Those of one moment are one: they are fulfilled by one call.
    #[must_use]
    pub fn wish(&self, now: u64) -> Wish {
        let is_waiting = self.fetch.is_some_and(|fetch| fetch.began_at.is_none());
        let new = Wish { at: now, after: self.last_call - u32::from(is_waiting) };
        self.wish.filter(|wish| wish.at == now).unwrap_or(new)
    }

    /// Returns whether the current token fulfils a wish.
    #[must_use]
    pub fn fulfils(&self, wish: Wish) -> bool {
        self.current.is_some_and(|current| wish.is_fulfilled_by(current.call, current.fetched_at))
    }

    /// Returns whether the page waits for a token that is fetched after [`Event::Renew`].
    #[must_use]
    pub fn is_renewing(&self) -> bool {
        self.mode == Mode::Refreshing && self.wish.is_some()
    }

    /// Returns whether the current token has replaced a rejected one so recently that a 401 does not count against it.
    #[must_use]
    pub fn is_replacement(&self, now: u64) -> bool {
        self.current.is_some_and(|current| !current.is_rejected && !self.may_reject(&current, now))
    }

    fn may_reject(&self, current: &Current, now: u64) -> bool {
        let age = now.saturating_sub(current.fetched_at);
        self.rejections == 0 || age >= backoff(self.rejections, self.jitter)
    }

    /// Takes one event, and returns what to do, in order.
    #[must_use]
    pub fn step(&mut self, event: Event, now: u64) -> Vec<Effect> {
        let mut effects = Vec::new();
        if self.mode == Mode::Closed {
            // Events that arrive after the close are dropped.
            return effects;
        }
        match event {
            Event::Requested | Event::Tick => {}
            Event::Renew => self.wish = Some(self.wish(now)),
            Event::Online => {
                self.is_offline = false;
                self.backoff_until = None;
            }
            Event::Offline => self.is_offline = true,
            Event::Received { call, lifetime } => self.receive(call, lifetime, now, &mut effects),
            Event::Failed { call } => self.fail(call, Failure::Failed, now, &mut effects),
            Event::Stale { call } => self.fail(call, Failure::Stale, now, &mut effects),
            Event::Forbidden { call } => self.fail(call, Failure::Forbidden, now, &mut effects),
            Event::Unauthorized { call } => self.reject(call, now),
            Event::ReceivedElsewhere(token) => self.receive_elsewhere(token, now, &mut effects),
            Event::Closed => {
                self.mode = Mode::Closed;
                self.current = None;
                self.fetch = None;
                effects.extend([Effect::Clear(Loss::Closed), Effect::WakeWaiters, Effect::SetTimer(None)]);
                return effects;
            }
        }
        self.check_deadlines(event == Event::Requested, now, &mut effects);
        effects.push(Effect::SetTimer(self.next_tick(now)));
        effects
    }

    fn check_deadlines(&mut self, is_requested: bool, now: u64, effects: &mut Vec<Effect>) {
        if let Some(fetch) = &mut self.fetch
            && let Some(deadline) = fetch.deadline()
            && now >= deadline
        {
            // A timer that fires this late means that the tab was suspended. The provider's response may already be queued.
            if now >= deadline + SUSPEND_THRESHOLD && fetch.extended_deadline.is_none() {
                fetch.extended_deadline = Some(now + RESUME_GRACE);
            } else {
                let call = fetch.call;
                self.fail(call, Failure::TimedOut, now, effects);
            }
        }
        if self.current.is_some_and(|current| now >= current.expires_at) {
            self.current = None;
            effects.extend([Effect::Clear(Loss::Expired), Effect::WakeWaiters]);
        }
        // The call in flight began before the wish, or will fulfil it.
        if self.is_renewing() && self.fetch.is_none() {
            self.backoff_until = None;
        }
        let is_requested = is_requested || self.is_renewing();
        let is_due = match self.current {
            Some(current) => now >= current.refresh_at || self.is_renewing(),
            // Without a token: at the first request, after one was dropped, or when the back-off ends.
            None => is_requested || self.last_call > 0 || self.backoff_until.is_some(),
        };
        let may_fetch = self.mode == Mode::Refreshing
            && self.fetch.is_none()
            && self.backoff_until.is_none_or(|until| now >= until)
            && (!self.is_offline || is_requested);
        if is_due && may_fetch {
            self.backoff_until = None;
            self.last_call += 1;
            self.fetch = Some(Fetch { call: self.last_call, began_at: Some(now), extended_deadline: None });
            effects.push(Effect::Fetch { call: self.last_call, attempt: self.failures + 1 });
        }
    }

    fn receive(&mut self, call: u32, lifetime: u64, now: u64, effects: &mut Vec<Effect>) {
        let Some(fetch) = self.fetch.filter(|fetch| fetch.call == call) else { return };
        // Lifetimes count from the start of the call: the token was not issued before.
        let fetched_at = fetch.began_at.unwrap_or(now);
        if is_stale(fetched_at, lifetime, now) {
            return self.fail(call, Failure::Stale, now, effects);
        }
        if self.current.is_some_and(|current| !current.is_rejected) {
            self.rejections = 0;
        }
        self.fetch = None;
        self.activate(call, fetched_at, lifetime, effects);
    }

    /// Takes a token from another tab. An own call that began later goes on: its token will be newer.
    fn receive_elsewhere(&mut self, token: Token, now: u64, effects: &mut Vec<Effect>) {
        let Token { fetched_at, lifetime, rejections } = token;
        if self.mode != Mode::Refreshing || is_stale(fetched_at, lifetime, now) {
            return;
        }
        self.fetch = self.fetch.filter(|fetch| fetch.began_at.is_some_and(|began_at| began_at > fetched_at));
        self.backoff_until = None;
        self.rejections = rejections;
        self.last_call += 1;
        self.activate(self.last_call, fetched_at, lifetime, effects);
    }

    fn activate(&mut self, call: u32, fetched_at: u64, lifetime: u64, effects: &mut Vec<Effect>) {
        self.failures = 0;
        self.wish = self.wish.filter(|wish| !wish.is_fulfilled_by(call, fetched_at));
        self.current = Some(self.current(call, fetched_at, lifetime));
        effects.extend([Effect::Activate { call, lifetime }, Effect::WakeWaiters]);
    }

    fn fail(&mut self, call: u32, failure: Failure, now: u64, effects: &mut Vec<Effect>) {
        let Some(fetch) = self.fetch.filter(|fetch| fetch.call == call) else { return };
        self.fetch = None;
        self.wish = self.wish.filter(|wish| fetch.began_at.is_none() || call <= wish.after);
        self.failures += 1;
        let retry_in = if failure == Failure::Forbidden {
            self.mode = Mode::Ending;
            None
        } else {
            let backoff = backoff(self.failures, self.jitter);
            self.backoff_until = Some(now + backoff);
            // A token that only the page wanted to replace has its own time.
            let refresh_in = self.current.map_or(0, |current| current.refresh_at.saturating_sub(now));
            Some(refresh_in.max(backoff))
        };
        effects.extend([Effect::NotifyFailure { failure, retry_in }, Effect::WakeWaiters]);
    }

    /// Replaces the first rejected token at once, the next ones only after a growing time: if the API rejects fresh tokens too,
    /// more of them do not help. The rejected token stays until another arrives: the mistake may be the API's.
    fn reject(&mut self, call: u32, now: u64) {
        let Some(current) = self.current.filter(|current| current.call == call && !current.is_rejected) else { return };
        if now.saturating_sub(current.fetched_at) >= MAX_BACKOFF {
            self.rejections = 0;
        }
        if self.may_reject(&current, now) {
            self.rejections += 1;
            self.current = Some(Current { is_rejected: true, refresh_at: now, ..current });
        }
    }

    /// Plans a token's refresh and end.
    fn current(&self, call: u32, fetched_at: u64, lifetime: u64) -> Current {
        Current {
            call,
            is_rejected: false,
            fetched_at,
            refresh_at: fetched_at.saturating_add(refresh_after(lifetime, self.jitter)),
            expires_at: fetched_at.saturating_add(lifetime),
        }
    }

    /// Sets when the call in flight began; `None` while another tab may bring the token.
    pub(super) fn set_began_at(&mut self, began_at: Option<u64>) {
        self.fetch = self.fetch.map(|fetch| Fetch { began_at, ..fetch });
    }

    /// Returns whether this call is in flight, or waits for another tab.
    pub(super) fn is_fetching(&self, call: u32) -> bool {
        self.fetch.is_some_and(|fetch| fetch.call == call)
    }

    /// Returns the current token, unless it expired or the API rejected it.
    pub(super) fn token(&self, now: u64) -> Option<Token> {
        let current = self.current.filter(|current| now < current.expires_at && !current.is_rejected)?;
        let lifetime = current.expires_at - current.fetched_at;
        Some(Token { fetched_at: current.fetched_at, lifetime, rejections: self.rejections })
    }

    /// Returns the milliseconds until the timer must fire.
    pub(super) fn next_tick(&self, now: u64) -> Option<u64> {
        let may_fetch = self.mode == Mode::Refreshing && self.fetch.is_none() && !self.is_offline;
        let fetches_at = match (self.current, self.backoff_until) {
            (Some(current), backoff) => Some(current.refresh_at.max(backoff.unwrap_or(0))),
            (None, backoff) => backoff,
        };
        [
            self.current.map(|current| current.expires_at).filter(|at| *at != NEVER),
            self.fetch.and_then(|fetch| fetch.deadline()),
            fetches_at.filter(|_| may_fetch),
        ]
        .into_iter()
        .flatten()
        .min()
        .map(|at| at.saturating_sub(now))
    }
}

/// Returns the milliseconds that a token has left when it arrives; `None` if it has expired.
///
/// Visitors' clocks are wrong in both directions. Where the page can read the server's time, that decides. Otherwise the
/// visitor's clock counts while its reading is possible; if it is not, a token that says when it was issued is taken to be new,
/// and if it is not new, the API answers 401.
///
/// `expires_at` and `issued_at` are in Unix seconds, the two clocks in Unix milliseconds.
#[must_use]
pub fn time_left(expires_at: u64, issued_at: Option<u64>, server_now: Option<u64>, visitor_now: u64) -> Option<u64> {
    let end = expires_at.saturating_mul(1000);
    let left = match (server_now, issued_at) {
        (Some(now), _) => end.saturating_sub(now),
        (None, Some(issued_at)) => {
            let whole = end.saturating_sub(issued_at.saturating_mul(1000));
            let by_visitor = end.saturating_sub(visitor_now);
            if (1..=whole).contains(&by_visitor) { by_visitor } else { whole }
        }
        (None, None) => end.saturating_sub(visitor_now),
    };
    (left > 0).then_some(left)
}
