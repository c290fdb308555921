//! Rules for origins: [`OriginPattern`].

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::host::SplitError;
use super::{Origin, ParseOriginError, host};
use crate::text::{cut, cut_last};

/// A rule for origins: a host, with an optional scheme and port; some hosts by a wildcard; or a scheme alone.
///
/// | pattern | matches |
/// | --- | --- |
/// | `example.com` | this host, exactly |
/// | `*.example.com` | its subdomains at any depth, not `example.com` itself |
/// | `pr-*.example.com` | `pr-12.example.com`: the `*` is one or more characters of one label |
/// | `vscode-webview:` | every page of a scheme that is not the web's, whatever its host |
///
/// Without a scheme, `http` and `https` match; without a port, every port matches, as in Threekit, which lists `localhost` for
/// `localhost:3000`. Hosts are compared label by label, exactly. There is one `*` at most. Within a label, it does not
/// match an encoded international name (`xn--…`).
///
/// ```
/// use daypass::{Origin, OriginPattern};
/// let pattern: OriginPattern = "*.example.com".parse()?;
/// assert!(pattern.matches(&Origin::parse("https://shop.example.com")?));
/// assert!(!pattern.matches(&Origin::parse("https://evilexample.com")?));
///
/// let pattern: OriginPattern = "pr-*.example.com".parse()?;
/// assert!(pattern.matches(&Origin::parse("https://pr-12.example.com")?));
/// assert!(!pattern.matches(&Origin::parse("https://pr-12.a.example.com")?));
///
/// let pattern: OriginPattern = "vscode-webview:".parse()?;
/// assert!(pattern.matches(&Origin::parse("vscode-webview://1q2w3e4r")?));
/// # Ok::<(), daypass::ParseOriginError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OriginPattern {
    scheme: Option<Box<str>>,
    /// Empty in a pattern that is a scheme alone.
    host: Box<str>,
    /// Where the `*` is in the host.
    wildcard: Option<u8>,
    port: Option<u16>,
}

impl OriginPattern {
    /// Returns the scheme, if the pattern names one.
    #[must_use]
    pub fn scheme(&self) -> Option<&str> {
        self.scheme.as_deref()
    }

    /// Returns the host, with the wildcard if it has one. It is empty if the pattern is a scheme alone.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Returns whether there is a `*` in the pattern's host.
    #[must_use]
    pub fn has_wildcard(&self) -> bool {
        self.wildcard.is_some()
    }

    /// Returns the port, if the pattern names one.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// Returns whether a page of this origin matches.
    #[must_use]
    pub fn matches(&self, origin: &Origin<'_>) -> bool {
        self.parts().matches(origin)
    }

    fn parts(&self) -> Parts<'_> {
        let wildcard = self.wildcard.map(usize::from).map(|at| (&self.host[..at], &self.host[at + 1..]));
        Parts { scheme: self.scheme(), host: &self.host, wildcard, port: self.port }
    }

    /// Parses a pattern; the error is the reason alone.
    pub(crate) fn read(text: &str) -> Result<OriginPattern, &'static str> {
        let Parts { scheme, host, wildcard, port } = Parts::split(text)?;
        if let (Some(scheme), "", true) = (scheme, host, text.ends_with(':')) {
            host::check_scheme_alone(scheme)?;
        } else {
            scheme.map_or(Ok(()), host::check_scheme)?;
            wildcard.map_or_else(
                || host::check_host_of(scheme, host),
                |(before, after)| host::check_wildcard(before, after),
            )?;
        }
        let wildcard = wildcard.map(|(before, _)| before.len() as u8);
        Ok(OriginPattern { scheme: scheme.map(Into::into), host: host.into(), wildcard, port })
    }
}

/// The parts of a pattern.
pub(super) struct Parts<'a> {
    scheme: Option<&'a str>,
    host: &'a str,
    /// What is before and after the `*` of the host.
    wildcard: Option<(&'a str, &'a str)>,
    port: Option<u16>,
}

impl<'a> Parts<'a> {
    /// Splits a pattern without checking it.
    pub(super) fn split(text: &'a str) -> Result<Parts<'a>, SplitError> {
        let (scheme, rest) = match host::split_scheme(text) {
            Some((scheme, rest)) => (Some(scheme), rest),
            None => (None, text),
        };
        let (host, port) = host::split_port(rest)?;
        Ok(Parts { scheme, host, wildcard: cut(host, b'*'), port })
    }

    /// Returns whether a page of this origin matches. A malformed pattern matches none.
    pub(super) fn matches(&self, origin: &Origin<'_>) -> bool {
        let scheme = match self.scheme {
            Some(scheme) => scheme == origin.scheme,
            None => host::default_port(origin.scheme).is_some(),
        };
        scheme && self.matches_host(origin) && self.port.is_none_or(|port| origin.port == Some(port))
    }

    fn matches_host(&self, origin: &Origin<'_>) -> bool {
        let Some((before, after)) = self.wildcard else {
            // SECURITY: a scheme of the web alone matches no page.
            let is_scheme_alone = self.host.is_empty() && host::default_port(origin.scheme).is_none();
            return self.host == origin.host || is_scheme_alone;
        };
        let middle = origin.host.strip_prefix(before).and_then(|rest| rest.strip_suffix(after)).unwrap_or_default();
        if middle.is_empty() || !after.as_bytes().contains(&b'.') {
            return false;
        }
        let label = cut_last(before, b'.').map_or(0, |(left, _)| left.len() + 1);
        if label == before.len() && after.starts_with('.') {
            // SECURITY: only whole labels may stand for `*.`: "evilexample.com" lacks the dot.
            return before.is_empty();
        }
        // SECURITY: a part of one label, which is not an encoded international name: there, the characters beside the `*` are
        // not those that people see.
        !middle.as_bytes().contains(&b'.') && !origin.host[label..].starts_with("xn--")
    }
}

impl FromStr for OriginPattern {
    type Err = ParseOriginError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        OriginPattern::read(text).map_err(|why| ParseOriginError::new(text, why))
    }
}

impl fmt::Display for OriginPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(scheme) = &self.scheme {
            write!(f, "{scheme}:{}", if self.host.is_empty() { "" } else { "//" })?;
        }
        f.write_str(&self.host)?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

impl fmt::Debug for OriginPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for OriginPattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for OriginPattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for OriginPattern {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "OriginPattern".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "description": "A host such as `*.example.com`, with an optional scheme and port." })
    }
}
