//! Proof keys for code exchange (RFC 7636), by S256 alone.

use super::refusal::{Refusal, RefusalCode};

/// How many characters a verifier has (RFC 7636, section 4.1).
const VERIFIER: std::ops::RangeInclusive<usize> = 43..=128;
/// How many characters a challenge has: a SHA-256 in base64url.
const CHALLENGE: usize = 43;

/// Returns whether a text can be a challenge by S256: 43 characters of base64url.
pub(crate) fn is_challenge(text: &str) -> bool {
    text.len() == CHALLENGE && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

/// Requires that a text can be a verifier (RFC 7636, section 4.1).
///
/// # Errors
/// `invalid_request`.
pub(crate) fn check_verifier(text: &str) -> Result<(), Refusal> {
    let is_verifier = VERIFIER.contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte));
    if is_verifier {
        return Ok(());
    }
    let why = "The `code_verifier` must be 43 to 128 letters, digits, `-`, `.`, `_` and `~`.";
    Err(Refusal::new(RefusalCode::InvalidRequest, why))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verifiers_and_challenges_have_their_length_and_their_characters() {
        let of = |length: usize| "a".repeat(length);
        for (text, is_verifier, is_a_challenge) in [
            (of(42), false, false),
            (of(43), true, true),
            (of(44), true, false),
            (of(128), true, false),
            (of(129), false, false),
            (format!("{}-_", of(41)), true, true),
            (format!("{}.~", of(41)), true, false),
            (format!("{}==", of(41)), false, false),
            (format!("{}ä", of(41)), false, false),
            (format!("{} a", of(41)), false, false),
            (String::new(), false, false),
        ] {
            assert_eq!((check_verifier(&text).is_ok(), is_challenge(&text)), (is_verifier, is_a_challenge), "{text}");
        }
    }
}
