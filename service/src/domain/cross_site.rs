//! Which requests with a session come from the service's own pages: [`require_own_page`].

use daypass::Error;

/// What a browser says about the page that sent a request.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Page<'a> {
    /// The header `Origin`; a text that is no origin if there are several.
    pub(crate) origin: Option<&'a str>,
    /// The header `Sec-Fetch-Site` (Fetch Metadata, section 2.4).
    pub(crate) fetch_site: Option<&'a str>,
}

/// Requires that a request that changes something comes from a page of the service, which has this public origin.
///
/// SECURITY: a browser adds the cookie to requests of other sites' pages too, as far as `SameSite` lets it, and to those of
/// all subdomains' pages. A request that says nothing of its page is refused.
///
/// # Errors
/// [`Error::CrossSiteRequest`].
pub(crate) fn require_own_page(page: Page<'_>, public_origin: &str) -> Result<(), Error> {
    let is_own = match page.origin {
        Some(origin) => origin == public_origin,
        None => matches!(page.fetch_site, Some("same-origin" | "none")),
    };
    if is_own { Ok(()) } else { Err(Error::CrossSiteRequest) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_page_of_the_service_changes_something() {
        let own = "https://tokens.example.com";
        for (origin, fetch_site, is_own) in [
            (Some(own), None, true),
            (Some(own), Some("same-origin"), true),
            // An older proxy may have set it: `Origin` decides.
            (Some(own), Some("cross-site"), true),
            (None, Some("same-origin"), true),
            (None, Some("none"), true),
            (None, Some("same-site"), false),
            (None, Some("cross-site"), false),
            (None, Some("Same-Origin"), false),
            (None, Some("same-origin, none"), false),
            (None, Some(""), false),
            (None, None, false),
            (Some("null"), Some("same-origin"), false),
            (Some("null"), Some("none"), false),
            (Some(""), Some("same-origin"), false),
            (Some("https://evil.example"), Some("same-origin"), false),
            (Some("https://evil.example"), None, false),
            (Some("http://tokens.example.com"), None, false),
            (Some("https://tokens.example.com:443"), None, false),
            (Some("https://tokens.example.com:8443"), None, false),
            (Some("https://tokens.example.com."), None, false),
            (Some("https://tokens.example.com/"), None, false),
            (Some("https://a.tokens.example.com"), Some("same-site"), false),
            (Some("https://tokens.example.com.evil.example"), None, false),
            (Some("https://tokens.example.com https://evil.example"), None, false),
        ] {
            let checked = require_own_page(Page { origin, fetch_site }, own);
            assert_eq!(checked.is_ok(), is_own, "{origin:?} {fetch_site:?}");
        }
    }
}
