//! The verifier. The numbers in names and comments are the rows of the threat table.
#![cfg(not(target_arch = "wasm32"))]
#![allow(missing_docs, clippy::unwrap_used, reason = "the names of the tests say what they hold; a panic is a failure")]

mod authenticate;
mod cache;
mod changes;
mod common;
#[cfg(all(feature = "remote", feature = "axum"))]
mod connect;
#[cfg(feature = "metrics")]
mod decisions;
mod dpop;
#[cfg(feature = "remote")]
mod feed;
mod foreign;
mod forged_once;
#[cfg(feature = "axum")]
mod frame_ancestors;
#[cfg(feature = "axum")]
mod http_layer;
mod kinds;
mod life;
mod odd_claims;
#[cfg(feature = "axum")]
mod open_routes;
mod rate_limits;
#[cfg(feature = "remote")]
mod remote;
mod revocations;
mod rfc8037;
mod rfc9449;
mod scoped;
#[cfg(all(feature = "testing", feature = "axum"))]
mod testing;
#[cfg(feature = "remote")]
mod unknown_keys;
mod verifier;
mod wycheproof;
