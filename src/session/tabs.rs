//! One refresh for all tabs of an origin: [`Tabs`], a pure engine around [`Refresh`].
//!
//! [`Tabs::step`] takes an [`Event`] and the time, and returns the [`Effect`]s to carry out, as [`Refresh::step`] does. Before
//! it calls the provider, it takes a lock that all tabs share; afterwards it posts the result on a channel that all tabs
//! receive. Lock and channel only help: a tab that has neither, or whose neighbour is frozen or killed, fetches by itself in
//! less than 4 seconds.
//!
//! - **The newest token** is the one whose fetch began last, not the one that expires last. Each tab moves to the newest token
//!   that it receives and never back, so all tabs converge, and a rejected token does not return.
//! - **Another tab's failure** counts for a tab that waits for that call. The others do not back off: one broken tab must not
//!   hold them back.
//! - **Another tab's "forbidden"** counts as a failure. A stop is final, so each tab must hear it from the provider itself.
//!
//! Times are milliseconds on a clock that all tabs share and that never runs backwards: the device's clock, with steps back
//! removed. A token's age is counted on it, however late a message arrives. A tab that was frozen sees in the queued messages how
//! old their tokens are. One case remains: the clock is set back, a tab opens after that, and is frozen for longer than that
//! when an older tab's message reaches it. Then the API answers 401.

use std::cmp::min;

use super::policy::{LISTEN, LISTEN_FIRST, MAX_AHEAD, MESSAGE_LIFETIME, PATIENCE, PING, spread};
use super::refresh::{self, Refresh, Status, Token};

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// An event for the [`Refresh`] engine.
    Refresh(refresh::Event),
    /// Whether there are other tabs, as found at the start.
    Others(Others),
    /// The lock that [`Effect::Lock`] requested is held.
    Locked,
    /// Locks are not available.
    NoLock,
    /// Another tab posted a message.
    Received(Message),
}

/// Whether there are other tabs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Others {
    /// Not known (yet).
    Unknown,
    /// There are none, or there is no channel to reach them.
    None,
    /// There are some.
    Some,
}

/// What the caller of the engine must do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// An effect of the [`Refresh`] engine. Its `Fetch` now means to call the provider at once.
    Refresh(refresh::Effect),
    /// Post a message to all other tabs. Add the text of the current token to [`Content::Token`].
    Post(Message),
    /// Request the lock, and send [`Event::Locked`] once it is held, or [`Event::NoLock`].
    Lock,
    /// Release the lock, or withdraw the request for it.
    Unlock,
}

/// A message from one tab to all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message {
    /// When it was posted.
    pub sent_at: u64,
    /// Its content.
    pub content: Content,
}

/// The content of a [`Message`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// Asks for a token that is newer than this one, and for a tab that is fetching one.
    Query {
        /// The newest token that the tab has had.
        after: Option<Mark>,
    },
    /// This tab is calling the provider.
    Fetching,
    /// This tab's call failed.
    Failed,
    /// A token.
    Token {
        /// The tab that fetched it.
        by: u32,
        /// The token.
        token: Token,
    },
}

/// Identifies a token among all tabs. The greater mark is the newer token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// When its fetch began.
    pub fetched_at: u64,
    /// The tab that fetched it, to order two fetches that began at once.
    pub by: u32,
}

/// The engine of one tab.
#[derive(Debug, Clone)]
pub struct Tabs {
    refresh: Refresh,
    /// This tab's number.
    number: u32,
    others: Others,
    /// The newest token that this tab has used.
    newest: Option<Mark>,
    turn: Turn,
}

/// Whose turn it is to call the provider, while [`Refresh`] needs a token.
#[derive(Debug, Clone, Copy)]
enum Turn {
    /// No token is needed.
    Idle,
    /// Perhaps another tab's.
    Waiting { call: u32, attempt: u32, since: u64, until: u64, ping_at: u64 },
    /// This tab's.
    Fetching { call: u32, fetched_at: u64 },
}

impl Tabs {
    /// Makes an engine around `refresh` in its initial state. Its jitter also numbers this tab.
    #[must_use]
    pub fn new(refresh: Refresh, now: u64) -> Tabs {
        let number = (refresh.jitter * f64::from(u32::MAX)) as u32;
        let newest = refresh.token(now).map(|token| Mark { fetched_at: token.fetched_at, by: number });
        Tabs { refresh, number, others: Others::Unknown, newest, turn: Turn::Idle }
    }

    /// Returns the inner engine, to read its state.
    #[must_use]
    pub fn refresh(&self) -> &Refresh {
        &self.refresh
    }

    /// Takes one event, and returns what to do, in order.
    #[must_use]
    pub fn step(&mut self, event: Event, now: u64) -> Vec<Effect> {
        let mut effects = Vec::new();
        if self.refresh.status(now) == Status::Closed {
            return effects;
        }
        match event {
            Event::Refresh(event) => self.forward(event, now, &mut effects),
            Event::Others(others) if self.others == Others::Unknown => self.others = others,
            Event::Others(_) => {}
            // `Others::Unknown` counts as some with a lock. Without locks it never becomes known.
            Event::Locked => self.listen(self.others != Others::None, now, &mut effects),
            Event::NoLock => self.listen(self.others == Others::Some, now, &mut effects),
            Event::Received(message) => self.receive(message, now, &mut effects),
        }
        self.check_deadlines(now, &mut effects);
        effects.push(Effect::Refresh(refresh::Effect::SetTimer(self.next_tick(now))));
        effects
    }

    /// Forwards an event to [`Refresh`], and translates its effects to what they mean among tabs.
    fn forward(&mut self, event: refresh::Event, now: u64, effects: &mut Vec<Effect>) {
        for effect in self.refresh.step(event, now) {
            match effect {
                // The two engines share one timer, which `step` sets last.
                refresh::Effect::SetTimer(_) => {}
                refresh::Effect::Fetch { call, attempt } => {
                    self.end_turn(effects);
                    self.refresh.set_began_at(None);
                    let until = now + self.spread(PATIENCE);
                    let ping_at = now + self.spread(LISTEN);
                    self.turn = Turn::Waiting { call, attempt, since: now, until, ping_at };
                    effects.push(Effect::Lock);
                }
                _ => {
                    effects.push(Effect::Refresh(effect));
                    self.post_result(effect, now, effects);
                }
            }
        }
        let is_over = match self.turn {
            Turn::Idle => false,
            Turn::Waiting { call, .. } | Turn::Fetching { call, .. } => !self.refresh.is_fetching(call),
        };
        if is_over {
            self.end_turn(effects);
        }
    }

    /// Posts the result of this tab's call.
    fn post_result(&mut self, effect: refresh::Effect, now: u64, effects: &mut Vec<Effect>) {
        let Turn::Fetching { call, fetched_at } = self.turn else { return };
        match effect {
            refresh::Effect::Activate { call: used, .. } if used == call => {
                self.newest = Some(Mark { fetched_at, by: self.number });
                self.answer(None, now, effects);
            }
            refresh::Effect::NotifyFailure { .. } => post(Content::Failed, now, effects),
            _ => {}
        }
    }

    fn end_turn(&mut self, effects: &mut Vec<Effect>) {
        if !matches!(self.turn, Turn::Idle) {
            self.turn = Turn::Idle;
            effects.push(Effect::Unlock);
        }
    }

    /// Listens for another tab's token before the fetch. Its message may still be in transit although the lock is free.
    fn listen(&mut self, has_others: bool, now: u64, effects: &mut Vec<Effect>) {
        let is_first = has_others && self.newest.is_none();
        let listen = self.spread(if is_first { LISTEN_FIRST } else { LISTEN });
        let ping = self.spread(PING);
        if let Turn::Waiting { since, until, ping_at, .. } = &mut self.turn {
            (*since, *until, *ping_at) = (now, now + listen, now + ping);
            post(Content::Query { after: self.newest }, now, effects);
        }
    }

    fn receive(&mut self, message: Message, now: u64, effects: &mut Vec<Effect>) {
        self.others = Others::Some;
        if message.sent_at > now + MAX_AHEAD {
            return;
        }
        let is_outdated = now > message.sent_at + MESSAGE_LIFETIME;
        match message.content {
            // A token cannot be fetched after the message that carries it.
            Content::Token { token, .. } if token.fetched_at > message.sent_at => {}
            Content::Token { by, token } => {
                let mark = Mark { fetched_at: token.fetched_at, by };
                if self.newest.is_none_or(|newest| mark > newest) {
                    self.forward(refresh::Event::ReceivedElsewhere(token), now, effects);
                    if self.refresh.token(now).is_some_and(|held| held.fetched_at == token.fetched_at) {
                        self.newest = Some(mark);
                    }
                }
            }
            _ if is_outdated => {}
            Content::Query { after } => self.answer(after, now, effects),
            Content::Fetching => {
                let (patience, ping) = (self.spread(PATIENCE), self.spread(PING));
                if let Turn::Waiting { since, until, ping_at, .. } = &mut self.turn
                    // An earlier message may come from a tab that is gone.
                    && message.sent_at >= *since
                {
                    (*until, *ping_at) = (now + patience, now + ping);
                }
            }
            Content::Failed => {
                if let Turn::Waiting { call, .. } = self.turn {
                    self.forward(refresh::Event::Failed { call }, now, effects);
                }
            }
        }
    }

    /// Posts the current token if it is newer than `after`, or that this tab is fetching one.
    fn answer(&self, after: Option<Mark>, now: u64, effects: &mut Vec<Effect>) {
        let newest = self.newest.filter(|newest| after.is_none_or(|after| *newest > after));
        match (newest.zip(self.refresh.token(now)), self.turn) {
            (Some((mark, token)), _) => post(Content::Token { by: mark.by, token }, now, effects),
            (None, Turn::Fetching { .. }) => post(Content::Fetching, now, effects),
            (None, _) => {}
        }
    }

    fn check_deadlines(&mut self, now: u64, effects: &mut Vec<Effect>) {
        let ping = self.spread(PING);
        let Turn::Waiting { call, attempt, until, ping_at, .. } = &mut self.turn else { return };
        // Another tab's token may be older than the page's wish for a new one.
        if self.others == Others::None || now >= *until || self.refresh.is_renewing() {
            effects.push(Effect::Refresh(refresh::Effect::Fetch { call: *call, attempt: *attempt }));
            self.turn = Turn::Fetching { call: *call, fetched_at: now };
            self.refresh.set_began_at(Some(now));
            post(Content::Fetching, now, effects);
        } else if now >= *ping_at {
            *ping_at = now + ping;
            post(Content::Query { after: self.newest }, now, effects);
        }
    }

    fn spread(&self, milliseconds: u64) -> u64 {
        spread(milliseconds, self.refresh.jitter)
    }

    fn next_tick(&self, now: u64) -> Option<u64> {
        let own = match self.turn {
            Turn::Waiting { until, ping_at, .. } => Some(min(until, ping_at).saturating_sub(now)),
            _ => None,
        };
        [own, self.refresh.next_tick(now)].into_iter().flatten().min()
    }
}

fn post(content: Content, now: u64, effects: &mut Vec<Effect>) {
    effects.push(Effect::Post(Message { sent_at: now, content }));
}
