//! Records of opaque tokens: [`Introspector`].

use std::fmt;
use std::pin::Pin;

use crate::OpaqueToken;
use crate::api::TokenRecord;
use crate::jwt::Claims;

/// The future response of a source, or the reason why it does not answer.
pub type ResponseFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, Unavailable>> + Send + 'a>>;

/// Finds the records of opaque tokens.
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
    /// Finds the record of this token, also of a revoked or expired one. Returns `None` if the
    /// token never existed.
    ///
    /// A record whose version is lower than the one that the feed told last is asked for again, and
    /// then refused with 503.
    ///
    /// # Errors
    /// [`Unavailable`] if the source does not answer.
    fn find<'a>(&'a self, token: &'a OpaqueToken) -> ResponseFuture<'a, Option<TokenRecord>>;

    /// Returns whether an authentic JWT was revoked (by its id, its root, its organization, or the
    /// time it was issued) or suspended with its organization. The default says neither: without a
    /// revocation feed, a JWT is then valid until it expires.
    ///
    /// # Errors
    /// [`Unavailable`] if the source does not answer.
    fn standing<'a>(&'a self, claims: &'a Claims) -> ResponseFuture<'a, Standing> {
        let _ = claims;
        Box::pin(std::future::ready(Ok(Standing::Good)))
    }

    /// Returns the generation of this source's responses, for a source that knows at once whether they
    /// still hold. The default says that it does not: then a [`Cache`](crate::verify::Cache) goes by time.
    fn generation(&self) -> Generation {
        Generation::Untracked
    }
}

/// What a source knows of the responses that it gave before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Generation {
    /// Nothing. Responses are cached for some seconds.
    Untracked,
    /// Nothing at this moment: the source is asked again.
    Unknown,
    /// Records that were looked up since it had this number are the same as of this call. JWTs are not cached.
    Number(u64),
}

/// Whether an authentic token was withdrawn, as its source knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It was not.
    Good,
    /// Its organization is suspended.
    Suspended,
    /// It was revoked.
    Revoked,
}

/// The reason why a source did not answer. Requests are refused with 503 meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unavailable(
    /// The cause, for the log.
    ///
    /// SECURITY: it holds no token.
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
    fn unavailable_displays_its_cause() {
        assert_eq!(Unavailable("the store is locked".into()).to_string(), "the store is locked");
    }
}
