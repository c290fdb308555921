//! Allocations of a decision that was made before, and bytes of a token that is remembered, by an allocator that counts.
//!
//! A program of its own, since counting takes time.

use std::alloc::System;

use anyhow::Result;
use clap::Parser;
use daypass::TokenKind;
use daypass::verify::{Cache, Verifier};
use daypass_bench::fixture::{self, Issuer, Store, bearer, decide, need};
use daypass_bench::{Options, Results, write};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const DECISIONS: u32 = 1000;
const TOKENS: usize = 10_000;
/// A cache, in bytes, that holds all the tokens.
const ROOMY: usize = 8 * 1024 * 1024;
/// One that does not.
const NARROW: usize = 1024 * 1024;

fn main() -> Result<()> {
    let options = Options::parse();
    let issuer = Issuer::new();
    let token = issuer.token(&fixture::claims("tmp_1"));
    let (stored, record) = fixture::stored(TokenKind::Secret);
    let opaque = stored.expose_secret().to_owned();
    let store = Store::from((stored, record));
    let results = Results::from([
        (
            "allocations/signed-cached".to_owned(),
            vec![allocations(&fixture::cached(&issuer, Store::default(), fixture::cache()), &token)],
        ),
        (
            "allocations/opaque-cached".to_owned(),
            vec![allocations(&fixture::cached(&issuer, store, fixture::cache()), &opaque)],
        ),
        ("memory/cached-token".to_owned(), vec![held(&issuer, ROOMY) / TOKENS as f64]),
        ("memory/full-cache".to_owned(), vec![held(&issuer, NARROW)]),
        ("memory/setting".to_owned(), vec![NARROW as f64]),
    ]);
    write(&options, &results)
}

/// How often memory is allocated in a decision after the first.
fn allocations(verifier: &Verifier, token: &str) -> f64 {
    let need = need();
    decide(verifier, &bearer(token), &need);
    let region = Region::new(ALLOCATOR);
    for _ in 0..DECISIONS {
        decide(verifier, &bearer(token), &need);
    }
    region.change().allocations as f64 / f64::from(DECISIONS)
}

/// The bytes that a verifier holds that has seen all the tokens, what it needs for itself included.
fn held(issuer: &Issuer, setting: usize) -> f64 {
    let tokens: Vec<String> = (0..TOKENS).map(|n| issuer.token(&fixture::claims(&format!("tmp_{n:026}")))).collect();
    let need = need();
    let region = Region::new(ALLOCATOR);
    let verifier = fixture::cached(issuer, Store::default(), Cache::new(setting));
    for token in &tokens {
        decide(&verifier, &bearer(token), &need);
    }
    let change = region.change();
    (change.bytes_allocated - change.bytes_deallocated) as f64
}
