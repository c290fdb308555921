//! Unpacks parameter bundles: [`open`].

use base64ct::{Base64UrlUnpadded, Encoding};
use gloo_net::http::{Request, RequestBuilder};
use js_sys::{Date, Object, Reflect, Uint8Array};
use serde::Deserialize;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, Crypto, CryptoKey, RequestCache, Response};

use super::failure::Failure;
use super::js;
use super::provider::Arrived;
use crate::refresh::{NEVER, time_left};
use crate::signed::{DocumentType, Jwk, Jwks, UnverifiedDocument};
use crate::{Grant, Origin, OriginPattern, TokenKind, TokenText};

/// A service that has not answered by then counts as unreachable, in milliseconds.
const TIMEOUT: u32 = 5_000;
/// Milliseconds by which clocks may differ before a living bundle is taken for an expired one.
const LEEWAY: u64 = 60_000;

/// Gets the parameters out of a bundle, which is itself the credential from then on.
pub(super) async fn open(bundle: &str, service: &str) -> Result<(JsValue, Arrived), Failure> {
    match bundle.parse::<TokenText>() {
        Ok(reference) if reference.kind() == TokenKind::Bundle => redeem(&reference, service).await,
        _ => unpack(bundle, service).await,
    }
}

/// A reference is redeemed at the service (seed 002, `GET /verify`).
async fn redeem(reference: &TokenText, service: &str) -> Result<(JsValue, Arrived), Failure> {
    let request = Request::get(&format!("{service}/verify")).header("x-api-token", reference.expose_secret());
    let (response, parameters) = answer(request, service).await?;
    match response.status() {
        200 if parameters.is_object() => {}
        403 => return Err(Failure::BundleRefused),
        _ => return Err(Failure::NetworkFailed(service.into())),
    }
    let end = response.headers().get("daypass-expires-at").ok().flatten().and_then(|end| end.parse().ok());
    let lifetime = end.and_then(|end| time_left(end, None, js::server_time(&response), Date::now() as u64));
    let authorization = format!("Bearer {}", reference.expose_secret());
    // A service that does not say when it ends will say when it has ended, by 401.
    Ok((parameters, Arrived { authorization, lifetime: lifetime.unwrap_or(NEVER), scopes: None }))
}

/// A signed document is verified with the service's keys, and unpacked here.
async fn unpack(bundle: &str, service: &str) -> Result<(JsValue, Arrived), Failure> {
    let document = UnverifiedDocument::parse(bundle).ok_or(Failure::BundleMalformed)?;
    let signature = document.signature().ok_or(Failure::BundleChanged)?;
    let payload = document.unverified_payload().ok_or(Failure::BundleChanged)?;

    // From the service itself, not from a cache: its answer also tells the time.
    let request = Request::get(&format!("{service}/.well-known/jwks.json")).cache(RequestCache::NoStore);
    let (response, jwks) = answer(request, service).await?;
    let jwks: Jwks = js::read(jwks).ok_or_else(|| Failure::NetworkFailed(service.into()))?;
    let named = jwks.keys.iter().find(|jwk| DocumentType::Bundle.header(&jwk.kid) == document.header);
    let key = named.ok_or(Failure::BundleUnknownKey)?;
    if verifies(key, &signature, document.signing_input.as_bytes()).await != Some(true) {
        return Err(Failure::BundleChanged);
    }

    let payload = js::parse_json(&payload).ok_or(Failure::BundleMalformed)?;
    let claims: BundleClaims = js::read(payload.clone()).ok_or(Failure::BundleMalformed)?;
    let (server_now, visitor_now) = (js::server_time(&response), Date::now() as u64);
    let left = |leeway: u64| {
        let server_now = server_now.map(|now| now.saturating_sub(leeway));
        time_left(claims.exp, Some(claims.iat), server_now, visitor_now)
    };
    left(LEEWAY).ok_or(Failure::BundleExpired)?;
    // In its last minute by the service's clock it may have ended by ours: it is opened, and used no longer.
    let lifetime = left(0).unwrap_or(1);
    check_origin(&claims.origins)?;
    let parameters = js::field(&payload, "parameters").ok_or(Failure::BundleMalformed)?;
    let scopes = claims.grants.into_iter().flat_map(|grant| grant.scopes).collect();
    let authorization = format!("Bearer {bundle}");
    Ok((parameters, Arrived { authorization, lifetime, scopes: Some(scopes) }))
}

/// What the browser needs of a signed bundle's claims. The parameters are left as JavaScript values.
#[derive(Deserialize)]
struct BundleClaims {
    iat: u64,
    exp: u64,
    grants: Vec<Grant>,
    #[serde(default)]
    origins: Vec<OriginPattern>,
}

fn check_origin(origins: &[OriginPattern]) -> Result<(), Failure> {
    let Some(page) = js::page_origin().filter(|_| !origins.is_empty()) else { return Ok(()) };
    match Origin::parse(&page) {
        Ok(origin) if origins.iter().any(|pattern| pattern.matches(&origin)) => Ok(()),
        _ => Err(Failure::BundleOrigin(page)),
    }
}

async fn answer(request: RequestBuilder, service: &str) -> Result<(Response, JsValue), Failure> {
    let unreachable = |_| Failure::NetworkFailed(service.to_owned());
    let request = request.abort_signal(Some(&AbortSignal::timeout_with_u32(TIMEOUT)));
    let response: Response = request.send().await.map_err(unreachable)?.into();
    let json = match response.json() {
        Ok(json) => JsFuture::from(json).await.unwrap_or(JsValue::NULL),
        Err(_) => JsValue::NULL,
    };
    Ok((response, json))
}

/// The browser's own cryptography; `None` where it has none, or the key is unusable.
async fn verifies(jwk: &Jwk, signature: &[u8], signing_input: &[u8]) -> Option<bool> {
    jwk.public_key()?;
    let crypto = js::field(&js_sys::global(), "crypto")?.unchecked_into::<Crypto>();
    let subtle = js::field(&crypto, "subtle")?.unchecked_into::<web_sys::SubtleCrypto>();
    let algorithm = Object::new();
    Reflect::set(&algorithm, &"name".into(), &"Ed25519".into()).ok()?;
    let raw = Uint8Array::from(&*Base64UrlUnpadded::decode_vec(&jwk.x).ok()?);
    let usages = js_sys::Array::of1(&"verify".into());
    let import = subtle.import_key_with_object("raw", &raw, &algorithm, false, &usages).ok()?;
    let key = JsFuture::from(import).await.ok()?.unchecked_into::<CryptoKey>();
    let verify = subtle.verify_with_object_and_u8_array_and_u8_array(&algorithm, &key, signature, signing_input);
    JsFuture::from(verify.ok()?).await.ok()?.as_bool()
}
