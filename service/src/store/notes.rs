//! What the operation of a transaction notes for the audit trail: [`Notes`].
//!
//! An operation calls [`note`] for each change that it makes. Whatever runs the operation adds the entries to its
//! transaction before that is committed: an entry stands if and only if the change does.

use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;

use super::acting::Acting;
use crate::domain::audit::actor::Actor;
use crate::domain::audit::change::{self, Change};
use crate::domain::audit::{NewEntry, Outcome};

tokio::task_local! {
    static NOTES: RefCell<Noted>;
}

/// What was noted.
#[derive(Default)]
struct Noted {
    changes: Vec<Change>,
    /// Whether the operation writes something that the trail does not tell.
    is_traffic: bool,
}

/// Notes a change that the current operation makes.
pub(super) fn note(change: Change) {
    NOTES.with(|notes| notes.borrow_mut().changes.push(change));
}

/// Notes that the current operation writes what the trail does not tell: what is made and used all the time, and what a
/// change leaves to be tidied up.
pub(super) fn traffic() {
    NOTES.with(|notes| notes.borrow_mut().is_traffic = true);
}

/// The notes of an operation.
pub(super) struct Notes(Noted);

impl Notes {
    /// Runs an operation, and returns what it noted.
    pub(super) fn of<T>(operation: impl FnOnce() -> T) -> (T, Notes) {
        NOTES.sync_scope(RefCell::default(), || {
            let done = operation();
            (done, Notes::take())
        })
    }

    /// Like `of`, but of an operation that waits.
    pub(super) async fn of_future<F: Future>(operation: F) -> (F::Output, Notes) {
        let noted = async {
            let done = operation.await;
            (done, Notes::take())
        };
        NOTES.scope(RefCell::default(), noted).await
    }

    fn take() -> Notes {
        Notes(NOTES.with(RefCell::take))
    }

    /// Returns whether the operation said what it writes.
    pub(super) fn has_any(&self) -> bool {
        self.0.is_traffic || !self.0.changes.is_empty()
    }

    /// Returns the entries of the changes.
    pub(super) fn entries(self, acting: &Arc<Acting>) -> Vec<NewEntry> {
        let actor = acting.actor();
        let is_person = matches!(actor, Actor::Anonymous | Actor::Person { .. });
        let entry = |Change { action, organization, target, facts, by }| NewEntry {
            organization,
            actor: by.filter(|_| is_person).unwrap_or_else(|| actor.clone()),
            action,
            target,
            address: acting.address(),
            request_id: acting.request_id(),
            outcome: Outcome::Ok,
            code: None,
            facts,
        };
        self.0.changes.into_iter().map(entry).collect()
    }
}

/// Returns the entry of a restored store, by the one who restores it.
pub(super) fn restored(backup: &Path) -> Vec<NewEntry> {
    let ((), notes) = Notes::of(|| note(change::store_restored(backup)));
    notes.entries(&Acting::current())
}
