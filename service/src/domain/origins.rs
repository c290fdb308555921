//! Origins as people write them: [`normalize_origin`].
//!
//! The fuzz targets and the million-case tests include this file by its path, so it uses `daypass`,
//! `idna` and `psl` alone.

use daypass::{OriginPattern, ParseOriginError};
use psl::Psl;

/// Turns a pattern as a person writes it into what a browser sends: lower case, international names in
/// ASCII (IDNA). A host of a scheme that is not the web's keeps its case.
///
/// The service does this once, when it creates a token. It refuses what no page's origin can match, and
/// a `*.` over a public suffix (`*.com`, `*.github.io`) and over a name that has one below it
/// (`*.amazonaws.com`, because of `s3.amazonaws.com`), by the public suffix list of the crate `psl`. It
/// accepts a host of many owners that the list does not know.
///
/// SECURITY: a `*` within a label directly below such a suffix (`*--shop.netlify.app`) passes here: callers
/// refuse it by [`is_shared`], unless its risk was accepted.
///
/// # Errors
/// When the text is not a pattern. The message says what to write.
pub(crate) fn normalize_origin(text: &str) -> Result<OriginPattern, ParseOriginError> {
    let (scheme, rest) = match text.split_once(':').and_then(|(scheme, rest)| Some((scheme, rest.strip_prefix("//")?)))
    {
        Some((scheme, rest)) => (format!("{}://", scheme.to_ascii_lowercase()), rest),
        None => (String::new(), text),
    };
    if let Some(why) = why_never(text, rest) {
        return Err(ParseOriginError::new(text, why));
    }
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) if !rest.ends_with(']') => (host, format!(":{port}")),
        _ => (rest, String::new()),
    };
    // A label with a `*` is no part of an international name that is written from right to left (RFC 5893).
    let (wildcard, host) = match host.split_once('*').and_then(|(start, rest)| Some((start, rest.split_once('.')?))) {
        Some((start, (end, host))) => (format!("{start}*{end}."), host),
        None => (String::new(), host),
    };
    let is_of_web = matches!(&*scheme, "" | "http://" | "https://");
    let host = if !is_of_web && wildcard.is_empty() && host.is_ascii() && !host.starts_with('[') {
        Ok(host.to_owned())
    } else if host.starts_with('[') {
        Ok(wildcard + &host.to_ascii_lowercase())
    } else {
        idna::domain_to_ascii(&wildcard).and_then(|wildcard| Ok(wildcard + &idna::domain_to_ascii(host)?))
    };
    let host = host.map_err(|_| ParseOriginError::new(text, "the host is not a valid domain name"))?;
    let pattern = format!("{scheme}{host}{port}").parse::<OriginPattern>();
    // The message quotes what the person wrote.
    let pattern = pattern.map_err(|error| ParseOriginError::new(text, error.why()))?;
    let is_of_many = pattern.host().strip_prefix("*.").is_some_and(has_many_owners);
    if is_of_many {
        return Err(ParseOriginError::new(text, "it would match the sites of many owners; name a domain of your own"));
    }
    Ok(pattern)
}

/// Returns whether anyone may take a name that the pattern matches: it has a `*` within a label directly
/// below a public suffix, or below a name above one.
pub(crate) fn is_shared(pattern: &OriginPattern) -> bool {
    let below = pattern.host().split_once('*').and_then(|(_, rest)| rest.split_once('.'));
    below.is_some_and(|(_, domain)| has_many_owners(domain))
}

/// Returns why no page's origin can match. `rest` is what follows `scheme://`, or the whole text.
fn why_never(text: &str, rest: &str) -> Option<&'static str> {
    // `data:8080` is a port of the host `data`.
    let scheme = match text.split_once(':') {
        Some((scheme, rest)) if rest.parse::<u16>().is_err() => scheme.to_ascii_lowercase(),
        _ => String::new(),
    };
    match (&*scheme, rest) {
        _ if text.eq_ignore_ascii_case("null") => Some(
            "browsers send `null` for pages without an origin of their own, of any site; serve the page from an origin",
        ),
        ("about" | "blob" | "data" | "file" | "filesystem" | "javascript", _) => {
            Some("browsers send `null` for such pages, of any site; serve the page from an origin, and write that")
        }
        ("ws" | "wss", _) => Some("the origin of a WebSocket is that of its page; write http or https"),
        ("ftp", _) => Some("browsers show no pages of ftp"),
        ("" | "http" | "https", "*") => Some("it would match every site; name the sites"),
        ("" | "http" | "https", _) => None,
        (_, "" | "*") => Some("for all pages of a scheme that is not the web's write it alone, as in vscode-webview:"),
        _ => None,
    }
}

/// Returns whether the subdomains of a host belong to many owners.
fn has_many_owners(host: &str) -> bool {
    let is_suffix = psl::suffix_str(host).is_none_or(|suffix| suffix == host);
    (is_suffix || has_suffixes_below(host)) && host != "localhost"
}

/// Returns whether a name below this host is a public suffix.
///
/// The list has no such query. But it is a tree that takes a name label by label from its end, and it
/// asks for one more label exactly where it has rules further down. The test of public suffixes checks
/// that.
fn has_suffixes_below(host: &str) -> bool {
    let mut asked_for_more = false;
    let labels = host.rsplit('.').map(str::as_bytes);
    psl::List.find(labels.chain(std::iter::from_fn(|| {
        asked_for_more = true;
        None
    })));
    asked_for_more
}
