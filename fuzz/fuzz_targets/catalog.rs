//! Catalogues: a parsed catalogue comes back from its own JSON, and resolves its own scopes.
#![no_main]

use daypass::Catalog;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(catalog) = Catalog::from_json(text) {
        let json = serde_json::to_string(&catalog).expect("a catalogue is JSON");
        assert_eq!(Catalog::from_json(&json).ok().as_ref(), Some(&catalog));
        assert_eq!(catalog.resolve(&catalog.all(), &[]), Ok(catalog.all()));
        assert!(catalog.all().covers_all(&catalog.publishable()));
        for alias in &catalog.aliases {
            let _ = catalog.resolve(&[alias.alias.clone()].into_iter().collect(), &[]);
        }
    }
});
