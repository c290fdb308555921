//! A random odd day of 2 to 20 tabs, with an oracle: [`live_through_a_day`].
//!
//! The world has a channel whose messages take their time and queue up while a tab is frozen, a lock that is released when a
//! tab is killed, a provider and an API. On a calm day nothing is frozen or late and the locks work, but tabs open, close and
//! are killed, tokens are revoked and the provider is as odd as on any other.

use std::collections::BTreeMap;

use daypass::session::refresh::{self, Loss, Refresh, Status};
use daypass::session::tabs::{Content, Effect, Event, Message, Others, Tabs};

use super::dice::Dice;

const SECOND: u64 = 1_000;
const MINUTE: u64 = 60_000;
const HOUR: u64 = 3_600_000;
/// A tab wants a token for no longer than this, beyond what the provider takes.
const NO_HANG: u64 = 5_000;

/// What was seen in a day: calm, frozen, killed, revoked, taken from another tab.
pub type Seen = [bool; 5];
const CALM: usize = 0;
const FROZEN: usize = 1;
const KILLED: usize = 2;
const REVOKED: usize = 3;
const SHARED: usize = 4;

/// What is to come for a tab.
#[derive(Debug, Clone, Copy)]
enum Coming {
    Ring { timer: u32 },
    Answer { call: u32, answer: Answer },
    Hear { message: Message, token: Option<usize> },
    Locked { request: u32 },
    NoLock { request: u32 },
    Presence,
    Killed { call: u32 },
}

#[derive(Debug, Clone, Copy)]
enum Answer {
    Token { lifetime: u64, fetched_at: u64 },
    Failed,
    Stale,
    Forbidden,
}

/// What is true of a token, by the world's time.
struct Truth {
    expires_at: u64,
    is_revoked: bool,
    /// Since when some tab has it.
    known_since: u64,
    /// Calls of tabs that had this one, which brought another.
    successors: u32,
}

struct Tab {
    engine: Tabs,
    /// The device's clock was set back by so much before the tab opened.
    behind: u64,
    is_alive: bool,
    is_frozen: bool,
    is_throttled: bool,
    was_forbidden: bool,
    timer: u32,
    flight: Option<u32>,
    request: u32,
    held: Option<usize>,
    had_any: bool,
    rejected: Vec<usize>,
    /// Not before then may it ask again after a failure.
    pauses_until: u64,
    /// For how long it has wanted a token while nobody awake was asking.
    waits: Option<u64>,
    backlog: Vec<Coming>,
}

struct World {
    seed: u64,
    dice: Dice,
    now: u64,
    coming: BTreeMap<(u64, u64), (usize, Coming)>,
    order: u64,
    tabs: Vec<Tab>,
    tokens: Vec<Truth>,
    /// Who has the lock, and then who waits for it.
    line: Vec<(usize, u32)>,
    has_channel: bool,
    has_locks: bool,
    is_calm: bool,
    /// The provider answers well and soon.
    is_good: bool,
    may_kill_leader: bool,
    behind: u64,
    asks: u32,
    kills: u32,
    failures_in_a_row: Vec<u32>,
    seen: Seen,
}

pub fn live_through_a_day(seed: u64) -> Seen {
    let mut world = World::new(seed);
    world.open_together();
    for _ in 0..30 {
        world.act();
        let pause = [50, SECOND, MINUTE, 20 * MINUTE][world.dice.roll(4) as usize];
        let pause = 1 + world.dice.roll(pause);
        world.run_for(pause);
    }
    world.come_to_rest();
    world.close();
    world.seen
}

impl World {
    fn new(seed: u64) -> World {
        let mut dice = Dice::new(seed);
        let is_calm = dice.one_in(2);
        let has_channel = is_calm || !dice.one_in(10);
        World {
            seed,
            now: 10 * 24 * HOUR,
            coming: BTreeMap::new(),
            order: 0,
            tabs: Vec::new(),
            tokens: Vec::new(),
            line: Vec::new(),
            has_channel,
            has_locks: has_channel && (is_calm || !dice.one_in(5)),
            is_calm,
            is_good: true,
            may_kill_leader: false,
            behind: 0,
            asks: 0,
            kills: 0,
            failures_in_a_row: Vec::new(),
            seen: [is_calm, false, false, false, false],
            dice,
        }
    }

    /// Many tabs open within a moment: one request, and one more if the asking one is killed.
    fn open_together(&mut self) {
        self.may_kill_leader = self.dice.one_in(2);
        for _ in 0..2 + self.dice.roll(19) {
            self.open();
            let pause = self.dice.roll(10);
            self.run_for(pause);
        }
        self.run_for(25 * SECOND);
        if self.is_calm {
            let Self { seed, asks, kills, .. } = *self;
            assert!(asks <= 1 + kills, "seed {seed}: {asks} requests for tabs that opened together, {kills} killed");
            self.all_have_the_same();
        }
        self.is_good = false;
    }

    /// Something odd happens.
    fn act(&mut self) {
        let tab = self.dice.roll(self.tabs.len() as u64) as usize;
        match self.dice.roll(16) {
            0 if self.tabs.len() < 24 => self.open(),
            1 if self.tabs[tab].is_alive && self.dice.one_in(2) => self.kill(tab),
            2 if self.tabs[tab].is_alive && self.dice.one_in(2) => {
                self.step(tab, Event::Refresh(refresh::Event::Closed), None);
                self.tabs[tab].is_alive = false;
            }
            3 => self.may_kill_leader = self.dice.one_in(3),
            4 | 5 => {
                if let Some(token) = self.tabs[tab].held {
                    self.tokens[token].is_revoked = true;
                    self.seen[REVOKED] = true;
                }
            }
            6 if !self.is_calm => match self.tabs[tab].is_throttled {
                true => self.show(tab),
                false => self.tabs[tab].is_throttled = true,
            },
            7 | 8 if !self.is_calm => self.freeze(tab),
            9 | 10 => self.thaw(tab),
            11 if !self.is_calm => {
                // The device sleeps.
                (0..self.tabs.len()).for_each(|tab| self.freeze(tab));
                let nap = self.dice.roll(2 * HOUR);
                self.run_for(nap);
                (0..self.tabs.len()).for_each(|tab| self.thaw(tab));
            }
            12 if !self.is_calm && self.dice.one_in(20) => self.behind += self.dice.roll(24 * HOUR),
            13 => (0..self.tabs.len()).for_each(|tab| self.want(tab)),
            14 => self.is_good = self.dice.one_in(2),
            15 if !self.is_calm => {
                let network = [refresh::Event::Offline, refresh::Event::Online][self.dice.roll(2) as usize];
                self.network(tab, network);
            }
            _ => self.want(tab),
        }
    }

    /// Nothing odd happens any more: in the end all tabs have the same living token.
    fn come_to_rest(&mut self) {
        self.is_good = true;
        self.may_kill_leader = false;
        for tab in 0..self.tabs.len() {
            self.thaw(tab);
            self.show(tab);
            self.network(tab, refresh::Event::Online);
        }
        for _ in 0..4 {
            (0..self.tabs.len()).for_each(|tab| self.want(tab));
            self.run_for(70 * SECOND);
        }
        while self.tabs.iter().any(|tab| tab.is_alive && tab.request > 0) {
            self.run_for(SECOND);
        }
        self.run_for(100);
        self.all_have_the_same();
    }

    fn all_have_the_same(&self) {
        let mut newest = None;
        for tab in self.tabs.iter().filter(|tab| tab.is_alive && !tab.was_forbidden) {
            let status = tab.engine.refresh().status(self.time_of(tab));
            assert!(matches!(status, Status::Valid(_)), "seed {}: {status:?} at rest", self.seed);
            if self.has_channel && self.behind == 0 {
                assert!(newest.is_none_or(|newest| newest == tab.held), "seed {}: two tokens at rest", self.seed);
                newest = Some(tab.held);
            }
        }
    }

    fn close(&mut self) {
        for tab in 0..self.tabs.len() {
            if self.tabs[tab].is_alive {
                self.step(tab, Event::Refresh(refresh::Event::Closed), None);
                let late = self.tabs[tab].engine.step(Event::Refresh(refresh::Event::Requested), self.now);
                assert!(late.is_empty(), "seed {}: {late:?} after closing", self.seed);
            }
        }
        assert!(self.line.is_empty(), "seed {}: a lock is left", self.seed);
    }

    fn open(&mut self) {
        let is_throttled = !self.is_calm && self.dice.one_in(8);
        let tab = self.tabs.len();
        let refresh = Refresh::new(self.dice.jitter());
        self.tabs.push(Tab {
            engine: Tabs::new(refresh, self.now - self.behind),
            behind: self.behind,
            is_alive: true,
            is_frozen: false,
            is_throttled,
            was_forbidden: false,
            timer: 0,
            flight: None,
            request: 0,
            held: None,
            had_any: false,
            rejected: Vec::new(),
            pauses_until: 0,
            waits: None,
            backlog: Vec::new(),
        });
        self.failures_in_a_row.push(0);
        if !self.has_channel {
            self.step(tab, Event::Others(Others::None), None);
        } else if self.has_locks {
            self.later(1 + self.tabs.len() as u64 % 3, tab, Coming::Presence);
        }
        self.want(tab);
    }

    fn kill(&mut self, tab: usize) {
        self.tabs[tab].is_alive = false;
        self.leave_the_line(tab);
        self.kills += 1;
        self.seen[KILLED] = true;
    }

    fn freeze(&mut self, tab: usize) {
        self.tabs[tab].is_frozen = true;
        self.seen[FROZEN] = true;
    }

    /// What came meanwhile comes now, timers first or messages first.
    fn thaw(&mut self, tab: usize) {
        self.tabs[tab].is_frozen = false;
        let backlog = std::mem::take(&mut self.tabs[tab].backlog);
        for coming in backlog {
            let is_timer = matches!(coming, Coming::Ring { .. });
            let pause = if is_timer { self.dice.roll(4) } else { 1 };
            self.later(pause, tab, coming);
        }
    }

    /// The page is seen again, and its timers ring on time.
    fn show(&mut self, tab: usize) {
        self.tabs[tab].is_throttled = false;
        if self.tabs[tab].is_alive && !self.tabs[tab].is_frozen {
            self.step(tab, Event::Refresh(refresh::Event::Tick), None);
        }
    }

    fn network(&mut self, tab: usize, event: refresh::Event) {
        if self.tabs[tab].is_alive && !self.tabs[tab].is_frozen {
            self.tabs[tab].pauses_until = 0;
            self.step(tab, Event::Refresh(event), None);
        }
    }

    /// The page wants to use a token, as the browser half does it.
    fn want(&mut self, tab: usize) {
        if !self.tabs[tab].is_alive || self.tabs[tab].is_frozen {
            return;
        }
        let now = self.time_of(&self.tabs[tab]);
        match self.tabs[tab].engine.refresh().status(now) {
            Status::Valid(call) => {
                let held = self.tabs[tab].held.expect("a living token is held");
                // Where the clock was set back, a message that a frozen tab hears late can seem to be on time.
                let is_odd_clock = self.behind > 0 && self.seen[FROZEN];
                let is_living = self.now < self.tokens[held].expires_at;
                assert!(is_living || is_odd_clock, "seed {}: an expired token", self.seed);
                if self.tabs[tab].engine.refresh().refresh_in(now) == Some(0) {
                    self.step(tab, Event::Refresh(refresh::Event::Tick), None);
                }
                if self.tokens[held].is_revoked {
                    self.tabs[tab].rejected.push(held);
                    self.step(tab, Event::Refresh(refresh::Event::Unauthorized { call }), None);
                }
            }
            Status::Exhausted => assert!(self.tabs[tab].was_forbidden, "seed {}: over for no reason", self.seed),
            Status::Idle => {
                self.step(tab, Event::Refresh(refresh::Event::Requested), None);
                let status = self.tabs[tab].engine.refresh().status(now);
                assert!(status != Status::Idle, "seed {}: wanted, and nobody asks", self.seed);
            }
            Status::Refreshing | Status::BackingOff | Status::Closed => {}
        }
        if self.is_waiting(tab) {
            self.tabs[tab].waits.get_or_insert(0);
        }
    }

    fn is_waiting(&self, tab: usize) -> bool {
        self.tabs[tab].engine.refresh().status(self.time_of(&self.tabs[tab])) == Status::Refreshing
    }

    fn time_of(&self, tab: &Tab) -> u64 {
        self.now - tab.behind
    }

    fn later(&mut self, pause: u64, tab: usize, coming: Coming) {
        self.order += 1;
        self.coming.insert((self.now + pause, self.order), (tab, coming));
    }

    fn run_for(&mut self, milliseconds: u64) {
        let end = self.now + milliseconds;
        while let Some(entry) = self.coming.first_entry().filter(|entry| entry.key().0 <= end) {
            let ((at, _), (tab, coming)) = entry.remove_entry();
            self.pass_time(at);
            self.happen(tab, coming);
        }
        self.pass_time(end);
    }

    fn pass_time(&mut self, to: u64) {
        let passed = to - self.now;
        self.now = to;
        let is_asked = self.tabs.iter().any(|tab| tab.is_alive && !tab.is_frozen && tab.flight.is_some());
        for tab in self.tabs.iter_mut().filter(|tab| tab.is_alive && !tab.is_frozen && !tab.is_throttled) {
            if let Some(waits) = &mut tab.waits {
                *waits = if is_asked { 0 } else { *waits + passed };
                assert!(*waits <= NO_HANG, "seed {}: a tab hangs", self.seed);
            }
        }
    }

    fn happen(&mut self, tab: usize, coming: Coming) {
        if !self.tabs[tab].is_alive {
            return;
        }
        if self.tabs[tab].is_frozen && !matches!(coming, Coming::Killed { .. }) {
            self.tabs[tab].backlog.push(coming);
            return;
        }
        match coming {
            Coming::Ring { timer } if timer == self.tabs[tab].timer => {
                self.step(tab, Event::Refresh(refresh::Event::Tick), None);
            }
            Coming::Answer { call, answer } => self.answered(tab, call, answer),
            Coming::Hear { message, token } => self.step(tab, Event::Received(message), token),
            Coming::Locked { request } if request == self.tabs[tab].request => self.step(tab, Event::Locked, None),
            Coming::NoLock { request } if request == self.tabs[tab].request => self.step(tab, Event::NoLock, None),
            Coming::Presence => {
                let others = self.tabs.iter().filter(|tab| tab.is_alive).count() - 1;
                let others = if others > 0 { Others::Some } else { Others::None };
                self.step(tab, Event::Others(others), None);
            }
            Coming::Killed { call } if self.tabs[tab].flight == Some(call) => self.kill(tab),
            // Late for a timer that was set anew, a lock that was given back, a call that ended.
            Coming::Ring { .. } | Coming::Locked { .. } | Coming::NoLock { .. } | Coming::Killed { .. } => {}
        }
    }

    fn answered(&mut self, tab: usize, call: u32, answer: Answer) {
        let mut token = None;
        let is_late = self.tabs[tab].flight != Some(call);
        let event = match answer {
            Answer::Token { lifetime, fetched_at } => {
                let expires_at = fetched_at + lifetime;
                self.tokens.push(Truth { expires_at, is_revoked: false, known_since: self.now, successors: 0 });
                token = Some(self.tokens.len() - 1).filter(|_| !is_late);
                refresh::Event::Received { call, lifetime }
            }
            Answer::Failed => refresh::Event::Failed { call },
            Answer::Stale => refresh::Event::Stale { call },
            Answer::Forbidden => {
                self.tabs[tab].was_forbidden |= !is_late;
                refresh::Event::Forbidden { call }
            }
        };
        let before = self.tabs[tab].held;
        self.step(tab, Event::Refresh(event), token);
        // One that ends soon is not handed on.
        let is_of_use = token.is_some_and(|token| self.tokens[token].expires_at > self.now + MINUTE);
        if let Some(before) = before.filter(|_| is_of_use && self.tabs[tab].held == token) {
            self.tokens[before].successors += 1;
            let successors = self.tokens[before].successors;
            assert!(!self.is_calm || successors == 1, "seed {}: {successors} calls for one token", self.seed);
        }
    }

    /// Gives an event to a tab's engine and does what it says. `token` is the one that comes with it.
    fn step(&mut self, tab: usize, event: Event, token: Option<usize>) {
        let now = self.time_of(&self.tabs[tab]);
        for effect in self.tabs[tab].engine.step(event, now) {
            match effect {
                Effect::Refresh(effect) => self.obey(tab, effect, token),
                Effect::Post(message) => self.post(tab, message),
                Effect::Lock => self.stand_in_line(tab),
                Effect::Unlock => {
                    self.tabs[tab].request = 0;
                    self.tabs[tab].flight = None;
                    self.leave_the_line(tab);
                }
            }
        }
        if !self.is_waiting(tab) {
            self.tabs[tab].waits = None;
        }
    }

    fn obey(&mut self, tab: usize, effect: refresh::Effect, token: Option<usize>) {
        let seed = self.seed;
        match effect {
            refresh::Effect::Fetch { call, .. } => self.ask(tab, call),
            refresh::Effect::Activate { call, .. } => {
                let token = token.unwrap_or_else(|| panic!("seed {seed}: use of a token that nothing brought"));
                assert!(!self.tabs[tab].rejected.contains(&token), "seed {seed}: a rejected token comes back");
                self.seen[SHARED] |= self.tabs[tab].flight != Some(call);
                self.tabs[tab].held = Some(token);
                self.tabs[tab].had_any = true;
                self.failures_in_a_row[tab] = 0;
                self.tabs[tab].pauses_until = 0;
            }
            refresh::Effect::Clear(Loss::Expired | Loss::Closed) => self.tabs[tab].held = None,
            refresh::Effect::NotifyFailure { .. } => {
                let failures = &mut self.failures_in_a_row[tab];
                self.tabs[tab].pauses_until = self.now + (500 << (*failures).min(6)).min(30 * SECOND);
                *failures += 1;
            }
            refresh::Effect::WakeWaiters => {}
            refresh::Effect::SetTimer(milliseconds) => {
                self.tabs[tab].timer += 1;
                let timer = self.tabs[tab].timer;
                if let Some(milliseconds) = milliseconds {
                    let late = if self.tabs[tab].is_throttled { self.dice.roll(MINUTE) } else { self.dice.roll(3) };
                    self.later(milliseconds + late, tab, Coming::Ring { timer });
                }
            }
        }
    }

    fn ask(&mut self, tab: usize, call: u32) {
        let seed = self.seed;
        assert!(self.tabs[tab].flight.is_none(), "seed {seed}: a tab with two calls at once");
        assert!(self.now >= self.tabs[tab].pauses_until, "seed {seed}: no back-off");
        if self.is_calm {
            let is_other = self.tabs.iter().any(|tab| tab.is_alive && tab.flight.is_some());
            assert!(!is_other, "seed {seed}: two tabs ask at once");
            assert!(
                self.tabs[tab].had_any || !self.is_known(),
                "seed {seed}: another tab has had a token for a second"
            );
        }
        self.asks += 1;
        self.tabs[tab].flight = Some(call);
        let longest = [100, SECOND, 9 * SECOND][self.dice.roll(3) as usize];
        let takes = 20 + self.dice.roll(longest);
        let lifetime = 10 * MINUTE + self.dice.roll(HOUR);
        let fetched_at = self.now;
        let good = Answer::Token { lifetime, fetched_at };
        let answer = match self.dice.roll(12) {
            _ if self.is_good => Some(good),
            0 | 1 => Some(Answer::Failed),
            2 => Some(Answer::Stale),
            3 if self.dice.one_in(3) => Some(Answer::Forbidden),
            4 => Some(Answer::Token { lifetime: self.dice.roll(20 * SECOND), fetched_at }),
            // It hangs.
            5 => None,
            _ => Some(good),
        };
        if let Some(answer) = answer {
            self.later(takes, tab, Coming::Answer { call, answer });
        }
        if self.may_kill_leader {
            self.may_kill_leader = false;
            let pause = self.dice.roll(takes);
            self.later(pause, tab, Coming::Killed { call });
        }
    }

    /// Whether some tab has had a good token for a second.
    fn is_known(&self) -> bool {
        self.tabs.iter().filter(|tab| tab.is_alive).filter_map(|tab| tab.held).any(|token| {
            let Truth { expires_at, is_revoked, known_since, .. } = self.tokens[token];
            !is_revoked && known_since + SECOND < self.now && self.now + 2 * SECOND < expires_at
        })
    }

    fn post(&mut self, from: usize, message: Message) {
        let token = match message.content {
            Content::Token { .. } => self.tabs[from].held,
            _ => None,
        };
        if !self.has_channel {
            return;
        }
        for tab in 0..self.tabs.len() {
            if tab != from && self.tabs[tab].is_alive {
                let pause = if self.is_calm { 1 + self.dice.roll(5) } else { 1 + self.dice.roll(60) };
                self.later(pause, tab, Coming::Hear { message, token });
            }
        }
    }

    fn stand_in_line(&mut self, tab: usize) {
        self.order += 1;
        let request = self.order as u32;
        self.tabs[tab].request = request;
        // Locks may throw at any time.
        if !self.has_locks || (!self.is_calm && self.dice.one_in(20)) {
            return self.later(0, tab, Coming::NoLock { request });
        }
        self.line.push((tab, request));
        if self.line.len() == 1 {
            self.grant();
        }
    }

    fn leave_the_line(&mut self, tab: usize) {
        let first = self.line.first().copied();
        self.line.retain(|(other, _)| *other != tab);
        if first != self.line.first().copied() {
            self.grant();
        }
    }

    fn grant(&mut self) {
        if let Some((tab, request)) = self.line.first().copied() {
            let pause = self.dice.roll(3);
            self.later(pause, tab, Coming::Locked { request });
        }
    }
}
