//! What must hold in a million cases, and a million forgeries: `cargo xtask test --only million`, in release mode.
//!
//! Each run draws the same cases, so that a failure stays until it is mended. `cargo xtask soak` looks for new ones.
#![allow(missing_docs, clippy::unwrap_used, reason = "the names of the tests say what they hold; a panic is a failure")]

mod cases;
#[path = "../verify/common/mod.rs"]
mod common;
mod days;
mod forged_signed;
mod forged_stored;
mod grant;
#[path = "../vocabulary/days/mod.rs"]
mod odd_days;
mod origin;
#[path = "../../service/src/domain/origins.rs"]
mod origins;
mod scope;
mod token;
mod typo;
