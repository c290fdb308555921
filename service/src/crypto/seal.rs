//! Encryption of a bundle's parameters, with a key that only the bundle's reference yields.
//!
//! SECURITY: the store has the reference's hash alone, so that a reader of the store learns no parameter.

use aws_lc_rs::aead::{AES_256_GCM, Aad, RandomizedNonceKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use daypass::{OpaqueToken, Parameters};

/// Separates these keys from any others that may be derived from a token.
const PURPOSE: &[u8] = b"daypass bundle parameters";
const NONCE: usize = 12;

/// Encrypts parameters. The result is a nonce, the encrypted text and a tag.
///
/// # Panics
/// If the operating system gives no randomness.
pub(crate) fn seal(parameters: &Parameters, reference: &OpaqueToken) -> Vec<u8> {
    let mut text = serde_json::to_vec(parameters).expect("parameters are JSON");
    let nonce = key(reference)
        .seal_in_place_append_tag(Aad::empty(), &mut text)
        .expect("a bundle is far below the limit of AES-GCM");
    [&nonce.as_ref()[..], &text].concat()
}

/// Decrypts the result of [`seal`]; `None` if it is anything else.
pub(crate) fn open(sealed: &[u8], reference: &OpaqueToken) -> Option<Parameters> {
    let (nonce, text) = sealed.split_first_chunk::<NONCE>()?;
    let mut text = text.to_vec();
    let text = key(reference).open_in_place(nonce.into(), Aad::empty(), &mut text).ok()?;
    Parameters::from_json(std::str::from_utf8(text).ok()?).ok()
}

fn key(reference: &OpaqueToken) -> RandomizedNonceKey {
    let mut key = [0; 32];
    Salt::new(HKDF_SHA256, &[])
        .extract(reference.expose_secret().as_bytes())
        .expand(&[PURPOSE], &AES_256_GCM)
        .and_then(|output| output.fill(&mut key))
        .expect("HKDF gives 32 bytes");
    RandomizedNonceKey::new(&AES_256_GCM, &key).expect("AES-256 takes 32 bytes")
}

#[cfg(test)]
mod tests {
    use daypass::TokenKind;

    use super::*;

    #[test]
    fn sealed_parameters_open_with_their_reference_alone() {
        let [reference, other] =
            [(); 2].map(|()| OpaqueToken::generate(TokenKind::Bundle, crate::crypto::random::fill).expect("stored"));
        let posted = r#"{"server":"https://backend.example","n":1.50}"#;
        let sealed = seal(&Parameters::from_json(posted).expect("an object"), &reference);
        assert!(!String::from_utf8_lossy(&sealed).contains("backend"));

        let opened = open(&sealed, &reference).expect("the reference opens it");
        assert_eq!(serde_json::to_string(&opened).expect("JSON"), posted);
        assert!(open(&sealed, &other).is_none());
        for at in [0, NONCE, sealed.len() - 1] {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(open(&changed, &reference).is_none(), "byte {at}");
        }
        assert!(open(&[], &reference).is_none());
    }
}
