//! The versions of records as entity tags (RFC 9110, section 8.8.3), by which edits exclude one another.

use axum::http::header::{ETAG, IF_MATCH};
use axum::http::{HeaderMap, HeaderName};
use daypass::Error;

use crate::domain::versions::{self, Versions};

/// Returns the entity tag of a record: its version.
pub(super) fn tag(version: u64) -> [(HeaderName, String); 1] {
    [(ETAG, format!("\"{version}\""))]
}

/// Returns the versions that an edit is meant for.
pub(super) fn if_match(headers: &HeaderMap) -> Result<Versions, Error> {
    let mut lines = headers.get_all(IF_MATCH).into_iter().peekable();
    if lines.peek().is_none() {
        return Ok(None);
    }
    let lines: Vec<_> = lines.map(|line| line.to_str().unwrap_or_default()).collect();
    versions::parse(&lines.join(","))
}
