//! Waiting for a token.

use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll};

use super::super::error::Error;
use super::super::provider::Course;
use super::super::token::Token;
use super::Connection;
use crate::ErrorCode;
use crate::session::refresh::{self, Refresh, Status};

impl Connection {
    /// Waits for an active token, and the number of the call that brought it.
    pub(in crate::browser) fn credential(&self) -> impl Future<Output = Result<(u32, Rc<Token>), Error>> {
        poll_fn(|context| self.poll_credential(context))
    }

    /// Waits for the first token, through failures that may pass, for so many milliseconds; if 0, until one.
    pub(in crate::browser) async fn first_token(&self, milliseconds: u64) -> Result<(), Error> {
        if milliseconds > 0 {
            let until = self.look(|_, now| now).saturating_add(milliseconds);
            self.state.borrow_mut().opens_until = Some(until);
            self.tell(refresh::Event::Tick);
        }
        let result = self.credential().await;
        self.state.borrow_mut().opens_until = None;
        result.map(|_| ())
    }

    /// Waits for a token whose fetch begins from now on.
    pub(in crate::browser) async fn renew(&self) -> Result<(), Error> {
        let wish = self.look(Refresh::wish);
        self.tell(refresh::Event::Renew);
        poll_fn(|context| {
            let (is_fulfilled, is_renewing) = self.look(|refresh, _| (refresh.fulfils(wish), refresh.is_renewing()));
            if is_fulfilled {
                return Poll::Ready(Ok(()));
            }
            if !is_renewing {
                return Poll::Ready(Err(self.why_not()));
            }
            self.state.borrow_mut().waiting.push(context.waker().clone());
            Poll::Pending
        })
        .await
    }

    #[inline(never)]
    fn poll_credential(&self, context: &Context<'_>) -> Poll<Result<(u32, Rc<Token>), Error>> {
        loop {
            let (status, is_due) = self.look(|refresh, now| (refresh.status(now), refresh.is_due(now)));
            match status {
                Status::Valid(call) => {
                    if is_due {
                        self.tell(refresh::Event::Tick);
                    }
                    if let Some(token) = self.token() {
                        return Poll::Ready(Ok((call, token)));
                    }
                }
                Status::Closed => return Poll::Ready(Err(Error::new(ErrorCode::Closed, ""))),
                Status::Idle => self.tell(refresh::Event::Requested),
                Status::Exhausted => return Poll::Ready(Err(self.failure())),
                Status::BackingOff if !self.is_opening() => return Poll::Ready(Err(self.failure())),
                Status::Refreshing if self.is_too_late() => return Poll::Ready(Err(self.failure())),
                Status::BackingOff | Status::Refreshing => {
                    self.state.borrow_mut().waiting.push(context.waker().clone());
                    return Poll::Pending;
                }
            }
        }
    }

    /// Returns whether the first token is still waited for, and the last failure may pass.
    fn is_opening(&self) -> bool {
        let may_pass = matches!(&self.state.borrow().failure, Some((_, Course::Passing)));
        may_pass && !self.is_too_late() && self.state.borrow().opens_until.is_some()
    }

    pub(super) fn is_too_late(&self) -> bool {
        let now = self.look(|_, now| now);
        self.state.borrow().opens_until.is_some_and(|until| now >= until)
    }

    /// Returns why there is no token.
    pub(super) fn failure(&self) -> Error {
        let state = self.state.borrow();
        match &state.failure {
            Some((error, _)) => error.clone(),
            None if state.opens_until.is_some() => Error::new(ErrorCode::ProviderTimeout, ""),
            None => Error::new(ErrorCode::TokenExpired, ""),
        }
    }
}
