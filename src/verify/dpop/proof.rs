//! A proof that a sender has a key (RFC 9449, section 4): [`Proof`].

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ED25519, UnparsedPublicKey};
use base64ct::{Base64UrlUnpadded, Encoding};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::Error;
use crate::jwt::jwk::may_be_key;
use crate::jwt::object::{Object, parse_object};
use crate::jwt::{UnverifiedJwt, VerifySignature};

/// The longest proof that is parsed, in bytes.
const MAX_PROOF: usize = 4096;

/// A proof with a valid signature by the key in its header. The caller still has to check the key,
/// the request and the age.
pub(in crate::verify) struct Proof {
    /// The thumbprint of its key (RFC 7638).
    pub(in crate::verify) jkt: String,
    pub(in crate::verify) claims: Claims,
}

/// The claims of a proof (RFC 9449, section 4.2).
#[derive(Deserialize)]
pub(in crate::verify) struct Claims {
    pub(in crate::verify) jti: String,
    pub(in crate::verify) htm: String,
    pub(in crate::verify) htu: String,
    pub(in crate::verify) iat: u64,
    /// The hash of the access token, if it comes with one.
    pub(in crate::verify) ath: Option<String>,
    pub(in crate::verify) nonce: Option<String>,
}

/// The header of a proof.
///
/// SECURITY: an unknown member is refused, since it might change what the proof means, as `crit` or
/// `jku` do.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    typ: String,
    alg: String,
    jwk: Object<Jwk>,
}

/// The sender's public key. Other members of a JWK, such as `use` or `ext`, are ignored.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    crv: String,
    x: String,
    y: Option<String>,
    /// Present only in a private key.
    d: Option<IgnoredAny>,
}

impl Proof {
    /// Parses a proof and verifies its signature.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it.
    pub(in crate::verify) fn parse(text: &str) -> Result<Proof, &'static str> {
        if text.is_empty() {
            return Err("The request has no DPoP header, or more than one.");
        }
        let jwt = UnverifiedJwt::parse(text).filter(|_| text.len() <= MAX_PROOF);
        let jwt = jwt.ok_or("The proof must be a JWT of at most 4096 bytes.")?;
        let header = Base64UrlUnpadded::decode_vec(jwt.header()).ok();
        let header: Header =
            header.and_then(|header| parse_object(&header)).ok_or("The proof's header must be typ, alg and jwk.")?;
        if header.typ != "dpop+jwt" {
            return Err("The proof's typ must be dpop+jwt.");
        }
        if header.jwk.0.d.is_some() {
            return Err("The proof's jwk holds a private key.");
        }
        let key = header
            .jwk
            .0
            .public_key(&header.alg)
            .ok_or("The proof's key must be P-256 with ES256, or Ed25519 and not of small order.")?;
        let verified = jwt.verify(&key).ok_or("The proof's signature is not by the key in its header.")?;
        let claims = verified.claims().ok_or("The proof must claim jti, htm, htu and iat.")?;
        Ok(Proof { jkt: header.jwk.0.thumbprint(), claims })
    }

    /// Returns whether the proof is for this access token.
    pub(in crate::verify) fn is_for_token(&self, token: &[u8]) -> bool {
        self.claims.ath == Some(Base64UrlUnpadded::encode_string(digest(&SHA256, token).as_ref()))
    }

    /// Checks that the proof is for this request.
    ///
    /// # Errors
    /// [`Error::InvalidDpopProof`].
    pub(in crate::verify) fn check_request(&self, method: &str, origin: &str, path: &str) -> Result<(), Error> {
        if self.claims.htm != method {
            return Err(Error::InvalidDpopProof("The proof is for another method."));
        }
        if !self.is_for_url(origin, path) {
            return Err(Error::InvalidDpopProof("The proof is for another URL."));
        }
        Ok(())
    }

    /// Returns whether the proof is for this URL. The case of the origin, the query and the
    /// fragment do not matter.
    fn is_for_url(&self, origin: &str, path: &str) -> bool {
        let htu = self.claims.htu.split(['?', '#']).next().unwrap_or_default();
        htu.split_at_checked(origin.len()).is_some_and(|(proof_origin, rest)| {
            proof_origin.eq_ignore_ascii_case(origin) && (rest == path || (rest.is_empty() && path == "/"))
        })
    }
}

/// The public key in a proof.
struct ProofKey(UnparsedPublicKey<Vec<u8>>);

impl VerifySignature for ProofKey {
    fn is_signature(&self, signing_input: &[u8], signature: &[u8]) -> bool {
        self.0.verify(signing_input, signature).is_ok()
    }
}

impl Jwk {
    fn public_key(&self, alg: &str) -> Option<ProofKey> {
        let coordinate = |text: &str| Base64UrlUnpadded::decode_vec(text).ok().filter(|bytes| bytes.len() == 32);
        let x = coordinate(&self.x)?;
        match (self.kty.as_str(), self.crv.as_str(), alg, &self.y) {
            // An uncompressed point (SEC 1, section 2.3.3).
            ("EC", "P-256", "ES256", Some(y)) => {
                let point = [[4].as_slice(), &x, &coordinate(y)?].concat();
                Some(ProofKey(UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)))
            }
            // RFC 9864, section 2.2, calls the algorithm Ed25519.
            ("OKP", "Ed25519", "EdDSA" | "Ed25519", None) if may_be_key(&self.x) => {
                Some(ProofKey(UnparsedPublicKey::new(&ED25519, x)))
            }
            _ => None,
        }
    }

    /// Returns the thumbprint: the hash of the key's required members, in order (RFC 7638, section 3).
    fn thumbprint(&self) -> String {
        let Jwk { kty, crv, x, .. } = self;
        let members = match &self.y {
            Some(y) => format!(r#"{{"crv":"{crv}","kty":"{kty}","x":"{x}","y":"{y}"}}"#),
            None => format!(r#"{{"crv":"{crv}","kty":"{kty}","x":"{x}"}}"#),
        };
        Base64UrlUnpadded::encode_string(digest(&SHA256, members.as_bytes()).as_ref())
    }
}
