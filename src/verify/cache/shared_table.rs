//! What cached tokens have in common: [`SharedTable`].

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use super::weight::shared_weight;
use crate::verify::token::Shared;

/// What tokens share, each once.
///
/// It is weighed here, and not with the tokens. So the table is bounded, and keeps each entry for as long as a token has
/// it: no memory is uncounted after a token was evicted. Once it is full of those, further tokens share nothing.
pub(super) struct SharedTable {
    /// The most that the entries weigh, in bytes.
    limit: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    entries: HashSet<Arc<Shared>>,
    weight: usize,
    /// How often there was no room since the table was last cleaned.
    refused: usize,
}

impl SharedTable {
    pub(super) fn new(limit: usize) -> SharedTable {
        SharedTable { limit, state: Mutex::default() }
    }

    /// Returns the table's entry that equals this, after this was added if need be; `None` if there is no room.
    pub(super) fn share(&self, shared: &Arc<Shared>) -> Option<Arc<Shared>> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = state.entries.get(shared) {
            return Some(Arc::clone(entry));
        }
        let weight = shared_weight(shared);
        // To clean the table takes a while: not for every token.
        if state.weight + weight > self.limit && state.refused >= state.entries.len() / 8 {
            state.clean();
        }
        if state.weight + weight > self.limit {
            state.refused += 1;
            return None;
        }
        state.weight += weight;
        state.entries.insert(Arc::clone(shared));
        Some(Arc::clone(shared))
    }
}

impl State {
    /// Removes what no token has any more. Nobody can get it meanwhile, as only the table has it.
    fn clean(&mut self) {
        self.entries.retain(|entry| Arc::strong_count(entry) > 1);
        self.weight = self.entries.iter().map(|entry| shared_weight(entry)).sum();
        self.refused = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TokenKind;

    fn shared(organization: &str) -> Arc<Shared> {
        Arc::new(Shared {
            kind: TokenKind::Secret,
            parent: None,
            organization: organization.into(),
            grants: Box::default(),
            origins: Box::default(),
            key_id: None,
        })
    }

    #[test]
    fn an_entry_stays_while_a_token_has_it_and_makes_room_afterwards() {
        let table = SharedTable::new(2 * shared_weight(&shared("org_1")));
        let share = |organization| table.share(&shared(organization));
        let [kept, dropped] = ["org_1", "org_2"].map(share);
        let is_kept = || share("org_1").zip(kept.as_ref()).is_some_and(|(found, kept)| Arc::ptr_eq(&found, kept));
        for _ in 0..3 {
            assert!(share("org_3").is_none() && is_kept());
        }
        drop(dropped);
        assert!(share("org_3").is_some() && is_kept());
        let state = table.state.lock().expect("no thread panicked");
        assert_eq!((state.entries.len(), state.weight), (2, table.limit));
    }
}
