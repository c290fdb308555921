//! Signed documents: their parts, their keys, their life. The browser's own cryptography verifies them.

use wasm_bindgen::prelude::*;

use crate::jwt::{JwtType, is_key_id};
use crate::session::refresh::time_left;

/// Milliseconds by which clocks may differ before an active bundle is taken for an expired one.
const LEEWAY: f64 = 60_000.0;

/// The one header, before it is encoded, of a bundle that is signed by a key which says this of itself:
/// `kty`, `crv`, `alg`, `use` and `kid`, with spaces between. Nothing if no bundle is verified with such a
/// key.
#[wasm_bindgen]
#[must_use]
pub fn bundle_header(key: &str) -> Option<String> {
    let kid = key.strip_prefix("OKP Ed25519 EdDSA sig ").filter(|kid| is_key_id(kid))?;
    Some(JwtType::Bundle.header_json(kid))
}

/// Milliseconds that a token has left when it arrives, 0 if it has expired: [`time_left`]. The two first in
/// Unix seconds, the clocks in Unix milliseconds; NaN, which `undefined` becomes, for an unknown time.
#[wasm_bindgen]
#[must_use]
pub fn lifetime(expires_at: f64, issued_at: f64, server_now: f64, visitor_now: f64) -> f64 {
    let known = |at: f64| (!at.is_nan()).then_some(at as u64);
    let left = time_left(expires_at as u64, known(issued_at), known(server_now), visitor_now as u64);
    left.map_or(0.0, |left| left as f64)
}

/// Like [`lifetime`], but for a bundle. In its last minute by the service's clock it may have ended by
/// ours: it has a millisecond left, so that it is opened, and used no longer.
#[wasm_bindgen]
#[must_use]
pub fn bundle_lifetime(expires_at: f64, issued_at: f64, server_now: f64, visitor_now: f64) -> f64 {
    let left = |leeway: f64| lifetime(expires_at, issued_at, server_now - leeway, visitor_now);
    if left(LEEWAY) > 0.0 { left(0.0).max(1.0) } else { 0.0 }
}
