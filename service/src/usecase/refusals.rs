//! Refusals of administrative requests, which become entries of the audit trail: [`Refusals`].

use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::domain::audit::NewEntry;
use crate::domain::audit::refusals::RefusalBudget;
use crate::domain::client_network::network;
use crate::store::SharedStore;

/// The time between two writes.
const PAUSE: Duration = Duration::from_secs(1);
/// The most entries of one transaction. Other writers wait no longer than it takes.
const BATCH: usize = 200;
/// How many entries wait for a store that does not answer.
const MOST_WAITING: usize = 10_000;

/// Remembers refusals, and writes them once a second, so that no request waits for the store.
pub(crate) struct Refusals {
    store: SharedStore,
    start: Instant,
    noted: Mutex<Noted>,
}

#[derive(Default)]
struct Noted {
    budget: RefusalBudget<NewEntry>,
    waiting: Vec<NewEntry>,
}

impl Refusals {
    /// Refusals for the trail of this store, of which there are none yet.
    pub(crate) fn new(store: SharedStore) -> Refusals {
        Refusals { store, start: Instant::now(), noted: Mutex::default() }
    }

    /// Notes a refusal of a client at this address.
    pub(crate) fn note(&self, entry: NewEntry, address: IpAddr) {
        let now = self.now();
        self.change(|Noted { budget, waiting }| {
            let organization = entry.organization.clone();
            let entry = budget.note(organization.as_deref(), network(address), entry, now);
            if waiting.len() < MOST_WAITING {
                waiting.extend(entry);
            }
        });
    }

    /// Writes once a second, for ever.
    pub(crate) async fn run(&self) {
        loop {
            tokio::time::sleep(PAUSE).await;
            let now = self.now();
            self.write(|budget| budget.end(now)).await;
        }
    }

    /// Writes all that was noted, when the service stops.
    pub(crate) async fn finish(&self) {
        self.write(RefusalBudget::end_all).await;
    }

    /// Writes what waits, and for each count that has ended one entry with it.
    async fn write(&self, end: impl FnOnce(&mut RefusalBudget<NewEntry>) -> Vec<(NewEntry, u64)>) {
        let mut entries = self.change(|Noted { budget, waiting }| {
            let counted = end(budget).into_iter().map(|(mut entry, count)| {
                entry.facts.insert("count".into(), count.into());
                entry
            });
            waiting.extend(counted);
            std::mem::take(waiting)
        });
        while !entries.is_empty() {
            let batch = entries[..entries.len().min(BATCH)].to_vec();
            let count = batch.len();
            if self.store.add_audit_entries(batch).await.is_err() {
                // The store logs the cause. They wait for the next time.
                return self.change(|noted| drop(noted.waiting.splice(0..0, entries)));
            }
            entries.drain(..count);
        }
    }

    fn now(&self) -> u64 {
        self.start.elapsed().as_secs()
    }

    fn change<T>(&self, change: impl FnOnce(&mut Noted) -> T) -> T {
        change(&mut self.noted.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
