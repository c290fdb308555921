//! Signed tokens and bundles (RFC 7519, in the compact form of RFC 7515): header, parts, claims and keys.
//!
//! Daypass issues its own headers, so a reader never interprets one: for each key it forms the one text that the header must
//! have, and compares. An unknown `alg`, `kid`, `typ` or `crit` is simply another text.
//!
//! A JWT whose signature was not verified is an [`UnverifiedJwt`], which has no claims to read. [`UnverifiedJwt::verify`]
//! gives a [`VerifiedJwt`], which has.

mod claims;
pub(crate) mod jwk;
mod lineage;
pub(crate) mod object;

use data_encoding::BASE64URL_NOPAD;
use serde::de::DeserializeOwned;

use object::parse_object;

pub use claims::{Claims, Confirmation};
pub use jwk::{Jwk, Jwks, is_key_id};
pub use lineage::{exchanged_id, lineage};
pub use object::check_other_claim;

/// The longest JWT that readers accept, in bytes.
pub const MAX_JWT_BYTES: usize = 16 * 1024;

/// What stands after the `kid` in a header.
const HEADER_END: &str = r#""}"#;

/// What a JWT is: its `typ`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JwtType {
    /// A temporary or OAuth access token: `at+jwt` (RFC 9068).
    AccessToken,
    /// A parameter bundle: `bundle+jwt`.
    Bundle,
}

impl JwtType {
    /// Both types.
    pub const ALL: [JwtType; 2] = [JwtType::AccessToken, JwtType::Bundle];

    /// Returns the encoded header of every JWT of this type that the key `kid` signs.
    #[must_use]
    pub fn header(self, kid: &str) -> String {
        BASE64URL_NOPAD.encode(self.header_json(kid).as_bytes())
    }

    /// Returns the `kid` of an encoded header, if it is exactly one that JWTs of this type have.
    #[must_use]
    pub fn key_id(self, header: &str) -> Option<String> {
        let json = String::from_utf8(decode(header)?).ok()?;
        let template = self.header_json("");
        let (start, end) = template.split_at(template.len() - HEADER_END.len());
        let kid = json.strip_prefix(start)?.strip_suffix(end)?;
        is_key_id(kid).then(|| kid.to_owned())
    }

    /// Like [`header`](JwtType::header), but before the encoding.
    #[must_use]
    pub fn header_json(self, kid: &str) -> String {
        let typ = match self {
            JwtType::AccessToken => "at+jwt",
            JwtType::Bundle => "bundle+jwt",
        };
        let mut json = String::from(r#"{"typ":""#);
        for part in [typ, r#"","alg":"EdDSA","kid":""#, kid, HEADER_END] {
            json.push_str(part);
        }
        json
    }
}

/// Verifies signatures: a public key.
pub trait VerifySignature {
    /// Returns whether this key made the signature of this input.
    fn is_signature(&self, signing_input: &[u8], signature: &[u8]) -> bool;
}

/// A JWT whose signature was not verified. It has a header to find the key by, and no claims to read.
#[derive(Clone, Copy)]
pub struct UnverifiedJwt<'a> {
    header: &'a str,
    signing_input: &'a str,
    payload: &'a str,
    signature: &'a str,
}

impl<'a> UnverifiedJwt<'a> {
    /// Splits `text` into its parts. Returns `None` unless there are three, in at most [`MAX_JWT_BYTES`].
    #[must_use]
    pub fn parse(text: &'a str) -> Option<UnverifiedJwt<'a>> {
        if text.len() > MAX_JWT_BYTES {
            return None;
        }
        let (signing_input, signature) = text.rsplit_once('.')?;
        let (header, payload) = signing_input.split_once('.')?;
        (!payload.contains('.')).then_some(UnverifiedJwt { header, signing_input, payload, signature })
    }

    /// Returns the encoded header, by which the key is found.
    #[must_use]
    pub fn header(&self) -> &'a str {
        self.header
    }

    /// Verifies the signature with `key`. Returns `None` if the key did not sign this JWT.
    ///
    /// SECURITY: this is the only way to a type that has claims.
    #[must_use]
    pub fn verify(self, key: &impl VerifySignature) -> Option<VerifiedJwt<'a>> {
        let signature = decode(self.signature)?;
        let is_authentic = key.is_signature(self.signing_input.as_bytes(), &signature);
        is_authentic.then_some(VerifiedJwt { payload: self.payload })
    }
}

/// A JWT whose signature was verified.
#[derive(Clone, Copy)]
pub struct VerifiedJwt<'a> {
    payload: &'a str,
}

impl VerifiedJwt<'_> {
    /// Returns the claims as `T`. Returns `None` if the payload is not a JSON object (RFC 7519, section 7.2) of that shape.
    #[must_use]
    pub fn claims<T: DeserializeOwned>(&self) -> Option<T> {
        parse_object(&decode(self.payload)?)
    }
}

/// Decodes base64url. Constant time is not needed: the parts of a JWT are not secret.
fn decode(text: &str) -> Option<Vec<u8>> {
    BASE64URL_NOPAD.decode(text.as_bytes()).ok()
}
