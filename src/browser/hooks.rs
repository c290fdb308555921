//! The credential for other HTTP clients: the URL and the headers of one request, and reports of a 401.

use js_sys::Map;
use wasm_bindgen::prelude::*;
use web_sys::{Response, Url};

use super::client::Client;
use super::error::Error;
use super::request::rejects_token;
use super::token::Token;
use super::url::{keep_braces, with_publishable};
use crate::session::refresh::Event;
use crate::{ErrorCode, TokenKind};

/// The parts of a request that carry the credential. Use them for one request, at once.
#[derive(Clone, PartialEq, Eq)]
pub struct TransformedRequest {
    /// The absolute URL, with a publishable token in its query.
    pub url: String,
    /// `Authorization` and, with proofs, `DPoP`; empty if the token is in the URL, or the URL is not the API's.
    pub headers: Vec<(&'static str, String)>,
}

/// The tokens that were given for requests of other clients, by URL: the number of the call that brought each.
///
/// A loader that sends many requests reports many a 401 after the token has been replaced already. By its URL a report tells which
/// token was rejected, so that it costs no other.
pub(super) struct Given(Map);

/// The most URLs that are kept. A report for another is taken to be about the token in use.
const MOST_URLS: u32 = 1_000;

impl Given {
    pub(super) fn new() -> Given {
        Given(Map::new())
    }

    fn put(&self, url: &Url, call: u32) {
        let key = key(url);
        // As the newest.
        self.0.delete(&key);
        self.0.set(&key, &call.into());
        if self.0.size() > MOST_URLS
            && let Ok(oldest) = self.0.keys().next()
        {
            self.0.delete(&oldest.value());
        }
    }

    fn find(&self, url: &Url) -> Option<u32> {
        self.0.get(&key(url)).as_f64().map(|call| call as u32)
    }
}

/// A response's URL has no fragment.
fn key(url: &Url) -> JsValue {
    let href = url.href();
    href[..href.len() - url.hash().len()].into()
}

impl Client {
    /// Returns the URL and the headers for one request, and waits for a fresh token. `url` is a whole one or a path below the API's base;
    /// one of another origin is returned unchanged, without headers.
    ///
    /// # Errors
    /// As [`Client::authorization`].
    pub async fn authorize(&self, url: &str, method: &str) -> Result<TransformedRequest, Error> {
        let Ok(target) = self.api.resolve(url) else { return Ok(untouched(url)) };
        let (call, token) = self.connection.credential().await?;
        self.remember(&target, call);
        let url = self.decorated(&target, url, &token);
        Ok(TransformedRequest { url, headers: self.headers_with(&token, &target, method).await? })
    }

    /// Returns the headers for one request, and waits for a fresh token.
    ///
    /// # Errors
    /// [`ErrorCode::ForeignUrl`] for a URL that is not the API's, and those of [`Client::authorization`].
    pub async fn headers(&self, url: &str, method: &str) -> Result<Vec<(&'static str, String)>, Error> {
        let target = self.api.resolve(url)?;
        let (call, token) = self.connection.credential().await?;
        self.remember(&target, call);
        self.headers_with(&token, &target, method).await
    }

    /// Like [`Client::authorize`], without waiting.
    ///
    /// # Errors
    /// Says why if no token is active: the request could only fail. [`ErrorCode::DpopRequired`] with proofs, which cannot be made
    /// without waiting.
    pub fn transform_request(&self, url: &str) -> Result<TransformedRequest, Error> {
        let Ok(target) = self.api.resolve(url) else { return Ok(untouched(url)) };
        let Some(token) = self.connection.peek() else { return Err(self.connection.why_not()) };
        if self.prover.is_some() {
            return Err(Error::new(ErrorCode::DpopRequired, ""));
        }
        if let Some(call) = self.connection.current_call() {
            self.remember(&target, call);
        }
        Ok(TransformedRequest { url: self.decorated(&target, url, &token), headers: self.plain_headers(&token) })
    }

    /// Reports that another HTTP client got a 401. Returns whether another token is in use now, so that its request is worth
    /// repeating. `url` is that of the request, and tells which token it had. If there is the response, its reason counts.
    pub async fn unauthorized(&self, url: Option<&str>, response: Option<&Response>) -> bool {
        if response.is_some_and(|response| !rejects_token(response)) || !self.connection.can_refresh() {
            return false;
        }
        let target = url.and_then(|url| self.api.resolve(url).ok());
        let given = target.and_then(|target| self.given.find(&target));
        let rejected = given.or_else(|| self.connection.current_call());
        if let Some(call) = rejected {
            self.connection.tell(Event::Unauthorized { call });
        }
        matches!(self.connection.credential().await, Ok((call, _)) if Some(call) != rejected)
    }

    fn remember(&self, target: &Url, call: u32) {
        if self.connection.can_refresh() {
            self.given.put(target, call);
        }
    }

    fn decorated(&self, target: &Url, asked: &str, token: &Token) -> String {
        let url = match self.kind {
            TokenKind::Publishable => with_publishable(target, token.text()),
            _ => target.href(),
        };
        keep_braces(url, asked)
    }

    fn plain_headers(&self, token: &Token) -> Vec<(&'static str, String)> {
        match self.kind {
            TokenKind::Publishable => Vec::new(),
            _ => vec![("Authorization", token.authorization.clone())],
        }
    }

    async fn headers_with(
        &self,
        token: &Token,
        target: &Url,
        method: &str,
    ) -> Result<Vec<(&'static str, String)>, Error> {
        let mut headers = self.plain_headers(token);
        if let Some(prover) = &self.prover {
            headers.push(("DPoP", prover.proof(method, target, token.text()).await?));
        }
        Ok(headers)
    }
}

fn untouched(url: &str) -> TransformedRequest {
    TransformedRequest { url: url.into(), headers: Vec::new() }
}
