//! The API as a protected resource (RFC 9728): its metadata, and where challenges point to it.

use std::fmt;

use http::header::{self, HeaderMap, HeaderValue};
use http::request::Parts;
use http::{Method, Response, Uri};
use serde::Serialize;

use crate::verify::{DPOP_ALGORITHMS, Verifier};
use crate::{Error, ScopeSet};

/// The well-known path, which is inserted between the host and the path of the resource.
const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";
/// How long the metadata may be cached.
const CACHING: HeaderValue = HeaderValue::from_static("public, max-age=300");

/// A protected resource with an identifier.
pub(super) struct Resource {
    /// Its identifier, as it was given: clients compare it with what they requested.
    identifier: String,
    /// The path of its metadata.
    path: String,
    /// The parameter of challenges that names the metadata's URL.
    parameter: String,
}

/// The metadata of a protected resource (RFC 9728, section 2).
#[derive(Serialize)]
struct Metadata<'a> {
    resource: &'a str,
    authorization_servers: [&'a str; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    scopes_supported: Option<ScopeSet>,
    bearer_methods_supported: [&'static str; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    dpop_signing_alg_values_supported: Option<[&'static str; DPOP_ALGORITHMS.len()]>,
}

impl Resource {
    /// Makes the resource with this identifier.
    ///
    /// # Panics
    /// If it is no URL with a scheme and a host, or has a query, a fragment or a character that a
    /// URL has only encoded.
    pub(super) fn new(identifier: &str) -> Resource {
        let is_plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\' | b'?' | b'#' | b'<' | b'>');
        let url = identifier.parse::<Uri>().ok().filter(|_| identifier.bytes().all(is_plain));
        let parts = url.as_ref().and_then(|url| Some((url.scheme_str()?, url.authority()?, url.path())));
        let Some((scheme, authority, path)) = parts else {
            panic!("the resource must be a URL without a query and a fragment: {identifier:?}");
        };
        // RFC 9728, section 3.1: a slash that ends the host is removed.
        let path = format!("{WELL_KNOWN}{}", if path == "/" { "" } else { path });
        let parameter = format!(r#"resource_metadata="{scheme}://{authority}{path}""#);
        Resource { identifier: identifier.to_owned(), path, parameter }
    }

    /// Returns whether a request is for the metadata.
    pub(super) fn is_requested(&self, parts: &Parts) -> bool {
        parts.uri.path() == self.path && matches!(parts.method, Method::GET | Method::HEAD)
    }

    /// Answers with the metadata. Every page may read it: it says what anyone may know.
    pub(super) fn metadata<R: From<String>>(&self, verifier: &Verifier) -> Response<R> {
        let Ok(issuer) = verifier.issuer.get() else { return Error::Unavailable.response() };
        let metadata = Metadata {
            resource: &self.identifier,
            authorization_servers: [issuer],
            scopes_supported: verifier.catalog.as_deref().map(|catalog| catalog.all()),
            bearer_methods_supported: ["header"],
            dpop_signing_alg_values_supported: verifier.dpop.as_ref().map(|_| DPOP_ALGORITHMS),
        };
        let mut response = Response::new(R::from(serde_json::to_string(&metadata).expect("metadata is JSON")));
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(header::CACHE_CONTROL, CACHING);
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        response
    }

    /// Adds the URL of the metadata to the challenges of a response (RFC 9728, section 5.1).
    pub(super) fn add_to_challenges(&self, headers: &mut HeaderMap) {
        for (_, challenge) in headers.iter_mut().filter(|(name, _)| **name == header::WWW_AUTHENTICATE) {
            let Some((text, scheme)) = challenge.to_str().ok().and_then(|text| Some((text, text.split(' ').next()?)))
            else {
                continue;
            };
            if matches!(scheme, "Bearer" | "DPoP") {
                let separator = if text == scheme { "" } else { "," };
                let text = format!("{text}{separator} {}", self.parameter);
                *challenge = HeaderValue::try_from(text).expect("a URL is ASCII");
            }
        }
    }
}

impl fmt::Debug for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.identifier)
    }
}
