//! Scopes as text and as JSON: a parsed scope prints unchanged, and both forms give one value.
#![no_main]

use daypass::{Scope, ScopeSet};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(scope) = text.parse::<Scope>() {
        assert_eq!(scope.to_string(), text);
        assert!(scope.covers(&scope) && Scope::ALL.covers(&scope));
    }
    if let Ok(scope) = serde_json::from_str::<Scope>(text) {
        assert_eq!(scope.as_str().parse::<Scope>().as_ref(), Ok(&scope));
    }
    if let Ok(scopes) = serde_json::from_str::<ScopeSet>(text) {
        let printed = scopes.to_string();
        let again = printed.split_whitespace().map(|scope| scope.parse::<Scope>().expect("it was printed"));
        assert_eq!(again.collect::<ScopeSet>(), scopes);
        assert!(scopes.covers_all(&scopes));
    }
});
