//! The addresses of the console's pages: [`Links`].

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

use crate::http::Onward;

/// RFC 3986's unreserved characters stay.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Makes addresses below the path of the issuer, since a proxy may put the service below a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Links {
    /// The path of the issuer, without a slash at its end.
    prefix: String,
}

impl Links {
    /// The links of a service at this URL.
    pub(super) fn new(issuer: &str) -> Links {
        let path = Url::parse(issuer).map(|url| url.path().trim_end_matches('/').to_owned());
        Links { prefix: path.unwrap_or_default() }
    }

    /// Returns the address of a file or page beside the console, such as `pages/console.css`.
    pub(super) fn beside(&self, path: &str) -> String {
        format!("{}/{path}", self.prefix)
    }

    /// Returns the address of the sign-in, which leads back to the console.
    pub(super) fn sign_in(&self) -> String {
        self.beside(&Onward::Console.sign_in(None))
    }

    /// Returns the address of a page of an organization, by the parts of its path, of which each may have any character.
    pub(super) fn to(&self, organization: &str, parts: &[&str]) -> String {
        let mut path = format!("{}/console", self.prefix);
        for part in [organization].iter().chain(parts) {
            path.push('/');
            path.extend(utf8_percent_encode(part, ENCODED));
        }
        path
    }
}

/// Returns a query of the pairs that have a value, with its question mark; nothing without any.
pub(super) fn query(pairs: &[(&str, &str)]) -> String {
    let pairs = pairs.iter().filter(|(_, value)| !value.is_empty());
    let pairs: Vec<_> = pairs.map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, ENCODED))).collect();
    if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_below_the_path_of_the_issuer_and_no_part_changes_its_shape() {
        for (issuer, prefix) in [
            ("https://tokens.example.com", ""),
            ("https://tokens.example.com/", ""),
            ("https://example.com/daypass", "/daypass"),
            ("https://example.com/a/daypass/", "/a/daypass"),
        ] {
            let links = Links::new(issuer);
            assert_eq!(links.to("acme", &["tokens", "tok_1"]), format!("{prefix}/console/acme/tokens/tok_1"));
            assert_eq!(links.to("..", &["a/b?c#d%\"<"]), format!("{prefix}/console/../a%2Fb%3Fc%23d%25%22%3C"));
            assert_eq!(links.beside("pages/console.css"), format!("{prefix}/pages/console.css"));
        }
        assert_eq!(query(&[("kind", "secret"), ("state", ""), ("name", "a&b=c")]), "?kind=secret&name=a%26b%3Dc");
        assert_eq!(query(&[("kind", "")]), "");
    }
}
