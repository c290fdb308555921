//! Tests the Rust client in a real browser against `server.mjs`, which `cargo xtask test --only wasm` starts. The client as the npm
//! package has it is tested in `tests/browser.rs` and `tests/e2e`.
#![cfg(all(target_arch = "wasm32", feature = "browser"))]
#![allow(missing_docs, clippy::unwrap_used, reason = "the names of the tests describe them; a panic is a failure")]

mod closing;
mod connecting;
mod events;
mod options;
mod requests;
mod space;
mod tokens;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
