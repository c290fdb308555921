//! Where tokens go: below the base URL of the API, and nowhere else.

use wasm_bindgen::prelude::*;
use web_sys::Url;

use super::error::Error;
use super::js::{global, text};
use crate::ErrorCode;
use crate::text::{cut, parts};

/// The name of the parameter that carries a publishable token (Space API).
const PARAMETER: &str = "pubtoken=";

/// What a caller passes that is no URL: it resolves to none.
pub(super) const NO_URL: &str = "//";

/// A URL with a host, as the browser writes it: its parts are slices.
#[derive(Clone)]
pub(super) struct Target {
    href: String,
    /// Where the path, the query with its `?`, and the fragment with its `#` begin.
    path: usize,
    query: usize,
    fragment: usize,
}

impl Target {
    /// Parses a URL, which may be relative to a base.
    #[inline(never)]
    pub(super) fn parse(given: &str, base: Option<&str>) -> Option<Target> {
        let url = match base {
            Some(base) => Url::new_with_base(given, base),
            None => Url::new(given),
        };
        Target::read(text(url.as_ref().ok()?, "href")?)
    }

    /// Finds the parts of a URL that the browser wrote.
    fn read(href: String) -> Option<Target> {
        let (scheme, _) = cut(&href, b':').filter(|(_, rest)| rest.starts_with("//"))?;
        let scheme = scheme.len();
        let end = |from: usize, marks: &[u8]| {
            let found = href.bytes().skip(from).position(|byte| marks.contains(&byte));
            found.map_or(href.len(), |at| from + at)
        };
        let path = end(scheme + 3, b"/?#");
        let (query, fragment) = (end(path, b"?#"), end(path, b"#"));
        Some(Target { href, path, query, fragment })
    }

    pub(super) fn href(&self) -> &str {
        &self.href
    }

    /// Returns scheme, host and port.
    pub(super) fn origin(&self) -> &str {
        &self.href[..self.path]
    }

    fn path(&self) -> &str {
        &self.href[self.path..self.query]
    }

    /// Returns the URL without query and fragment.
    pub(super) fn without_query(&self) -> &str {
        &self.href[..self.query]
    }
}

/// The base URL of an API or a service.
#[derive(Clone)]
pub(super) struct Base {
    /// Ends with a slash.
    url: Target,
}

impl Base {
    /// Reads the option of this name.
    #[inline(never)]
    pub(super) fn parse(name: &str, given: &str) -> Result<Base, Error> {
        let url = absolute(given).filter(|url| url.href.starts_with("http"));
        let Some(url) = url else {
            return Err(Error::option(&["`", name, "` is not an http or https URL."].concat()));
        };
        let slash = if url.path().ends_with('/') { "" } else { "/" };
        let href = [url.without_query(), slash].concat();
        let end = href.len();
        Ok(Base { url: Target { href, query: end, fragment: end, ..url } })
    }

    /// Returns the URL, which ends with a slash.
    pub(super) fn href(&self) -> &str {
        &self.url.href
    }

    /// Returns the URL as people write it.
    pub(super) fn name(&self) -> &str {
        self.url.href.strip_suffix('/').unwrap_or_default()
    }

    pub(super) fn origin(&self) -> &str {
        self.url.origin()
    }

    /// Returns the URL of a path below the base.
    pub(super) fn join(&self, path: &str) -> String {
        [self.href(), path].concat()
    }

    /// Resolves what a caller asks for: a whole URL of the API's origin, or a path below the base.
    ///
    /// SECURITY: anything else is refused, so that a token goes to the API only: a path cannot leave the base, where another
    /// application may be.
    #[inline(never)]
    pub(super) fn resolve(&self, asked: &str) -> Result<Target, Error> {
        let foreign = |what: &str| Err(Error::new(ErrorCode::ForeignUrl, what));
        // A whole URL stays as it is: `http:/x` would be a path to a base with the same scheme.
        let whole = Url::new(asked).ok();
        let is_whole = whole.is_some();
        let path = asked.trim_ascii_start();
        let url = match (whole, path.strip_prefix('/').filter(|_| !path.starts_with("//"))) {
            (Some(whole), _) => text(&whole, "href").and_then(Target::read),
            (None, Some(path)) => Target::parse(&["./", path].concat(), Some(self.href())),
            (None, None) => Target::parse(asked, Some(self.href())),
        };
        let Some(url) = url else { return foreign("it is not a URL") };
        // SECURITY: a password stays out of the message.
        if url.origin().contains('@') {
            return foreign("it has a user name");
        }
        if !self.has_origin_of(&url) {
            return foreign(&["its origin is ", url.origin()].concat());
        }
        if !is_whole && !url.path().starts_with(self.url.path()) {
            return foreign(&[url.without_query(), " is not below ", self.name()].concat());
        }
        Ok(url)
    }

    /// Returns whether a URL is of the API's origin. A WebSocket's may be; what has no host, such as `blob:`, is not.
    fn has_origin_of(&self, url: &Target) -> bool {
        // `ws` goes with `http`, and `wss` with `https`.
        let rest = url.origin().strip_prefix("ws").or_else(|| url.origin().strip_prefix("http"));
        rest.is_some() && rest == self.origin().strip_prefix("http")
    }

    /// Returns whether a whole URL is below the base.
    pub(super) fn contains(&self, url: &str) -> bool {
        let url = Target::parse(url, None);
        url.is_some_and(|url| self.has_origin_of(&url) && url.path().starts_with(self.url.path()))
    }
}

/// Returns the URL with a publishable token behind the caller's own query: a GET stays a simple request, without a preflight.
/// A token that stands there already is replaced.
#[inline(never)]
pub(super) fn with_publishable(url: &Target, token: &str) -> String {
    let own = url.href[url.query..url.fragment].strip_prefix('?').unwrap_or_default();
    let mut whole = url.without_query().to_owned();
    let mut mark = "?";
    // Byte for byte, so that the caller's own query stays as it is.
    for pair in parts(own, b'&').filter(|pair| !own.is_empty() && !pair.starts_with(PARAMETER)) {
        whole.push_str(mark);
        whole.push_str(pair);
        mark = "&";
    }
    whole.push_str(mark);
    for part in [PARAMETER, token, &url.href[url.fragment..]] {
        whole.push_str(part);
    }
    whole
}

/// Returns the URL as text for other clients: the braces of a template such as `/tiles/{z}/{x}/{y}` survive.
pub(super) fn keep_braces(url: String, asked: &str) -> String {
    if !asked.contains('{') {
        return url;
    }
    let mut kept = String::new();
    let mut parts = parts(&url, b'%');
    kept.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let (brace, rest) = match part.strip_prefix("7B") {
            Some(rest) => ("{", rest),
            None => part.strip_prefix("7D").map_or(("%", part), |rest| ("}", rest)),
        };
        kept.push_str(brace);
        kept.push_str(rest);
    }
    kept
}

/// Returns the text of a string, or of an object that is a URL.
#[inline(never)]
pub(super) fn url_text(value: &JsValue) -> Option<String> {
    value.as_string().or_else(|| text(value, "href"))
}

/// Parses a URL as the platform's own `fetch` does: in a page, it may be relative to the page.
#[inline(never)]
pub(super) fn absolute(given: &str) -> Option<Target> {
    let base = text(&global("document"), "baseURI").or_else(|| text(&global("location"), "href"));
    // Browsers refuse to fetch a URL with a password.
    Target::parse(given, base.as_deref()).filter(|url| !url.origin().contains('@'))
}
