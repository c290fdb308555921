//! The credential for other HTTP clients: the URL and the headers of one request, and reports of a 401.

use web_sys::Response;

use super::client::Client;
use super::error::Error;
use super::js::text;
use super::request::rejects_token;
use super::token::Token;
use super::url::{Target, keep_braces, with_publishable};
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

impl Client {
    /// Returns the URL and the headers for one request, and waits for a fresh token. `url` is a whole one or a path below the API's base;
    /// one of another origin is returned unchanged, without headers.
    ///
    /// # Errors
    /// As [`Client::authorization`].
    pub async fn authorize(&self, url: &str, method: &str) -> Result<TransformedRequest, Error> {
        let Ok(target) = self.api.resolve(url) else { return Ok(untouched(url)) };
        let (_, token) = self.connection.credential().await?;
        let url = self.decorated(&target, url, &token);
        Ok(TransformedRequest { url, headers: self.headers_with(&token, &target, method).await? })
    }

    /// Returns the headers for one request, and waits for a fresh token.
    ///
    /// # Errors
    /// [`ErrorCode::ForeignUrl`] for a URL that is not the API's, and those of [`Client::authorization`].
    pub async fn headers(&self, url: &str, method: &str) -> Result<Vec<(&'static str, String)>, Error> {
        let target = self.api.resolve(url)?;
        let (_, token) = self.connection.credential().await?;
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
        Ok(TransformedRequest { url: self.decorated(&target, url, &token), headers: self.plain_headers(&token) })
    }

    /// Reports that another HTTP client got a 401. Returns whether another token is in use now, so that its request is worth
    /// repeating. If there is the response, its reason counts.
    pub async fn unauthorized(&self, response: Option<&Response>) -> bool {
        // Another server's 401 says nothing about the token.
        let is_foreign = |response| self.api.resolve(&text(response, "url").unwrap_or_default()).is_err();
        let is_about_token = response.is_none_or(|response| rejects_token(response) && !is_foreign(response));
        if !is_about_token || !self.connection.can_refresh() {
            return false;
        }
        let call = self.connection.current_call();
        if let Some(call) = call {
            self.connection.tell(Event::Unauthorized { call });
        }
        let is_other = matches!(self.connection.credential().await, Ok((other, _)) if Some(other) != call);
        is_other || self.connection.is_replacement()
    }

    fn decorated(&self, target: &Target, asked: &str, token: &Token) -> String {
        let url = match self.kind {
            TokenKind::Publishable => with_publishable(target, token.text()),
            _ => target.href().to_owned(),
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
        target: &Target,
        method: &str,
    ) -> Result<Vec<(&'static str, String)>, Error> {
        let mut headers = self.plain_headers(token);
        if let Some(prover) = &self.prover {
            headers.push(("DPoP", prover.proof(&method.to_ascii_uppercase(), target, token.text()).await?));
        }
        Ok(headers)
    }
}

fn untouched(url: &str) -> TransformedRequest {
    TransformedRequest { url: url.into(), headers: Vec::new() }
}
