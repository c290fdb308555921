//! Tells a mistake in the product's program or settings once: [`tell`].

use std::sync::{Mutex, PoisonError};

/// The most mistakes that are told.
const MAX_TOLD: usize = 64;

/// What was told. Of the process and not of a verifier: a handler without a layer knows none.
static TOLD: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Logs a mistake and what to do about it, once, however many requests meet it. A mistake that changes is another one.
///
/// Its correction needs a change of the program or of a setting, and so another process, which tells it again if it is
/// still there. A clock alone may be set right without that, and is told no second time. What passes by
/// itself is an [`Outage`](super::outage::Outage).
///
/// SECURITY: neither text holds a token, nor what an unauthenticated caller chooses.
pub(super) fn tell(mistake: impl AsRef<str> + Into<String>, help: &str) {
    let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
    if told.len() < MAX_TOLD && !told.iter().any(|known| known == mistake.as_ref()) {
        tracing::error!(help, "{}", mistake.as_ref());
        told.push(mistake.into());
    }
}
