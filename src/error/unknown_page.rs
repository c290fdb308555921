//! Why it is not known which page sent a request: [`UnknownPage`].

/// Why it is not known which page sent a request, where a token needs one: the payload of
/// [`Error::OriginRequired`](crate::Error::OriginRequired).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnknownPage {
    /// Only `Origin` counts for the token, and the request has none.
    NoOrigin,
    /// No header says that a page sent it: a program, or a proxy that removes the headers.
    NoPage,
    /// `Sec-Fetch-Site: none`: the browser says that no page asked for it.
    NotByPage,
    /// The method is neither GET nor HEAD, and the request has no `Origin`.
    Method,
    /// A page sent it, and `Referer` does not say which.
    Hidden,
    /// A request that has an `Origin` in every browser has none: by an extension, or a proxy that removes the header.
    OriginRemoved,
    /// The API does not go by `Referer`.
    RefererIgnored,
    /// The page is on the API's own origin, which the API was not told.
    OwnOrigin,
    /// The headers contradict each other, came twice, or are malformed.
    Contradiction,
}

impl UnknownPage {
    /// Returns what was seen, as the end of a sentence.
    #[must_use]
    pub fn why(self) -> &'static str {
        match self {
            UnknownPage::NoOrigin => "it has no Origin header",
            UnknownPage::NoPage => "it has none of the headers Origin, Referer and Sec-Fetch-Site",
            UnknownPage::NotByPage => "the browser says that it was not a page (Sec-Fetch-Site: none)",
            UnknownPage::Method => "it has no Origin header, and is neither GET nor HEAD",
            UnknownPage::Hidden => "its page sends no Referer",
            UnknownPage::OriginRemoved => "it has no Origin header, which a page's request with CORS has",
            UnknownPage::RefererIgnored => "it has no Origin header, and this API does not go by Referer",
            UnknownPage::OwnOrigin => "its page is on the API's own origin, which the API was not told",
            UnknownPage::Contradiction => "its Referer and Sec-Fetch headers are malformed or contradict each other",
        }
    }

    /// Returns what to do about it.
    #[must_use]
    pub fn help(self) -> &'static str {
        match self {
            UnknownPage::NoOrigin => {
                "Use a token that is bound to origins in web pages only, and a secret token on a server."
            }
            UnknownPage::NoPage => {
                "Programs and browser extensions are no pages: use a secret token on a server. A proxy must pass the \
                 headers on."
            }
            UnknownPage::NotByPage => {
                "Load it from a page: an address that was typed and a speculative prefetch have none. A browser \
                 extension needs another kind of token."
            }
            UnknownPage::Method => "Send it with fetch from a page, which adds the header Origin.",
            UnknownPage::Hidden => {
                "Load it with the attribute crossorigin or with fetch, or give the page a referrer policy that sends \
                 the origin, such as strict-origin-when-cross-origin."
            }
            UnknownPage::OriginRemoved => {
                "A browser extension is no page: use a secret token on a server. A proxy must pass Origin on."
            }
            UnknownPage::RefererIgnored => "Load it with the attribute crossorigin or with fetch.",
            UnknownPage::OwnOrigin => {
                "Set the API's public URL (Verifier::public_url) and let proxies pass Host on, or let the page send \
                 its Referer. A browser extension needs another kind of token."
            }
            UnknownPage::Contradiction => {
                "Let proxies pass these headers on unchanged, and set all public URLs of the API."
            }
        }
    }
}
