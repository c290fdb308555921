//! Public keys as JSON: [`Jwk`], [`Jwks`].

use data_encoding::BASE64URL_NOPAD;
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, Serialize};

use super::object::Object;

/// The service's public keys: `GET /.well-known/jwks.json` (RFC 7517).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Jwks {
    /// The keys. Readers skip those that are not Ed25519 signing keys: [`Jwk::public_key`]. In the place of one that
    /// cannot be read is one that has its `kty` alone, or nothing if it has none.
    #[serde(deserialize_with = "each_alone")]
    pub keys: Vec<Jwk>,
}

/// Reads keys. One that cannot be read does not cost the others.
fn each_alone<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Jwk>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Entry {
        Key(Object<Jwk>),
        Unreadable { kty: String },
        Other(IgnoredAny),
    }

    let entries: Vec<Entry> = Vec::deserialize(deserializer)?;
    let read = |entry| match entry {
        Entry::Key(Object(key)) => key,
        Entry::Unreadable { kty } => Jwk { kty, ..Jwk::default() },
        Entry::Other(IgnoredAny) => Jwk::default(),
    };
    Ok(entries.into_iter().map(read).collect())
}

/// An Ed25519 public key (RFC 8037).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
    /// `EdDSA`, or `Ed25519` (RFC 9864).
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
    ///
    /// SECURITY: a key of small order is no key. See `may_be_key`.
    #[must_use]
    pub fn public_key(&self) -> Option<[u8; 32]> {
        let has_algorithm = matches!(&*self.alg, "EdDSA" | "Ed25519");
        let is_usable = self.is_for_signatures() && has_algorithm && is_key_id(&self.kid) && may_be_key(&self.x);
        let bytes = BASE64URL_NOPAD.decode(self.x.as_bytes()).ok()?;
        is_usable.then(|| bytes.try_into().ok())?
    }

    /// Returns whether this says that it is an Ed25519 signing key.
    pub(crate) fn is_for_signatures(&self) -> bool {
        self.kty == "OKP" && self.crv == "Ed25519" && self.usage == "sig"
    }
}

/// Returns whether a `kid` is base64url, as all of ours are.
#[must_use]
pub fn is_key_id(kid: &str) -> bool {
    !kid.is_empty() && kid.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// Returns whether `x` may be the base64url of an Ed25519 key: of a point of large order, encoded as RFC 8032 says.
///
/// SECURITY: with a point of small order as the key, a signature can be made that holds for many messages (RFC 8032,
/// section 8.9). Anyone could sign. A key has one encoding (section 5.1.3): another would have another thumbprint.
///
/// Points of small order have `y` 0, 1, -1 or one of two numbers, and an encoding of another form a `y` of at least
/// 2^255 - 19. Each of these texts has one of four parts as its second eight characters; so has one of 2^46 keys of
/// large order, which is refused with them. That is less code than numbers of 32 bytes, in the browser too.
pub(crate) fn may_be_key(x: &str) -> bool {
    !matches!(x.get(8..16), None | Some("AAAAAAAA" | "________" | "J7BFw_SJ" | "2E-6PAt2"))
}
