//! A deadline that progress puts off: [`Progress`].

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::Sleep;

/// How many bytes must pass within the time-out. So even a client that takes a byte at a time has to be as fast as that.
const ENOUGH: usize = 8 * 1024;

/// How long the other side has kept bytes waiting.
pub(super) struct Progress {
    timeout: Duration,
    /// The deadline; none while nothing waits. On the heap, since most connections rarely wait.
    deadline: Option<Pin<Box<Sleep>>>,
    /// How many bytes have passed since the deadline was set.
    passed: usize,
}

impl Progress {
    pub(super) fn new(timeout: Duration) -> Progress {
        Progress { timeout, deadline: None, passed: 0 }
    }

    /// Waits for the other side, and completes if too few bytes pass within the time-out.
    pub(super) fn poll_timeout(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let deadline = self.deadline.get_or_insert_with(|| {
            self.passed = 0;
            Box::pin(tokio::time::sleep(self.timeout))
        });
        deadline.as_mut().poll(context)
    }

    /// Counts bytes that have passed.
    pub(super) fn advance(&mut self, bytes: usize) {
        self.passed = self.passed.saturating_add(bytes);
        if self.passed >= ENOUGH {
            self.finish();
        }
    }

    /// Notes that nothing waits.
    pub(super) fn finish(&mut self) {
        self.deadline = None;
    }
}
