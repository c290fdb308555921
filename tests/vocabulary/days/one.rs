//! A random day of one tab, with an oracle: [`simulate`].

use daypass::session::refresh::{Effect, Event, Refresh, Status, time_left};

use super::dice::Dice;

const HOUR: u64 = 3_600_000;
const DAY: u64 = 24 * HOUR;
/// When the day begins by the server's clock, in Unix milliseconds.
const MORNING: u64 = 1_800_000_000_000;
/// Tokens say in whole seconds when they were issued.
const SECOND: u64 = 1_000;

/// What happened in a day: a stop, a wrong clock.
pub type Seen = [bool; 2];
const STOPPED: usize = 0;
const SKEWED: usize = 1;

struct Day {
    seed: u64,
    dice: Dice,
    engine: Refresh,
    now: u64,
    timer: Option<u64>,
    flight: Option<u32>,
    fetched_at: u64,
    /// When the token in use ends by the server's clock, and the one that was just granted.
    expires_at: Option<u64>,
    granted_until: u64,
    /// How far the visitor's clock is ahead of the server's, plus a day.
    skew: u64,
    failures: u32,
    pauses_until: u64,
    fetches_in_this_minute: (u64, u32),
    is_offline: bool,
    seen: Seen,
}

/// Simulates providers that answer, fail, hang, forbid, serve stale or tiny tokens; late timers; sleep; wrong clocks; 401s; no
/// network.
pub fn simulate(seed: u64) -> Seen {
    let mut dice = Dice::new(seed);
    let engine = Refresh::new(dice.jitter());
    let skew = if dice.one_in(2) { DAY } else { dice.roll(2 * DAY) };
    let mut day = Day {
        seed,
        engine,
        now: 0,
        timer: None,
        flight: None,
        fetched_at: 0,
        expires_at: None,
        granted_until: 0,
        skew,
        failures: 0,
        pauses_until: 0,
        fetches_in_this_minute: (0, 0),
        is_offline: false,
        seen: [false, skew != DAY],
        dice,
    };
    for _ in 0..200 {
        let event = day.next_event();
        day.now += day.dice.roll(50);
        day.step(event);
    }
    day.close();
    day.seen
}

impl Day {
    fn next_event(&mut self) -> Event {
        match self.dice.roll(10) {
            0 | 1 => Event::Requested,
            2 if self.dice.one_in(4) => Event::Offline,
            2 => Event::Online,
            3 | 4 if self.flight.is_some() => self.answer(),
            5 => match self.engine.status(self.now) {
                Status::Valid(call) => Event::Unauthorized { call },
                _ => Event::Tick,
            },
            _ => {
                // The timer fires on time, or up to a minute late; sometimes the device slept.
                let late = [0, 0, self.dice.roll(60_000), self.dice.roll(8 * HOUR)][self.dice.roll(4) as usize];
                self.now = self.timer.unwrap_or(self.now + SECOND).max(self.now) + late;
                Event::Tick
            }
        }
    }

    fn answer(&mut self) -> Event {
        let call = self.flight.take().expect("a call is in flight");
        match self.dice.roll(40) {
            0..=4 => Event::Failed { call },
            5..=9 => self.receive(call, 2),
            10..=14 => Event::Stale { call },
            15 if self.dice.one_in(2) => Event::Forbidden { call },
            _ => {
                let lifetime = 900 + self.dice.roll(3_600);
                self.receive(call, lifetime)
            }
        }
    }

    /// Returns a token of this many seconds, issued when its fetch began. The page knows the server's time or its own only.
    fn receive(&mut self, call: u32, seconds: u64) -> Event {
        let issued_at = (MORNING + self.fetched_at) / SECOND;
        let expires_at = issued_at + seconds;
        self.granted_until = expires_at * SECOND - MORNING;
        let server_now = self.dice.one_in(2).then_some(MORNING + self.fetched_at);
        let visitor_now = MORNING + self.fetched_at + self.skew - DAY;
        match time_left(expires_at, Some(issued_at), server_now, visitor_now) {
            Some(lifetime) => Event::Received { call, lifetime },
            None => Event::Stale { call },
        }
    }

    fn step(&mut self, event: Event) {
        let seed = self.seed;
        if event == Event::Online {
            (self.is_offline, self.pauses_until) = (false, 0);
        }
        self.is_offline |= event == Event::Offline;
        for effect in self.engine.step(event, self.now) {
            match effect {
                Effect::Fetch { call, .. } => self.fetch(call),
                Effect::Activate { .. } => {
                    self.expires_at = Some(self.granted_until);
                    self.failures = 0;
                }
                Effect::Clear(_) => self.expires_at = None,
                Effect::NotifyFailure { retry_in, .. } => {
                    self.flight = None;
                    self.seen[STOPPED] |= retry_in.is_none();
                    self.pauses_until = self.now + ((SECOND / 2) << self.failures.min(6)).min(30 * SECOND);
                    self.failures += 1;
                }
                Effect::SetTimer(milliseconds) => self.timer = milliseconds.map(|milliseconds| self.now + milliseconds),
                Effect::WakeWaiters => {}
            }
        }
        let status = self.engine.status(self.now);
        let is_valid = self.expires_at.is_some_and(|end| self.now < end);
        match status {
            Status::Valid(_) => {
                let is_nearly_valid = self.expires_at.is_some_and(|end| self.now < end + SECOND);
                assert!(is_nearly_valid, "seed {seed}: an expired token");
            }
            Status::Refreshing => {}
            Status::Exhausted => assert!(self.seen[STOPPED], "seed {seed}: exhausted for no reason"),
            // A visitor's clock that is ahead makes a token seem older than it is.
            _ => assert!(!is_valid || self.seen[SKEWED], "seed {seed}: a valid token unused"),
        }
        if event == Event::Requested {
            assert!(status != Status::Idle, "seed {seed}: requested, and not fetched");
        }
        let will_go_on = self.is_offline || self.timer.is_some() || matches!(status, Status::Idle | Status::Exhausted);
        assert!(will_go_on, "seed {seed}: a pause without an end");
        assert!(event != Event::Tick || self.timer != Some(self.now), "seed {seed}: a timer that fires for ever");
    }

    fn fetch(&mut self, call: u32) {
        let seed = self.seed;
        assert!(self.flight.is_none(), "seed {seed}: two calls at once");
        assert!(self.now >= self.pauses_until, "seed {seed}: no back-off");
        assert!(!self.seen[STOPPED], "seed {seed}: fetched after it was forbidden");
        (self.flight, self.fetched_at) = (Some(call), self.now);
        let minute = self.now / 60_000;
        let (of, asks) = self.fetches_in_this_minute;
        self.fetches_in_this_minute = (minute, if of == minute { asks + 1 } else { 1 });
        assert!(self.fetches_in_this_minute.1 <= 60, "seed {seed}: a flood");
    }

    fn close(&mut self) {
        let effects = self.engine.step(Event::Closed, self.now);
        assert_eq!(effects.last(), Some(&Effect::SetTimer(None)), "seed {}: a timer is left", self.seed);
        for event in [Event::Requested, Event::Tick, Event::Online] {
            assert_eq!(self.engine.step(event, self.now + HOUR), [], "seed {}: effects after closing", self.seed);
        }
        assert_eq!(self.engine.status(self.now), Status::Closed);
    }
}
