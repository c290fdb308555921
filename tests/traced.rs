//! What is traced shows no token. The one test of its process: a subscriber is seen by all threads, sooner or later.
#![cfg(not(target_arch = "wasm32"))]
#![allow(missing_docs, clippy::unwrap_used, reason = "the names of the tests say what they hold; a panic is a failure")]

#[path = "verify/common/mod.rs"]
mod common;

use std::io;
use std::sync::{Arc, Mutex};

use common::{Signer, Store, claims, record, verifier};
use daypass::TokenKind;
use daypass::jwt::JwtType;
use daypass::verify::{Cache, Credentials, ProofContext, TokenLocation};

/// Keeps what is logged.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn row_19_no_token_and_no_proof_is_in_what_is_traced() {
    let written = Written::default();
    let writer = written.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_span_events(tracing_subscriber::fmt::format::FmtSpan::FULL)
        .with_writer(move || writer.clone())
        .finish();
    let signer = Signer::new("k1", 1);
    let mut store = Store::default();
    let texts = [
        store.add(record(TokenKind::Secret)),
        store.add(record(TokenKind::Publishable)),
        signer.document(JwtType::AccessToken, &claims()),
        Signer::new("k1", 2).document(JwtType::AccessToken, &claims()),
        "dp_sec_thisisnotatokenbutsomebodythoughtitwas".to_owned(),
    ];
    let proof = "eyJ0eXAiOiJkcG9wK2p3dCJ9.aGVsbG8.c2lnbmF0dXJl";
    tracing::subscriber::with_default(subscriber, || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let verifier = verifier().keys(signer.keys()).introspector(store).cache(Cache::new(1 << 20));
            for text in &texts {
                for location in [TokenLocation::Bearer, TokenLocation::Dpop, TokenLocation::Query] {
                    let seen = ProofContext { proof, method: "GET", path: "/" };
                    let _ = verifier.verify(&Credentials::new(text, location).with_proof(seen), None).await;
                }
            }
        });
    });
    let written = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
    assert!(written.contains("verify") && written.contains("decided") && written.contains("secret_in_query"));
    for secret in texts.iter().flat_map(|text| text.split('.')).chain(proof.split('.')) {
        assert!(!written.contains(secret), "a part of {} bytes is in the log", secret.len());
    }
}
