//! Pages that want a new token: each gets one whose fetch began after the wish, unless the provider fails, and a wish causes one
//! call at most.

use daypass::session::refresh;
use daypass::session::tabs::Event;

use super::{SECOND, World};

/// A page's wish, until it is fulfilled or the provider has failed.
pub struct Wish {
    /// By the world's time.
    at: u64,
    /// Whether a call for it has begun.
    has_call: bool,
}

impl World {
    /// Lets the page want a new token. On a calm day, its token soon reaches all tabs.
    pub fn wish(&mut self, tab: usize) {
        let Some(wishing) = self.tabs.get(tab).filter(|tab| tab.is_alive && !tab.is_frozen && !tab.was_forbidden)
        else {
            return;
        };
        let (at, former) = (self.now, wishing.held);
        // Two wishes of the same time are one.
        let has_call = wishing.wish.as_ref().is_some_and(|wish| wish.at == at && wish.has_call);
        self.tabs[tab].wish = Some(Wish { at, has_call });
        self.step(tab, Event::Refresh(refresh::Event::Renew), None);
        if !self.is_calm || self.dice.one_in(2) {
            return;
        }
        // Longer than two calls take.
        self.run_for(25 * SECOND);
        let held = self.tabs[tab].held;
        if let Some(new) = held.filter(|new| former != held && self.tokens[*new].fetched_at >= at) {
            let fetched_at = self.tokens[new].fetched_at;
            for tab in self.tabs.iter().filter(|tab| tab.is_alive && !tab.was_forbidden) {
                let is_old = tab.held.is_some_and(|held| self.tokens[held].fetched_at < fetched_at);
                assert!(!is_old, "seed {}: a tab has an older token than a page has asked for", self.seed);
            }
        }
    }

    /// Checks that a wish is never left waiting without a call.
    pub fn check_wish(&mut self, tab: usize) {
        let tab = &mut self.tabs[tab];
        if tab.was_forbidden || !tab.is_alive {
            tab.wish = None;
        }
        let is_served = tab.wish.is_none() || tab.flight.is_some();
        assert!(is_served || tab.engine.refresh().status(self.now - tab.behind) == refresh::Status::Closed);
        assert_eq!(
            tab.wish.is_some() && tab.flight.is_some(),
            tab.engine.refresh().is_renewing(),
            "seed {}",
            self.seed
        );
    }

    /// Notes that a call begins, and returns whether it is for a wish.
    pub fn begin_wished(&mut self, tab: usize) -> bool {
        let Some(wish) = &mut self.tabs[tab].wish else { return false };
        assert!(!wish.has_call, "seed {}: two calls for one wish", self.seed);
        wish.has_call = true;
        true
    }

    /// A new token, of a call of the tab's own or another's, fulfils the wish if its fetch began after it, and no token is older than the one before.
    pub fn receive_wished(&mut self, tab: usize, token: usize, is_own: bool) {
        let fetched_at = self.tokens[token].fetched_at;
        let tab = &mut self.tabs[tab];
        if self.behind == 0 {
            let is_older = tab.held.is_some_and(|held| fetched_at < self.tokens[held].fetched_at);
            assert!(!is_older, "seed {}: a tab went back to an older token", self.seed);
        }
        tab.wish = tab.wish.take().filter(|wish| fetched_at < wish.at || (is_own && !wish.has_call));
    }

    /// A failure ends the wish if its call began after it.
    pub fn fail_wished(&mut self, tab: usize) {
        let tab = &mut self.tabs[tab];
        tab.wish = tab.wish.take().filter(|wish| !wish.has_call);
    }
}
