//! Which pages may use a token: [`Origin`] as a browser sends it, [`OriginPattern`] as a token lists it.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

#[cfg(not(target_arch = "wasm32"))]
use psl::Psl;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The origin of a page, as the `Origin` header serializes it (RFC 6454, section 6.2): `scheme://host[:port]`.
///
/// Anything else, `null`, a path, user info, capitals or an empty label, is no origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin<'a> {
    scheme: &'a str,
    host: &'a str,
    port: Option<u16>,
}

impl<'a> Origin<'a> {
    /// The origin that `text` serializes.
    ///
    /// # Errors
    /// When a browser would not have written it so.
    pub fn parse(text: &'a str) -> Result<Origin<'a>, ParseOriginError> {
        Origin::read(text).map_err(|why| ParseOriginError::new(text, why))
    }

    /// The same, with why not in a few words.
    pub(crate) fn read(text: &'a str) -> Result<Origin<'a>, &'static str> {
        let (scheme, rest) = split_scheme(text).ok_or("expected scheme://host")?;
        let (host, port) = host_and_port(rest)?;
        check_scheme(scheme)?;
        check_host(host)?;
        let own_port = default_port(scheme);
        if port.is_some() && port == own_port {
            return Err("the scheme's own port is left out");
        }
        Ok(Origin { scheme, host, port: port.or(own_port) })
    }
}

/// A rule for origins: a host, or `*.` and a host for every subdomain at any depth, with an optional scheme and port.
///
/// Without a scheme, `http` and `https` match; without a port, every port (seed 000 lists `localhost` for `localhost:3000`).
/// `*.example.com` does not match `example.com` itself. Hosts are compared label by label, exactly.
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
    pub(crate) scheme: Option<Box<str>>,
    pub(crate) any_subdomain: bool,
    pub(crate) host: Box<str>,
    pub(crate) port: Option<u16>,
}

impl OriginPattern {
    /// How many bytes of memory it takes.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn bytes(&self) -> usize {
        size_of::<OriginPattern>() + self.host.len() + self.scheme.as_deref().map_or(0, str::len)
    }

    /// Whether a page of this origin fits.
    #[must_use]
    pub fn matches(&self, origin: &Origin<'_>) -> bool {
        let scheme = match &self.scheme {
            Some(scheme) => **scheme == *origin.scheme,
            None => matches!(origin.scheme, "http" | "https"),
        };
        let host = if self.any_subdomain {
            // What is left of the host must be whole labels, never empty: "evilexample.com" ends without the dot.
            origin.host.strip_suffix(&*self.host).is_some_and(|left| left.ends_with('.'))
        } else {
            *self.host == *origin.host
        };
        scheme && host && self.port.is_none_or(|port| origin.port == Some(port))
    }

    /// A pattern as a person writes it: capitals and international names become what a browser sends (IDNA). Done once, when
    /// a token is created.
    ///
    /// A wildcard is refused over a name that is a public suffix (`*.com`, `*.github.io`) or has one below it
    /// (`*.amazonaws.com`, because of `s3.amazonaws.com`), by the public suffix list as of the crate `psl`. A host of many
    /// owners that the list does not know passes.
    ///
    /// # Errors
    /// When it is not a pattern; the sentence says what to write.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn normalize(text: &str) -> Result<OriginPattern, ParseOriginError> {
        let (scheme, rest) = match split_scheme(text) {
            Some((scheme, rest)) => (format!("{}://", scheme.to_ascii_lowercase()), rest),
            None => (String::new(), text),
        };
        let (wildcard, rest) = rest.strip_prefix("*.").map_or(("", rest), |rest| ("*.", rest));
        let (host, port) = match rest.rsplit_once(':') {
            Some((host, port)) if !rest.ends_with(']') => (host, format!(":{port}")),
            _ => (rest, String::new()),
        };
        let host = if host.starts_with('[') {
            host.to_ascii_lowercase()
        } else {
            idna::domain_to_ascii(host)
                .map_err(|_| ParseOriginError::new(text, "the host is not a valid domain name"))?
        };
        let pattern = format!("{scheme}{wildcard}{host}{port}").parse::<OriginPattern>();
        // The sentence quotes what the person wrote.
        let pattern = pattern.map_err(|error| ParseOriginError::new(text, error.why))?;
        let has_many_owners = psl::suffix_str(&pattern.host).is_none_or(|suffix| suffix == &*pattern.host)
            || has_suffixes_below(&pattern.host);
        if pattern.any_subdomain && has_many_owners && &*pattern.host != "localhost" {
            return Err(ParseOriginError::new(
                text,
                "it would match the sites of many owners; name a domain of your own",
            ));
        }
        Ok(pattern)
    }
}

impl OriginPattern {
    /// The pattern that `text` writes, or why it is none in a few words.
    pub(crate) fn read(text: &str) -> Result<OriginPattern, &'static str> {
        let (scheme, rest) = match split_scheme(text) {
            Some((scheme, rest)) => (Some(scheme), rest),
            None => (None, text),
        };
        scheme.map_or(Ok(()), check_scheme)?;
        let (any_subdomain, rest) = rest.strip_prefix("*.").map_or((false, rest), |rest| (true, rest));
        let (host, port) = host_and_port(rest)?;
        check_host(host)?;
        if any_subdomain && (host.starts_with('[') || host.parse::<Ipv4Addr>().is_ok()) {
            return Err("an address has no subdomains");
        }
        Ok(OriginPattern { scheme: scheme.map(Into::into), any_subdomain, host: host.into(), port })
    }
}

impl FromStr for OriginPattern {
    type Err = ParseOriginError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        OriginPattern::read(text).map_err(|why| ParseOriginError::new(text, why))
    }
}

/// Whether a name below this host is a public suffix. The list cannot be asked so, but it is a tree that takes a name label
/// by label from its end: it asks for one more exactly where it has rules further down. `tests/normalize.rs` holds that.
#[cfg(not(target_arch = "wasm32"))]
fn has_suffixes_below(host: &str) -> bool {
    let mut asked_for_more = false;
    let labels = host.rsplit('.').map(str::as_bytes);
    psl::List.find(labels.chain(std::iter::from_fn(|| {
        asked_for_more = true;
        None
    })));
    asked_for_more
}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}

/// What is before and after the first `://`.
fn split_scheme(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_once(':')?;
    Some((scheme, rest.strip_prefix("//")?))
}

fn check_scheme(scheme: &str) -> Result<(), &'static str> {
    let valid = scheme.starts_with(|c: char| c.is_ascii_lowercase())
        && scheme.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.'));
    if valid { Ok(()) } else { Err("the scheme must be like http or https") }
}

/// A host and, behind the last colon, a port in its one decimal form.
fn host_and_port(text: &str) -> Result<(&str, Option<u16>), &'static str> {
    if text.contains(['/', '?', '#', '@', '\\']) {
        return Err("an origin has no path, query or user name; write only the scheme, the host and the port");
    }
    let Some((host, digits)) = text.rsplit_once(':').filter(|_| !text.ends_with(']')) else {
        return Ok((text, None));
    };
    let is_plain = digits == "0" || !digits.starts_with(['0', '+']);
    let port = digits.parse::<u16>().ok().filter(|_| is_plain);
    Ok((host, Some(port.ok_or("the port must be a number from 0 to 65535")?)))
}

/// Whether `host` is written as a browser serializes it: lower-case labels, an IPv4 address, or a bracketed IPv6 address.
fn check_host(host: &str) -> Result<(), &'static str> {
    if let Some(address) = host.strip_prefix('[') {
        let address = address.strip_suffix(']').ok_or("an IPv6 address needs both brackets")?;
        let parsed: Ipv6Addr = address.parse().map_err(|_| "not an IPv6 address")?;
        return if serialized(parsed) == address {
            Ok(())
        } else {
            Err("an IPv6 address must be in its shortest form")
        };
    }
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_'))
    };
    if host.len() > 253 || !host.split('.').all(is_label) {
        return Err("the host must be lower-case labels with single dots between them");
    }
    let last = host.rsplit('.').next().unwrap_or_default();
    // The URL standard reads numbers in either form, and writes an address in decimal alone.
    let is_decimal = last.bytes().all(|b| b.is_ascii_digit());
    let is_hexadecimal = last.strip_prefix("0x").is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
    if (is_decimal || is_hexadecimal) && host.parse::<Ipv4Addr>().is_err() {
        return Err("a host that ends in a number must be an IPv4 address");
    }
    Ok(())
}

/// As the URL standard writes it: the longest run of zeros, the first of several, is left out. The standard library writes
/// IPv4-mapped addresses in another way, and its formatting is much for a browser to load.
fn serialized(address: Ipv6Addr) -> String {
    let segments = address.segments();
    let zeros_from = |at: usize| segments[at..].iter().take_while(|segment| **segment == 0).count();
    // Of equals, `max_by_key` takes the last.
    let (start, length) =
        (0..8).rev().map(|at| (at, zeros_from(at))).max_by_key(|(_, length)| *length).unwrap_or((0, 0));
    let left_out = if length > 1 { start..start + length } else { 8..8 };
    let mut text = String::new();
    for (at, segment) in segments.into_iter().enumerate() {
        if left_out.contains(&at) {
            if at == left_out.start {
                text.push_str("::");
            }
            continue;
        }
        if !text.is_empty() && !text.ends_with(':') {
            text.push(':');
        }
        let digits = [12, 8, 4, 0].map(|shift| u32::from(segment >> shift & 15));
        let first = digits.iter().position(|digit| *digit != 0).unwrap_or(3);
        text.extend(digits[first..].iter().filter_map(|digit| char::from_digit(*digit, 16)));
    }
    text
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

/// A text that is no origin, or no pattern for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseOriginError {
    text: String,
    why: &'static str,
}

impl ParseOriginError {
    fn new(text: &str, why: &'static str) -> Self {
        ParseOriginError { text: text.chars().filter(|c| !c.is_control()).take(100).collect(), why }
    }
}

impl fmt::Display for ParseOriginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not an origin: {}", self.text, self.why)
    }
}

impl std::error::Error for ParseOriginError {}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    proptest! {
        /// But for IPv4-mapped addresses the standard library writes them as the URL standard does.
        #[test]
        fn an_ipv6_address_is_written_as_the_standard_library_writes_it(
            segments in prop::array::uniform8(select(vec![0_u16, 0, 0, 1, 0x0f, 0x10, 0xab0, 0xffff])),
        ) {
            let address = Ipv6Addr::from(segments);
            prop_assume!(address.to_ipv4_mapped().is_none());
            prop_assert_eq!(serialized(address), address.to_string());
        }
    }

    #[test]
    fn an_ipv4_mapped_address_is_written_in_hexadecimal() {
        assert_eq!(serialized(Ipv4Addr::new(1, 2, 3, 4).to_ipv6_mapped()), "::ffff:102:304");
    }
}
