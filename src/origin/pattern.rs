//! Rules for origins: [`OriginPattern`].

use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::host::SplitError;
use super::{Origin, ParseOriginError, host};

/// A rule for origins: a host, or `*.` and a host for every subdomain at any depth, with an optional scheme and port.
///
/// Without a scheme, `http` and `https` match; without a port, every port matches, as in Threekit, which lists `localhost` for
/// `localhost:3000`. `*.example.com` does not match `example.com` itself. Hosts are compared label by label, exactly.
///
/// ```
/// use daypass::{Origin, OriginPattern};
/// let pattern: OriginPattern = "*.example.com".parse()?;
/// assert!(pattern.matches(&Origin::parse("https://shop.example.com")?));
/// assert!(!pattern.matches(&Origin::parse("https://evilexample.com")?));
/// # Ok::<(), daypass::ParseOriginError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OriginPattern {
    scheme: Option<Box<str>>,
    any_subdomain: bool,
    host: Box<str>,
    port: Option<u16>,
}

impl OriginPattern {
    /// Returns the scheme, if the pattern names one.
    #[must_use]
    pub fn scheme(&self) -> Option<&str> {
        self.scheme.as_deref()
    }

    /// Returns the host, without the wildcard.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Returns whether the pattern is for every subdomain of its host.
    #[must_use]
    pub fn has_wildcard(&self) -> bool {
        self.any_subdomain
    }

    /// Returns the port, if the pattern names one.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// Returns whether a page of this origin matches.
    #[must_use]
    pub fn matches(&self, origin: &Origin<'_>) -> bool {
        let scheme = match &self.scheme {
            Some(scheme) => **scheme == *origin.scheme,
            None => matches!(origin.scheme, "http" | "https"),
        };
        let host = if self.any_subdomain {
            // SECURITY: only whole labels may stand before the host. "evilexample.com" lacks the dot.
            origin.host.strip_suffix(&*self.host).is_some_and(|left| left.ends_with('.'))
        } else {
            *self.host == *origin.host
        };
        scheme && host && self.port.is_none_or(|port| origin.port == Some(port))
    }

    /// Parses a pattern; the error is the reason alone.
    pub(crate) fn read(text: &str) -> Result<OriginPattern, &'static str> {
        let pattern = OriginPattern::split(text)?;
        pattern.scheme().map_or(Ok(()), host::check_scheme)?;
        host::check_host(&pattern.host)?;
        if pattern.any_subdomain && (pattern.host.starts_with('[') || pattern.host.parse::<Ipv4Addr>().is_ok()) {
            return Err("an address has no subdomains");
        }
        Ok(pattern)
    }

    /// Splits a pattern that was checked before.
    pub(super) fn split(text: &str) -> Result<OriginPattern, SplitError> {
        let (scheme, rest) = match host::split_scheme(text) {
            Some((scheme, rest)) => (Some(scheme), rest),
            None => (None, text),
        };
        let (any_subdomain, rest) = rest.strip_prefix("*.").map_or((false, rest), |rest| (true, rest));
        let (host, port) = host::split_port(rest)?;
        Ok(OriginPattern { scheme: scheme.map(Into::into), any_subdomain, host: host.into(), port })
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
            write!(f, "{scheme}://")?;
        }
        write!(f, "{}{}", if self.any_subdomain { "*." } else { "" }, self.host)?;
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
