//! Reads the credentials of an HTTP request.

use http::HeaderMap;
use http::header::{self, HeaderName, HeaderValue};
use http::request::Parts;
use percent_encoding::percent_decode_str;

use crate::verify::{Credential, Credentials, OriginHeader, ProofContext, TokenLocation};

/// The query parameters that carry tokens in one system or another.
///
/// SECURITY: all of them are read, so that a secret in one is refused and not overlooked. Only
/// publishable tokens are accepted.
const QUERY_NAMES: [&str; 5] = ["pubtoken", "bearer_token", "access_token", "accessTokenId", "embedToken"];
/// The schemes of `Authorization` that carry tokens.
const SCHEMES: [(&str, TokenLocation); 3] = [
    ("Bearer", TokenLocation::Bearer),
    ("DPoP", TokenLocation::Dpop),
    ("AL-Secret-Token", TokenLocation::AlSecretToken),
];
/// The headers whose whole value is a token.
static HEADERS: [(HeaderName, TokenLocation); 2] = [
    (HeaderName::from_static("x-api-key"), TokenLocation::ApiKey),
    (HeaderName::from_static("x-api-token"), TokenLocation::ApiToken),
];
/// The cookie that carries tokens (Speckle).
const COOKIE: &[u8] = b"authn=";
/// The prefix of every opaque token. Where other values are usual too, only a value with the prefix
/// is a credential.
const PREFIX: &[u8] = b"dp_";

impl<'a> Credentials<'a> {
    /// Reads the credentials of an HTTP request.
    #[must_use]
    pub fn from_parts(parts: &'a Parts) -> Credentials<'a> {
        let mut credentials = Credentials::default();
        // One pass over all headers is cheaper than a search for each name.
        for (name, value) in &parts.headers {
            credentials.add_header(name, value);
        }
        for pair in parts.uri.query().into_iter().flat_map(|query| query.split('&')) {
            if let Some((_, text)) = pair.split_once('=').filter(|(name, _)| is_query_name(name)) {
                credentials.add(Credential { text: text.as_bytes(), location: TokenLocation::Query });
            }
        }
        if credentials.has_proof_scheme() {
            let proof = only(&parts.headers, "dpop").unwrap_or_default();
            credentials.proof = ProofContext { proof, method: parts.method.as_str(), path: parts.uri.path() };
        }
        credentials
    }

    fn add_header(&mut self, name: &HeaderName, value: &'a HeaderValue) {
        if *name == header::AUTHORIZATION {
            if let Some(credential) = authorization(value) {
                self.add(credential);
            }
        } else if *name == header::ORIGIN {
            self.origin = match (self.origin, value.to_str()) {
                (OriginHeader::None, Ok(origin)) => OriginHeader::One(origin),
                _ => OriginHeader::Invalid,
            };
        } else if *name == header::COOKIE {
            cookies(value).for_each(|credential| self.add(credential));
        } else if let Some((_, location)) = HEADERS.iter().find(|(known, _)| known == name) {
            self.add(Credential { text: value.as_bytes(), location: *location });
        }
    }
}

/// Returns whether a parameter carries tokens.
///
/// SECURITY: names are compared after decoding, as a product reads them: `pub%74oken` is
/// `pubtoken`. Values are not decoded: no character of a token needs encoding, so an encoded value
/// is not a token.
fn is_query_name(name: &str) -> bool {
    QUERY_NAMES.iter().any(|known| percent_decode_str(name).eq(known.bytes()))
}

fn authorization(value: &HeaderValue) -> Option<Credential<'_>> {
    let mut parts = value.as_bytes().splitn(2, |byte| *byte == b' ');
    let (scheme, mut text) = (parts.next()?, parts.next().unwrap_or_default());
    if text.is_empty() && scheme.starts_with(PREFIX) {
        return Some(Credential { text: scheme, location: TokenLocation::Bare });
    }
    let (_, location) = SCHEMES.into_iter().find(|(known, _)| scheme.eq_ignore_ascii_case(known.as_bytes()))?;
    while let Some(rest) = text.strip_prefix(b" ") {
        text = rest;
    }
    Some(Credential { text, location })
}

fn cookies(value: &HeaderValue) -> impl Iterator<Item = Credential<'_>> {
    let texts = value.as_bytes().split(|byte| *byte == b';').filter_map(|pair| pair.trim_ascii().strip_prefix(COOKIE));
    texts.filter(|text| text.starts_with(PREFIX)).map(|text| Credential { text, location: TokenLocation::Cookie })
}

/// Returns the header's value, if there is exactly one and it is text.
fn only<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}
