//! The service's keys (RFC 7517): from itself, or kept from the last time where it cannot be reached.

use js_sys::{Array, JSON};
use wasm_bindgen::prelude::*;
use web_sys::AbortSignal;

use super::error::Error;
use super::http::{json, request, response, server_time, status};
use super::js::{Settled, call, get, global, list, object, text, wall_now};
use super::url::Base;
use crate::ErrorCode;
use crate::jwt::jwk::may_be_key;
use crate::jwt::{JwtType, is_key_id};

/// Kept keys are used for so many milliseconds: no bundle lives longer than a day.
const KEPT: f64 = 86_400_000.0;

/// Returns the public key for a bundle with this header, and the service's time if it answered. Kept keys are used if one of
/// them is the key.
pub(super) async fn find_key(
    service: &Base,
    header: &[u8],
    signal: &AbortSignal,
) -> Result<(Option<String>, Option<u64>), Error> {
    // The name of earlier versions, which had no slash at the end.
    let name = ["daypass:jwks:", service.name()].concat();
    let url = service.join(".well-known/jwks.json");
    // From the service itself, not from a cache: its answer also tells the time.
    match keys(service, request(&url, signal).option("cache", "no-store").send()).await {
        Ok((keys, server_now)) => {
            keep(&name, &keys);
            Ok((find(&keys, header), server_now))
        }
        Err(error) => match kept(&name).and_then(|keys| find(&keys, header)) {
            Some(key) => Ok((Some(key), None)),
            None => Err(error),
        },
    }
}

async fn keys(service: &Base, answer: Settled) -> Result<(Array, Option<u64>), Error> {
    let response = response(answer.await).map_err(|cause| unusable(service, 0, &cause))?;
    let keys = list(&json(&response).await.unwrap_or_default(), "keys").filter(|_| get(&response, "ok") == true);
    let keys = keys.ok_or_else(|| unusable(service, status(&response), &JsValue::UNDEFINED))?;
    Ok((keys, server_time(&response)))
}

/// Says that the service gave no answer that can be used: none, or one with this status.
#[inline(never)]
pub(super) fn unusable(service: &Base, status: u16, cause: &JsValue) -> Error {
    let error = Error::caused(ErrorCode::NetworkFailed, service.name(), cause).with_status(status);
    if matches!(status, 0 | 429 | 500..) { error } else { error.lasting() }
}

/// Returns the public key of the key that the header names, as text.
fn find(keys: &Array, header: &[u8]) -> Option<String> {
    keys.iter().find_map(|key| {
        let is = |name, value: &str| get(&key, name) == value;
        let kid = text(&key, "kid").filter(|kid| is_key_id(kid))?;
        let has_algorithm = is("alg", "EdDSA") || is("alg", "Ed25519");
        let is_ours = is("kty", "OKP") && is("crv", "Ed25519") && has_algorithm && is("use", "sig");
        let x = text(&key, "x").filter(|x| may_be_key(x))?;
        (is_ours && JwtType::Bundle.header_json(&kid).as_bytes() == header).then_some(x)
    })
}

// A page may have no storage, or not be allowed to use it: then nothing is kept.
fn keep(name: &str, keys: &Array) {
    let kept = object(&[("keys", keys), ("at", &wall_now().into())]);
    if let Ok(text) = JSON::stringify(&kept) {
        let _ = call(&global("localStorage"), "setItem", &[&name.into(), &text]);
    }
}

fn kept(name: &str) -> Option<Array> {
    let text = call(&global("localStorage"), "getItem", &[&name.into()]).ok()?.as_string()?;
    let kept = JSON::parse(&text).ok()?;
    let age = wall_now() - get(&kept, "at").as_f64()?;
    let is_alive = |key: &JsValue| get(key, "exp").as_f64().is_none_or(|end| wall_now() < end * 1000.0);
    let keys = list(&kept, "keys")?;
    (0.0..KEPT).contains(&age).then(|| keys.iter().filter(is_alive).collect())
}
