//! The connection of a request: [`Connection`].

use std::sync::{Arc, Mutex, PoisonError};

use super::places::Place;
use crate::verify::rate_limit::Client;

/// The connection of a request. [`serve`](super::serve) adds it to each, as an extension.
#[derive(Clone)]
pub struct Connection(Arc<Mutex<Option<Place<Client>>>>);

impl Connection {
    pub(super) fn new(place: Place<Client>) -> Connection {
        Connection(Arc::new(Mutex::new(Some(place))))
    }

    /// Counts this connection no longer among those that [`ServerLimits`](super::ServerLimits) limit.
    ///
    /// Call it for a response that goes on for long, such as a stream of events, after you have counted that yourself, for
    /// example with [`Places`](super::Places). Send `Connection: close` with it, so that no other request follows.
    pub fn leave(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}
