//! Allocations of a cached decision and bytes of a cached token, by an allocator that counts.
//!
//! A separate program, since counting takes time.

use std::alloc::System;

use anyhow::Result;
use clap::Parser;
use daypass::TokenKind;
use daypass::jwt::Claims;
use daypass::verify::{Cache, Verifier};
use daypass_bench::fixture::{self, Issuer, Store, bearer, decide, requirement};
use daypass_bench::{Options, Results, write};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const DECISIONS: u32 = 1000;
const TOKENS: usize = 10_000;
/// A cache, in bytes, that holds all the tokens.
const ROOMY: usize = 8 * 1024 * 1024;
/// A cache, in bytes, that does not.
const NARROW: usize = 1024 * 1024;

fn main() -> Result<()> {
    let options = Options::parse();
    let issuer = Issuer::new();
    let token = issuer.sign(&fixture::claims("tmp_1"));
    let (opaque, record) = fixture::opaque(TokenKind::Secret);
    let text = opaque.expose_secret().to_owned();
    let store = Store::from((opaque, record));
    let results = Results::from([
        (
            "allocations/jwt-cached".to_owned(),
            vec![count_allocations(&fixture::cached(&issuer, Store::default(), fixture::cache()), &token)],
        ),
        (
            "allocations/opaque-cached".to_owned(),
            vec![count_allocations(&fixture::cached(&issuer, store, fixture::cache()), &text)],
        ),
        (
            "allocations/jwt-reporting".to_owned(),
            vec![count_allocations(
                &fixture::reporting(fixture::cached(&issuer, Store::default(), fixture::cache())),
                &token,
            )],
        ),
        ("memory/cached-token".to_owned(), vec![held_bytes(&issuer, ROOMY, with_id) / TOKENS as f64]),
        ("memory/full-cache".to_owned(), vec![held_bytes(&issuer, NARROW, with_id)]),
        ("memory/full-cache-apart".to_owned(), vec![held_bytes(&issuer, NARROW, apart)]),
        ("memory/setting".to_owned(), vec![NARROW as f64]),
    ]);
    write(&options, &results)
}

/// Counts the allocations of a decision after the first.
fn count_allocations(verifier: &Verifier, token: &str) -> f64 {
    let requirement = requirement();
    decide(verifier, &bearer(token), &requirement);
    let region = Region::new(ALLOCATOR);
    for _ in 0..DECISIONS {
        decide(verifier, &bearer(token), &requirement);
    }
    region.change().allocations as f64 / f64::from(DECISIONS)
}

/// Returns the claims of one of many tokens of the same parent.
fn with_id(n: usize) -> Claims {
    fixture::claims(&format!("tmp_{n:026}"))
}

/// Returns the claims of a token that has nothing in common with the others.
fn apart(n: usize) -> Claims {
    Claims { client_id: format!("sec_{n:026}"), ..with_id(n) }
}

/// Returns the bytes of a verifier that has cached the tokens, its own structures included.
fn held_bytes(issuer: &Issuer, setting: usize, claims: impl Fn(usize) -> Claims) -> f64 {
    let tokens: Vec<String> = (0..TOKENS).map(|n| issuer.sign(&claims(n))).collect();
    let requirement = requirement();
    let region = Region::new(ALLOCATOR);
    let verifier = fixture::cached(issuer, Store::default(), Cache::new(setting));
    for token in &tokens {
        decide(&verifier, &bearer(token), &requirement);
    }
    let change = region.change();
    (change.bytes_allocated - change.bytes_deallocated) as f64
}
