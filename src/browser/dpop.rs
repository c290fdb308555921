//! Proofs that the sender of a token has the key that it is bound to (RFC 9449).

use std::cell::{Cell, RefCell};

use js_sys::{JSON, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::{CryptoKeyPair, Response};

use super::bundle::subtle;
use super::error::Error;
use super::http::{contains, header, server_time, status};
use super::js::{bytes, call, get, global, object, set, settled, text, wall_now};
use super::token::encode;
use super::url::{Base, Target};

/// Seconds by which this device's clock may be wrong before a refused proof is repeated with the server's time.
const DRIFT: f64 = 30.0;

/// Makes the proofs of one connection.
pub(super) struct Prover {
    pair: CryptoKeyPair,
    /// The public key, with the members of its thumbprint in their order.
    jwk: JsValue,
    /// The key's thumbprint (RFC 7638), which tokens are bound to.
    thumbprint: String,
    /// The nonce that the API gave last.
    nonce: RefCell<Option<String>>,
    /// Seconds by which the API's clock is ahead of this one.
    ahead: Cell<f64>,
}

impl Prover {
    /// Makes a prover with this key pair.
    pub(super) async fn new(pair: CryptoKeyPair) -> Result<Prover, Error> {
        let (jwk, thumbprint) = public_key(&pair).await?;
        Ok(Prover::restored(pair, jwk, thumbprint))
    }

    /// Makes a prover from what [`Prover::parts`] returned.
    pub(super) fn restored(pair: CryptoKeyPair, jwk: JsValue, thumbprint: String) -> Prover {
        Prover { pair, jwk, thumbprint, nonce: RefCell::default(), ahead: Cell::default() }
    }

    /// Returns what another prover with the same key is made from.
    #[cfg(feature = "package")]
    pub(super) fn parts(&self) -> (&CryptoKeyPair, &JsValue, &str) {
        (&self.pair, &self.jwk, &self.thumbprint)
    }

    pub(super) fn thumbprint(&self) -> &str {
        &self.thumbprint
    }

    /// Makes a proof for one request with this token. The method is in upper case.
    pub(super) async fn proof(&self, method: &str, url: &Target, token: &str) -> Result<String, Error> {
        let claims = object(&[
            ("jti", &call(&global("crypto"), "randomUUID", &[])?),
            ("htm", &method.into()),
            ("htu", &url.without_query().into()),
            ("iat", &((wall_now() / 1000.0).floor() + self.ahead.get()).into()),
            ("ath", &digest(token).await?.into()),
        ]);
        if let Some(nonce) = &*self.nonce.borrow() {
            set(&claims, "nonce", &nonce.as_str().into());
        }
        let header = object(&[("typ", &"dpop+jwt".into()), ("alg", &"ES256".into()), ("jwk", &self.jwk)]);
        let part = |value: &JsValue| JSON::stringify(value).map(|json| encode(String::from(json).as_bytes()));
        let input = [&part(&header)?, ".", &part(&claims)?].concat();
        let algorithm = object(&[("name", &"ECDSA".into()), ("hash", &"SHA-256".into())]);
        let subtle = subtle().ok_or(JsValue::UNDEFINED)?;
        let key = get(&self.pair, "privateKey");
        let signature = settled(call(&subtle, "sign", &[&algorithm, &key, &bytes(input.as_bytes())])).await?;
        Ok([&input, ".", &encode(&Uint8Array::new(&signature).to_vec())].concat())
    }

    /// Learns the nonce from a response of the API, and the time if it refuses a proof: another response may come from a cache.
    /// Returns whether the API would accept a proof that is made now.
    pub(super) fn learn(&self, response: &Response, api: &Base) -> bool {
        if text(response, "url").is_none_or(|url| api.resolve(&url).is_err()) {
            return false;
        }
        let nonce = header(response, "dpop-nonce");
        let has_nonce = nonce.is_some();
        if has_nonce {
            *self.nonce.borrow_mut() = nonce;
        }
        if !refuses_proof(response) {
            return false;
        }
        let mut is_other_time = false;
        if let Some(now) = server_time(response) {
            let ahead = ((now as f64 - wall_now()) / 1000.0).round();
            is_other_time = (ahead - self.ahead.get()).abs() > DRIFT;
            if is_other_time {
                self.ahead.set(ahead);
            }
        }
        // Another request may have learned the same meanwhile.
        has_nonce || is_other_time
    }
}

/// Returns whether the response refuses a request because of its proof (RFC 9449, sections 7.1 and 8).
fn refuses_proof(response: &Response) -> bool {
    let challenge = header(response, "www-authenticate").unwrap_or_default();
    let is_about = |error: &str| contains(&challenge, error);
    status(response) == 401 && (is_about("error=\"use_dpop_nonce\"") || is_about("error=\"invalid_dpop_proof\""))
}

async fn public_key(pair: &CryptoKeyPair) -> Result<(JsValue, String), Error> {
    let subtle = subtle().ok_or(JsValue::UNDEFINED)?;
    let exported = settled(call(&subtle, "exportKey", &[&"jwk".into(), &get(pair, "publicKey")])).await?;
    let jwk = object(
        &["crv", "kty", "x", "y"]
            .map(|name| (name, get(&exported, name)))
            .each_ref()
            .map(|(name, value)| (*name, value)),
    );
    let thumbprint = digest(&String::from(JSON::stringify(&jwk)?)).await?;
    Ok((jwk, thumbprint))
}

/// Returns the SHA-256 of a text as base64url.
async fn digest(text: &str) -> Result<String, Error> {
    let subtle = subtle().ok_or(JsValue::UNDEFINED)?;
    let digest = settled(call(&subtle, "digest", &[&"SHA-256".into(), &bytes(text.as_bytes())])).await?;
    Ok(encode(&Uint8Array::new(&digest).to_vec()))
}
