//! Signed documents that nobody signed: their parts make the text again, and none is genuine.
#![no_main]

use std::sync::LazyLock;

use daypass::Denied;
use daypass::signed::{DocumentType, UnverifiedDocument};
use daypass::verify::Verifier;
use daypass_fuzz::{Signer, verdict};
use libfuzzer_sys::fuzz_target;

static VERIFIER: LazyLock<Verifier> = LazyLock::new(|| Signer::default().verifier());

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes) {
        if let Some(document) = UnverifiedDocument::parse(text) {
            assert!(text.starts_with(document.signing_input) && document.signing_input.starts_with(document.header));
            let _ = (document.unverified_payload(), document.signature());
        }
        assert_eq!(verdict(&VERIFIER, text).err(), Some(Denied::InvalidToken));
    }
    // With our header and a signature of the right length, so that it comes as far as the key.
    let mut signature = [0; 64];
    let (start, payload) = bytes.split_at(bytes.len().min(signature.len()));
    signature[..start.len()].copy_from_slice(start);
    for document in DocumentType::ALL {
        let forged = Signer::unsigned(document, payload, &signature);
        assert_eq!(verdict(&VERIFIER, &forged).err(), Some(Denied::InvalidToken));
    }
});
