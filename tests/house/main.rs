//! The rules of the repository itself: which way imports point, what depends on what, how its texts are written.
#![cfg(not(target_arch = "wasm32"))]
#![allow(missing_docs, clippy::unwrap_used, reason = "the names of the tests say what they hold; a panic is a failure")]

mod codes;
mod dependencies;
mod files;
mod imports;
mod purity;
mod shape;
mod source;
mod texts;
