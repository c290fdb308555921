//! A token, and requests with it: [`TestToken`].

use std::fmt;

use serde::Serialize;

use super::Testing;
use super::key_pair::hash;
use super::service::random;
use crate::api::{RevocationTarget, TokenRecord};
use crate::jwt::Claims;
use crate::verify::{Credentials, TokenLocation};
use crate::{ForeignFormat, OpaqueToken, Origin, OriginPattern, TokenKind};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};

/// A token that [`Testing`] created. `Debug` does not show it.
///
/// Requests with it are as its holder sends them: with the token where its kind has it, from a page of its first origin, with
/// a proof if it is bound to a key.
#[derive(Clone)]
pub struct TestToken {
    testing: Testing,
    text: String,
    kind: TokenKind,
    id: String,
    /// Whether it is a JWT, which is revoked by its id.
    is_signed: bool,
    serial: u64,
    location: TokenLocation,
    origin: Option<String>,
}

impl TestToken {
    pub(super) fn signed(testing: Testing, text: String, claims: &Claims) -> TestToken {
        let location = if claims.cnf.is_some() { TokenLocation::Dpop } else { TokenLocation::Bearer };
        TestToken {
            testing,
            text,
            kind: claims.kind,
            id: claims.jti.clone(),
            is_signed: true,
            serial: claims.root_serial,
            location,
            origin: claims.origins.first().map(page),
        }
    }

    pub(super) fn stored(testing: Testing, token: &OpaqueToken, record: &TokenRecord) -> TestToken {
        let location = match (token.format(), record.kind) {
            (Some(ForeignFormat::ChosenId), _) => TokenLocation::AccessTokenId,
            (Some(ForeignFormat::Uuid), _) => TokenLocation::ApiToken,
            (_, TokenKind::Publishable) => TokenLocation::Query,
            (_, TokenKind::Application) => TokenLocation::ApiKey,
            _ => TokenLocation::Bearer,
        };
        TestToken {
            testing,
            text: token.expose_secret().to_owned(),
            kind: record.kind,
            id: record.id.clone(),
            is_signed: false,
            serial: record.serial,
            location,
            origin: record.origins.first().map(page),
        }
    }

    /// Returns the token's text.
    #[must_use]
    pub fn expose_secret(&self) -> &str {
        &self.text
    }

    /// Returns its kind.
    #[must_use]
    pub fn kind(&self) -> TokenKind {
        self.kind
    }

    /// Returns its id, as the access that it gives has it.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn root_serial(&self) -> u64 {
        self.serial
    }

    /// Returns the entry of the feed that revokes it.
    pub(super) fn revocation(&self) -> RevocationTarget {
        if self.is_signed {
            RevocationTarget::Jwt { jti: self.id.clone() }
        } else {
            RevocationTarget::Token { serial: self.serial }
        }
    }

    /// Sends it in another place.
    #[must_use]
    pub fn at(self, location: TokenLocation) -> TestToken {
        TestToken { location, ..self }
    }

    /// Sends it from a page of another origin: `https://elsewhere.example`.
    #[must_use]
    pub fn from_origin(self, origin: &str) -> TestToken {
        TestToken { origin: Some(origin.into()), ..self }
    }

    /// Sends it from a program that is not a browser.
    #[must_use]
    pub fn without_origin(self) -> TestToken {
        TestToken { origin: None, ..self }
    }

    /// Returns the credentials of a request with it. One that is bound to a key needs a [proof](TestToken::proof) too.
    #[must_use]
    pub fn credentials(&self) -> Credentials<'_> {
        let credentials = Credentials::new(&self.text, self.location);
        match &self.origin {
            Some(origin) => credentials.from_origin(origin),
            None => credentials,
        }
    }

    /// Makes a proof by the browser's key for one request with this token (RFC 9449).
    #[must_use]
    pub fn proof(&self, method: &str, path: &str) -> String {
        #[derive(Serialize)]
        struct Proof<'a> {
            jti: String,
            htm: &'a str,
            htu: String,
            iat: u64,
            ath: String,
        }

        let browser = &self.testing.browser;
        let header = format!(
            r#"{{"typ":"dpop+jwt","alg":"EdDSA","jwk":{{"kty":"OKP","crv":"Ed25519","x":"{}"}}}}"#,
            browser.jwk.x
        );
        let path = path.split('?').next().unwrap_or_default();
        let proof = Proof {
            jti: HEXLOWER.encode(&random::<16>()),
            htm: method,
            htu: format!("{}{path}", self.testing.api),
            iat: self.testing.now(),
            ath: hash(&self.text),
        };
        browser.sign(&BASE64URL_NOPAD.encode(header.as_bytes()), &proof)
    }

    /// Makes a request with it, without a body: [`map`](http::Request::map) gives it one.
    ///
    /// # Panics
    /// If the method or the path is not one that HTTP has.
    #[cfg(feature = "axum")]
    #[must_use]
    #[track_caller]
    pub fn request(&self, method: &str, path: &str) -> http::Request<String> {
        let text = self.expose_secret();
        let with_query = |name: &str| {
            let separator = if path.contains('?') { '&' } else { '?' };
            format!("{path}{separator}{name}={text}")
        };
        let path_and_query = match self.location {
            TokenLocation::Query => with_query("pubtoken"),
            TokenLocation::AccessTokenId => with_query("accessTokenId"),
            _ => path.to_owned(),
        };
        let header = match self.location {
            TokenLocation::Query | TokenLocation::AccessTokenId => None,
            TokenLocation::Bearer => Some(("authorization", format!("Bearer {text}"))),
            TokenLocation::Dpop => Some(("authorization", format!("DPoP {text}"))),
            TokenLocation::AlSecretToken => Some(("authorization", format!("AL-Secret-Token {text}"))),
            TokenLocation::Bare => Some(("authorization", text.to_owned())),
            TokenLocation::Cookie => Some(("cookie", format!("authn={text}"))),
            TokenLocation::ApiKey => Some(("x-api-key", text.to_owned())),
            TokenLocation::ApiToken => Some(("x-api-token", text.to_owned())),
        };
        let proof = (self.location == TokenLocation::Dpop).then(|| ("dpop", self.proof(method, path)));
        let origin = self.origin.clone().map(|origin| ("origin", origin));
        let mut request = http::Request::builder().method(method).uri(path_and_query);
        for (name, value) in [header, proof, origin].into_iter().flatten() {
            request = request.header(name, value);
        }
        request.body(String::new()).expect("a method and a path of HTTP")
    }
}

impl fmt::Debug for TestToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestToken").field("kind", &self.kind).field("id", &self.id).finish_non_exhaustive()
    }
}

/// Returns the origin of a page that a pattern matches, as a browser writes it: without the scheme's own port.
fn page(pattern: &OriginPattern) -> String {
    let scheme = pattern.scheme().unwrap_or("https");
    // A pattern of a scheme alone has no host.
    let host = if pattern.host().is_empty() { "page".to_owned() } else { pattern.host().replace('*', "www") };
    let port = pattern.port().map(|port| format!(":{port}")).unwrap_or_default();
    let origins = [format!("{scheme}://{host}{port}"), format!("{scheme}://{host}")];
    let is_match = |text: &String| Origin::parse(text).is_ok_and(|origin| pattern.matches(&origin));
    let origin = origins.into_iter().find(is_match);
    origin.unwrap_or_else(|| panic!("no page is known for the pattern `{pattern}`"))
}
