//! Public keys as JSON: [`Jwk`], [`Jwks`].

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};

/// The service's public keys: `GET /.well-known/jwks.json` (RFC 7517).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jwks {
    /// The keys. Readers skip those that are not Ed25519 signing keys.
    pub keys: Vec<Jwk>,
}

/// An Ed25519 public key (RFC 8037).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jwk {
    /// `OKP`.
    pub kty: String,
    /// `Ed25519`.
    #[serde(default)]
    pub crv: String,
    /// The key's 32 bytes in base64url.
    #[serde(default)]
    pub x: String,
    /// The key's id: its thumbprint (RFC 7638).
    #[serde(default)]
    pub kid: String,
    /// `EdDSA`.
    #[serde(default)]
    pub alg: String,
    /// `sig`.
    #[serde(default, rename = "use")]
    pub usage: String,
    /// When the last JWT that a retired key signed has expired, in Unix seconds. Absent while the key is not retired.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exp: Option<u64>,
}

impl Jwk {
    /// Makes the JWK of a public key.
    #[must_use]
    pub fn ed25519(kid: &str, public_key: &[u8]) -> Jwk {
        Jwk {
            kty: "OKP".into(),
            crv: "Ed25519".into(),
            x: BASE64URL_NOPAD.encode(public_key),
            kid: kid.into(),
            alg: "EdDSA".into(),
            usage: "sig".into(),
            exp: None,
        }
    }

    /// Returns the key's 32 bytes, if it is an Ed25519 signing key whose `kid` is base64url.
    #[must_use]
    pub fn public_key(&self) -> Option<[u8; 32]> {
        let is_usable = self.kty == "OKP" && self.crv == "Ed25519" && self.alg == "EdDSA" && self.usage == "sig";
        let bytes = BASE64URL_NOPAD.decode(self.x.as_bytes()).ok()?;
        (is_usable && is_key_id(&self.kid)).then(|| bytes.try_into().ok())?
    }
}

/// Returns whether a `kid` is base64url, as all of ours are.
#[must_use]
pub fn is_key_id(kid: &str) -> bool {
    !kid.is_empty() && kid.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}
