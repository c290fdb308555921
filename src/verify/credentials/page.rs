//! Which page sent a request, and how surely: [`find_page`].

use std::fmt;

#[cfg(feature = "axum")]
use super::Credentials;
use super::OriginHeader;
use crate::{Error, Origin, UnknownPage};

/// The page that sent a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Page<'a> {
    /// Its origin. From the header `Origin` it is the text as it came, such as `null`.
    pub origin: &'a str,
    /// What says so.
    pub evidence: PageEvidence,
    /// The origin's parts, if they are known already.
    parsed: Option<Origin<'a>>,
}

/// What says which page sent a request. A program can forge all of it; in a browser no page can.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PageEvidence {
    /// The header `Origin`: the origin whose script or element sent the request.
    Origin,
    /// The header `Referer` of a GET or HEAD without `Origin`. A page can hide it, and not forge it. For what a
    /// stylesheet loads it names the stylesheet, which another page may have included.
    Referer,
    /// `Sec-Fetch-Site: same-origin` on a GET or HEAD without `Origin`: the page is on the API's own origin.
    SameOrigin,
}

/// The headers besides `Origin` that say which page sent a request, as they came. One that came twice is empty, as that
/// is no valid value. `Debug` shows none of them: the URL of a page may hold secrets.
#[derive(Clone, Copy, Default)]
pub struct PageHeaders<'a> {
    /// Whether the method is GET or HEAD. The headers say nothing about a request with another one.
    pub is_read: bool,
    /// The header `Referer`.
    pub referer: Option<&'a [u8]>,
    /// The header `Sec-Fetch-Site`.
    pub fetch_site: Option<&'a [u8]>,
    /// The header `Sec-Fetch-Mode`.
    pub fetch_mode: Option<&'a [u8]>,
    /// The host and port that the request is for: of its URI, or the header `Host`.
    pub host: Option<&'a [u8]>,
}

impl fmt::Debug for PageHeaders<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PageHeaders").field("is_read", &self.is_read).finish_non_exhaustive()
    }
}

/// How pages are found.
#[derive(Clone, Default)]
pub(in crate::verify) struct PageRules {
    /// The origins of the API's public URLs.
    own_origins: Vec<Box<str>>,
    pub(in crate::verify) ignores_referer: bool,
}

impl PageRules {
    /// Adds the origin of a public URL of the API.
    ///
    /// # Panics
    /// If it is no URL as a browser writes it.
    pub(in crate::verify) fn add_public_url(&mut self, url: &str) {
        match origin_of(url) {
            Ok((origin, _)) => self.own_origins.push(origin.into()),
            Err(why) => panic!("the public URL must be one that a browser shows: {why}: {url:?}"),
        }
    }

    /// Returns the API's origin in the eyes of the sender: the one that `Host` names. A proxy may have changed `Host`,
    /// which does not matter where there is one origin only.
    fn own_origin(&self, host: Option<&[u8]>) -> Option<&str> {
        // A proxy may name the default port, which an origin never does.
        let is_named = |origin: &str| {
            let (default_port, own) = match origin.split_once("://") {
                Some(("https", own)) => (":443", own),
                Some((_, own)) => (":80", own),
                None => return false,
            };
            let host = host.map(|host| host.strip_suffix(default_port.as_bytes()).unwrap_or(host));
            host.is_some_and(|host| host.eq_ignore_ascii_case(own.as_bytes()))
        };
        match self.own_origins.as_slice() {
            [origin] => Some(origin),
            origins => origins.iter().map(|origin| &**origin).find(|origin| is_named(origin)),
        }
    }

    /// Returns whether the page, which is on the API's own origin, cannot be on this one.
    fn excludes(&self, origin: &str, own: Option<&str>) -> bool {
        match own {
            Some(own) => origin != own,
            None => !self.own_origins.is_empty() && self.own_origins.iter().all(|one| **one != *origin),
        }
    }

    /// Returns the headers of a request that decide which page it is from, as a value of `Vary`.
    #[cfg(feature = "axum")]
    pub(in crate::verify) fn vary(&self, credentials: &Credentials<'_>) -> &'static str {
        let by_origin = !credentials.page_headers.is_read
            || !matches!(credentials.origin, OriginHeader::None)
            || !credentials.is_publishable();
        match (by_origin, self.ignores_referer, self.own_origins.is_empty()) {
            (true, _, _) | (false, true, true) => "Origin",
            (false, true, false) => "Origin, Sec-Fetch-Site, Sec-Fetch-Mode",
            (false, false, _) => "Origin, Referer, Sec-Fetch-Site, Sec-Fetch-Mode",
        }
    }
}

/// Finds the page that sent a request with a publishable token.
///
/// | `Origin` | method | `Sec-Fetch-Site` | `Referer` | page |
/// | --- | --- | --- | --- | --- |
/// | any | any | any | any | `Origin`, also if it is `null` |
/// | two, or not text | any | any | any | 400 |
/// | none | not GET or HEAD | any | any | unknown |
/// | none | GET, HEAD | `same-origin` | none, or of the API's public URL | the API's public URL |
/// | none | GET, HEAD | `same-origin` | any, and the API's public URL is not set | `Referer` |
/// | none | GET, HEAD | `same-site`, `cross-site`, none | any | `Referer` |
/// | none | GET, HEAD | `none`, any other value | any | unknown |
///
/// SECURITY: `Referer` never replaces an `Origin` that is there. A page can choose to send no `Referer`, and can send
/// none but its own; a redirect keeps it, also one that led through another site: then `Sec-Fetch-Site` is
/// `cross-site`, and `Referer` may be of the API's own origin. What is sent with `mode: cors` across origins, and a
/// `WebSocket`, has an `Origin` in every browser, so that there nothing else counts. `Sec-Fetch-Dest` is not looked at: which element loads
/// something does not change whose it is, a link that downloads is a navigation, and new elements get new names.
///
/// # Errors
/// [`Error::OriginRequired`] with the reason, [`Error::InvalidRequest`] if `Origin` came twice, or is not text.
pub(in crate::verify) fn find_page<'a>(
    origin: OriginHeader<'a>,
    headers: &PageHeaders<'a>,
    rules: &'a PageRules,
) -> Result<Page<'a>, Error> {
    if let Some(page) = Page::of_origin(origin)? {
        return Ok(page);
    }
    find_without_origin(headers, rules).map_err(Error::OriginRequired)
}

fn find_without_origin<'a>(headers: &PageHeaders<'a>, rules: &'a PageRules) -> Result<Page<'a>, UnknownPage> {
    if headers.referer.is_none() && headers.fetch_site.is_none() {
        return Err(UnknownPage::NoPage);
    }
    if !headers.is_read {
        return Err(UnknownPage::Method);
    }
    if headers.fetch_site == Some(b"none") {
        return Err(UnknownPage::NotByPage);
    }
    let is_same_origin = headers.fetch_site == Some(b"same-origin");
    match headers.fetch_mode {
        Some(b"") => return Err(UnknownPage::Contradiction),
        Some(b"cors") if !is_same_origin => return Err(UnknownPage::OriginRemoved),
        Some(b"websocket") => return Err(UnknownPage::OriginRemoved),
        _ => {}
    }
    let referer = match headers.referer.filter(|_| !rules.ignores_referer) {
        None => None,
        Some(url) => {
            Some(str::from_utf8(url).ok().and_then(|url| origin_of(url).ok()).ok_or(UnknownPage::Contradiction)?)
        }
    };
    let own = rules.own_origin(headers.host);
    let by_referer = |(origin, parsed)| Page { origin, evidence: PageEvidence::Referer, parsed: Some(parsed) };
    match (headers.fetch_site, referer) {
        (Some(b"same-origin"), Some((origin, _))) if rules.excludes(origin, own) => Err(UnknownPage::Contradiction),
        (Some(b"same-origin"), referer) => match own {
            Some(origin) => Ok(Page { origin, evidence: PageEvidence::SameOrigin, parsed: None }),
            None => referer.map(by_referer).ok_or(UnknownPage::OwnOrigin),
        },
        (None | Some(b"same-site" | b"cross-site"), Some(page)) => Ok(by_referer(page)),
        (None | Some(b"same-site" | b"cross-site"), None) if rules.ignores_referer => Err(UnknownPage::RefererIgnored),
        (None | Some(b"same-site" | b"cross-site"), None) => Err(UnknownPage::Hidden),
        (Some(_), _) => Err(UnknownPage::Contradiction),
    }
}

impl<'a> Page<'a> {
    /// Returns the parts of the origin, if it is one.
    pub(in crate::verify) fn parsed(&self) -> Option<Origin<'a>> {
        self.parsed.or_else(|| Origin::read(self.origin).ok())
    }

    /// Returns the page that the header `Origin` names, if the request has one.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] if the request has more than one, or one that is not text.
    pub(in crate::verify) fn of_origin(header: OriginHeader<'a>) -> Result<Option<Page<'a>>, Error> {
        match header {
            OriginHeader::None => Ok(None),
            OriginHeader::One(origin) => Ok(Some(Page { origin, evidence: PageEvidence::Origin, parsed: None })),
            OriginHeader::Invalid => {
                Err(Error::InvalidRequest("The request has more than one Origin, or one that is not text.".into()))
            }
        }
    }
}

/// Returns the origin of a URL that a browser wrote, as text and in its parts.
fn origin_of(url: &str) -> Result<(&str, Origin<'_>), &'static str> {
    // Searched by bytes, which is faster than by text: every image costs it.
    let scheme = url.bytes().position(|byte| byte == b':').unwrap_or(url.len());
    let host = url.bytes().skip(scheme + 3).position(|byte| matches!(byte, b'/' | b'?' | b'#'));
    let origin = host.map_or(url, |length| &url[..scheme + 3 + length]);
    Ok((origin, Origin::read(origin)?))
}
