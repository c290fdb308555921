//! Reads what a request presented.

use http::HeaderMap;
use http::header::{self, HeaderName, HeaderValue};
use http::request::Parts;
use percent_encoding::percent_decode_str;

use crate::verify::{Carrier, Credential, Presented, SeenOrigin, SeenProof};

/// The query parameters that have carried tokens in one system or another. Only publishable tokens are taken from them,
/// and they are all read, so that a secret in one is refused instead of overlooked.
const QUERY_NAMES: [&str; 5] = ["pubtoken", "bearer_token", "access_token", "accessTokenId", "embedToken"];
/// The schemes of `Authorization`.
const SCHEMES: [(&str, Carrier); 3] =
    [("Bearer", Carrier::Bearer), ("DPoP", Carrier::Dpop), ("AL-Secret-Token", Carrier::AlSecretToken)];
/// Headers that are a token by themselves.
const HEADERS: [(HeaderName, Carrier); 2] = [
    (HeaderName::from_static("x-api-key"), Carrier::ApiKey),
    (HeaderName::from_static("x-api-token"), Carrier::ApiToken),
];
/// The cookie that has carried tokens (Speckle).
const COOKIE: &str = "authn";
/// What every stored token starts with. Where other things have their place too, only what starts so is a credential.
const PREFIX: &str = "dp_";

impl<'a> Presented<'a> {
    /// What an HTTP request presented.
    #[must_use]
    pub fn from_parts(parts: &'a Parts) -> Presented<'a> {
        let headers = &parts.headers;
        let authorization = headers.get_all(header::AUTHORIZATION).iter().filter_map(authorization);
        let own_headers = HEADERS.into_iter().flat_map(|(name, carrier)| {
            let values = headers.get_all(name).iter();
            values.map(move |value| Credential { text: value.to_str().unwrap_or_default(), carrier })
        });
        let cookies = headers.get_all(header::COOKIE).iter().flat_map(cookies);
        let query = parts.uri.query().unwrap_or_default().split('&').filter_map(|pair| {
            let (name, text) = pair.split_once('=')?;
            is_query_name(name).then_some(Credential { text, carrier: Carrier::Query })
        });
        let proof = SeenProof {
            proof: only(headers, "dpop").unwrap_or_default(),
            method: parts.method.as_str(),
            path: parts.uri.path(),
        };
        authorization
            .chain(own_headers)
            .chain(cookies)
            .chain(query)
            .fold(Presented::default(), Presented::and)
            .with_origin(origin(headers))
            .with_proof(proof)
    }
}

/// However a name is written, `pub%74oken` too, it is the name that a product reads. A value is taken as it stands: no
/// character of a token is ever encoded, so that an encoded one is no token.
fn is_query_name(name: &str) -> bool {
    QUERY_NAMES.iter().any(|known| percent_decode_str(name).eq(known.bytes()))
}

fn authorization(value: &HeaderValue) -> Option<Credential<'_>> {
    let value = value.to_str().ok()?;
    let (scheme, text) = value.split_once(' ').unwrap_or((value, ""));
    if text.is_empty() && scheme.starts_with(PREFIX) {
        return Some(Credential { text: scheme, carrier: Carrier::Bare });
    }
    let (_, carrier) = SCHEMES.into_iter().find(|(known, _)| scheme.eq_ignore_ascii_case(known))?;
    Some(Credential { text: text.trim_start_matches(' '), carrier })
}

fn cookies(value: &HeaderValue) -> impl Iterator<Item = Credential<'_>> {
    let pairs = value.to_str().unwrap_or_default().split(';').filter_map(|pair| pair.trim().split_once('='));
    pairs
        .filter(|(name, text)| *name == COOKIE && text.starts_with(PREFIX))
        .map(|(_, text)| Credential { text, carrier: Carrier::Cookie })
}

fn origin(headers: &HeaderMap) -> SeenOrigin<'_> {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    match (origins.next().map(HeaderValue::to_str), origins.next()) {
        (None, _) => SeenOrigin::None,
        (Some(Ok(origin)), None) => SeenOrigin::One(origin),
        _ => SeenOrigin::Odd,
    }
}

/// The header's value, if there is exactly one and it is text.
fn only<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}
