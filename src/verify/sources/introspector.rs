//! Where opaque tokens are looked up: [`Introspector`].

use std::fmt;
use std::pin::Pin;

use crate::OpaqueToken;
use crate::api::TokenRecord;
use crate::jwt::Claims;

/// An answer that may take a while.
pub type ResponseFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, Unavailable>> + Send + 'a>>;

/// Finds the record of a stored token.
///
/// ```
/// use std::collections::HashMap;
/// use daypass::verify::{Introspector, ResponseFuture, TokenHash};
/// use daypass::{OpaqueToken, api::TokenRecord};
///
/// struct InMemory(HashMap<TokenHash, TokenRecord>);
///
/// impl Introspector for InMemory {
///     fn find<'a>(&'a self, token: &'a OpaqueToken) -> ResponseFuture<'a, Option<TokenRecord>> {
///         Box::pin(async { Ok(self.0.get(&TokenHash::of(token)).cloned()) })
///     }
/// }
/// ```
pub trait Introspector: Send + Sync {
    /// The record of this token, revoked and expired ones included; `None` if there never was one.
    fn find<'a>(&'a self, token: &'a OpaqueToken) -> ResponseFuture<'a, Option<TokenRecord>>;

    /// Whether a genuine signed token was revoked, itself or with its parent, its organization or all that was issued before
    /// a time. Without a way to know, as by default, the answer is no: a signed token then lives until its end.
    fn is_revoked<'a>(&'a self, claims: &'a Claims) -> ResponseFuture<'a, bool> {
        let _ = claims;
        Box::pin(std::future::ready(Ok(false)))
    }
}

/// The store or service behind a look-up did not answer. Access is refused with 503 meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unavailable(
    /// The cause, for the log. It holds no token.
    pub String,
);

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unavailable {}

#[cfg(test)]
mod tests {
    use super::Unavailable;

    #[test]
    fn what_is_unavailable_says_why() {
        assert_eq!(Unavailable("the store is locked".into()).to_string(), "the store is locked");
    }
}
