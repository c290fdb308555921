//! Opaque tokens and the names of kinds: a parsed text prints unchanged.
#![no_main]

use daypass::{OpaqueToken, TokenKind};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(token) = text.parse::<OpaqueToken>() {
        assert!(token.expose_secret() == text);
        assert!(token.kind().prefix().is_some_and(|prefix| text.starts_with(prefix)));
    }
    if let Ok(kind) = text.parse::<TokenKind>() {
        assert_eq!(kind.to_string(), text);
    }
});
