//! Reads the credentials of an HTTP request.

use http::header::{self, HeaderName, HeaderValue};
use http::request::Parts;
use http::{HeaderMap, Method};
use percent_encoding::percent_decode_str;

use crate::ForeignFormat;
use crate::verify::{Credential, Credentials, OriginHeader, PageHeaders, ProofContext, TokenLocation, Verifier};

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
static SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
static SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
/// The cookie that carries tokens (Speckle).
const COOKIE: &[u8] = b"authn=";
/// The query parameter that carries application tokens in Crafter Profile.
const ACCESS_TOKEN_ID: &str = "accessTokenId";
/// The prefix of every opaque token. Where other values are usual too, only a value with the prefix
/// is a credential, or one with a format that the reader knows.
const PREFIX: &[u8] = b"dp_";

impl Verifier {
    /// Reads the credentials of an HTTP request, also those with a format of another system that the verifier
    /// [knows](Verifier::foreign_tokens).
    #[must_use]
    pub fn credentials<'a>(&self, parts: &'a Parts) -> Credentials<'a> {
        Credentials::read(parts, &self.foreign_formats)
    }
}

impl<'a> Credentials<'a> {
    /// Reads the credentials of an HTTP request. To read tokens of other systems too, use [`Verifier::credentials`].
    #[must_use]
    pub fn from_parts(parts: &'a Parts) -> Credentials<'a> {
        Credentials::read(parts, &[])
    }

    fn read(parts: &'a Parts, formats: &[ForeignFormat]) -> Credentials<'a> {
        let mut credentials = Credentials::default();
        // One pass over all headers is cheaper than a search for each name.
        for (name, value) in &parts.headers {
            credentials.add_header(name, value, formats);
        }
        for pair in parts.uri.query().into_iter().flat_map(|query| query.split('&')) {
            let Some((name, text)) = pair.split_once('=') else { continue };
            if let Some(location) = query_location(name, formats) {
                credentials.add(Credential { text: text.as_bytes(), location });
            }
        }
        // A pass of its own, so that other requests do without it.
        if matches!(credentials.origin, OriginHeader::None) && credentials.is_publishable() {
            credentials.page_headers = PageHeaders::read(parts);
        }
        if credentials.has_proof_scheme() {
            let proof = only(&parts.headers, "dpop").unwrap_or_default();
            credentials.proof = ProofContext { proof, method: parts.method.as_str(), path: parts.uri.path() };
        }
        credentials
    }

    fn add_header(&mut self, name: &HeaderName, value: &'a HeaderValue, formats: &[ForeignFormat]) {
        if *name == header::AUTHORIZATION {
            if let Some(credential) = authorization(value, formats) {
                self.add(credential);
            }
        } else if *name == header::ORIGIN {
            self.origin = match (self.origin, value.to_str()) {
                (OriginHeader::None, Ok(origin)) => OriginHeader::One(origin),
                _ => OriginHeader::Invalid,
            };
        } else if *name == header::COOKIE {
            cookies(value, formats).for_each(|credential| self.add(credential));
        } else if let Some((_, location)) = HEADERS.iter().find(|(known, _)| known == name) {
            self.add(Credential { text: value.as_bytes(), location: *location });
        }
    }
}

impl<'a> PageHeaders<'a> {
    fn read(parts: &'a Parts) -> PageHeaders<'a> {
        let is_read = matches!(parts.method, Method::GET | Method::HEAD);
        let mut headers = PageHeaders { is_read, ..PageHeaders::default() };
        for (name, value) in &parts.headers {
            let header = match name {
                name if *name == header::REFERER => &mut headers.referer,
                name if *name == header::HOST => &mut headers.host,
                name if *name == SEC_FETCH_SITE => &mut headers.fetch_site,
                name if *name == SEC_FETCH_MODE => &mut headers.fetch_mode,
                _ => continue,
            };
            *header = Some(if header.is_none() { value.as_bytes() } else { b"" });
        }
        if let Some(authority) = parts.uri.authority() {
            headers.host = Some(authority.as_str().as_bytes());
        }
        headers
    }
}

/// Returns the location that a parameter is, if it carries tokens.
///
/// SECURITY: names are compared after decoding, as a product reads them: `pub%74oken` is
/// `pubtoken`. Values are not decoded: no character of a token needs encoding, so an encoded value
/// is not a token.
fn query_location(name: &str, formats: &[ForeignFormat]) -> Option<TokenLocation> {
    let known = QUERY_NAMES.iter().find(|known| percent_decode_str(name).eq(known.bytes()))?;
    let is_chosen = *known == ACCESS_TOKEN_ID && formats.contains(&ForeignFormat::ChosenId);
    Some(if is_chosen { TokenLocation::AccessTokenId } else { TokenLocation::Query })
}

/// Returns whether a value is a token, where other values are usual too.
fn is_token(text: &[u8], formats: &[ForeignFormat]) -> bool {
    let is_speckle = |text| ForeignFormat::Speckle.check(text).is_ok();
    text.starts_with(PREFIX) || formats.contains(&ForeignFormat::Speckle) && str::from_utf8(text).is_ok_and(is_speckle)
}

fn authorization<'a>(value: &'a HeaderValue, formats: &[ForeignFormat]) -> Option<Credential<'a>> {
    let mut parts = value.as_bytes().splitn(2, |byte| *byte == b' ');
    let (scheme, mut text) = (parts.next()?, parts.next().unwrap_or_default());
    if text.is_empty() && is_token(scheme, formats) {
        return Some(Credential { text: scheme, location: TokenLocation::Bare });
    }
    let (_, location) = SCHEMES.into_iter().find(|(known, _)| scheme.eq_ignore_ascii_case(known.as_bytes()))?;
    while let Some(rest) = text.strip_prefix(b" ") {
        text = rest;
    }
    Some(Credential { text, location })
}

fn cookies<'a>(value: &'a HeaderValue, formats: &[ForeignFormat]) -> impl Iterator<Item = Credential<'a>> {
    let texts = value.as_bytes().split(|byte| *byte == b';').filter_map(|pair| pair.trim_ascii().strip_prefix(COOKIE));
    texts.filter(|text| is_token(text, formats)).map(|text| Credential { text, location: TokenLocation::Cookie })
}

/// Returns the header's value, if there is exactly one and it is text.
fn only<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}
