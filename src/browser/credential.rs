//! How a token is put on a request: [`Credential`].

use web_sys::{Request, Url};

use crate::TokenText;

/// A credential that is good now.
#[derive(Clone)]
pub(super) enum Credential {
    /// In the query: a GET stays a simple request, without a preflight.
    Publishable(TokenText),
    /// In the `Authorization` header, verbatim.
    Authorization(String),
}

impl Credential {
    /// The value of the `Authorization` header.
    pub(super) fn authorization(&self) -> String {
        match self {
            Credential::Publishable(token) => format!("Bearer {}", token.expose_secret()),
            Credential::Authorization(value) => value.clone(),
        }
    }

    /// Puts it on the URL, if that is where it goes, behind the caller's own query.
    pub(super) fn put_on_url(&self, url: &Url) {
        if let Credential::Publishable(token) = self {
            let search = url.search();
            let sign = if search.is_empty() { '?' } else { '&' };
            url.set_search(&format!("{search}{sign}pubtoken={}", token.expose_secret()));
        }
    }

    /// Puts it on the request, if that is where it goes. A value that is no header leaves the request without it.
    pub(super) fn put_on_request(&self, request: &Request) {
        if let Credential::Authorization(value) = self {
            let _ = request.headers().set("authorization", value);
        }
    }
}
