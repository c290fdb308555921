//! The fields of a new token that stand for themselves.

use daypass::{Error, OriginPattern, Resource, Scope, TokenKind};

use super::normalized;
use crate::catalogs::Catalogs;
use crate::unique;

/// Longest name, in characters (Speckle's limit).
const MAX_NAME: usize = 512;
/// Longest id of an application, in bytes.
const MAX_ID: usize = 128;
/// The end of the year 9999. What lies behind it was given in milliseconds.
const MAX_TIME: u64 = 253_402_300_799;

fn refused<T>(why: impl Into<String>) -> Result<T, Error> {
    Err(Error::InvalidRequest(why.into()))
}

pub(super) fn check_kind(kind: TokenKind) -> Result<(), Error> {
    match kind {
        TokenKind::Publishable | TokenKind::Secret | TokenKind::Application => Ok(()),
        _ => {
            refused(format!("A token of the kind {kind} is not created here: publishable, secret and application are."))
        }
    }
}

pub(super) fn check_name(name: &str) -> Result<(), Error> {
    let length = name.chars().count();
    if (1..=MAX_NAME).contains(&length) && !name.chars().any(char::is_control) {
        Ok(())
    } else {
        refused(format!("The name must be 1 to {MAX_NAME} characters, none of them control characters."))
    }
}

pub(super) fn check_end(end: Option<u64>, now: u64) -> Result<(), Error> {
    match end {
        Some(end) if end <= now => refused("The end, `expiresAt`, must lie in the future."),
        Some(end) if end > MAX_TIME => refused("The end, `expiresAt`, is in seconds and before the year 10000."),
        _ => Ok(()),
    }
}

pub(super) fn origins(kind: TokenKind, origins: &[String]) -> Result<Vec<OriginPattern>, Error> {
    match (kind, origins) {
        (TokenKind::Publishable, []) => refused("A publishable token needs `origins`: the sites that may use it."),
        (TokenKind::Publishable, origins) => normalized(origins),
        (_, []) => Ok(vec![]),
        (_, _) => refused("Only a publishable token has `origins`: no browser may hold another kind."),
    }
}

/// Security rule: a limit to a resource of a type that no scope is about, a misspelt one, would limit nothing.
pub(super) fn check_resources(resources: &[Resource], catalogs: &Catalogs) -> Result<(), Error> {
    let types = catalogs.resource_types();
    for Resource { kind, id } in resources {
        if !types.contains(kind.as_str()) {
            let types = types.into_iter().collect::<Vec<_>>().join("`, `");
            return refused(format!("The `type` of a resource must be one that scopes are about: `{types}`."));
        }
        // Both stand in scopes too, and have the same characters there.
        if format!("{kind}:*:{id}").parse::<Scope>().is_err() {
            return refused("The `id` of a resource must be 1 to 128 letters, digits, `.`, `_`, `~` and `-`.");
        }
    }
    Ok(())
}

/// The id that was chosen, or a new one. A chosen one stands in paths, so that it is of RFC 3986's unreserved characters,
/// is not taken for a command line option or `..`, and is no name of ours.
pub(super) fn id(kind: TokenKind, chosen: Option<String>) -> Result<String, Error> {
    match chosen {
        None => Ok(format!("tok_{}", unique::id())),
        Some(_) if kind != TokenKind::Application => refused("Only an application token has an `id` of your choice."),
        Some(id) => {
            let is_plain = id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'~' | b'-'));
            let starts_well = id.starts_with(|c: char| c.is_ascii_alphanumeric());
            if is_plain && starts_well && id.len() <= MAX_ID && id != "self" {
                Ok(id)
            } else {
                refused(format!(
                    "The id must be 1 to {MAX_ID} letters, digits, `.`, `_`, `~` and `-`, begin with a letter or digit, \
                     and not be `self`."
                ))
            }
        }
    }
}
