//! Which pages may frame an embed's page: [`FrameAncestors`].

use std::convert::Infallible;

use axum::response::{IntoResponseParts, ResponseParts};
use http::header::{CONTENT_SECURITY_POLICY, HeaderValue};

use crate::verify::clock::Moment;
use crate::verify::token::AuthenticToken;
use crate::verify::{Access, Credentials, Verifier};
use crate::{Error, OriginPattern, TokenKind};

/// The header `Content-Security-Policy: frame-ancestors …` (CSP Level 3, section 6.4.2), by which a
/// browser shows an embed's page only in pages that may use the token. A handler returns it with
/// the page.
///
/// SECURITY: it names the token's origins as far as the grammar of CSP can, and never more than the
/// verifier accepts.
///
/// | pattern | source |
/// | --- | --- |
/// | `example.com` | `http://example.com:*` and `https://example.com:*` |
/// | `*.example.com:8443` | `http://*.example.com:8443` and `https://*.example.com:8443` |
/// | `example.com:80` | `https://example.com:80` alone |
/// | `https://example.com`, `app://example` | `https://example.com:*`, `app://example:*` |
/// | `http://…`, `ws://…`, `wss://…` | none |
/// | `vscode-webview:` | `vscode-webview:` |
/// | `pr-*.example.com`, an IPv6 address, a host with `_` or capitals | none: the grammar has no such hosts |
///
/// CSP takes a missing scheme for the embed's own, and a missing port for the scheme's default: hence
/// both schemes and `*`. It takes `http://example.com:80` for `https://example.com` as well, and
/// `http://…`, `ws://…` and `wss://…` for `https://…`: hence `https` alone, and none. A pattern without
/// a scheme lets such a site frame the page. For pages of `pr-*.example.com` that frame it, add each of
/// their hosts to the token's origins.
///
/// No page may frame it if no source is left, or if no page may use the token: a secret one, or a
/// publishable one without origins. Any page may (`*`) if the verifier accepts the token from any:
/// a temporary token or a bundle without origins.
///
/// ```
/// # use axum::{extract::{Request, State}, response::{Html, IntoResponse}};
/// use daypass::Error;
/// use daypass::verify::Verifier;
///
/// async fn page(State(verifier): State<Verifier>, request: Request) -> Result<impl IntoResponse, Error> {
///     let (parts, _) = request.into_parts();
///     let ancestors = verifier.frame_ancestors(&verifier.credentials(&parts)).await?;
///     Ok((ancestors, Html("<!doctype html><title>Embed</title>")))
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrameAncestors(HeaderValue);

impl FrameAncestors {
    /// Names the pages that may use a verified token.
    #[must_use]
    pub fn of(access: &Access) -> FrameAncestors {
        FrameAncestors::of_token(access.token())
    }

    fn of_token(token: &AuthenticToken) -> FrameAncestors {
        let sources = if token.kind.is_backend_only() {
            vec![]
        } else if token.origins.is_empty() && token.kind != TokenKind::Publishable {
            vec!["*".to_owned()]
        } else {
            token.origins.iter().flat_map(sources).collect()
        };
        let sources = if sources.is_empty() { "'none'".to_owned() } else { sources.join(" ") };
        // No character of a pattern ends a directive or a header.
        FrameAncestors(HeaderValue::try_from(format!("frame-ancestors {sources}")).expect("patterns are ASCII"))
    }

    /// Returns the header's value.
    #[must_use]
    pub fn header_value(&self) -> &HeaderValue {
        &self.0
    }
}

/// Adds the header to a response. A browser enforces every policy that a response has.
impl IntoResponseParts for FrameAncestors {
    type Error = Infallible;

    fn into_response_parts(self, mut response: ResponseParts) -> Result<ResponseParts, Infallible> {
        response.headers_mut().append(CONTENT_SECURITY_POLICY, self.0);
        Ok(response)
    }
}

impl Verifier {
    /// Names the pages that may frame the requested page, such as an embed's page with a
    /// publishable token in the query. A browser requests a frame without an `Origin`, and the page
    /// around it can hide its `Referer`, so that [`verify`](Verifier::verify) would refuse a
    /// publishable token there. This authorizes
    /// nothing: it tells the browser where the token may be used, and the browser enforces it.
    ///
    /// # Errors
    /// [`Error::InvalidToken`] for a token that is not authentic, and also for one that is expired,
    /// revoked or suspended, since only pages that may use a token learn its state, and the page is not known
    /// here. [`Error::MissingToken`] and [`Error::InvalidRequest`] unless there is exactly one
    /// token. [`Error::SecretInQuery`] and [`Error::KindNotAccepted`] for one in a wrong location.
    /// [`Error::TooManyRequests`], as this counts as a request. [`Error::Unavailable`].
    pub async fn frame_ancestors(&self, credentials: &Credentials<'_>) -> Result<FrameAncestors, Error> {
        let credential = credentials.credential()?;
        let token = self.authenticate(credential, credentials.client).await?;
        let withdrawn = self.check_withdrawn(&token, Moment::now())?;
        token.check_location(credential.location)?;
        let active = withdrawn.and_then(|()| token.check_life(self.clock.now()));
        active.map_err(|error| match error {
            Error::TokenRevoked | Error::OrganizationSuspended | Error::TokenExpired | Error::TokenNotYetValid => {
                Error::InvalidToken
            }
            other => other,
        })?;
        if let Some(limits) = &self.rate_limits {
            limits.check(&token, credentials.client, &mut None)?;
        }
        Ok(FrameAncestors::of_token(&token))
    }
}

/// Returns the sources for a pattern.
///
/// SECURITY: they match no page that the pattern does not, neither in CSP Level 3 (section 6.7.2,
/// `scheme-part` and `port-part` match) nor in browsers, some of which take `http:` with port 80
/// for `https:` with its default port.
fn sources(pattern: &OriginPattern) -> Vec<String> {
    let host = pattern.host();
    if let (Some(scheme), "") = (pattern.scheme(), host) {
        return vec![format!("{scheme}:")];
    }
    let schemes = match (pattern.scheme(), pattern.port()) {
        (Some("http" | "ws" | "wss"), _) => vec![],
        (Some(scheme), _) => vec![scheme],
        (None, Some(80)) => vec!["https"],
        (None, _) => vec!["http", "https"],
    };
    // A `*` within a label is no part of the grammar, and hosts are compared without regard to case.
    let is_exact = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.');
    if !host.strip_prefix("*.").unwrap_or(host).bytes().all(is_exact) {
        return vec![];
    }
    let port = pattern.port().map_or("*".to_owned(), |port| port.to_string());
    schemes.into_iter().map(|scheme| format!("{scheme}://{host}:{port}")).collect()
}
