//! The parts of an origin, as a browser serializes them: scheme, host and port.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::text::{cut, cut_last};

/// Returns the port that the scheme implies.
pub(super) fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}

/// Why a text cannot be split into the parts of an origin. Not yet the sentence: the browser does not show it.
pub(super) enum SplitError {
    Scheme,
    Path,
    Port,
}

impl From<SplitError> for &'static str {
    fn from(error: SplitError) -> &'static str {
        match error {
            SplitError::Scheme => "expected scheme://host",
            SplitError::Path => {
                "an origin has no path, query or user name; write only the scheme, the host and the port"
            }
            SplitError::Port => "the port must be a number from 0 to 65535",
        }
    }
}

/// Splits a text at its first `://`, or at a `:` that is its first and its end: some pages of apps are serialized as `app:`.
pub(super) fn split_scheme(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = cut(text, b':')?;
    Some((scheme, if rest.is_empty() { rest } else { rest.strip_prefix("//")? }))
}

/// Checks a scheme that is written without a host, as `app:`.
///
/// SECURITY: a scheme of the web alone is refused, as it would match every site. So is a name that is rather a host before
/// an empty port. Pages of the other schemes here have no origin of their own, and are serialized as `null`.
pub(super) fn check_scheme_alone(scheme: &str) -> Result<(), &'static str> {
    if scheme.contains('.') || scheme == "localhost" {
        return Err(SplitError::Port.into());
    }
    check_scheme(scheme)?;
    match scheme {
        "http" | "https" | "ws" | "wss" | "ftp" | "file" | "filesystem" | "data" | "blob" | "javascript" | "about" => {
            Err("only a scheme of apps or browser extensions is written without a host, as in vscode-webview:")
        }
        _ => Ok(()),
    }
}

/// Checks that a scheme is written as RFC 3986, section 3.1 allows, in lower case.
pub(super) fn check_scheme(scheme: &str) -> Result<(), &'static str> {
    let valid = scheme.starts_with(|c: char| c.is_ascii_lowercase())
        && scheme.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.'));
    if valid { Ok(()) } else { Err("the scheme must be like http or https") }
}

/// Splits off the port, which must be in its one decimal form.
pub(super) fn split_port(text: &str) -> Result<(&str, Option<u16>), SplitError> {
    if text.bytes().any(|byte| matches!(byte, b'/' | b'?' | b'#' | b'@' | b'\\')) {
        return Err(SplitError::Path);
    }
    let Some((host, digits)) = cut_last(text, b':').filter(|_| !text.ends_with(']')) else {
        return Ok((text, None));
    };
    let is_plain = digits == "0" || !digits.starts_with(['0', '+']);
    let port = digits.parse::<u16>().ok().filter(|_| is_plain);
    Ok((host, Some(port.ok_or(SplitError::Port)?)))
}

/// Checks a host with a `*` between these parts: `*.` before a host, or a `*` within a label of one.
pub(super) fn check_wildcard(before: &str, after: &str) -> Result<(), &'static str> {
    let (start, (end, rest)) = (cut_last(before, b'.').map_or(before, |(_, start)| start), cut(after, b'.').unzip());
    let is_whole_label = start.is_empty() && end == Some("");
    let (Some(rest), false, true) = (rest, after.contains('*'), !is_whole_label || before.is_empty()) else {
        return Err("write one `*`: `*.` before a host, or within a label before a domain, as in pr-*.example.com");
    };
    if rest.starts_with('[') || rest.parse::<Ipv4Addr>().is_ok() {
        return Err("an address has no subdomains");
    }
    if is_whole_label {
        return check_host(rest);
    }
    if start.starts_with("xn--") {
        return Err("a `*` cannot be within an international name");
    }
    check_host(&[before, "a", after].concat())
}

/// Checks that a browser serializes `host` so in an origin of this scheme.
///
/// The rules of names and addresses are the web's. Those who made a scheme that can stand alone have rules of their own:
/// `safari-web-extension://140BB581-A2C0-422A-9DD3-6982A5ABEE5E`, `app://.`. No host has what the URL standard forbids,
/// and none what lists and patterns are written with.
pub(super) fn check_host_of(scheme: Option<&str>, host: &str) -> Result<(), &'static str> {
    let is_of_app = scheme.is_some_and(|scheme| check_scheme_alone(scheme).is_ok());
    let is_name = !host.is_empty() && host.bytes().all(|b| b.is_ascii_graphic() && !b":[]<>^|*,;".contains(&b));
    if is_of_app && is_name { Ok(()) } else { check_host(host) }
}

/// Checks that a browser serializes `host` so on the web: lower-case labels, an IPv4 address, or a bracketed IPv6 address.
fn check_host(host: &str) -> Result<(), &'static str> {
    if let Some(address) = host.strip_prefix('[') {
        let address = address.strip_suffix(']').ok_or("an IPv6 address needs both brackets")?;
        let parsed: Ipv6Addr = address.parse().map_err(|_| "not an IPv6 address")?;
        return if serialize_ipv6(parsed) == address {
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
    // The URL standard parses decimal and hexadecimal numbers, and serializes an address in decimal only.
    let is_decimal = last.bytes().all(|b| b.is_ascii_digit());
    let is_hexadecimal = last.strip_prefix("0x").is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
    if (is_decimal || is_hexadecimal) && host.parse::<Ipv4Addr>().is_err() {
        return Err("a host that ends in a number must be an IPv4 address");
    }
    Ok(())
}

/// Serializes an IPv6 address as the URL standard does: it omits the first of the longest runs of zeros.
///
/// The standard library writes IPv4-mapped addresses differently, and its formatting code is large for a browser to load.
fn serialize_ipv6(address: Ipv6Addr) -> String {
    let segments = address.segments();
    let zeros_from = |at: usize| segments[at..].iter().take_while(|segment| **segment == 0).count();
    // `max_by_key` returns the last of equal runs, so the search goes backwards.
    let (start, length) =
        (0..8).rev().map(|at| (at, zeros_from(at))).max_by_key(|(_, length)| *length).unwrap_or((0, 0));
    let omitted = if length > 1 { start..start + length } else { 8..8 };
    let mut text = String::new();
    for (at, segment) in segments.into_iter().enumerate() {
        if omitted.contains(&at) {
            if at == omitted.start {
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
