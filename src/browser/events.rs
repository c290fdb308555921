//! What a connection tells its page: [`Event`], and [`Events`], a stream of them.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use futures_core::Stream;

use super::error::Error;

/// What happened to a connection.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Event {
    /// A call to the provider has started.
    Refreshing {
        /// 1 for the first call after a token was received, one more after each failure.
        attempt: u32,
    },
    /// A new token is in use.
    Refreshed {
        /// Its lifetime, in seconds.
        lifetime_seconds: Option<f64>,
    },
    /// A call to the provider failed.
    Failed {
        /// The reason.
        error: Error,
        /// The time until the next call, in seconds; `None` if there will be none.
        retry_in_seconds: Option<f64>,
    },
    /// The token in use has expired, and the next one has not been received yet.
    Expired,
    /// The connection was closed. It is the last event.
    Closed,
}

/// The token in use, for a page that keeps it outside.
#[cfg(feature = "package")]
pub(super) struct InUse {
    /// `None` if no token is in use.
    pub(super) token: Option<Rc<super::token::Token>>,
    /// The number of the call that brought it.
    pub(super) call: u32,
    /// The time until it expires, in milliseconds.
    pub(super) ends_in: u64,
    /// The time for which it can be used without asking, in milliseconds: until its refresh or its end is due.
    pub(super) rests_for: u64,
}

/// Who hears of a connection. It is called when the connection is in order again, and may call it.
pub(super) trait Listener {
    /// Takes the token in use, before anything else is told.
    #[cfg(feature = "package")]
    fn keep(&self, in_use: &InUse);
    /// Something happened.
    fn hear(&self, event: Event);
    /// Returns the events from now on, where they are heard as a stream.
    fn events(&self) -> Option<Events> {
        None
    }
}

/// The events of a connection from [`Client::events`](super::Client::events) on. The stream ends when the connection is closed.
#[derive(Default)]
pub struct Events(Rc<Queue>);

/// The streams of one connection.
#[derive(Default)]
pub(super) struct Streams {
    queues: RefCell<Vec<Rc<Queue>>>,
    is_over: Cell<bool>,
}

#[derive(Default)]
struct Queue(RefCell<Waiting>);

#[derive(Default)]
struct Waiting {
    events: VecDeque<Event>,
    waker: Option<Waker>,
    is_over: bool,
}

impl Listener for Streams {
    #[cfg(feature = "package")]
    fn keep(&self, _: &InUse) {}

    fn events(&self) -> Option<Events> {
        let queue = Rc::<Queue>::default();
        queue.0.borrow_mut().is_over = self.is_over.get();
        self.queues.borrow_mut().push(queue.clone());
        Some(Events(queue))
    }

    fn hear(&self, event: Event) {
        self.is_over.set(matches!(event, Event::Closed));
        let mut streams = self.queues.borrow_mut();
        // Those that nobody reads any more.
        streams.retain(|queue| Rc::strong_count(queue) > 1);
        for queue in streams.iter() {
            queue.push(event.clone());
        }
    }
}

impl Queue {
    fn push(&self, event: Event) {
        let mut waiting = self.0.borrow_mut();
        waiting.is_over = matches!(event, Event::Closed);
        waiting.events.push_back(event);
        if let Some(waker) = waiting.waker.take() {
            waker.wake();
        }
    }
}

impl Stream for Events {
    type Item = Event;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Event>> {
        let mut waiting = self.0.0.borrow_mut();
        if let Some(event) = waiting.events.pop_front() {
            return Poll::Ready(Some(event));
        }
        if waiting.is_over {
            return Poll::Ready(None);
        }
        waiting.waker = Some(context.waker().clone());
        Poll::Pending
    }
}
