//! Reads what a request credentials.

use http::HeaderMap;
use http::header::{self, HeaderName, HeaderValue};
use http::request::Parts;
use percent_encoding::percent_decode_str;

use crate::verify::{Credential, Credentials, OriginHeader, ProofContext, TokenLocation};

/// The query parameters that have carried tokens in one system or another. Only publishable tokens are taken from them,
/// and they are all read, so that a secret in one is refused instead of overlooked.
const QUERY_NAMES: [&str; 5] = ["pubtoken", "bearer_token", "access_token", "accessTokenId", "embedToken"];
/// The schemes of `Authorization`.
const SCHEMES: [(&str, TokenLocation); 3] = [
    ("Bearer", TokenLocation::Bearer),
    ("DPoP", TokenLocation::Dpop),
    ("AL-Secret-Token", TokenLocation::AlSecretToken),
];
/// Headers that are a token by themselves.
static HEADERS: [(HeaderName, TokenLocation); 2] = [
    (HeaderName::from_static("x-api-key"), TokenLocation::ApiKey),
    (HeaderName::from_static("x-api-token"), TokenLocation::ApiToken),
];
/// The cookie that has carried tokens (Speckle).
const COOKIE: &[u8] = b"authn=";
/// What every stored token starts with. Where other things have their place too, only what starts so is a credential.
const PREFIX: &[u8] = b"dp_";

impl<'a> Credentials<'a> {
    /// What an HTTP request credentials.
    #[must_use]
    pub fn from_parts(parts: &'a Parts) -> Credentials<'a> {
        let mut credentials = Credentials::default();
        // Once through them all: few are there, and most of what may be there is not.
        for (name, value) in &parts.headers {
            credentials.add_header(name, value);
        }
        for pair in parts.uri.query().into_iter().flat_map(|query| query.split('&')) {
            if let Some((_, text)) = pair.split_once('=').filter(|(name, _)| is_query_name(name)) {
                credentials.add(Credential { text: text.as_bytes(), location: TokenLocation::Query });
            }
        }
        if credentials.sends_proofs() {
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
                _ => OriginHeader::Odd,
            };
        } else if *name == header::COOKIE {
            cookies(value).for_each(|credential| self.add(credential));
        } else if let Some((_, location)) = HEADERS.iter().find(|(own, _)| own == name) {
            self.add(Credential { text: value.as_bytes(), location: *location });
        }
    }
}

/// However a name is written, `pub%74oken` too, it is the name that a product reads. A value is taken as it stands: no
/// character of a token is ever encoded, so that an encoded one is no token.
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

/// The header's value, if there is exactly one and it is text.
fn only<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}
