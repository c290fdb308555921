//! Parameters that only the product's backend reads: [`SealingKey`].

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::BASE64URL_NOPAD;

use super::mistake;
use crate::{Error, Parameters};

const NONCE: usize = 12;
const TAG: usize = 16;

/// A key that the service seals a bundle's parameters with, and the product's verifier opens them: 32 bytes, known to these two.
///
/// The sealed text is a JWE (RFC 7516) in the compact form, with the algorithms `dir` and `A256GCM`. `Debug` does not
/// show the key.
pub struct SealingKey {
    /// The encoded header of everything that is sealed with this key.
    header: String,
    key: RandomizedNonceKey,
}

impl SealingKey {
    /// Reads a key as `daypass key sealing` writes it: 32 bytes in base64url. Space around it does not matter.
    ///
    /// # Errors
    /// When the text is anything else. The error does not repeat it.
    pub fn parse(text: &str) -> Result<SealingKey, ParseSealingKeyError> {
        let bytes = BASE64URL_NOPAD.decode(text.trim().as_bytes()).map_err(|_| ParseSealingKeyError)?;
        if bytes.len() != 32 {
            return Err(ParseSealingKeyError);
        }
        let key = RandomizedNonceKey::new(&AES_256_GCM, &bytes).map_err(|_| ParseSealingKeyError)?;
        // The thumbprint (RFC 7638) of a random key tells nothing about it.
        let members = format!(r#"{{"k":"{}","kty":"oct"}}"#, BASE64URL_NOPAD.encode(&bytes));
        let kid = BASE64URL_NOPAD.encode(digest(&SHA256, members.as_bytes()).as_ref());
        let header = format!(r#"{{"alg":"dir","enc":"A256GCM","kid":"{kid}"}}"#);
        Ok(SealingKey { header: BASE64URL_NOPAD.encode(header.as_bytes()), key })
    }

    /// Seals parameters.
    ///
    /// # Panics
    /// If the operating system gives no randomness.
    #[must_use]
    pub fn seal(&self, parameters: &Parameters) -> String {
        let mut text = serde_json::to_vec(parameters).expect("parameters are JSON");
        let nonce = self
            .key
            .seal_in_place_append_tag(Aad::from(self.header.as_bytes()), &mut text)
            .expect("parameters are far below the limit of AES-GCM");
        let (text, tag) = text.split_at(text.len() - TAG);
        let [nonce, text, tag] = [&nonce.as_ref()[..], text, tag].map(|bytes| BASE64URL_NOPAD.encode(bytes));
        // A key that is used directly is not in the token: that part is empty.
        format!("{}..{nonce}.{text}.{tag}", self.header)
    }

    /// Opens what was sealed with this key, whose header was compared.
    fn open(&self, [nonce, text, tag]: [&str; 3]) -> Option<Parameters> {
        let decode = |part: &str| BASE64URL_NOPAD.decode(part.as_bytes()).ok();
        let nonce: [u8; NONCE] = decode(nonce)?.try_into().ok()?;
        let (mut text, tag) = (decode(text)?, decode(tag)?);
        if tag.len() != TAG {
            return None;
        }
        text.extend(tag);
        let header = Aad::from(self.header.as_bytes());
        let opened = self.key.open_in_place(Nonce::assume_unique_for_key(nonce), header, &mut text).ok()?;
        Parameters::from_json(str::from_utf8(opened).ok()?).ok()
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealingKey").finish_non_exhaustive()
    }
}

/// Opens sealed parameters with one of these keys.
///
/// SECURITY: the header is compared as a text, as that of a JWT: `alg`, `enc` and `crit` are never interpreted.
pub(super) fn open(keys: &[impl AsRef<SealingKey>], sealed: &str) -> Result<Parameters, SealedError> {
    if keys.is_empty() {
        return Err(SealedError::MissingKey);
    }
    let parts: Vec<&str> = sealed.split('.').collect();
    let [header, "", nonce, text, tag] = parts[..] else { return Err(SealedError::Unreadable) };
    let key = keys.iter().find(|key| key.as_ref().header == header).ok_or(SealedError::WrongKey)?;
    key.as_ref().open([nonce, text, tag]).ok_or(SealedError::Unreadable)
}

/// The error for a text that is no [`SealingKey`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParseSealingKeyError;

impl fmt::Display for ParseSealingKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "not a sealing key: expected 32 bytes in base64url, 43 characters, as `daypass key sealing` writes them",
        )
    }
}

impl std::error::Error for ParseSealingKeyError {}

/// Why sealed parameters cannot be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SealedError {
    /// The verifier has no key.
    MissingKey,
    /// The parameters are sealed with another key than the verifier has.
    WrongKey,
    /// The sealed text was changed, or it is not what the service writes.
    Unreadable,
}

impl fmt::Display for SealedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SealedError::MissingKey => "the verifier has no sealing key: give it the service's with `sealing_key`",
            SealedError::WrongKey => {
                "the parameters are sealed with another key than the verifier has: give it the service's too"
            }
            SealedError::Unreadable => "the sealed parameters were changed, or are not what the service writes",
        })
    }
}

impl std::error::Error for SealedError {}

/// Logs the cause once, which is the product's to repair: the client is told [`Error::Misconfigured`].
impl From<SealedError> for Error {
    fn from(cause: SealedError) -> Error {
        mistake::tell(
            format!("cannot open the sealed parameters of a bundle, answering 500: {cause}"),
            "the key is the one that `daypass key sealing` made for the service",
        );
        Error::Misconfigured
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn key(byte: u8) -> Arc<SealingKey> {
        Arc::new(SealingKey::parse(&BASE64URL_NOPAD.encode(&[byte; 32])).expect("a key"))
    }

    #[test]
    fn sealed_parameters_open_with_their_key_alone() {
        let posted = r#"{"server":"https://backend.example","n":1.50}"#;
        let parameters = Parameters::from_json(posted).expect("an object");
        let [one, other] = [1, 2].map(key);
        let sealed = one.seal(&parameters);
        assert_ne!(sealed, one.seal(&parameters), "each has a nonce of its own");
        assert_eq!(sealed.split('.').count(), 5);
        assert!(!sealed.contains("backend"));
        let both = [Arc::clone(&other), Arc::clone(&one)];
        for keys in [&both[..], &both[1..]] {
            let opened = open(keys, &sealed).expect("the key opens it");
            assert_eq!(serde_json::to_string(&opened).expect("JSON"), posted);
        }
        let refused =
            |keys: &[Arc<SealingKey>], sealed: &str| open(keys, sealed).map(|_| ()).expect_err("it is refused");
        assert_eq!(refused(&both[..1], &sealed), SealedError::WrongKey);
        assert_eq!(refused(&[], &sealed), SealedError::MissingKey);
    }

    #[test]
    fn a_changed_byte_is_found_wherever_it_is() {
        let sealed = key(1).seal(&Parameters::from_json(r#"{"a":1}"#).expect("an object"));
        for at in 0..sealed.len() {
            for byte in [b'A', b'B', b'.', b'='] {
                let mut changed = sealed.clone().into_bytes();
                if changed[at] == byte {
                    continue;
                }
                changed[at] = byte;
                let changed = String::from_utf8(changed).expect("ASCII");
                assert!(open(&[key(1)], &changed).is_err(), "{at} {changed}");
            }
            assert!(open(&[key(1)], &sealed[..at]).is_err());
        }
        for text in ["", ".", "....", "a..b.c.d", "☃"] {
            assert!(open(&[key(1)], text).is_err(), "{text}");
        }
    }

    #[test]
    fn another_program_reads_the_jwe_as_rfc_7516_says() {
        // Made by Node's `aes-256-gcm` with the key of 32 times the byte 1.
        let made = concat!(
            "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIiwia2lkIjoicXhDSHNoTjhQd2FmTUYtUUJQVnpYRDNTNGJIY1hMNzhVVzRmOFNqdlBaZyJ9",
            "..CQkJCQkJCQkJCQkJ.vy1Uq7xGY7Ndbmgn2qn1ZKPoUZhV_F-DWTweLJY2ko0HINul.O2zQ_dURcnQ7dX2PH5iQuQ"
        );
        let opened = open(&[key(1)], made).expect("the key opens it");
        assert_eq!(opened.get::<String>("server").as_deref(), Some("https://backend.example"));
    }

    #[test]
    fn another_text_than_a_key_is_refused_without_being_repeated() {
        let right = BASE64URL_NOPAD.encode(&[7; 32]);
        assert!(SealingKey::parse(&format!(" {right}\n")).is_ok());
        for wrong in ["", "x", &right[1..], &format!("{right}A"), &format!("{right}="), &right.replace('B', "+")] {
            let error = SealingKey::parse(wrong).expect_err(wrong);
            assert!(wrong.len() < 2 || !error.to_string().contains(wrong));
        }
        assert!(!format!("{:?}", SealingKey::parse(&right)).contains(&right[..8]));
    }
}
