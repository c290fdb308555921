//! Nanoseconds of wall time for each cached decision, by one thread and by four that share a verifier.
//!
//! | row | who decides on what |
//! | --- | --- |
//! | `threads/one` | one thread, on the tokens of a crowd |
//! | `threads/four` | four threads at once, on the tokens of the same crowd |
//! | `threads/one-token` | one thread, on one token |
//! | `threads/four-one-token` | four threads at once, all on the same token |
//!
//! Every row is measured once in a round, and every second round runs backwards. A separate program, since it must not be
//! pinned to a processor.

use std::sync::Barrier;
use std::thread;
use std::time::Instant;

use anyhow::Result;
use clap::Parser;
use daypass::verify::Verifier;
use daypass_bench::fixture::{self, Issuer, Store, bearer, decide, requirement};
use daypass_bench::{Options, Results, write};

/// The tokens of the crowd.
const CROWD: usize = 64;

/// A row's name, how many threads decide, and on how many tokens.
const ROWS: [(&str, usize, usize); 4] = [
    ("threads/one", 1, CROWD),
    ("threads/four", 4, CROWD),
    ("threads/one-token", 1, 1),
    ("threads/four-one-token", 4, 1),
];

fn main() -> Result<()> {
    let options = Options::parse();
    let (rounds, passes) = if options.quick { (5, 4_000) } else { (25, 16_000) };
    let issuer = Issuer::new();
    let tokens: Vec<String> = (0..CROWD).map(|n| issuer.sign(&fixture::claims(&format!("tmp_{n}")))).collect();
    let verifier = fixture::cached(&issuer, Store::default(), fixture::cache());
    let mut rows = ROWS;
    let mut results = Results::new();
    for _ in 0..rounds {
        for (row, threads, count) in rows {
            let passes = passes * CROWD / count / threads;
            results.entry(row.to_owned()).or_default().push(measure(&verifier, &tokens[..count], threads, passes));
        }
        rows.reverse();
    }
    write(&options, &results)
}

/// Lets threads decide on all tokens as many times, each beginning with another one. Returns the nanoseconds of the whole
/// divided by the number of decisions.
fn measure(verifier: &Verifier, tokens: &[String], threads: usize, passes: usize) -> f64 {
    let begin = Barrier::new(threads + 1);
    let decide_all = |thread: usize| {
        let requirement = requirement();
        let first = thread * tokens.len() / threads;
        let decide_once = || {
            for token in tokens[first..].iter().chain(&tokens[..first]) {
                decide(verifier, &bearer(token), &requirement);
            }
        };
        // The first pass fills the cache.
        decide_once();
        begin.wait();
        (0..passes).for_each(|_| decide_once());
    };
    let start = thread::scope(|scope| {
        for thread in 0..threads {
            scope.spawn(move || decide_all(thread));
        }
        begin.wait();
        Instant::now()
    });
    start.elapsed().as_nanos() as f64 / (threads * passes * tokens.len()) as f64
}
