//! Origins and patterns: what parses prints as it was, what normalizes is normal, and a pattern matches its own origin.
#![no_main]

use daypass::{Origin, OriginPattern};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let pattern = text.parse::<OriginPattern>();
    if let Ok(pattern) = &pattern {
        assert_eq!(pattern.to_string(), text);
    }
    if let Ok(origin) = Origin::parse(text) {
        assert!(pattern.is_ok_and(|pattern| pattern.matches(&origin)), "{text}");
    }
    if let Ok(normal) = OriginPattern::normalize(text) {
        let printed = normal.to_string();
        assert_eq!(printed.parse().as_ref(), Ok(&normal));
        assert_eq!(OriginPattern::normalize(&printed).as_ref(), Ok(&normal));
    }
});
