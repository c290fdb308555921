//! Origins and patterns: a parsed pattern prints unchanged, a normalized pattern is normal, and an origin matches its own
//! pattern.
#![no_main]

#[path = "../../service/src/domain/origins.rs"]
mod origins;

use daypass::{Origin, OriginPattern};
use libfuzzer_sys::fuzz_target;
use origins::{is_shared, normalize_origin};

fuzz_target!(|text: &str| {
    let pattern = text.parse::<OriginPattern>();
    if let Ok(pattern) = &pattern {
        assert_eq!(pattern.to_string(), text);
    }
    if let Ok(origin) = Origin::parse(text) {
        assert!(pattern.is_ok_and(|pattern| pattern.matches(&origin)), "{text}");
    }
    if let Ok(normal) = normalize_origin(text) {
        let printed = normal.to_string();
        assert!(!is_shared(&normal) || normal.has_wildcard(), "{printed}");
        assert_eq!(printed.parse().as_ref(), Ok(&normal));
        assert_eq!(normalize_origin(&printed).as_ref(), Ok(&normal));
    }
});
