//! Tokens, scopes, origins and codes.

use wasm_bindgen::prelude::*;

use crate::{ErrorCode, OpaqueToken, Origin, OriginPattern, Scope};

/// The kind of an opaque token; if the text is malformed, `-` and the reason, in a few words.
#[wasm_bindgen]
#[must_use]
pub fn token_kind(text: &str) -> String {
    match text.parse::<OpaqueToken>() {
        Ok(token) => token.kind().as_str().into(),
        Err(error) => joined(["-", error.why()]),
    }
}

/// Whether a text is a scope.
#[wasm_bindgen]
#[must_use]
pub fn is_scope(text: &str) -> bool {
    Scope::read(text).is_some()
}

/// Whether the first scope is covered by one of those behind it. Malformed text covers nothing.
#[wasm_bindgen]
#[must_use]
pub fn covers(wanted_and_held: &str) -> bool {
    let mut scopes = wanted_and_held.split(' ').map(Scope::read);
    let Some(wanted) = scopes.next().flatten() else { return false };
    scopes.flatten().any(|scope| scope.covers(&wanted))
}

/// Whether the first origin matches one of the patterns behind it. Malformed text matches nothing.
#[wasm_bindgen]
#[must_use]
pub fn allows_origin(origin_and_patterns: &str) -> bool {
    let mut words = origin_and_patterns.split(' ');
    let Some(Ok(origin)) = words.next().map(Origin::read) else { return false };
    words.any(|pattern| OriginPattern::read(pattern).is_ok_and(|pattern| pattern.matches(&origin)))
}

/// The row of a code: `+` if it is retryable and `-` if not; three digits, the HTTP status, or 000 for what
/// the browser finds by itself; the message, a line break, the help. Nothing for an unknown code.
#[wasm_bindgen]
#[must_use]
pub fn explain(code: &str) -> Option<String> {
    let code = ErrorCode::find(code)?;
    let digits = [100, 10, 1].map(|place| b'0' + (code.status() / place % 10) as u8);
    let retryable = if code.is_retryable() { "+" } else { "-" };
    Some(joined([retryable, str::from_utf8(&digits).unwrap_or_default(), code.message(), "\n", code.help()]))
}

fn joined<const N: usize>(parts: [&str; N]) -> String {
    let mut text = String::new();
    for part in parts {
        text.push_str(part);
    }
    text
}
