//! Where tokens go: below the base URL of the API, and nowhere else.

use wasm_bindgen::prelude::*;
use web_sys::Url;

use super::error::Error;
use super::js::{call, global, text};
use crate::ErrorCode;

/// The name of the parameter that carries a publishable token (Space API).
const PARAMETER: &str = "pubtoken=";

/// What a caller passes that is no URL: it resolves to none.
pub(super) const NO_URL: &str = "//";

/// The base URL of an API or a service.
#[derive(Clone)]
pub(super) struct Base {
    /// Ends with a slash, without query and fragment.
    url: Url,
}

impl Base {
    /// Reads the option of this name.
    #[inline(never)]
    pub(super) fn parse(name: &str, given: &str) -> Result<Base, Error> {
        let url = absolute(given).filter(|url| matches!(url.protocol().as_str(), "http:" | "https:"));
        let Some(url) = url else {
            return Err(Error::option(&["`", name, "` is not an http or https URL."].concat()));
        };
        url.set_search("");
        url.set_hash("");
        if !url.pathname().ends_with('/') {
            url.set_pathname(&[&url.pathname(), "/"].concat());
        }
        Ok(Base { url })
    }

    /// Returns the URL, which ends with a slash.
    pub(super) fn href(&self) -> String {
        self.url.href()
    }

    /// Returns the URL as people write it.
    pub(super) fn name(&self) -> String {
        let mut href = self.url.href();
        href.pop();
        href
    }

    pub(super) fn origin(&self) -> String {
        self.url.origin()
    }

    /// Returns the URL of a path below the base.
    pub(super) fn join(&self, path: &str) -> String {
        [&self.url.href(), path].concat()
    }

    /// Resolves what a caller asks for: a whole URL of the API's origin, or a path below the base.
    ///
    /// SECURITY: anything else is refused, so that a token goes to the API only: a path cannot leave the base, where another
    /// application may be.
    #[inline(never)]
    pub(super) fn resolve(&self, asked: &str) -> Result<Url, Error> {
        let whole = Url::new(asked);
        let is_whole = whole.is_ok();
        let path = asked.trim_ascii_start();
        let is_foreign_path = path.starts_with("//");
        // A whole URL stays as it is: `http:/x` would be a path to a base with the same scheme.
        let url = whole.or_else(|_| match path.strip_prefix('/').filter(|_| !is_foreign_path) {
            Some(path) => Url::new_with_base(&["./", path].concat(), &self.url.href()),
            None => Url::new_with_base(asked, &self.url.href()),
        });
        let Ok(url) = url else { return Err(Error::new(ErrorCode::ForeignUrl, "This")) };
        if !self.has_origin_of(&url) {
            return Err(Error::new(ErrorCode::ForeignUrl, &url.origin()));
        }
        if !is_whole && !url.pathname().starts_with(&self.url.pathname()) {
            return Err(Error::new(ErrorCode::ForeignUrl, &[&url.origin(), &*url.pathname()].concat()));
        }
        Ok(url)
    }

    /// Returns whether a URL is of the API's origin. A WebSocket's may be; what has no host, such as `blob:`, is not.
    fn has_origin_of(&self, url: &Url) -> bool {
        let protocol = url.protocol();
        let protocol = match protocol.as_str() {
            "ws:" => "http:",
            "wss:" => "https:",
            other => other,
        };
        protocol == self.url.protocol() && url.host() == self.url.host()
    }

    /// Returns whether a whole URL is below the base.
    pub(super) fn contains(&self, url: &str) -> bool {
        let Ok(url) = Url::new(url) else { return false };
        self.has_origin_of(&url) && url.pathname().starts_with(&self.url.pathname())
    }
}

/// Returns the URL with a publishable token behind the caller's own query: a GET stays a simple request, without a preflight.
/// A token that stands there already is replaced.
#[inline(never)]
pub(super) fn with_publishable(url: &Url, token: &str) -> String {
    let search = url.search();
    let own = search.strip_prefix('?').unwrap_or_default();
    let mut query = String::new();
    // Byte for byte, so that the caller's own query stays as it is.
    for pair in own.split('&').filter(|pair| !own.is_empty() && !pair.starts_with(PARAMETER)) {
        query.push(if query.is_empty() { '?' } else { '&' });
        query.push_str(pair);
    }
    query.push(if query.is_empty() { '?' } else { '&' });
    query.push_str(PARAMETER);
    query.push_str(token);
    let href = url.href();
    let end = href.len() - url.hash().len();
    let start = end - search.len();
    // An empty query has its question mark in the URL only.
    let before = href[..start].strip_suffix('?').unwrap_or(&href[..start]);
    [before, &query, &href[end..]].concat()
}

/// Returns the URL as text for other clients: the braces of a template such as `/tiles/{z}/{x}/{y}` survive.
pub(super) fn keep_braces(url: String, asked: &str) -> String {
    if !asked.contains('{') {
        return url;
    }
    let replaced = |url: String, from: &str, to: &str| call(&url.into(), "replaceAll", &[&from.into(), &to.into()]);
    let opened = replaced(url, "%7B", "{").ok().and_then(|url| url.as_string()).unwrap_or_default();
    replaced(opened, "%7D", "}").ok().and_then(|url| url.as_string()).unwrap_or_default()
}

/// Returns the text of a string, or of an object that is a URL.
#[inline(never)]
pub(super) fn url_text(value: &JsValue) -> Option<String> {
    value.as_string().or_else(|| text(value, "href"))
}

/// Parses a URL as the platform's own `fetch` does: in a page, it may be relative to the page.
#[inline(never)]
pub(super) fn absolute(given: &str) -> Option<Url> {
    let document = text(&global("document"), "baseURI");
    let url = match document.or_else(|| text(&global("location"), "href")) {
        Some(base) => Url::new_with_base(given, &base),
        None => Url::new(given),
    };
    // Browsers refuse to fetch a URL with a password.
    url.ok().filter(|url| url.username().is_empty() && url.password().is_empty())
}
