//! When to get a new temporary token: [`Refresh`], a pure engine.
//!
//! [`Refresh::step`] takes an [`Event`] and the time and gives [`Effect`]s to carry out. It does no I/O and has no timer, no
//! clock and no token of its own: tokens are numbers to it. So the browser half only obeys, and a native test can live
//! through any odd day.
//!
//! Times are milliseconds on any clock that never runs backwards. [`crate::tabs`] shares one refresh among many tabs.

use std::cmp::min;

/// A provider that has not answered by then has failed (Ably's default).
pub const TIMEOUT: u64 = 10_000;
/// Whoever looks so long after that stood still meanwhile: frozen, asleep. The answer may have come and wait to be heard.
const LATE: u64 = 100;
/// So long it is waited for then.
const GRACE: u64 = 3_000;
/// The first pause after a failure; it doubles with each further one.
const FIRST_PAUSE: u64 = 1_000;
/// The longest pause.
const LONGEST_PAUSE: u64 = 60_000;
/// A token that has no more than this left when it comes is over before it is used, and asking again at once would be a flood.
const TOO_SHORT: u64 = 1_000;

/// The lifetime of a token that does not end.
pub const NEVER: u64 = u64::MAX;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// Somebody wants a token now.
    Wanted,
    /// Time has passed: the timer rang, or the page came back to life.
    Woke,
    /// The network came back.
    Online,
    /// The network went away.
    Offline,
    /// The provider answered the call with a token that has this long to live, counted from when it was asked.
    Granted {
        /// The number of the call.
        call: u32,
        /// Milliseconds.
        lifetime: u64,
    },
    /// The call failed.
    Failed {
        /// The number of the call.
        call: u32,
    },
    /// The provider answered with a token that is over, or was in use before: somebody caches it.
    Stale {
        /// The number of the call.
        call: u32,
    },
    /// The provider answered that there will be no more tokens.
    Forbidden {
        /// The number of the call.
        call: u32,
    },
    /// The API answered 401 to the token that this call brought.
    Rejected {
        /// The number of the call.
        call: u32,
    },
    /// Another tab's call brought a token, which was asked for after the one at hand.
    Brought(Token),
    /// The connection is over.
    Closed,
}

/// What one tab tells another of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// When it was asked for.
    pub asked_at: u64,
    /// Milliseconds, counted from then.
    pub lifetime: u64,
    /// How many tokens were rejected in a row before this one, so that the pauses grow for all tabs together.
    pub rejections: u32,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Call the provider, and report under this number.
    Ask {
        /// The number of the call.
        call: u32,
        /// 1 for a first try, one more for each after a failure.
        attempt: u32,
    },
    /// The token that this call brought is the one to use from now on, for so many milliseconds.
    Use {
        /// The number of the call.
        call: u32,
        /// Milliseconds.
        lifetime: u64,
    },
    /// Forget the token in use: it ended, or the connection is over.
    Forget(Loss),
    /// The call did not bring a token; the next one is made in so many milliseconds, or never.
    Report {
        /// Why.
        failure: Failure,
        /// Milliseconds.
        retry_in: Option<u64>,
    },
    /// Whoever waits for a token should look again.
    Settle,
    /// Send [`Event::Woke`] in so many milliseconds, and not at any time said before.
    WakeIn(Option<u64>),
}

/// Why a token is no longer in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// Its time is over.
    Expired,
    /// The connection was closed.
    Closed,
}

/// Why a call brought no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The provider failed.
    Failed,
    /// It did not answer in time.
    TimedOut,
    /// It answered with a token that is already in use, or over.
    Stale,
    /// It said that there will be no more.
    Forbidden,
}

/// How things stand for somebody who wants a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// The token of this call is good.
    Living(u32),
    /// One is on its way.
    Asking,
    /// The last call failed, and it is too early for another.
    Pausing,
    /// None is here, and [`Event::Wanted`] will ask for one.
    Idle,
    /// There will be none: the provider forbade it, or there is no provider and the one token is over.
    Over,
    /// The connection was closed.
    Closed,
}

/// The engine.
#[derive(Debug, Clone)]
pub struct Refresh {
    /// Stable for a connection, so that a crowd of visitors spreads out: 0 to 1.
    pub(crate) jitter: f64,
    held: Option<Held>,
    asking: Option<Asking>,
    pause_until: Option<u64>,
    failures: u32,
    /// Tokens rejected in a row, before any lived to its refresh.
    rejections: u32,
    last_call: u32,
    is_offline: bool,
    mode: Mode,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// There is a provider to ask.
    Refreshing,
    /// There is none, or it forbade asking.
    Ending,
    Closed,
}

#[derive(Debug, Clone, Copy)]
struct Held {
    call: u32,
    /// The API answered 401 to it, so that another is wanted.
    is_rejected: bool,
    since: u64,
    refresh_at: u64,
    expires_at: u64,
}

#[derive(Debug, Clone, Copy)]
struct Asking {
    call: u32,
    /// `None` while another tab may bring the answer.
    since: Option<u64>,
    /// When it will have failed, put off since the end of its time was noticed late.
    put_off: Option<u64>,
}

impl Asking {
    fn fails_at(&self) -> Option<u64> {
        self.since.map(|since| self.put_off.unwrap_or(since + TIMEOUT))
    }
}

impl Refresh {
    /// An engine with a provider to ask. `jitter` is a random number from 0 to 1, drawn once.
    #[must_use]
    pub fn new(jitter: f64) -> Refresh {
        Refresh {
            jitter: jitter.clamp(0.0, 1.0),
            held: None,
            asking: None,
            pause_until: None,
            failures: 0,
            rejections: 0,
            last_call: 0,
            is_offline: false,
            mode: Mode::Refreshing,
        }
    }

    /// Starts with a token at hand, as call 0.
    #[must_use]
    pub fn with_token(self, lifetime: u64, now: u64) -> Refresh {
        let held = self.hold(0, now, lifetime);
        Refresh { held: Some(held), ..self }
    }

    /// Without a provider: the token at hand is used until it ends.
    #[must_use]
    pub fn without_provider(self) -> Refresh {
        Refresh { mode: Mode::Ending, ..self }
    }

    /// How things stand. Expiry is checked here, on use, whatever became of the timers.
    #[must_use]
    pub fn status(&self, now: u64) -> Status {
        match (self.mode, self.held) {
            (Mode::Closed, _) => Status::Closed,
            // While another is on its way, nobody is given a token that was rejected.
            (_, Some(held)) if now < held.expires_at && !(held.is_rejected && self.asking.is_some()) => {
                Status::Living(held.call)
            }
            (Mode::Ending, _) => Status::Over,
            _ if self.asking.is_some() => Status::Asking,
            _ if self.pause_until.is_some_and(|until| now < until) => Status::Pausing,
            _ => Status::Idle,
        }
    }

    /// Milliseconds until the planned refresh, if one is planned.
    #[must_use]
    pub fn refresh_in(&self, now: u64) -> Option<u64> {
        let held = self.held.filter(|_| self.mode == Mode::Refreshing)?;
        Some(held.refresh_at.saturating_sub(now))
    }

    /// Milliseconds until the token in use ends, if it does.
    #[must_use]
    pub fn expires_in(&self, now: u64) -> Option<u64> {
        let held = self.held.filter(|held| held.expires_at != NEVER)?;
        Some(held.expires_at.saturating_sub(now))
    }

    /// Takes one event and says what to do, in order.
    #[must_use]
    pub fn step(&mut self, event: Event, now: u64) -> Vec<Effect> {
        let mut effects = Vec::new();
        if self.mode == Mode::Closed {
            // Whatever comes late is thrown away.
            return effects;
        }
        match event {
            Event::Wanted | Event::Woke => {}
            Event::Online => {
                self.is_offline = false;
                self.pause_until = None;
            }
            Event::Offline => self.is_offline = true,
            Event::Granted { call, lifetime } => self.granted(call, lifetime, now, &mut effects),
            Event::Failed { call } => self.failed(call, Failure::Failed, now, &mut effects),
            Event::Stale { call } => self.failed(call, Failure::Stale, now, &mut effects),
            Event::Forbidden { call } => self.failed(call, Failure::Forbidden, now, &mut effects),
            Event::Rejected { call } => self.rejected(call, now),
            Event::Brought(token) => self.brought(token, now, &mut effects),
            Event::Closed => {
                self.mode = Mode::Closed;
                self.held = None;
                self.asking = None;
                effects.extend([Effect::Forget(Loss::Closed), Effect::Settle, Effect::WakeIn(None)]);
                return effects;
            }
        }
        self.look_at_the_time(event == Event::Wanted, now, &mut effects);
        effects.push(Effect::WakeIn(self.next_wake(now)));
        effects
    }

    fn look_at_the_time(&mut self, is_wanted: bool, now: u64, effects: &mut Vec<Effect>) {
        if let Some(asking) = &mut self.asking
            && let Some(fails_at) = asking.fails_at()
            && now >= fails_at
        {
            if now >= fails_at + LATE && asking.put_off.is_none() {
                asking.put_off = Some(now + GRACE);
            } else {
                let call = asking.call;
                self.failed(call, Failure::TimedOut, now, effects);
            }
        }
        if self.held.is_some_and(|held| now >= held.expires_at) {
            self.held = None;
            effects.extend([Effect::Forget(Loss::Expired), Effect::Settle]);
        }
        let is_due = match self.held {
            Some(held) => now >= held.refresh_at,
            // Before the first token, and after a lost one, ask when somebody wants it; after a failure, when the pause ends.
            None => is_wanted || self.last_call > 0 || self.pause_until.is_some(),
        };
        let may_ask = self.mode == Mode::Refreshing
            && self.asking.is_none()
            && self.pause_until.is_none_or(|until| now >= until)
            && (!self.is_offline || is_wanted);
        if is_due && may_ask {
            self.pause_until = None;
            self.last_call += 1;
            self.asking = Some(Asking { call: self.last_call, since: Some(now), put_off: None });
            effects.push(Effect::Ask { call: self.last_call, attempt: self.failures + 1 });
        }
    }

    fn granted(&mut self, call: u32, lifetime: u64, now: u64, effects: &mut Vec<Effect>) {
        let Some(asking) = self.asking.filter(|asking| asking.call == call) else { return };
        // Counted from the question, not from the answer: the token was not made before it was asked for.
        let since = asking.since.unwrap_or(now);
        if is_too_short(since, lifetime, now) {
            return self.failed(call, Failure::Stale, now, effects);
        }
        if self.held.is_some_and(|held| !held.is_rejected) {
            self.rejections = 0;
        }
        self.asking = None;
        self.take(call, since, lifetime, effects);
    }

    /// A call of one's own goes on if it was made later: what it brings will be newer.
    fn brought(&mut self, token: Token, now: u64, effects: &mut Vec<Effect>) {
        let Token { asked_at, lifetime, rejections } = token;
        if self.mode != Mode::Refreshing || is_too_short(asked_at, lifetime, now) {
            return;
        }
        self.asking = self.asking.filter(|asking| asking.since.is_some_and(|since| since > asked_at));
        self.pause_until = None;
        self.rejections = rejections;
        self.last_call += 1;
        self.take(self.last_call, asked_at, lifetime, effects);
    }

    fn take(&mut self, call: u32, since: u64, lifetime: u64, effects: &mut Vec<Effect>) {
        self.failures = 0;
        self.held = Some(self.hold(call, since, lifetime));
        effects.extend([Effect::Use { call, lifetime }, Effect::Settle]);
    }

    fn failed(&mut self, call: u32, failure: Failure, now: u64, effects: &mut Vec<Effect>) {
        if self.asking.is_none_or(|asking| asking.call != call) {
            return;
        }
        self.asking = None;
        self.failures += 1;
        let retry_in = if failure == Failure::Forbidden {
            self.mode = Mode::Ending;
            None
        } else {
            let pause = pause(self.failures, self.jitter);
            self.pause_until = Some(now + pause);
            Some(pause)
        };
        effects.extend([Effect::Report { failure, retry_in }, Effect::Settle]);
    }

    /// The first rejected token is replaced at once, the next ones only after a growing time: if the API rejects fresh tokens
    /// too, more of them do not help. Until another is there, the rejected one is not given up: it may be the API's own
    /// mistake.
    fn rejected(&mut self, call: u32, now: u64) {
        let Some(held) = self.held.as_mut().filter(|held| held.call == call && !held.is_rejected) else {
            return;
        };
        let age = now.saturating_sub(held.since);
        if age >= LONGEST_PAUSE {
            self.rejections = 0;
        }
        if self.rejections == 0 || age >= pause(self.rejections, self.jitter) {
            self.rejections += 1;
            held.is_rejected = true;
            held.refresh_at = now;
        }
    }

    /// Refresh when 75 to 85 % of the life is over: a share, so that short tokens work too.
    fn hold(&self, call: u32, since: u64, lifetime: u64) -> Held {
        let share = 0.75 + 0.1 * self.jitter;
        let until_refresh = (lifetime as f64 * share) as u64;
        Held {
            call,
            is_rejected: false,
            since,
            refresh_at: since.saturating_add(until_refresh),
            expires_at: since.saturating_add(lifetime),
        }
    }

    /// When the call under way was made: now, or not yet, since another tab may bring the answer.
    pub(crate) fn set_asked(&mut self, since: Option<u64>) {
        self.asking = self.asking.map(|asking| Asking { since, ..asking });
    }

    /// Whether this call is under way, or waits for another tab.
    pub(crate) fn is_asking(&self, call: u32) -> bool {
        self.asking.is_some_and(|asking| asking.call == call)
    }

    /// The token in use, unless it ended or the API rejected it.
    pub(crate) fn token(&self, now: u64) -> Option<Token> {
        let held = self.held.filter(|held| now < held.expires_at && !held.is_rejected)?;
        let lifetime = held.expires_at - held.since;
        Some(Token { asked_at: held.since, lifetime, rejections: self.rejections })
    }

    /// Milliseconds until the timer is to ring.
    pub(crate) fn next_wake(&self, now: u64) -> Option<u64> {
        let may_ask = self.mode == Mode::Refreshing && self.asking.is_none() && !self.is_offline;
        let asks_at = match (self.held, self.pause_until) {
            (Some(held), pause) => Some(held.refresh_at.max(pause.unwrap_or(0))),
            (None, pause) => pause,
        };
        [
            self.held.map(|held| held.expires_at).filter(|at| *at != NEVER),
            self.asking.and_then(|asking| asking.fails_at()),
            asks_at.filter(|_| may_ask),
        ]
        .into_iter()
        .flatten()
        .min()
        .map(|at| at.saturating_sub(now))
    }
}

fn is_too_short(since: u64, lifetime: u64, now: u64) -> bool {
    since.saturating_add(lifetime).saturating_sub(now) <= TOO_SHORT
}

/// Doubles with each failure.
fn pause(failures: u32, jitter: f64) -> u64 {
    spread(min(FIRST_PAUSE << min(failures - 1, 16), LONGEST_PAUSE), jitter)
}

/// From half of a time to the whole, by the jitter.
pub(crate) fn spread(milliseconds: u64, jitter: f64) -> u64 {
    milliseconds / 2 + (milliseconds as f64 / 2.0 * jitter) as u64
}

/// Milliseconds that a token has left when it arrives, `None` if it is over.
///
/// Clocks of visitors are wrong in both directions. The server's own time settles it where the page can read it. Without
/// it, the visitor's clock counts as long as what it says is possible, and a token that says when it was issued is else
/// taken to be new: if it is not, the API's 401 will tell.
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
