//! Logs why tokens cannot be checked, without a line for each request: [`Outage`].

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use super::Unavailable;

/// The most causes that one outage logs.
const MAX_CAUSES: usize = 8;

/// Logs each cause of an outage once, until the part works again.
#[derive(Debug)]
pub(super) struct Outage {
    /// The part of the verification that fails.
    part: &'static str,
    is_ongoing: AtomicBool,
    causes: Mutex<Vec<String>>,
}

impl Outage {
    pub(super) fn new(part: &'static str) -> Outage {
        Outage { part, is_ongoing: AtomicBool::default(), causes: Mutex::default() }
    }

    /// Passes a result on. Begins an outage or ends one, as the result says.
    pub(super) fn observe<T>(&self, result: Result<T, Unavailable>) -> Result<T, Unavailable> {
        match &result {
            Ok(_) => self.end(),
            Err(cause) => self.begin(cause),
        }
        result
    }

    /// Logs the cause, unless this outage has logged it.
    pub(super) fn begin(&self, cause: &Unavailable) {
        if self.is_new(cause) {
            tracing::error!(part = self.part, cause = cause.0, "tokens cannot be checked");
        }
    }

    /// Like [`begin`](Outage::begin), while tokens can still be checked.
    #[cfg(feature = "remote")]
    pub(super) fn warn(&self, cause: &Unavailable) {
        if self.is_new(cause) {
            tracing::warn!(part = self.part, cause = cause.0, "tokens can still be checked");
        }
    }

    fn is_new(&self, Unavailable(cause): &Unavailable) -> bool {
        let mut causes = self.causes.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = causes.len() < MAX_CAUSES && !causes.contains(cause);
        if is_new {
            causes.push(cause.clone());
            self.is_ongoing.store(true, Ordering::Relaxed);
        }
        is_new
    }

    pub(super) fn end(&self) {
        // No lock while all is well.
        if self.is_ongoing.swap(false, Ordering::Relaxed) {
            self.causes.lock().unwrap_or_else(PoisonError::into_inner).clear();
            tracing::info!(part = self.part, "tokens can be checked again");
        }
    }
}
