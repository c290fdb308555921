//! Origins as people write them, and the test data of Unicode, the web platform and the public suffix list.
#![allow(missing_docs, clippy::unwrap_used, reason = "the names of the tests say what they hold; a panic is a failure")]

mod idna;
mod normalize;
#[path = "../../src/domain/origins.rs"]
mod origins;
mod package;
mod public_suffixes;
mod urls;
