//! What goes into the refresh engine, and what comes out: [`Event`], [`Effect`], [`Status`].

/// The lifetime of a token that does not expire.
pub const NEVER: u64 = u64::MAX;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A caller requested a token.
    Requested,
    /// The page wants a token that is fetched from now on, whatever the current one has left.
    Renew,
    /// Time has passed: the timer fired, or the page was resumed.
    Tick,
    /// The network came back.
    Online,
    /// The network went away.
    Offline,
    /// The provider returned a token with this lifetime, counted from the start of the call.
    Received {
        /// The number of the call.
        call: u32,
        /// Milliseconds.
        lifetime: u64,
    },
    /// The call failed.
    Failed {
        /// The number of the call.
        call: u32,
    },
    /// The provider returned a token that is expired or was used before: some cache returned it.
    Stale {
        /// The number of the call.
        call: u32,
    },
    /// The provider answered that it gives no more tokens.
    Forbidden {
        /// The number of the call.
        call: u32,
    },
    /// The API answered 401 to the token of this call.
    Unauthorized {
        /// The number of the call.
        call: u32,
    },
    /// Another tab received a token that is newer than the current one.
    ReceivedElsewhere(Token),
    /// The connection was closed.
    Closed,
}

/// What one tab tells another about a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// When its fetch began.
    pub fetched_at: u64,
    /// Milliseconds, counted from then.
    pub lifetime: u64,
    /// How many tokens in a row got 401 before this one, so that the back-off grows for all tabs together.
    pub rejections: u32,
}

/// What the caller of the engine must do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Call the provider, and report the result under this number.
    Fetch {
        /// The number of the call.
        call: u32,
        /// 1 for a first attempt, one more for each retry.
        attempt: u32,
    },
    /// Use the token of this call from now on.
    Activate {
        /// The number of the call.
        call: u32,
        /// For how many milliseconds.
        lifetime: u64,
    },
    /// Drop the current token: it expired, or the connection was closed.
    Clear(Loss),
    /// Tell the page that the call brought no token.
    NotifyFailure {
        /// Why.
        failure: Failure,
        /// Milliseconds until the retry; `None` for never.
        retry_in: Option<u64>,
    },
    /// Let the callers that wait for a token check the status again.
    WakeWaiters,
    /// Send [`Event::Tick`] in this many milliseconds, instead of at any earlier set time.
    SetTimer(Option<u64>),
}

/// Why the current token was dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// It expired.
    Expired,
    /// The connection was closed.
    Closed,
}

/// Why a call to the provider brought no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The provider failed.
    Failed,
    /// It did not answer in time.
    TimedOut,
    /// It returned a token that is expired or was used before.
    Stale,
    /// It gives no more tokens.
    Forbidden,
}

/// The state, as a caller that needs a token sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// The token of this call is valid.
    Valid(u32),
    /// A token is being fetched.
    Refreshing,
    /// The last call failed, and it is too early to retry.
    BackingOff,
    /// There is no token, and [`Event::Requested`] will fetch one.
    Idle,
    /// There will be no token: the provider refused, or there is no provider and the only token expired.
    Exhausted,
    /// The connection was closed.
    Closed,
}
