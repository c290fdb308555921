//! Origins as people write them: [`normalize_origin`].
//!
//! The fuzz targets and the million-case tests include this file by its path, so it uses `daypass`,
//! `idna` and `psl` alone.

use daypass::{OriginPattern, ParseOriginError};
use psl::Psl;

/// Turns a pattern as a person writes it into what a browser sends: lower case, international names in
/// ASCII (IDNA).
///
/// The service does this once, when it creates a token. It refuses a wildcard over a public suffix
/// (`*.com`, `*.github.io`) and over a name that has one below it (`*.amazonaws.com`, because of
/// `s3.amazonaws.com`), by the public suffix list of the crate `psl`. It accepts a host of many owners
/// that the list does not know.
///
/// # Errors
/// When the text is not a pattern. The message says what to write.
pub(crate) fn normalize_origin(text: &str) -> Result<OriginPattern, ParseOriginError> {
    let (scheme, rest) = match text.split_once(':').and_then(|(scheme, rest)| Some((scheme, rest.strip_prefix("//")?)))
    {
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
        idna::domain_to_ascii(host).map_err(|_| ParseOriginError::new(text, "the host is not a valid domain name"))?
    };
    let pattern = format!("{scheme}{wildcard}{host}{port}").parse::<OriginPattern>();
    // The message quotes what the person wrote.
    let pattern = pattern.map_err(|error| ParseOriginError::new(text, error.why()))?;
    if pattern.has_wildcard() && has_many_owners(pattern.host()) {
        return Err(ParseOriginError::new(text, "it would match the sites of many owners; name a domain of your own"));
    }
    Ok(pattern)
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
