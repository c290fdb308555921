//! Which texts look like tokens: others are not credentials.

use percent_encoding::percent_decode;

use crate::ForeignFormat;
use crate::verify::{Credential, TokenLocation, Verifier};

/// The start of every opaque token.
const OPAQUE_START: &[u8] = b"dp_";
/// The starts of our JWTs: their encoded headers up to the `kid`, for each [`JwtType`](crate::jwt::JwtType).
const JWT_STARTS: [&[u8]; 2] =
    [b"eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJFZERTQSIsImtpZCI6", b"eyJ0eXAiOiJidW5kbGUrand0IiwiYWxnIjoiRWREU0EiLCJraWQi"];

impl Verifier {
    /// Returns whether a text looks like a token, at its location: like one of Daypass's own, or of another
    /// system whose format the verifier [knows](Verifier::foreign_tokens) there. Nothing is verified.
    ///
    /// Use it where your program reads a token by itself, from a place that may hold something else too. A publishable
    /// token may need [`PageHeaders::from_parts`](crate::verify::PageHeaders::from_parts) then.
    ///
    /// ```
    /// # use daypass::verify::{Credential, TokenLocation, Verifier};
    /// let verifier = Verifier::new("https://tokens.example.com", "my-api");
    /// let of_gateway = Credential { text: b"gw-4711", location: TokenLocation::ApiKey };
    /// assert!(!verifier.recognizes(of_gateway));
    /// ```
    #[must_use]
    pub fn recognizes(&self, credential: Credential<'_>) -> bool {
        credential.is_recognized(&self.foreign_formats)
    }
}

impl Credential<'_> {
    /// Returns whether the text looks like a token.
    ///
    /// SECURITY: the start decides, not the checksum or the signature, so that a token with a typo is refused
    /// and not overlooked.
    pub(super) fn is_recognized(self, known: &[ForeignFormat]) -> bool {
        let is_ours = match self.location {
            // No JWT has ever travelled there.
            TokenLocation::Bare | TokenLocation::Cookie => self.text.starts_with(OPAQUE_START),
            TokenLocation::Query | TokenLocation::AccessTokenId => is_ours(self.text) || is_ours_decoded(self.text),
            _ => is_ours(self.text),
        };
        is_ours || self.foreign_format(known).is_some()
    }
}

fn is_ours(text: &[u8]) -> bool {
    text.starts_with(OPAQUE_START) || JWT_STARTS.iter().any(|start| text.starts_with(start))
}

/// Like [`is_ours`], but for the text that a product gets when it decodes a query.
///
/// SECURITY: an encoded token is not valid, but a secret that a query has in that form must be refused too.
fn is_ours_decoded(text: &[u8]) -> bool {
    let mut start = [0; 64];
    let decoded = percent_decode(text).skip_while(|byte| *byte == b'+' || byte.is_ascii_whitespace());
    for (place, byte) in start.iter_mut().zip(decoded) {
        *place = byte;
    }
    is_ours(&start)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jwt::JwtType;

    #[test]
    fn every_jwt_of_ours_begins_like_one_and_no_other_does() {
        for (jwt_type, start) in JwtType::ALL.into_iter().zip(JWT_STARTS) {
            for kid in ["k", "0", "2026-11-30", "~~~"] {
                assert!(jwt_type.header(kid).as_bytes().starts_with(start), "{kid}");
            }
        }
        assert_eq!(JwtType::ALL.len(), JWT_STARTS.len());
        // {"alg":"RS256","typ":"JWT"}, as most systems write it.
        assert!(!is_ours(b"eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.e30.c2ln"));
    }
}
