//! Who redeems a bundle's reference, as a hash.

use aws_lc_rs::digest::{Context, SHA256};
use daypass::OpaqueToken;

use super::random;

/// Returns a hash that two redemptions of a reference have in common if their clients sent one nonce.
///
/// The store has no nonce: a client uses its own for all references. A redemption without one has a random hash, which no
/// other has.
///
/// # Panics
/// If the operating system gives no randomness.
pub(crate) fn hash(reference: &OpaqueToken, nonce: Option<&[u8]>) -> [u8; 32] {
    let mut hash = [0; 32];
    let Some(nonce) = nonce else {
        random::fill(&mut hash);
        return hash;
    };
    let mut context = Context::new(&SHA256);
    // A reference has a fixed length, so that it ends where the nonce begins.
    for part in [reference.expose_secret().as_bytes(), nonce] {
        context.update(part);
    }
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

#[cfg(test)]
mod tests {
    use daypass::TokenKind;

    use super::*;

    #[test]
    fn only_one_nonce_for_one_reference_has_the_hash_twice() {
        let [one, other] = [(); 2].map(|()| OpaqueToken::generate(TokenKind::Bundle, random::fill).expect("stored"));
        assert_eq!(hash(&one, Some(b"n")), hash(&one, Some(b"n")));
        for (reference, nonce) in [(&one, Some(&b"m"[..])), (&other, Some(b"n")), (&one, None)] {
            assert_ne!(hash(reference, nonce), hash(&one, Some(b"n")));
        }
        assert_ne!(hash(&one, None), hash(&one, None));
    }
}
