//! The issuer: which URLs are one, and whether others than this machine can use it.

use std::net::{IpAddr, SocketAddr};

use anyhow::{Context, bail};
use axum::http::Uri;
use daypass::Origin;
use url::Url;

use crate::domain::hidden;

/// Reads an issuer. A trailing slash is taken off: tokens never have it.
pub(super) fn parse(text: &str) -> Result<String, &'static str> {
    let host = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    let has_host = host.is_some_and(|host| !host.is_empty() && !host.starts_with('/'));
    let has_other = text.contains(|c: char| c.is_whitespace() || matches!(c, '?' | '#'));
    if has_host && !has_other && hidden::find(text).is_none() {
        Ok(text.trim_end_matches('/').to_owned())
    } else {
        Err("expected an http or https URL without query and fragment")
    }
}

/// Checks the issuer of an OpenID Connect provider, which is compared as it is.
pub(super) fn parse_provider(text: &str) -> Result<String, &'static str> {
    let is_url = Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    is_url.then(|| text.to_owned()).ok_or("expected an http or https URL")
}

/// Returns the origin of the pages of a service with this issuer.
///
/// # Errors
/// When the issuer has a host that no URL has, or one that the origin of a page cannot have.
pub(super) fn origin(issuer: &str) -> anyhow::Result<String> {
    let url = Url::parse(issuer).with_context(|| format!("the issuer {issuer} is not a URL: set another --issuer"))?;
    let origin = url.origin().ascii_serialization();
    if let Err(error) = Origin::parse(&origin) {
        bail!("no page can be on the host of the issuer {issuer}: {error}: set an --issuer without it");
    }
    Ok(origin)
}

/// Returns what is wrong with an issuer that names no machine, or that names this machine alone while the
/// service listens for others.
pub(super) fn warning(issuer: &str, listening: SocketAddr) -> Option<&'static str> {
    let is_loopback = listening.ip().to_canonical().is_loopback();
    match host(issuer)? {
        Host::Wildcard => Some("the issuer is a wildcard address, which names no machine"),
        Host::Loopback if !is_loopback => {
            Some("the issuer is a loopback address, which names another machine elsewhere")
        }
        Host::Loopback => None,
    }
}

/// A host that is of no use to other machines.
enum Host {
    Wildcard,
    Loopback,
}

fn host(issuer: &str) -> Option<Host> {
    let uri: Uri = issuer.parse().ok()?;
    let name = uri.host()?.trim_matches(['[', ']']).trim_end_matches('.').to_ascii_lowercase();
    // Of the names, only these are loopback addresses for certain (RFC 6761, section 6.3).
    if name == "localhost" || name.ends_with(".localhost") {
        return Some(Host::Loopback);
    }
    let address = name.parse::<IpAddr>().ok()?.to_canonical();
    match (address.is_unspecified(), address.is_loopback()) {
        (true, _) => Some(Host::Wildcard),
        (_, true) => Some(Host::Loopback),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_a_url_with_a_host_and_without_a_trailing_slash() {
        for (text, expected) in [
            ("https://tokens.example.com", Some("https://tokens.example.com")),
            ("https://tokens.example.com/", Some("https://tokens.example.com")),
            ("http://tokens.example.com:8787/t//", Some("http://tokens.example.com:8787/t")),
            ("tokens.example.com", None),
            ("https://", None),
            ("https:///t", None),
            ("https://tokens.example.com?t", None),
            ("https://tokens.example.com#t", None),
            ("https://tokens.example.com ", None),
            ("https://tokens.example.com/a\u{202e}b", None),
        ] {
            assert_eq!(parse(text).ok().as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn the_origin_of_an_issuer_is_as_browsers_send_it() {
        for (issuer, expected) in [
            ("https://tokens.example.com", Some("https://tokens.example.com")),
            ("https://Tokens.Example.com:443/t", Some("https://tokens.example.com")),
            ("http://127.0.0.1:8787", Some("http://127.0.0.1:8787")),
            ("https://münchen.example", Some("https://xn--mnchen-3ya.example")),
            ("https://a b", None),
            ("https://tokens.example.com.", None),
        ] {
            assert_eq!(origin(issuer).ok().as_deref(), expected, "{issuer}");
        }
    }

    #[test]
    fn an_issuer_of_this_machine_is_warned_of_while_others_are_listened_to() {
        for (issuer, listening, expected) in [
            ("http://127.0.0.1:8787", "127.0.0.1:8787", None),
            ("http://127.0.0.1:8787", "[::1]:8787", None),
            ("http://localhost:9000/t", "127.0.0.1:8787", None),
            ("https://tokens.example.com", "0.0.0.0:8787", None),
            ("https://tokens.example.com", "127.0.0.1:8787", None),
            ("http://10.0.0.1:8787", "0.0.0.0:8787", None),
            ("https://localhost.example.com", "0.0.0.0:8787", None),
            ("http://127.0.0.1:8787", "0.0.0.0:8787", Some("loopback")),
            ("http://127.9.9.9:8787", "10.0.0.1:8787", Some("loopback")),
            ("http://LOCALHOST", "[::]:8787", Some("loopback")),
            ("http://tokens.localhost.", "[::]:8787", Some("loopback")),
            ("http://[::1]:8787", "10.0.0.1:8787", Some("loopback")),
            ("http://[::ffff:127.0.0.1]", "10.0.0.1:8787", Some("loopback")),
            ("http://0.0.0.0:8787", "0.0.0.0:8787", Some("wildcard")),
            ("http://[::]:8787/t", "[::]:8787", Some("wildcard")),
            ("http://0.0.0.0:8787", "127.0.0.1:8787", Some("wildcard")),
        ] {
            let warning = warning(issuer, listening.parse().expect("an address"));
            assert_eq!(warning.is_some(), expected.is_some(), "{issuer} {listening}");
            assert!(
                expected.is_none_or(|kind| warning.is_some_and(|text| text.contains(kind))),
                "{issuer} {listening}"
            );
        }
    }
}
