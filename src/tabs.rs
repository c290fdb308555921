//! One refresh for all tabs of an origin: [`Tabs`], a pure engine around [`Refresh`].
//!
//! [`Tabs::step`] takes an [`Event`] and the time and gives [`Effect`]s to carry out, as [`Refresh::step`] does. Before it asks
//! the provider it takes a lock that all tabs share, and says what the call brought on a channel that all tabs hear. Lock and
//! channel only help: a tab that has neither, or whose neighbour is frozen or killed, asks by itself in less than 4 seconds.
//!
//! - **Which token is newest** is told by when it was asked for, not by its end: each tab goes to the newest it hears of and
//!   never back, so that all come to the same, and a rejected token does not return.
//! - **Another tab's failure** is one's own if one waits for that call. Nobody else pauses for it: one broken tab must not hold
//!   back the others.
//! - **Another tab's "forbidden"** counts as a failure. A stop cannot be undone, so that each tab hears it from the provider.
//!
//! Times are milliseconds on a clock that all tabs share and that never runs backwards: the device's, with steps back taken
//! out. A token's age is counted on it, however late a message comes; a tab that heard nothing while it was frozen sees in the
//! queued messages how old the tokens are. What is left: the clock is set back, a tab opens after that, and is frozen for
//! longer than that when an older tab's message reaches it. Then the API's 401 tells.

use std::cmp::min;

use crate::refresh::{self, Refresh, Status, Token, spread};

// The jitter takes up to half away from each of the four times, lest all tabs speak at once.

/// A tab that waits for another asks by itself if it does not hear for so long that the other is at work.
const PATIENCE: u64 = 3_500;
/// So often a tab that waits wants to hear that the other is at work.
const PING: u64 = 500;
/// How long a tab listens whether another has a token, before it asks the provider.
const LISTEN: u64 = 50;
/// The same for the first token, if there may be other tabs: the others may be busy.
const LISTEN_LONG: u64 = 250;
/// A message from further ahead comes from a tab whose clock started after the device's was set back: ages would be wrong.
const AHEAD: u64 = 2_000;
/// What a tab did longer ago than this says nothing of what it does now.
const OLD: u64 = 5_000;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// Something that is the [`Refresh`] engine's.
    Refresh(refresh::Event),
    /// Whether there are other tabs, found out at the start.
    Others(Others),
    /// The lock is held, which [`Effect::Lock`] asked for.
    Locked,
    /// There are no locks.
    NoLock,
    /// Another tab said something.
    Heard(Message),
}

/// Whether there are other tabs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Others {
    /// That cannot be told (yet).
    Unknown,
    /// No, or there is no channel to reach them.
    Nobody,
    /// Yes.
    Somebody,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// What the [`Refresh`] engine wants. Its `Ask` now means to ask the provider at once.
    Refresh(refresh::Effect),
    /// Tell it to all other tabs. To [`Content::Has`] belongs the text of the token in use.
    Post(Message),
    /// Ask for the lock, and send [`Event::Locked`] once it is held, or [`Event::NoLock`].
    Lock,
    /// Give the lock back, or ask for it no longer.
    Unlock,
}

/// What a tab tells all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message {
    /// The time.
    pub sent_at: u64,
    /// What it says.
    pub content: Content,
}

/// What a [`Message`] says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// Who has a token that was asked for after this one, or is asking?
    Who {
        /// The newest that the tab has had.
        after: Option<Mark>,
    },
    /// This tab is asking the provider.
    Asking,
    /// This tab's call failed.
    Failed,
    /// Here is a token.
    Has {
        /// The tab that asked for it.
        by: u32,
        /// The token.
        token: Token,
    },
}

/// Which token of all tabs: the later, the newer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// When it was asked for.
    pub asked_at: u64,
    /// The tab that asked for it, should two have done so at once.
    pub by: u32,
}

/// The engine.
#[derive(Debug, Clone)]
pub struct Tabs {
    refresh: Refresh,
    /// This tab's number.
    number: u32,
    others: Others,
    /// The newest token that was in use here.
    newest: Option<Mark>,
    turn: Turn,
}

/// Whose turn it is to ask the provider, while [`Refresh`] wants a token.
#[derive(Debug, Clone, Copy)]
enum Turn {
    /// No token is wanted.
    Nobodys,
    /// Perhaps another tab's.
    Waiting { call: u32, attempt: u32, since: u64, until: u64, ping_at: u64 },
    /// This tab's.
    Asking { call: u32, asked_at: u64 },
}

impl Tabs {
    /// `refresh` as it is at the start. Its jitter also numbers this tab.
    #[must_use]
    pub fn new(refresh: Refresh, now: u64) -> Tabs {
        let number = (refresh.jitter * f64::from(u32::MAX)) as u32;
        let newest = refresh.token(now).map(|token| Mark { asked_at: token.asked_at, by: number });
        Tabs { refresh, number, others: Others::Unknown, newest, turn: Turn::Nobodys }
    }

    /// The engine within, to see how things stand.
    #[must_use]
    pub fn refresh(&self) -> &Refresh {
        &self.refresh
    }

    /// Takes one event and says what to do, in order.
    #[must_use]
    pub fn step(&mut self, event: Event, now: u64) -> Vec<Effect> {
        let mut effects = Vec::new();
        if self.refresh.status(now) == Status::Closed {
            return effects;
        }
        match event {
            Event::Refresh(event) => self.tell(event, now, &mut effects),
            Event::Others(others) if self.others == Others::Unknown => self.others = others,
            Event::Others(_) => {}
            // Before it is known whether there are others, which without locks never is.
            Event::Locked => self.listen(self.others != Others::Nobody, now, &mut effects),
            Event::NoLock => self.listen(self.others == Others::Somebody, now, &mut effects),
            Event::Heard(message) => self.heard(message, now, &mut effects),
        }
        self.look_at_the_time(now, &mut effects);
        effects.push(Effect::Refresh(refresh::Effect::WakeIn(self.next_wake(now))));
        effects
    }

    /// Tells [`Refresh`], and makes of what it wants what that means among tabs.
    fn tell(&mut self, event: refresh::Event, now: u64, effects: &mut Vec<Effect>) {
        for effect in self.refresh.step(event, now) {
            match effect {
                // The two engines have one timer, which is set last.
                refresh::Effect::WakeIn(_) => {}
                refresh::Effect::Ask { call, attempt } => {
                    self.end_turn(effects);
                    self.refresh.set_asked(None);
                    let until = now + self.spread(PATIENCE);
                    let ping_at = now + self.spread(LISTEN);
                    self.turn = Turn::Waiting { call, attempt, since: now, until, ping_at };
                    effects.push(Effect::Lock);
                }
                _ => {
                    effects.push(Effect::Refresh(effect));
                    self.say_what_came(effect, now, effects);
                }
            }
        }
        let is_over = match self.turn {
            Turn::Nobodys => false,
            Turn::Waiting { call, .. } | Turn::Asking { call, .. } => !self.refresh.is_asking(call),
        };
        if is_over {
            self.end_turn(effects);
        }
    }

    /// Tells the others what this tab's call brought.
    fn say_what_came(&mut self, effect: refresh::Effect, now: u64, effects: &mut Vec<Effect>) {
        let Turn::Asking { call, asked_at } = self.turn else { return };
        match effect {
            refresh::Effect::Use { call: used, .. } if used == call => {
                self.newest = Some(Mark { asked_at, by: self.number });
                self.answer(None, now, effects);
            }
            refresh::Effect::Report { .. } => post(Content::Failed, now, effects),
            _ => {}
        }
    }

    fn end_turn(&mut self, effects: &mut Vec<Effect>) {
        if !matches!(self.turn, Turn::Nobodys) {
            self.turn = Turn::Nobodys;
            effects.push(Effect::Unlock);
        }
    }

    /// Before asking, listens whether another has a token. Its message may be under way still, although the lock is free.
    fn listen(&mut self, has_others: bool, now: u64, effects: &mut Vec<Effect>) {
        let is_long = has_others && self.newest.is_none();
        let pause = self.spread(if is_long { LISTEN_LONG } else { LISTEN });
        let ping = self.spread(PING);
        if let Turn::Waiting { since, until, ping_at, .. } = &mut self.turn {
            (*since, *until, *ping_at) = (now, now + pause, now + ping);
            post(Content::Who { after: self.newest }, now, effects);
        }
    }

    fn heard(&mut self, message: Message, now: u64, effects: &mut Vec<Effect>) {
        self.others = Others::Somebody;
        if message.sent_at > now + AHEAD {
            return;
        }
        let is_old = now > message.sent_at + OLD;
        match message.content {
            // Nobody has what is to be asked for yet.
            Content::Has { token, .. } if token.asked_at > message.sent_at => {}
            Content::Has { by, token } => {
                let mark = Mark { asked_at: token.asked_at, by };
                if self.newest.is_none_or(|newest| mark > newest) {
                    self.tell(refresh::Event::Brought(token), now, effects);
                    if self.refresh.token(now).is_some_and(|held| held.asked_at == token.asked_at) {
                        self.newest = Some(mark);
                    }
                }
            }
            _ if is_old => {}
            Content::Who { after } => self.answer(after, now, effects),
            Content::Asking => {
                let (patience, ping) = (self.spread(PATIENCE), self.spread(PING));
                if let Turn::Waiting { since, until, ping_at, .. } = &mut self.turn
                    // Whoever had the lock before may be gone.
                    && message.sent_at >= *since
                {
                    (*until, *ping_at) = (now + patience, now + ping);
                }
            }
            Content::Failed => {
                if let Turn::Waiting { call, .. } = self.turn {
                    self.tell(refresh::Event::Failed { call }, now, effects);
                }
            }
        }
    }

    /// Tells of the token in use if it is newer, or that one is being asked for.
    fn answer(&self, after: Option<Mark>, now: u64, effects: &mut Vec<Effect>) {
        let newest = self.newest.filter(|newest| after.is_none_or(|after| *newest > after));
        match (newest.zip(self.refresh.token(now)), self.turn) {
            (Some((mark, token)), _) => post(Content::Has { by: mark.by, token }, now, effects),
            (None, Turn::Asking { .. }) => post(Content::Asking, now, effects),
            (None, _) => {}
        }
    }

    fn look_at_the_time(&mut self, now: u64, effects: &mut Vec<Effect>) {
        let ping = self.spread(PING);
        let Turn::Waiting { call, attempt, until, ping_at, .. } = &mut self.turn else { return };
        if self.others == Others::Nobody || now >= *until {
            effects.push(Effect::Refresh(refresh::Effect::Ask { call: *call, attempt: *attempt }));
            self.turn = Turn::Asking { call: *call, asked_at: now };
            self.refresh.set_asked(Some(now));
            post(Content::Asking, now, effects);
        } else if now >= *ping_at {
            *ping_at = now + ping;
            post(Content::Who { after: self.newest }, now, effects);
        }
    }

    fn spread(&self, milliseconds: u64) -> u64 {
        spread(milliseconds, self.refresh.jitter)
    }

    fn next_wake(&self, now: u64) -> Option<u64> {
        let own = match self.turn {
            Turn::Waiting { until, ping_at, .. } => Some(min(until, ping_at).saturating_sub(now)),
            _ => None,
        };
        [own, self.refresh.next_wake(now)].into_iter().flatten().min()
    }
}

fn post(content: Content, now: u64, effects: &mut Vec<Effect>) {
    effects.push(Effect::Post(Message { sent_at: now, content }));
}
