//! The form of what the service signs (RFC 7515, compact): the exact header, the parts, and the keys as JWKs.
//!
//! Daypass issues its own headers, so a reader never interprets one: for each key it knows it forms the one text that the
//! header must have. An unknown `alg`, `kid`, `typ` or `crit` is simply another text.

use serde::{Deserialize, Serialize};

/// Longest document that is looked at, in bytes.
pub const MAX_DOCUMENT: usize = 16 * 1024;

/// What a signed document is; its `typ`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DocumentType {
    /// A temporary or OAuth access token: `at+jwt` (RFC 9068).
    AccessToken,
    /// A parameter bundle: `bundle+jwt`.
    Bundle,
}

impl DocumentType {
    /// Both types.
    pub const ALL: [DocumentType; 2] = [DocumentType::AccessToken, DocumentType::Bundle];

    /// The encoded header of every document of this type that the key `kid` signs.
    #[cfg(not(target_arch = "wasm32"))]
    #[must_use]
    pub fn header(self, kid: &str) -> String {
        data_encoding::BASE64URL_NOPAD.encode(self.header_json(kid).as_bytes())
    }

    /// The same before it is encoded.
    #[must_use]
    pub fn header_json(self, kid: &str) -> String {
        let typ = match self {
            DocumentType::AccessToken => "at+jwt",
            DocumentType::Bundle => "bundle+jwt",
        };
        let mut json = String::from(r#"{"typ":""#);
        for part in [typ, r#"","alg":"EdDSA","kid":""#, kid, r#""}"#] {
            json.push_str(part);
        }
        json
    }
}

/// The three parts of a signed document, unverified.
#[cfg(not(target_arch = "wasm32"))]
#[derive(Clone, Copy)]
pub struct UnverifiedDocument<'a> {
    /// The encoded header.
    pub header: &'a str,
    /// What was signed: the encoded header, a dot, the encoded payload.
    pub signing_input: &'a str,
    payload: &'a str,
    signature: &'a str,
}

#[cfg(not(target_arch = "wasm32"))]
impl<'a> UnverifiedDocument<'a> {
    /// The parts of `text`, if it has three and is not too long.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<UnverifiedDocument<'a>> {
        if text.len() > MAX_DOCUMENT {
            return None;
        }
        let (signing_input, signature) = text.rsplit_once('.')?;
        let (header, payload) = signing_input.split_once('.')?;
        (!payload.contains('.')).then_some(UnverifiedDocument { header, signing_input, payload, signature })
    }

    /// The payload's bytes, if it is base64url.
    #[must_use]
    pub fn unverified_payload(&self) -> Option<Vec<u8>> {
        decoded(self.payload)
    }

    /// The payload as claims, if it is a JSON object (RFC 7519, section 7.2). A list is not taken for their values in order.
    #[must_use]
    pub fn unverified_claims<T: serde::de::DeserializeOwned>(&self) -> Option<T> {
        object(&self.unverified_payload()?)
    }

    /// The signature's bytes, if it is base64url.
    #[must_use]
    pub fn signature(&self) -> Option<Vec<u8>> {
        decoded(self.signature)
    }
}

/// The bytes, if it is base64url. What a document says is no secret, and need not be read in constant time.
#[cfg(not(target_arch = "wasm32"))]
fn decoded(text: &str) -> Option<Vec<u8>> {
    data_encoding::BASE64URL_NOPAD.decode(text.as_bytes()).ok()
}

/// What is written here, if it is a JSON object.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) fn object<T: serde::de::DeserializeOwned>(json: &[u8]) -> Option<T> {
    serde_json::from_slice(json).ok().map(|Object(value)| value)
}

/// What a JSON object says. A list is not taken for its values in order, as serde else does.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) struct Object<T>(pub(crate) T);

#[cfg(not(target_arch = "wasm32"))]
impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Object<T>, D::Error> {
        struct Members<T>(std::marker::PhantomData<T>);

        impl<'de, T: Deserialize<'de>> serde::de::Visitor<'de> for Members<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
                T::deserialize(serde::de::value::MapAccessDeserializer::new(map)).map(Object)
            }
        }

        deserializer.deserialize_map(Members(std::marker::PhantomData))
    }
}

/// The service's public keys: `GET /.well-known/jwks.json` (RFC 7517).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jwks {
    /// The keys; those that are not Ed25519 signing keys are passed over.
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
    /// The 32 bytes of the key in base64url.
    #[serde(default)]
    pub x: String,
    /// The key's name: its thumbprint (RFC 7638).
    #[serde(default)]
    pub kid: String,
    /// `EdDSA`.
    #[serde(default)]
    pub alg: String,
    /// `sig`.
    #[serde(default, rename = "use")]
    pub usage: String,
    /// When nothing that it signed counts any more, in Unix seconds: of a key that was replaced, when the last of it has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exp: Option<u64>,
}

impl Jwk {
    /// The JWK of a public key.
    #[cfg(not(target_arch = "wasm32"))]
    #[must_use]
    pub fn ed25519(kid: &str, public_key: &[u8]) -> Jwk {
        Jwk {
            kty: "OKP".into(),
            crv: "Ed25519".into(),
            x: data_encoding::BASE64URL_NOPAD.encode(public_key),
            kid: kid.into(),
            alg: "EdDSA".into(),
            usage: "sig".into(),
            exp: None,
        }
    }

    /// The key's 32 bytes, if it is an Ed25519 signing key whose `kid` is base64url.
    #[cfg(not(target_arch = "wasm32"))]
    #[must_use]
    pub fn public_key(&self) -> Option<[u8; 32]> {
        let is_usable = self.kty == "OKP" && self.crv == "Ed25519" && self.alg == "EdDSA" && self.usage == "sig";
        let bytes = decoded(&self.x)?;
        (is_usable && is_key_name(&self.kid)).then(|| bytes.try_into().ok())?
    }
}

/// Whether a `kid` is base64url, as every name of ours is.
pub(crate) fn is_key_name(kid: &str) -> bool {
    !kid.is_empty() && kid.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}
