//! Test data that others made, read from the packages that ship it.
#![cfg(not(target_arch = "wasm32"))]
#![allow(missing_docs, clippy::unwrap_used, reason = "the names of the tests say what they hold; a panic is a failure")]

mod idna;
mod package;
mod public_suffixes;
mod rfc8037;
mod urls;
mod wycheproof;
