//! Reads the credentials of an HTTP request.

use http::header::{self, HeaderName, HeaderValue};
use http::request::Parts;
use http::{HeaderMap, Method};
use percent_encoding::percent_decode_str;

use super::Locations;
use crate::ForeignFormat;
use crate::verify::{Credential, Credentials, OriginHeader, PageHeaders, ProofContext, TokenLocation, Verifier};

/// The query parameters that carry tokens in one system or another.
///
/// SECURITY: all of them are read, so that a secret in one is refused and not overlooked. Only
/// publishable tokens are accepted.
const QUERY_NAMES: [&str; 5] = [PUBTOKEN, "bearer_token", "access_token", ACCESS_TOKEN_ID, "embedToken"];
/// The query parameter that no other system has: whatever it holds is meant as a token.
const PUBTOKEN: &str = "pubtoken";
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

/// What a verifier reads as a credential.
#[derive(Clone, Copy)]
struct Reader<'v> {
    formats: &'v [ForeignFormat],
    locations: Locations,
}

impl Verifier {
    /// Reads tokens in these locations alone: in [all](TokenLocation::ALL) unless set. What is elsewhere is not
    /// a credential, whatever it looks like: `&[TokenLocation::Bearer, TokenLocation::Query]` leaves the
    /// headers `x-api-key` and `x-api-token` and the cookie `authn` to your program and its gateway. The
    /// setting is for the credentials that [`Verifier::credentials`] reads, as a layer does.
    ///
    /// SECURITY: leave [`TokenLocation::Query`] in, unless queries are checked elsewhere: a secret token in a
    /// query is refused only where queries are read.
    #[must_use]
    pub fn locations(self, locations: &[TokenLocation]) -> Verifier {
        Verifier { locations: Locations::of(locations), ..self }
    }

    /// Reads the credentials of an HTTP request: those that [look like tokens](Verifier::recognizes), in the
    /// [locations](Verifier::locations) that are read.
    #[must_use]
    pub fn credentials<'a>(&self, parts: &'a Parts) -> Credentials<'a> {
        Credentials::read(parts, Reader { formats: &self.foreign_formats, locations: self.locations })
    }
}

impl<'a> Credentials<'a> {
    /// Reads the credentials of an HTTP request, as a verifier does that reads every location and knows no
    /// format of another system. For one with other settings, use [`Verifier::credentials`].
    #[must_use]
    pub fn from_parts(parts: &'a Parts) -> Credentials<'a> {
        Credentials::read(parts, Reader { formats: &[], locations: Locations::ALL })
    }

    fn read(parts: &'a Parts, reader: Reader<'_>) -> Credentials<'a> {
        let mut credentials = Credentials::default();
        // One pass over all headers is cheaper than a search for each name.
        for (name, value) in &parts.headers {
            credentials.add_header(name, value, reader);
        }
        for pair in parts.uri.query().into_iter().flat_map(|query| query.split('&')) {
            let Some((name, text)) = pair.split_once('=') else { continue };
            if let Some((location, is_for_tokens)) = reader.query_location(name) {
                credentials.add_found(Credential { text: text.as_bytes(), location }, is_for_tokens, reader);
            }
        }
        // A pass of its own, so that other requests do without it.
        if matches!(credentials.origin, OriginHeader::None) && credentials.is_publishable() {
            credentials.page_headers = PageHeaders::from_parts(parts);
        }
        if credentials.has_proof_scheme() {
            let proof = only(&parts.headers, "dpop").unwrap_or_default();
            credentials.proof = ProofContext { proof, method: parts.method.as_str(), path: parts.uri.path() };
        }
        credentials
    }

    fn add_header(&mut self, name: &HeaderName, value: &'a HeaderValue, reader: Reader<'_>) {
        if *name == header::AUTHORIZATION {
            self.add_authorization(value.as_bytes(), reader);
        } else if *name == header::ORIGIN {
            self.origin = match (self.origin, value.to_str()) {
                (OriginHeader::None, Ok(origin)) => OriginHeader::One(origin),
                _ => OriginHeader::Invalid,
            };
        } else if *name == header::COOKIE {
            let pairs = value.as_bytes().split(|byte| *byte == b';');
            for text in pairs.filter_map(|pair| pair.trim_ascii().strip_prefix(COOKIE)) {
                self.add_found(Credential { text, location: TokenLocation::Cookie }, false, reader);
            }
        } else if let Some((_, location)) = HEADERS.iter().find(|(known, _)| known == name) {
            self.add_found(Credential { text: value.as_bytes(), location: *location }, false, reader);
        }
    }

    fn add_authorization(&mut self, value: &'a [u8], reader: Reader<'_>) {
        let scheme_end = value.iter().position(|byte| *byte == b' ').unwrap_or(value.len());
        let (scheme, text) = value.split_at(scheme_end);
        if let Some((_, location)) =
            SCHEMES.into_iter().find(|(known, _)| scheme.eq_ignore_ascii_case(known.as_bytes()))
        {
            let spaces = text.iter().take_while(|byte| **byte == b' ').count();
            self.add_found(Credential { text: &text[spaces..], location }, true, reader);
        } else if text.trim_ascii().is_empty() {
            self.add_found(Credential { text: scheme, location: TokenLocation::Bare }, false, reader);
        }
    }

    /// Adds what was found at a location that may carry tokens, or that is for tokens alone: there a text that
    /// does not look like one is meant as one.
    fn add_found(&mut self, credential: Credential<'a>, is_for_tokens: bool, reader: Reader<'_>) {
        match reader.locations.contains(credential.location) {
            true if credential.is_recognized(reader.formats) => self.add(credential),
            true if is_for_tokens => self.add_unrecognized(credential),
            _ => {}
        }
    }
}

impl<'a> PageHeaders<'a> {
    /// Reads the headers of an HTTP request, for [`Credentials::with_page_headers`]. [`Verifier::credentials`] has
    /// read them already if it found a publishable token: this is for one that your program reads by itself.
    ///
    /// The response then needs `Vary: Origin, Referer, Sec-Fetch-Site, Sec-Fetch-Mode`, unless it is not stored.
    ///
    /// ```
    /// # use daypass::verify::{Credential, Credentials, PageHeaders, TokenLocation, Verifier};
    /// # use axum::http::request::Parts;
    /// fn of_path<'a>(verifier: &Verifier, parts: &'a Parts) -> Credentials<'a> {
    ///     let credentials = verifier.credentials(parts);
    ///     let Some(token) = parts.uri.path().strip_prefix("/tiles/") else { return credentials };
    ///     let token = Credential { text: token.as_bytes(), location: TokenLocation::Query };
    ///     credentials.with_credential(token).with_page_headers(PageHeaders::from_parts(parts))
    /// }
    /// ```
    #[must_use]
    pub fn from_parts(parts: &'a Parts) -> PageHeaders<'a> {
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

impl Reader<'_> {
    /// Returns the location that a parameter is, if it carries tokens, and whether it is for tokens alone.
    ///
    /// SECURITY: names are compared after decoding, as a product reads them: `pub%74oken` is
    /// `pubtoken`. Values are not decoded: no character of a token needs encoding, so an encoded value
    /// is not a token.
    fn query_location(self, name: &str) -> Option<(TokenLocation, bool)> {
        let known = *QUERY_NAMES.iter().find(|known| percent_decode_str(name).eq(known.bytes()))?;
        let holds_chosen_ids =
            self.formats.contains(&ForeignFormat::ChosenId) && self.locations.contains(TokenLocation::AccessTokenId);
        Some(match known {
            ACCESS_TOKEN_ID if holds_chosen_ids => (TokenLocation::AccessTokenId, true),
            known => (TokenLocation::Query, known == PUBTOKEN),
        })
    }
}

/// Returns the header's value, if there is exactly one and it is text.
fn only<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}
