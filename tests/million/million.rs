//! Properties in a million cases, and a million forgeries: `cargo xtask test --only million`, optimized.
//!
//! Each run draws the same cases, so that a failure stays until it is fixed. `cargo xtask soak` searches for new ones.
#![allow(missing_docs, clippy::unwrap_used, reason = "the names of the tests say what they hold; a panic is a failure")]

mod cases;
#[path = "../verify/common/mod.rs"]
mod common;
mod days;
mod forged_jwt;
mod forged_opaque;
mod grant;
#[path = "../vocabulary/days/mod.rs"]
mod odd_days;
mod origin;
#[path = "../../service/src/domain/origins.rs"]
mod origins;
mod scope;
mod token;
mod typo;
