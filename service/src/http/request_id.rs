//! The id of a request, and who makes it: [`CurrentRequest`].

use std::sync::{Arc, OnceLock};

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use daypass::verify::Access;

use crate::crypto::random;

/// The header with the id of a request.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The most characters of an id that a proxy gives.
const LONGEST: usize = 128;

tokio::task_local! {
    static CURRENT: Arc<CurrentRequest>;
}

/// What the log tells of the request that a task answers.
pub(super) struct CurrentRequest {
    /// The id, which is a visible text.
    id: Arc<str>,
    /// The token that makes it, once it is authenticated.
    caller: OnceLock<Access>,
    /// Whether anyone asks for the caller.
    is_logged: bool,
}

impl CurrentRequest {
    /// Begins a request with these headers.
    ///
    /// SECURITY: only proxies of one's own may give the id. A client could else choose that of another one's request.
    pub(super) fn begin(headers: &HeaderMap, is_behind_proxy: bool, is_logged: bool) -> Arc<CurrentRequest> {
        let given = headers.get(REQUEST_ID).filter(|_| is_behind_proxy).and_then(|id| id.to_str().ok());
        let given = given.filter(|id| is_well_formed(id.as_bytes())).map(Arc::from);
        let id = given.unwrap_or_else(|| random::id().into());
        Arc::new(CurrentRequest { id, caller: OnceLock::new(), is_logged })
    }

    /// Answers the request.
    pub(super) async fn scope<T>(self: Arc<Self>, answer: impl Future<Output = T>) -> T {
        CURRENT.scope(self, answer).await
    }

    /// Returns the id as text.
    pub(super) fn text(&self) -> &str {
        &self.id
    }

    /// Returns the id as the value of a header.
    pub(super) fn header(&self) -> HeaderValue {
        HeaderValue::from_str(&self.id).expect("a visible text")
    }

    /// Returns what the token may do that makes the request, if it is known.
    pub(super) fn caller(&self) -> Option<&Access> {
        self.caller.get()
    }
}

/// Notes which token makes the current request.
pub(super) fn note_caller(access: &Access) {
    // Outside of a request nobody asks.
    let _ = CURRENT.try_with(|current| {
        if current.is_logged {
            current.caller.get_or_init(|| access.clone());
        }
    });
}

/// Calls a function with the id of the request that the current task answers, if it answers one.
pub(crate) fn with_request_id(call: impl FnOnce(&str)) {
    // Outside of a request there is no id.
    let _ = CURRENT.try_with(|current| call(current.text()));
}

/// Returns the id of the request that the current task answers, if it answers one.
pub(super) fn current_id() -> Option<Arc<str>> {
    CURRENT.try_with(|current| Arc::clone(&current.id)).ok()
}

/// Returns whether an id is a text of letters, digits and `.`, `_`, `-`, `:`, `=`, `+`, `/`.
pub(crate) fn is_well_formed(id: &[u8]) -> bool {
    let is_allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-:=+/".contains(byte);
    (1..=LONGEST).contains(&id.len()) && id.iter().all(is_allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_alone_gives_ids_and_only_well_formed_ones() {
        let longest = "x".repeat(LONGEST);
        let longer = "x".repeat(LONGEST + 1);
        for (given, is_behind_proxy, is_taken) in [
            ("9f3c-1", true, true),
            ("Root=1-67891233-abcdef012345678912345678", true, true),
            (&*longest, true, true),
            ("9f3c-1", false, false),
            (&*longer, true, false),
            ("", true, false),
            ("a b", true, false),
            ("a\"b", true, false),
        ] {
            let headers = HeaderMap::from_iter([(REQUEST_ID, HeaderValue::from_str(given).expect("a header"))]);
            let current = CurrentRequest::begin(&headers, is_behind_proxy, false);
            assert_eq!(current.text() == given, is_taken, "{given}");
            assert!(!current.text().is_empty());
        }
    }
}
