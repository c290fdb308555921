//! The version of a record that an edit is meant for: [`Versions`].

use daypass::Error;

/// The versions that an edit is meant for; any without a list.
pub(crate) type Versions = Option<Vec<u64>>;

/// Requires that an edit is meant for this version.
///
/// # Errors
/// [`Error::VersionConflict`] if it is not.
pub(crate) fn require(versions: &Versions, version: u64) -> Result<(), Error> {
    if versions.as_ref().is_some_and(|versions| !versions.contains(&version)) {
        return Err(Error::VersionConflict(version));
    }
    Ok(())
}

/// Reads the versions in `If-Match` (RFC 9110, section 13.1.1): the tag of a record is its version.
///
/// # Errors
/// [`Error::InvalidRequest`] for anything but `*` or a list of such tags.
pub(crate) fn parse(if_match: &str) -> Result<Versions, Error> {
    let tags = if_match.trim();
    if tags == "*" {
        return Ok(None);
    }
    let version = |tag: &str| tag.trim().strip_prefix('"')?.strip_suffix('"')?.parse().ok();
    let versions = tags.split(',').map(version).collect::<Option<Vec<_>>>();
    let why = "The header If-Match must be the ETag of what is edited, as it was read, such as \"3\", or `*`.";
    versions.map(Some).ok_or_else(|| Error::InvalidRequest(why.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn if_match_has_versions_as_tags() {
        for (text, expected) in [
            ("*", Some(None)),
            (r#""3""#, Some(Some(vec![3]))),
            (r#" "3" , "14""#, Some(Some(vec![3, 14]))),
            ("3", None),
            (r#"W/"3""#, None),
            (r#""""#, None),
            (r#""three""#, None),
            (r#""3","#, None),
            ("", None),
        ] {
            assert_eq!(parse(text).ok(), expected, "{text}");
        }
    }
}
