//! A random day of 2 to 20 tabs, with an oracle: [`simulate`].
//!
//! The world has a channel whose messages are delayed, and queued while a tab is frozen; a lock that is released when a tab is
//! killed; a provider and an API. On a calm day nothing is frozen or late and the locks work, but tabs open, close and are
//! killed, tokens are revoked, and the provider fails as on any other day.
//!
//! On some days pages want new tokens: [`simulate_with_wishes`].

mod wishes;

use std::collections::BTreeMap;

use daypass::session::refresh::{self, Loss, Refresh, Status};
use daypass::session::tabs::{Content, Effect, Event, Message, Others, Tabs};

use super::dice::Dice;

const SECOND: u64 = 1_000;
const MINUTE: u64 = 60_000;
const HOUR: u64 = 3_600_000;
/// A tab waits for a token no longer than this, beyond what the provider takes.
const NO_HANG: u64 = 5_000;

/// What happened in a day: calm, frozen, killed, revoked, received from another tab.
pub type Facts = [bool; 5];
const CALM: usize = 0;
const FROZEN: usize = 1;
const KILLED: usize = 2;
const REVOKED: usize = 3;
const SHARED: usize = 4;

/// A future event of a tab.
#[derive(Debug, Clone, Copy)]
enum Future {
    Timer { timer: u32 },
    Response { call: u32, response: Response },
    Message { message: Message, token: Option<usize> },
    Locked { request: u32 },
    NoLock { request: u32 },
    Presence,
    Killed { call: u32 },
}

#[derive(Debug, Clone, Copy)]
enum Response {
    Token { lifetime: u64, fetched_at: u64 },
    Failed,
    Stale,
    Forbidden,
}

/// The facts about a token, by the world's time.
struct Truth {
    expires_at: u64,
    is_revoked: bool,
    /// When the first tab got it.
    known_since: u64,
    /// How many calls of tabs that had this token brought another.
    successors: u32,
    fetched_at: u64,
}

struct Tab {
    engine: Tabs,
    /// How far the device's clock was set back before the tab opened.
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
    /// The end of the back-off after a failure.
    backoff_until: u64,
    /// How long it has waited for a token while no awake tab was fetching.
    waits: Option<u64>,
    backlog: Vec<Future>,
    /// When the call in flight began.
    began_at: u64,
    wish: Option<wishes::Wish>,
}

struct World {
    seed: u64,
    dice: Dice,
    now: u64,
    future: BTreeMap<(u64, u64), (usize, Future)>,
    order: u64,
    tabs: Vec<Tab>,
    tokens: Vec<Truth>,
    /// The tab that holds the lock, then the tabs that wait for it.
    queue: Vec<(usize, u32)>,
    has_channel: bool,
    has_locks: bool,
    is_calm: bool,
    /// Whether pages want new tokens.
    has_wishes: bool,
    /// Whether the provider responds well and soon.
    is_provider_healthy: bool,
    may_kill_leader: bool,
    behind: u64,
    fetches: u32,
    kills: u32,
    failures_in_a_row: Vec<u32>,
    seen: Facts,
}

pub fn simulate(seed: u64) -> Facts {
    World::new(seed, false).live()
}

/// Simulates a day on which pages want new tokens.
pub fn simulate_with_wishes(seed: u64) -> Facts {
    World::new(seed, true).live()
}

impl World {
    fn live(mut self) -> Facts {
        self.open_together();
        for _ in 0..30 {
            self.act();
            let pause = [50, SECOND, MINUTE, 20 * MINUTE][self.dice.roll(4) as usize];
            let pause = 1 + self.dice.roll(pause);
            self.run_for(pause);
        }
        self.come_to_rest();
        self.close();
        self.seen
    }

    fn new(seed: u64, has_wishes: bool) -> World {
        let mut dice = Dice::new(seed);
        let is_calm = dice.one_in(2);
        let has_channel = is_calm || !dice.one_in(10);
        World {
            seed,
            now: 10 * 24 * HOUR,
            future: BTreeMap::new(),
            order: 0,
            tabs: Vec::new(),
            tokens: Vec::new(),
            queue: Vec::new(),
            has_channel,
            has_locks: has_channel && (is_calm || !dice.one_in(5)),
            is_calm,
            has_wishes,
            is_provider_healthy: true,
            may_kill_leader: false,
            behind: 0,
            fetches: 0,
            kills: 0,
            failures_in_a_row: Vec::new(),
            seen: [is_calm, false, false, false, false],
            dice,
        }
    }

    /// Opens many tabs at once: one call, and one more for each fetching tab that is killed.
    fn open_together(&mut self) {
        self.may_kill_leader = self.dice.one_in(2);
        for _ in 0..2 + self.dice.roll(19) {
            self.open();
            let pause = self.dice.roll(10);
            self.run_for(pause);
        }
        self.run_for(25 * SECOND);
        if self.is_calm {
            let Self { seed, fetches, kills, .. } = *self;
            assert!(fetches <= 1 + kills, "seed {seed}: {fetches} calls for tabs that opened together, {kills} killed");
            self.assert_same_token();
        }
        self.is_provider_healthy = false;
    }

    /// Lets something happen.
    fn act(&mut self) {
        let tab = self.dice.roll(self.tabs.len() as u64) as usize;
        if self.has_wishes && self.dice.one_in(3) {
            return self.wish(tab);
        }
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
            13 => (0..self.tabs.len()).for_each(|tab| self.request(tab)),
            14 => self.is_provider_healthy = self.dice.one_in(2),
            15 if !self.is_calm => {
                let network = [refresh::Event::Offline, refresh::Event::Online][self.dice.roll(2) as usize];
                self.network(tab, network);
            }
            _ => self.request(tab),
        }
    }

    /// Stops all faults: in the end all tabs have the same valid token.
    fn come_to_rest(&mut self) {
        self.is_provider_healthy = true;
        self.may_kill_leader = false;
        for tab in 0..self.tabs.len() {
            self.thaw(tab);
            self.show(tab);
            self.network(tab, refresh::Event::Online);
        }
        for _ in 0..4 {
            (0..self.tabs.len()).for_each(|tab| self.request(tab));
            self.run_for(70 * SECOND);
        }
        while self.tabs.iter().any(|tab| tab.is_alive && tab.request > 0) {
            self.run_for(SECOND);
        }
        self.run_for(100);
        self.assert_same_token();
    }

    fn assert_same_token(&self) {
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
        assert!(self.queue.is_empty(), "seed {}: a lock is left", self.seed);
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
            backoff_until: 0,
            waits: None,
            backlog: Vec::new(),
            began_at: 0,
            wish: None,
        });
        self.failures_in_a_row.push(0);
        if !self.has_channel {
            self.step(tab, Event::Others(Others::None), None);
        } else if self.has_locks {
            self.later(1 + self.tabs.len() as u64 % 3, tab, Future::Presence);
        }
        self.request(tab);
    }

    fn kill(&mut self, tab: usize) {
        self.tabs[tab].is_alive = false;
        self.release_lock(tab);
        self.kills += 1;
        self.seen[KILLED] = true;
    }

    fn freeze(&mut self, tab: usize) {
        self.tabs[tab].is_frozen = true;
        self.seen[FROZEN] = true;
    }

    /// Delivers what was queued, timers first or messages first.
    fn thaw(&mut self, tab: usize) {
        self.tabs[tab].is_frozen = false;
        let backlog = std::mem::take(&mut self.tabs[tab].backlog);
        for future in backlog {
            let is_timer = matches!(future, Future::Timer { .. });
            let pause = if is_timer { self.dice.roll(4) } else { 1 };
            self.later(pause, tab, future);
        }
    }

    /// Shows the page again; its timers fire on time.
    fn show(&mut self, tab: usize) {
        self.tabs[tab].is_throttled = false;
        if self.tabs[tab].is_alive && !self.tabs[tab].is_frozen {
            self.step(tab, Event::Refresh(refresh::Event::Tick), None);
        }
    }

    fn network(&mut self, tab: usize, event: refresh::Event) {
        if self.tabs[tab].is_alive && !self.tabs[tab].is_frozen {
            self.tabs[tab].backoff_until = 0;
            self.step(tab, Event::Refresh(event), None);
        }
    }

    /// Lets the page use a token, as the browser half does.
    fn request(&mut self, tab: usize) {
        if !self.tabs[tab].is_alive || self.tabs[tab].is_frozen {
            return;
        }
        let now = self.time_of(&self.tabs[tab]);
        match self.tabs[tab].engine.refresh().status(now) {
            Status::Valid(call) => {
                let held = self.tabs[tab].held.expect("a valid token is held");
                // Where the clock was set back, a late message to a frozen tab can seem to be on time.
                let is_odd_clock = self.behind > 0 && self.seen[FROZEN];
                let is_valid = self.now < self.tokens[held].expires_at;
                assert!(is_valid || is_odd_clock, "seed {}: an expired token", self.seed);
                if self.tabs[tab].engine.refresh().refresh_in(now) == Some(0) {
                    self.step(tab, Event::Refresh(refresh::Event::Tick), None);
                }
                if self.tokens[held].is_revoked {
                    self.tabs[tab].rejected.push(held);
                    self.step(tab, Event::Refresh(refresh::Event::Unauthorized { call }), None);
                }
            }
            Status::Exhausted => assert!(self.tabs[tab].was_forbidden, "seed {}: exhausted for no reason", self.seed),
            Status::Idle => {
                self.step(tab, Event::Refresh(refresh::Event::Requested), None);
                let status = self.tabs[tab].engine.refresh().status(now);
                assert!(status != Status::Idle, "seed {}: requested, and not fetched", self.seed);
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

    fn later(&mut self, pause: u64, tab: usize, future: Future) {
        self.order += 1;
        self.future.insert((self.now + pause, self.order), (tab, future));
    }

    fn run_for(&mut self, milliseconds: u64) {
        let end = self.now + milliseconds;
        while let Some(entry) = self.future.first_entry().filter(|entry| entry.key().0 <= end) {
            let ((at, _), (tab, future)) = entry.remove_entry();
            self.pass_time(at);
            self.happen(tab, future);
        }
        self.pass_time(end);
    }

    fn pass_time(&mut self, to: u64) {
        let passed = to - self.now;
        self.now = to;
        let is_fetching = self.tabs.iter().any(|tab| tab.is_alive && !tab.is_frozen && tab.flight.is_some());
        for tab in self.tabs.iter_mut().filter(|tab| tab.is_alive && !tab.is_frozen && !tab.is_throttled) {
            if let Some(waits) = &mut tab.waits {
                *waits = if is_fetching { 0 } else { *waits + passed };
                assert!(*waits <= NO_HANG, "seed {}: a tab hangs", self.seed);
            }
        }
    }

    fn happen(&mut self, tab: usize, future: Future) {
        if !self.tabs[tab].is_alive {
            return;
        }
        if self.tabs[tab].is_frozen && !matches!(future, Future::Killed { .. }) {
            self.tabs[tab].backlog.push(future);
            return;
        }
        match future {
            Future::Timer { timer } if timer == self.tabs[tab].timer => {
                self.step(tab, Event::Refresh(refresh::Event::Tick), None);
            }
            Future::Response { call, response } => self.respond(tab, call, response),
            Future::Message { message, token } => self.step(tab, Event::Received(message), token),
            Future::Locked { request } if request == self.tabs[tab].request => self.step(tab, Event::Locked, None),
            Future::NoLock { request } if request == self.tabs[tab].request => self.step(tab, Event::NoLock, None),
            Future::Presence => {
                let others = self.tabs.iter().filter(|tab| tab.is_alive).count() - 1;
                let others = if others > 0 { Others::Some } else { Others::None };
                self.step(tab, Event::Others(others), None);
            }
            Future::Killed { call } if self.tabs[tab].flight == Some(call) => self.kill(tab),
            // Late, for a timer that was set again, a lock that was released, a call that ended.
            Future::Timer { .. } | Future::Locked { .. } | Future::NoLock { .. } | Future::Killed { .. } => {}
        }
    }

    fn respond(&mut self, tab: usize, call: u32, response: Response) {
        let mut token = None;
        let is_late = self.tabs[tab].flight != Some(call);
        let event = match response {
            Response::Token { lifetime, fetched_at } => {
                let expires_at = fetched_at + lifetime;
                self.tokens.push(Truth {
                    expires_at,
                    is_revoked: false,
                    known_since: self.now,
                    successors: 0,
                    fetched_at,
                });
                token = Some(self.tokens.len() - 1).filter(|_| !is_late);
                refresh::Event::Received { call, lifetime }
            }
            Response::Failed => refresh::Event::Failed { call },
            Response::Stale => refresh::Event::Stale { call },
            Response::Forbidden => {
                self.tabs[tab].was_forbidden |= !is_late;
                refresh::Event::Forbidden { call }
            }
        };
        let before = self.tabs[tab].held;
        self.step(tab, Event::Refresh(event), token);
        // A token that expires soon is not passed on.
        let is_useful = token.is_some_and(|token| self.tokens[token].expires_at > self.now + MINUTE);
        if let Some(before) = before.filter(|_| is_useful && self.tabs[tab].held == token) {
            self.tokens[before].successors += 1;
            let successors = self.tokens[before].successors;
            let is_counted = self.is_calm && !self.has_wishes;
            assert!(!is_counted || successors == 1, "seed {}: {successors} calls for one token", self.seed);
        }
    }

    /// Gives an event to a tab's engine and carries out the effects. `token` comes with the event.
    fn step(&mut self, tab: usize, event: Event, token: Option<usize>) {
        let now = self.time_of(&self.tabs[tab]);
        for effect in self.tabs[tab].engine.step(event, now) {
            match effect {
                Effect::Refresh(effect) => self.carry_out(tab, effect, token),
                Effect::Post(message) => self.post(tab, message),
                Effect::Lock => self.request_lock(tab),
                Effect::Unlock => {
                    self.tabs[tab].request = 0;
                    self.tabs[tab].flight = None;
                    self.release_lock(tab);
                }
            }
        }
        if !self.is_waiting(tab) {
            self.tabs[tab].waits = None;
        }
        self.check_wish(tab);
    }

    fn carry_out(&mut self, tab: usize, effect: refresh::Effect, token: Option<usize>) {
        let seed = self.seed;
        match effect {
            refresh::Effect::Fetch { call, .. } => self.fetch(tab, call),
            refresh::Effect::Activate { call, .. } => {
                let token = token.unwrap_or_else(|| panic!("seed {seed}: a token that never arrived was activated"));
                assert!(!self.tabs[tab].rejected.contains(&token), "seed {seed}: a rejected token comes back");
                let is_own = self.tabs[tab].flight == Some(call);
                self.seen[SHARED] |= !is_own;
                self.receive_wished(tab, token, is_own);
                self.tabs[tab].held = Some(token);
                self.tabs[tab].had_any = true;
                self.failures_in_a_row[tab] = 0;
                self.tabs[tab].backoff_until = 0;
            }
            refresh::Effect::Clear(Loss::Expired | Loss::Closed) => self.tabs[tab].held = None,
            refresh::Effect::NotifyFailure { .. } => {
                self.fail_wished(tab);
                let failures = &mut self.failures_in_a_row[tab];
                self.tabs[tab].backoff_until = self.now + (500 << (*failures).min(6)).min(30 * SECOND);
                *failures += 1;
            }
            refresh::Effect::WakeWaiters => {}
            refresh::Effect::SetTimer(milliseconds) => {
                self.tabs[tab].timer += 1;
                let timer = self.tabs[tab].timer;
                if let Some(milliseconds) = milliseconds {
                    let late = if self.tabs[tab].is_throttled { self.dice.roll(MINUTE) } else { self.dice.roll(3) };
                    self.later(milliseconds + late, tab, Future::Timer { timer });
                }
            }
        }
    }

    fn fetch(&mut self, tab: usize, call: u32) {
        let seed = self.seed;
        assert!(self.tabs[tab].flight.is_none(), "seed {seed}: a tab with two calls at once");
        let is_wished = self.begin_wished(tab);
        assert!(is_wished || self.now >= self.tabs[tab].backoff_until, "seed {seed}: no back-off");
        if self.is_calm && !self.has_wishes {
            let is_other = self.tabs.iter().any(|tab| tab.is_alive && tab.flight.is_some());
            assert!(!is_other, "seed {seed}: two tabs fetch at once");
            assert!(self.tabs[tab].had_any || !self.is_known(), "seed {seed}: another tab had a token for a second");
        }
        self.fetches += 1;
        self.tabs[tab].flight = Some(call);
        self.tabs[tab].began_at = self.now;
        let longest = [100, SECOND, 9 * SECOND][self.dice.roll(3) as usize];
        let takes = 20 + self.dice.roll(longest);
        let lifetime = 10 * MINUTE + self.dice.roll(HOUR);
        let fetched_at = self.now;
        let good = Response::Token { lifetime, fetched_at };
        let response = match self.dice.roll(12) {
            _ if self.is_provider_healthy => Some(good),
            0 | 1 => Some(Response::Failed),
            2 => Some(Response::Stale),
            3 if self.dice.one_in(3) => Some(Response::Forbidden),
            4 => Some(Response::Token { lifetime: self.dice.roll(20 * SECOND), fetched_at }),
            // The provider hangs.
            5 => None,
            _ => Some(good),
        };
        if let Some(response) = response {
            self.later(takes, tab, Future::Response { call, response });
        }
        if self.may_kill_leader {
            self.may_kill_leader = false;
            let pause = self.dice.roll(takes);
            self.later(pause, tab, Future::Killed { call });
        }
    }

    /// Returns whether some tab has had a valid token for a second.
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
                self.later(pause, tab, Future::Message { message, token });
            }
        }
    }

    fn request_lock(&mut self, tab: usize) {
        self.order += 1;
        let request = self.order as u32;
        self.tabs[tab].request = request;
        // The lock manager may throw at any time.
        if !self.has_locks || (!self.is_calm && self.dice.one_in(20)) {
            return self.later(0, tab, Future::NoLock { request });
        }
        self.queue.push((tab, request));
        if self.queue.len() == 1 {
            self.grant_lock();
        }
    }

    fn release_lock(&mut self, tab: usize) {
        let first = self.queue.first().copied();
        self.queue.retain(|(other, _)| *other != tab);
        if first != self.queue.first().copied() {
            self.grant_lock();
        }
    }

    fn grant_lock(&mut self) {
        if let Some((tab, request)) = self.queue.first().copied() {
            let pause = self.dice.roll(3);
            self.later(pause, tab, Future::Locked { request });
        }
    }
}
