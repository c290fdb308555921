//! Which pages may frame an embed's page: [`FrameAncestors`].

use std::convert::Infallible;

use axum_core::response::{IntoResponseParts, ResponseParts};
use http::header::{CONTENT_SECURITY_POLICY, HeaderValue};

use crate::verify::clock::Moment;
use crate::verify::token::Token;
use crate::verify::{Access, Credentials, Verifier};
use crate::{Error, OriginPattern, TokenKind};

/// The header `Content-Security-Policy: frame-ancestors …` (CSP Level 3, section 6.4.2), with which a browser shows an embed's
/// page only in pages that may use the token. A handler answers with it beside the page.
///
/// It says as much of the token's origins as the grammar of CSP can, and never more than the verifier accepts:
///
/// | pattern | source |
/// | --- | --- |
/// | `example.com` | `http://example.com:*` and `https://example.com:*`: without a scheme CSP would mean the embed's own, and without a port the scheme's own |
/// | `*.example.com:8443` | `http://*.example.com:8443` and `https://*.example.com:8443` |
/// | `example.com:80` | `https://example.com:80` alone: to CSP, `http://example.com:80` is `https://example.com` too |
/// | `https://example.com`, `app://example` | `https://example.com:*`, `app://example:*` |
/// | `http://…`, `ws://…`, `wss://…` | none: to CSP these are `https://…` too. Written without a scheme, such a site can frame |
/// | an IPv6 address, a host with `_` | none: the grammar has no such hosts |
///
/// If nothing is left, no page may frame it, nor with a token that no page may use, as secret ones or a publishable one without
/// origins. Any page may (`*`) where the verifier accepts the token from any: a temporary token or a bundle without origins.
///
/// ```
/// # use axum::{extract::{Request, State}, response::{Html, IntoResponse}};
/// use daypass::Error;
/// use daypass::verify::{Credentials, Verifier};
///
/// async fn page(State(verifier): State<Verifier>, request: Request) -> Result<impl IntoResponse, Error> {
///     let (parts, _) = request.into_parts();
///     let ancestors = verifier.frame_ancestors(&Credentials::from_parts(&parts)).await?;
///     Ok((ancestors, Html("<!doctype html><title>Embed</title>")))
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrameAncestors(HeaderValue);

impl FrameAncestors {
    /// The pages that may use this token.
    #[must_use]
    pub fn of(access: &Access) -> FrameAncestors {
        FrameAncestors::of_token(access.token())
    }

    fn of_token(token: &Token) -> FrameAncestors {
        let sources = if token.kind.is_backend_only() {
            vec![]
        } else if token.origins.is_empty() && token.kind != TokenKind::Publishable {
            vec!["*".to_owned()]
        } else {
            token.origins.iter().flat_map(sources).collect()
        };
        let sources = if sources.is_empty() { "'none'".to_owned() } else { sources.join(" ") };
        // Patterns have no character that ends a directive or a header.
        FrameAncestors(HeaderValue::try_from(format!("frame-ancestors {sources}")).expect("patterns are ASCII"))
    }

    /// The header's value.
    #[must_use]
    pub fn header_value(&self) -> &HeaderValue {
        &self.0
    }
}

/// Adds the header to an answer. Of several policies a browser obeys each.
impl IntoResponseParts for FrameAncestors {
    type Error = Infallible;

    fn into_response_parts(self, mut response: ResponseParts) -> Result<ResponseParts, Infallible> {
        response.headers_mut().append(CONTENT_SECURITY_POLICY, self.0);
        Ok(response)
    }
}

impl Verifier {
    /// Which pages may frame the page that was asked for with this token, such as an embed's with a publishable token in the
    /// query. A browser asks for a frame without an `Origin`, so that [`verify`](Verifier::verify) would refuse a publishable
    /// token there. This lets nothing pass: it says to the browser where the token may be used, and the browser judges.
    ///
    /// # Errors
    /// [`Error::InvalidToken`] for what is not genuine, and for a token that is over or revoked too: who asks is not known, and
    /// only pages that may use a token learn of its state. The refusals of no token, of several, and of one in a place where it
    /// may not be; [`Error::TooManyRequests`], as this counts as a request; [`Error::Unavailable`].
    pub async fn frame_ancestors(&self, credentials: &Credentials<'_>) -> Result<FrameAncestors, Error> {
        let credential = credentials.credential()?;
        let token = self.authenticate(credential.text, credentials.client).await?;
        let revoked = self.check_revoked(&token, Moment::now())?;
        token.check_carrier(credential.location)?;
        let lives = revoked.and_then(|()| token.check_life(self.clock.now()));
        lives.map_err(|error| match error {
            Error::TokenRevoked | Error::TokenExpired | Error::TokenNotYetValid => Error::InvalidToken,
            other => other,
        })?;
        self.rate_limits.as_ref().map_or(Ok(()), |limits| limits.count(&token))?;
        Ok(FrameAncestors::of_token(&token))
    }
}

/// The sources that match no page but those that the pattern matches, in CSP Level 3 (`scheme-part` and `port-part` match) and in
/// browsers, of which some take `http:` with port 80 for `https:` with its own.
fn sources(pattern: &OriginPattern) -> Vec<String> {
    let host = pattern.host();
    let schemes = match (pattern.scheme(), pattern.port()) {
        (Some("http" | "ws" | "wss"), _) => vec![],
        (Some(scheme), _) => vec![scheme],
        (None, Some(80)) => vec!["https"],
        (None, _) => vec!["http", "https"],
    };
    if !host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.')) {
        return vec![];
    }
    let wildcard = if pattern.has_wildcard() { "*." } else { "" };
    let port = pattern.port().map_or("*".to_owned(), |port| port.to_string());
    schemes.into_iter().map(|scheme| format!("{scheme}://{wildcard}{host}:{port}")).collect()
}
