//! What a connection is made of: [`Options`] and [`Source`].

use js_sys::{Array, JSON};
use wasm_bindgen::prelude::*;
use web_sys::AbortSignal;

use super::error::Error;
use super::provider::Provider;
use super::token::Token;
use super::url::Base;
use crate::api::{TemporaryTokenRequest, TemporaryTokenResponse};
use crate::{ErrorCode, OpaqueToken, ScopeSet, TokenKind};

/// Seconds that a temporary token is requested for, unless said otherwise.
pub(super) const DURATION: u64 = 3_600;
/// The longest lifetime that can be requested, in seconds.
pub(super) const LONGEST: u64 = 86_400;
/// Seconds that a connection waits for its first token through failures that may pass.
pub(super) const TIMEOUT: f64 = 10.0;
/// Seconds that `fetch` waits when the API says when to come again.
pub(super) const RETRY_AFTER: f64 = 10.0;

/// Says what is wrong with a first token.
#[inline(never)]
pub(super) fn no_token(why: &str) -> Error {
    Error::option(&["`temporaryToken`: ", why].concat())
}

/// The options of [`Client::connect`](super::Client::connect).
#[derive(Clone)]
pub struct Options {
    pub(super) api: String,
    pub(super) service: Option<String>,
    pub(super) source: Source,
    pub(super) timeout_seconds: f64,
    pub(super) max_retry_after_seconds: f64,
    pub(super) signal: Option<AbortSignal>,
}

/// Where the credential comes from.
#[derive(Clone)]
#[non_exhaustive]
pub enum Source {
    /// A publishable token. It is safe in a page, because it is bound to the page's origin.
    Publishable(String),
    /// One temporary token. It is used until it expires.
    Temporary(TemporaryTokenResponse),
    /// Temporary tokens that are refreshed before they expire.
    Provider(ProviderOptions),
    /// A parameter bundle: a reference or a signed bundle. It needs [`Options::service`].
    Bundle(String),
}

/// The options of [`Source::Provider`].
#[derive(Clone)]
pub struct ProviderOptions {
    pub(super) provider: Provider,
    pub(super) scopes: ScopeSet,
    pub(super) duration_seconds: u64,
    pub(super) first: Option<TemporaryTokenResponse>,
    pub(super) share: Option<String>,
    pub(super) dpop: bool,
}

impl Options {
    /// Makes options for the API at this base URL, which in a page may be relative to the page.
    pub fn new(api: impl Into<String>, source: Source) -> Options {
        Options {
            api: api.into(),
            service: None,
            source,
            timeout_seconds: TIMEOUT,
            max_retry_after_seconds: RETRY_AFTER,
            signal: None,
        }
    }

    /// Sets the base URL of the token service. Bundles need it, and it explains why an origin was refused.
    #[must_use]
    pub fn service(self, service: impl Into<String>) -> Options {
        Options { service: Some(service.into()), ..self }
    }

    /// Sets how long to wait for the first token through failures that may pass, in seconds; 10 by default.
    #[must_use]
    pub fn timeout_seconds(self, timeout_seconds: f64) -> Options {
        Options { timeout_seconds, ..self }
    }

    /// Sets how long a request waits at most when the API says when to come again (`Retry-After`), in seconds; 10 by default,
    /// 0 for never.
    #[must_use]
    pub fn max_retry_after_seconds(self, max_retry_after_seconds: f64) -> Options {
        Options { max_retry_after_seconds, ..self }
    }

    /// Sets a signal that ends the wait for the first token.
    #[must_use]
    pub fn signal(self, signal: AbortSignal) -> Options {
        Options { signal: Some(signal), ..self }
    }
}

impl Source {
    /// Names the kind of the token.
    pub(super) fn kind(&self) -> TokenKind {
        match self {
            Source::Publishable(_) => TokenKind::Publishable,
            Source::Temporary(_) | Source::Provider(_) => TokenKind::Temporary,
            Source::Bundle(_) => TokenKind::Bundle,
        }
    }
}

impl ProviderOptions {
    /// Makes options for this provider: all scopes that it gives, for an hour.
    #[must_use]
    pub fn new(provider: Provider) -> ProviderOptions {
        ProviderOptions {
            provider,
            scopes: ScopeSet::default(),
            duration_seconds: DURATION,
            first: None,
            share: None,
            dpop: false,
        }
    }

    /// Sets the scopes to request.
    #[must_use]
    pub fn scopes(self, scopes: ScopeSet) -> ProviderOptions {
        ProviderOptions { scopes, ..self }
    }

    /// Sets the lifetime to request, in seconds; from 1 to 86,400.
    #[must_use]
    pub fn duration_seconds(self, duration_seconds: u64) -> ProviderOptions {
        ProviderOptions { duration_seconds, ..self }
    }

    /// Sets a first temporary token, if the page was delivered with one.
    #[must_use]
    pub fn first(self, first: TemporaryTokenResponse) -> ProviderOptions {
        ProviderOptions { first: Some(first), ..self }
    }

    /// Shares refreshes with the other tabs of this origin. The name says whose token it is, such as the visitor's id: tabs under
    /// the same name that request the same use one token.
    #[must_use]
    pub fn share(self, name: impl Into<String>) -> ProviderOptions {
        ProviderOptions { share: Some(name.into()), ..self }
    }

    /// Binds the tokens to a key of this browser that cannot be exported (RFC 9449).
    #[must_use]
    pub fn dpop(self) -> ProviderOptions {
        ProviderOptions { dpop: true, ..self }
    }

    /// Returns what the provider is asked for.
    pub(super) fn request(&self, thumbprint: Option<&str>) -> TemporaryTokenRequest {
        TemporaryTokenRequest {
            scopes: self.scopes.clone(),
            duration_seconds: Some(self.duration_seconds),
            dpop_jkt: thumbprint.map(str::to_owned),
        }
    }

    /// Names what tabs refresh together: the same request to the same provider for the same API.
    pub(super) fn shared_key(&self, api: &Base, request: &JsValue) -> Option<String> {
        let url = self.provider.address().unwrap_or_default();
        let parts = [JsValue::from(api.href()), url.into(), self.share.as_deref()?.into(), request.clone()];
        JSON::stringify(&parts.into_iter().collect::<Array>()).ok().map(String::from)
    }
}

/// Checks a publishable token.
///
/// SECURITY: any reader of the page could use a token of another kind: it is refused before a request is sent.
#[inline(never)]
pub(super) fn publishable(text: &str) -> Result<Token, Error> {
    match text.parse::<OpaqueToken>() {
        Ok(token) if token.kind() == TokenKind::Publishable => Ok(Token::lasting(text)),
        Ok(token) => {
            let kind = token.kind().as_str();
            let why =
                ["`publishableToken` is a token of the kind ", kind, ", which must not be in a page. Replace it."];
            Err(Error::option(&why.concat()))
        }
        Err(error) => Err(Error::new(ErrorCode::TokenMalformed, error.why())),
    }
}
