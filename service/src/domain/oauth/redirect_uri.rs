//! Redirect URIs: which a client can have, and which request names one of them.

use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

use daypass::Error;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

/// Longest redirect URI, in bytes.
const MAX_LENGTH: usize = 2000;

/// The parameters of a response, which a redirect URI has not on its own: a client could not tell them apart.
const RESPONSE: [&str; 7] = ["code", "access_code", "state", "iss", "error", "error_description", "error_uri"];

/// Everything but the unreserved characters (RFC 3986, section 2.3). A space is `%20`, which every client decodes, and never `+`.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Where the addresses of a redirect URI lead to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Destination {
    /// A website, by its host and port.
    Site(String),
    /// A program that listens on the person's own device (RFC 8252, section 7.3).
    Device,
    /// An app that has this private-use scheme (RFC 8252, section 7.1).
    App(String),
}

/// A redirect URI that a client can have.
///
/// SECURITY: its text is what a browser reads it as, character by character. So no browser goes elsewhere than the text
/// says, and comparing texts is enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RedirectUri {
    text: String,
    destination: Destination,
}

impl RedirectUri {
    /// Returns where it leads to.
    pub(crate) fn destination(&self) -> &Destination {
        &self.destination
    }

    /// Returns the scheme.
    pub(crate) fn scheme(&self) -> &str {
        self.text.split(':').next().unwrap_or_default()
    }

    /// Returns whether a request that names `requested` means this redirect URI: exactly the same text, except for the port
    /// of a loopback address, which a program gets at its start (RFC 8252, section 7.3).
    pub(crate) fn matches(&self, requested: &RedirectUri) -> bool {
        self == requested || self.any_port().is_some_and(|own| requested.any_port().as_ref() == Some(&own))
    }

    /// Returns the text without the port, of a loopback address alone.
    fn any_port(&self) -> Option<String> {
        if self.destination != Destination::Device {
            return None;
        }
        let mut url = Url::parse(&self.text).ok()?;
        url.set_port(None).ok()?;
        Some(url.into())
    }

    /// Returns the address to which a response with these parameters goes.
    pub(crate) fn respond(&self, parameters: &[(&str, &str)]) -> String {
        let mut address = self.text.clone();
        for (name, value) in parameters {
            let separator = match address.find('?') {
                None => "?",
                Some(_) if address.ends_with(['?', '&']) => "",
                Some(_) => "&",
            };
            address.push_str(&format!("{separator}{name}={}", utf8_percent_encode(value, RESERVED)));
        }
        address
    }
}

impl Display for RedirectUri {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl FromStr for RedirectUri {
    type Err = Error;

    /// Reads a redirect URI.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`], which says what a client cannot have.
    fn from_str(text: &str) -> Result<RedirectUri, Error> {
        let refuse = |why: &str| Error::InvalidRequest(format!("The redirect URI {text:?} cannot be used: {why}."));
        if text.len() > MAX_LENGTH {
            return Err(Error::InvalidRequest(format!("A redirect URI has {MAX_LENGTH} characters at most.")));
        }
        let url = Url::parse(text).map_err(|_| refuse("it is not an absolute URI"))?;
        if url.fragment().is_some() {
            return Err(refuse("it has a fragment"));
        }
        if !url.username().is_empty() || url.password().is_some() || text.contains('@') {
            return Err(refuse("it has user information"));
        }
        if text.contains('*') {
            return Err(refuse("it has a wildcard, and redirect URIs are compared exactly"));
        }
        let destination = destination(&url).map_err(refuse)?;
        // A browser adds the path `/` to an address of a website that has no path.
        let is_canonical = url.as_str() == text || (url.path() == "/" && url.as_str() == format!("{text}/"));
        if !is_canonical {
            return Err(refuse(&format!("browsers read it as {}", url.as_str())));
        }
        if let Some((name, _)) = url.query_pairs().find(|(name, _)| RESPONSE.contains(&&**name)) {
            return Err(refuse(&format!("its query has the parameter {name}, which responses have")));
        }
        Ok(RedirectUri { text: text.into(), destination })
    }
}

fn destination(url: &Url) -> Result<Destination, &'static str> {
    let host = url.host_str().unwrap_or_default();
    match url.scheme() {
        "https" if let Some(port) = url.port() => Ok(Destination::Site(format!("{host}:{port}"))),
        "https" => Ok(Destination::Site(host.to_owned())),
        "http" if ["127.0.0.1", "[::1]"].contains(&host) => Ok(Destination::Device),
        "http" => Err("with http it must be http://127.0.0.1 or http://[::1], and otherwise https"),
        // SECURITY: no scheme that browsers know has a dot, such as `javascript`, `data`, `blob` or `intent`.
        scheme if !scheme.contains('.') || scheme.split('.').any(str::is_empty) => {
            Err("the scheme of an app must be a domain name in reverse order, such as com.example.app")
        }
        _ if url.cannot_be_a_base() => {
            Err("after the scheme of an app comes a path, such as com.example.app:/callback")
        }
        scheme => Ok(Destination::App(scheme.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(text: &str) -> RedirectUri {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn a_client_can_have_addresses_of_websites_of_the_own_device_and_of_apps() {
        for (text, destination) in [
            ("https://app.example.com/callback", Destination::Site("app.example.com".into())),
            ("https://app.example.com", Destination::Site("app.example.com".into())),
            ("https://app.example.com:8443/", Destination::Site("app.example.com:8443".into())),
            ("https://app.example.com/a%2Fb/c?page=1&x=%23", Destination::Site("app.example.com".into())),
            ("https://app.example.com/callback?", Destination::Site("app.example.com".into())),
            ("https://xn--bcher-kva.example/cb", Destination::Site("xn--bcher-kva.example".into())),
            ("https://192.0.2.1/cb", Destination::Site("192.0.2.1".into())),
            ("http://127.0.0.1/callback", Destination::Device),
            ("http://127.0.0.1:49152/callback", Destination::Device),
            ("http://[::1]:49152/callback", Destination::Device),
            ("com.example.app:/callback", Destination::App("com.example.app".into())),
            ("com.example.app://callback", Destination::App("com.example.app".into())),
        ] {
            assert_eq!(*uri(text).destination(), destination, "{text}");
        }
    }

    /// Texts that a client cannot have, and that name none of these: `https://app.example.com/callback`,
    /// `http://127.0.0.1/callback`, `com.example.app:/callback`.
    const HOSTILE: &[&str] = &[
        "",
        " ",
        "*",
        "https:",
        "https://",
        "//app.example.com/callback",
        "/callback",
        "callback",
        "null",
        // Schemes that run scripts, read files or open programs.
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "java\tscript:alert(1)",
        "javascript://app.example.com/callback",
        "javascript://app.example.com/%0aalert(1)",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:msgbox(1)",
        "file:///etc/passwd",
        "blob:https://app.example.com/1",
        "filesystem:https://app.example.com/1",
        "about:blank",
        "view-source:https://app.example.com/callback",
        "intent://app.example.com/callback#Intent;scheme=https;end",
        "ws://app.example.com/callback",
        "wss://app.example.com/callback",
        "ftp://app.example.com/callback",
        "myapp:/callback",
        "myapp://callback",
        "urn:ietf:wg:oauth:2.0:oob",
        "com.example.app:callback",
        "com.example.app:",
        "com..example:/callback",
        "com.example.:/callback",
        ".example:/callback",
        "COM.EXAMPLE.APP:/callback",
        // Without TLS, and look-alikes of the own device.
        "http://app.example.com/callback",
        "http://localhost/callback",
        "http://localhost:3000/callback",
        "http://127.0.0.1.evil.example/callback",
        "http://127.0.0.1@evil.example/callback",
        "http://127.0.0.2/callback",
        "http://127.1/callback",
        "http://2130706433/callback",
        "http://0x7f000001/callback",
        "http://0177.0.0.1/callback",
        "http://127.0.0.1./callback",
        "http://0.0.0.0/callback",
        "http://[::]/callback",
        "http://[0:0:0:0:0:0:0:1]/callback",
        "http://[::ffff:127.0.0.1]/callback",
        "http://127.0.0.1:0x50/callback",
        "http://127.0.0.1:80/callback",
        "http://127.0.0.1:65536/callback",
        "http://127.0.0.1:-1/callback",
        "http://127.0.0.1:/callback",
        "http://127.0.0.1:*/callback",
        "http://user@127.0.0.1/callback",
        "http://127.0.0.1\\@evil.example/callback",
        // User information, which hides the host.
        "https://app.example.com@evil.example/callback",
        "https://app.example.com:443@evil.example/callback",
        "https://user:password@app.example.com/callback",
        "https://@app.example.com/callback",
        "https://app.example.com%40evil.example/callback",
        // Wildcards.
        "https://*.example.com/callback",
        "https://app.example.com/*",
        "https://*/callback",
        // Fragments, also empty ones.
        "https://app.example.com/callback#",
        "https://app.example.com/callback#fragment",
        "https://app.example.com/callback#@evil.example",
        // What browsers read in another way than it is written.
        "https:app.example.com/callback",
        "https:/app.example.com/callback",
        "https:///app.example.com/callback",
        "https:\\\\app.example.com\\callback",
        "https://app.example.com\\callback",
        "https://evil.example\\.app.example.com/callback",
        "https://app.example.com/\\evil.example",
        "HTTPS://app.example.com/callback",
        "https://APP.example.com/callback",
        "https://app.example.com:443/callback",
        "https://app.example.com:0443/callback",
        "https://app.example.com:/callback",
        "https://app.example.com/a/../callback",
        "https://app.example.com/./callback",
        "https://app.example.com/a/%2e%2e/callback",
        "https://app.example.com/a/%2E./callback",
        "https://app%2eexample.com/callback",
        "https://app.example%E3%80%82com/callback",
        "https://app.example。com/callback",
        "https://ａpp.example.com/callback",
        "https://bücher.example/callback",
        "https://app.example.com/cäll",
        "https://app.example.com/callback\u{202e}",
        "https://app.example.com/a b",
        " https://app.example.com/callback",
        "https://app.example.com/callback ",
        "https://app.example.com/callback\n",
        "https://app.example.com/call\r\nback",
        "https://app.example.com/callback\r\nSet-Cookie: a=1",
        "https://app.exa\tmple.com/callback",
        "https://app.example.com/callback\0",
        "https://app.example.com\0.evil.example/callback",
        "https://app.example.com/\"><script>",
        "https://0x7f.1/callback",
        // The parameters of a response.
        "https://app.example.com/callback?code=stolen",
        "https://app.example.com/callback?state=1",
        "https://app.example.com/callback?a=1&iss=https%3A%2F%2Fevil.example",
        "https://app.example.com/callback?%65rror=1",
        "https://app.example.com/callback?c%6Fde",
    ];

    #[test]
    fn no_hostile_redirect_uri_is_accepted() {
        for text in HOSTILE {
            let read = text.parse::<RedirectUri>();
            assert!(read.is_err(), "{text:?}");
        }
        assert!(format!("https://app.example.com/{}", "a".repeat(2000)).parse::<RedirectUri>().is_err());
    }

    #[test]
    fn a_request_names_a_redirect_uri_by_its_exact_text_and_only_a_loopback_port_may_differ() {
        for (own, requested, matches) in [
            ("https://app.example.com/callback", "https://app.example.com/callback", true),
            ("https://app.example.com/callback", "https://app.example.com/callback/", false),
            ("https://app.example.com/callback", "https://app.example.com/Callback", false),
            ("https://app.example.com/callback", "https://app.example.com/callback?", false),
            ("https://app.example.com/callback", "https://app.example.com/callback?a=1", false),
            ("https://app.example.com/callback", "https://app.example.com/callback/more", false),
            ("https://app.example.com/callback", "https://app.example.com/c%61llback", false),
            ("https://app.example.com/callback", "https://app.example.com./callback", false),
            ("https://app.example.com/callback", "https://app.example.com:8443/callback", false),
            ("https://app.example.com/callback", "https://a.app.example.com/callback", false),
            ("https://app.example.com/callback", "https://example.com/callback", false),
            ("https://app.example.com/callback", "https://app.example.com.evil.example/callback", false),
            ("https://app.example.com/callback", "https://evil.example/callback", false),
            ("https://app.example.com/callback", "https://evil.example/https://app.example.com/callback", false),
            ("https://app.example.com", "https://app.example.com/", false),
            ("http://127.0.0.1/callback", "http://127.0.0.1:49152/callback", true),
            ("http://127.0.0.1:3000/callback", "http://127.0.0.1:49152/callback", true),
            ("http://127.0.0.1:3000/callback", "http://127.0.0.1/callback", true),
            ("http://127.0.0.1:3000/callback", "http://127.0.0.1:3000/other", false),
            ("http://127.0.0.1/callback", "http://[::1]:49152/callback", false),
            ("http://[::1]/callback", "http://[::1]:49152/callback", true),
            ("http://127.0.0.1/callback", "https://127.0.0.1/callback", false),
            ("https://127.0.0.1/callback", "https://127.0.0.1:49152/callback", false),
            ("com.example.app:/callback", "com.example.app:/callback", true),
            ("com.example.app:/callback", "com.example.app:/callback2", false),
            ("com.example.app:/callback", "com.example.app2:/callback", false),
            ("com.example.app://callback", "com.example.app://callback:1", false),
        ] {
            assert_eq!(uri(own).matches(&uri(requested)), matches, "{own} {requested}");
        }
    }

    #[test]
    fn a_response_is_added_to_the_query_and_its_values_stay_as_they_are() {
        for (own, expected) in [
            ("https://a.example/cb", "https://a.example/cb?code=c&state=a%20%2B%26%23%C3%A9"),
            ("https://a.example", "https://a.example?code=c&state=a%20%2B%26%23%C3%A9"),
            ("https://a.example/cb?", "https://a.example/cb?code=c&state=a%20%2B%26%23%C3%A9"),
            ("https://a.example/cb?p=1", "https://a.example/cb?p=1&code=c&state=a%20%2B%26%23%C3%A9"),
            ("com.example.app:/cb", "com.example.app:/cb?code=c&state=a%20%2B%26%23%C3%A9"),
        ] {
            assert_eq!(uri(own).respond(&[("code", "c"), ("state", "a +&#é")]), expected);
        }
    }
}
