//! Opens parameter bundles: references are redeemed at the service, signed bundles are verified here.

use wasm_bindgen::prelude::*;
use web_sys::AbortSignal;

use super::error::Error;
use super::explain::refusal;
use super::http::{header, json, request, response, server_time, status};
use super::js::{array, bytes, call, get, global, is_present, number, set, settled, whole, whole_number};
use super::jwks::{find_key, unusable};
use super::lifetime::{bundle_left, left};
use super::signal::at_most;
use super::token::{Contents, Token, claims, decode, split_jwt};
use super::url::Base;
use crate::origin::is_allowed;
use crate::session::refresh::NEVER;
use crate::{ErrorCode, OpaqueToken, TokenKind};

/// A service that has not answered by then counts as unreachable, in milliseconds.
const TIMEOUT: u32 = 5_000;

/// An open bundle: its parameters, and the token that the bundle itself is from then on.
pub(super) struct Opened {
    pub(super) parameters: JsValue,
    pub(super) token: Token,
}

/// Opens a bundle.
pub(super) async fn open(bundle: &str, service: &Base, signal: &AbortSignal) -> Result<Opened, Error> {
    let signal = at_most(TIMEOUT, signal);
    let bundle = bundle.trim();
    match bundle.parse::<OpaqueToken>() {
        Ok(token) if token.kind() == TokenKind::Bundle => redeem(bundle, service, &signal).await,
        _ if is_uuid(bundle) => redeem(bundle, service, &signal).await,
        _ => unpack(bundle, service, &signal).await,
    }
}

/// Returns whether a text has the shape of the UUIDs of Kudo. The service knows which of them are references.
fn is_uuid(text: &str) -> bool {
    text.len() == 36 && text.as_bytes()[8] == b'-'
}

/// Redeems a reference with Kudo's `GET /verify`.
async fn redeem(reference: &str, service: &Base, signal: &AbortSignal) -> Result<Opened, Error> {
    let url = service.join("verify");
    // Elsewhere the header would go along.
    let headers = [("x-api-token", &reference.into()), ("daypass-redeemer", &redeemer())];
    let asked = request(&url, signal).option("redirect", "error").headers(&headers);
    let response = response(asked.send().await).map_err(|cause| unusable(service, 0, &cause))?;
    let status = status(&response);
    if status == 403 {
        return Err(refusal(&response).await.unwrap_or_else(|| Error::new(ErrorCode::BundleRefused, "")));
    }
    // As they were written: unknown keys, order and all.
    let parameters = json(&response).await.unwrap_or_default();
    if status != 200 || !parameters.is_object() {
        return Err(unusable(service, status, &JsValue::UNDEFINED));
    }
    let end = header(&response, "daypass-expires-at").and_then(|end| whole_number(&number(&end)?.into()));
    let left = end.and_then(|end| left(end, None, server_time(&response)));
    // A service that does not say when it ends will say when it has ended, by 401.
    let lifetime = left.unwrap_or(NEVER);
    // A single-use reference is no token itself.
    let token = header(&response, "daypass-bundle").unwrap_or_else(|| reference.into());
    Ok(Opened { parameters, token: Token::new(["Bearer ", &token].concat(), lifetime) })
}

/// Returns the text by which the service knows this tab again when its page is loaded again; empty where the page has no storage or
/// is not served over https, and then it is not known again.
fn redeemer() -> JsValue {
    let storage = global("sessionStorage");
    let kept = get(&storage, "daypass");
    if is_present(&kept) {
        return kept;
    }
    let new = call(&global("crypto"), "randomUUID", &[]).unwrap_or_else(|_| "".into());
    set(&storage, "daypass", &new);
    new
}

async fn unpack(bundle: &str, service: &Base, signal: &AbortSignal) -> Result<Opened, Error> {
    let Some([header, payload, signature]) = split_jwt(bundle) else {
        return Err(Error::new(ErrorCode::BundleMalformed, ""));
    };
    let changed = || Error::new(ErrorCode::BundleChanged, "");
    let (Some(bytes), Some(_)) = (decode(signature), decode(payload)) else { return Err(changed()) };
    let (key, server_now) = find_key(service, &decode(header).unwrap_or_default(), signal).await?;
    let key = key.ok_or_else(|| Error::new(ErrorCode::BundleUnknownKey, ""))?;
    let signed = &bundle[..header.len() + 1 + payload.len()];
    let is_authentic = match verify(&key, &bytes, signed.as_bytes()).await {
        Ok(answer) => answer.is_truthy(),
        Err(error) if !is_present(&error) || get(&error, "name") == "NotSupportedError" => {
            return Err(Error::new(ErrorCode::BundleUnverifiable, ""));
        }
        Err(_) => false,
    };
    if is_authentic { read(bundle, payload, server_now) } else { Err(changed()) }
}

/// Reads an authentic bundle.
fn read(bundle: &str, payload: &str, server_now: Option<u64>) -> Result<Opened, Error> {
    let claims = claims(payload);
    let parameters = get(&claims, "parameters");
    let (Some(contents), Some(expires_at), true) =
        (Contents::read(&claims), whole(&claims, "exp"), is_present(&parameters))
    else {
        return Err(Error::new(ErrorCode::BundleMalformed, ""));
    };
    let Some(lifetime) = bundle_left(expires_at, whole(&claims, "iat"), server_now) else {
        return Err(Error::new(ErrorCode::BundleExpired, ""));
    };
    // In a page or worker; `null` in a sandboxed frame. It is not the location's: a frame from `srcdoc` has that of the page around
    // it.
    if let Some(page) = global("origin").as_string()
        && !contents.origins.is_empty()
        && !is_allowed(&page, &contents.origins)
    {
        return Err(Error::new(ErrorCode::BundleOrigin, &page));
    }
    Ok(Opened { parameters, token: Token { lifetime, contents: Some(contents), ..Token::lasting(bundle) } })
}

/// Verifies with the browser's own cryptography. The error is `undefined` if the page has none.
async fn verify(key: &str, signature: &[u8], input: &[u8]) -> Result<JsValue, JsValue> {
    let subtle = subtle().ok_or(JsValue::UNDEFINED)?;
    let raw = bytes(&decode(key).unwrap_or_default());
    let (algorithm, uses) = ("Ed25519".into(), array(&[&"verify".into()]));
    let key = settled(call(&subtle, "importKey", &[&"raw".into(), &raw, &algorithm, &false.into(), &uses])).await?;
    settled(call(&subtle, "verify", &[&algorithm, &key, &bytes(signature), &bytes(input)])).await
}

/// Returns the browser's cryptography; a page that is not served over https has none.
pub(super) fn subtle() -> Option<JsValue> {
    let subtle = get(&global("crypto"), "subtle");
    is_present(&subtle).then_some(subtle)
}
