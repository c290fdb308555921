//! Tokens, scopes, origins and codes.

use wasm_bindgen::prelude::*;

use crate::{Origin, OriginPattern, Reason, Scope, TokenText};

/// The kind of a stored token, if the text is one.
#[wasm_bindgen]
#[must_use]
pub fn token_kind(text: &str) -> Option<String> {
    let token: TokenText = text.parse().ok()?;
    Some(token.kind().as_str().into())
}

/// Why a text is no stored token, in a few words.
#[wasm_bindgen]
#[must_use]
pub fn token_fault(text: &str) -> Option<String> {
    text.parse::<TokenText>().err().map(|error| error.why().into())
}

/// Whether a text is a scope.
#[wasm_bindgen]
#[must_use]
pub fn is_scope(text: &str) -> bool {
    Scope::read(text).is_some()
}

/// Whether one of the scopes held is enough where `wanted` is asked for. What is no scope opens nothing.
#[wasm_bindgen]
#[must_use]
pub fn covers(held: &str, wanted: &str) -> bool {
    let Some(wanted) = Scope::read(wanted) else { return false };
    held.split(' ').any(|scope| Scope::read(scope).is_some_and(|scope| scope.covers(&wanted)))
}

/// Whether a page of this origin is among the patterns. What is no origin never is.
#[wasm_bindgen]
#[must_use]
pub fn allows_origin(patterns: &str, origin: &str) -> bool {
    let Ok(origin) = Origin::read(origin) else { return false };
    patterns.split(' ').any(|pattern| OriginPattern::read(pattern).is_ok_and(|pattern| pattern.matches(&origin)))
}

/// The HTTP status that goes with a code, 0 for what the browser half finds by itself; nothing for a code that is none.
#[wasm_bindgen]
#[must_use]
pub fn status_of(code: &str) -> Option<u16> {
    Reason::find(code).map(|reason| reason.status)
}

/// What a code stands for: `+` if the same may succeed later and `-` if not, the message, a line break, the help.
#[wasm_bindgen]
#[must_use]
pub fn explain(code: &str) -> Option<String> {
    let reason = Reason::find(code)?;
    let mut text = String::from(if reason.is_retryable { "+" } else { "-" });
    for part in [reason.message, "\n", reason.help] {
        text.push_str(part);
    }
    Some(text)
}
