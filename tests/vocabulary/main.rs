//! The vocabulary and the session engines, natively and in a browser.
#![allow(missing_docs, clippy::unwrap_used, reason = "the names of the tests say what they hold; a panic is a failure")]

mod api;
mod catalog;
mod days;
mod error;
mod grant;
mod jwt;
mod origin;
mod origin_pattern;
mod parameters;
mod refresh;
mod scope;
mod tabs;
mod token;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
