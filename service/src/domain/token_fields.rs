//! The fields of a new token: which values they can have.

use daypass::api::CreateTokenRequest;
use daypass::{Error, OriginPattern, Resource, Scope, TokenKind};

use super::catalogs::Catalogs;
use super::hidden;
use super::origins::{is_shared, normalize_origin};

/// Longest name, in characters (as in Speckle).
pub(super) const MAX_NAME: usize = 512;
/// Longest id of an application, in bytes.
const MAX_ID: usize = 128;
/// Most origins of a token. They are in every look-up of it, and in the header of an embed's page.
pub(crate) const MAX_ORIGINS: usize = 100;
/// The end of the year 9999. A later time was given in milliseconds.
const MAX_TIME: u64 = 253_402_300_799;

/// Checks each field, and returns the origins as a browser sends them.
///
/// # Errors
/// [`Error::InvalidRequest`], which names the first field that is wrong.
pub(crate) fn check(request: &CreateTokenRequest, catalogs: &Catalogs, now: u64) -> Result<Vec<OriginPattern>, Error> {
    check_name(&request.name)?;
    check_expiry(request.expires_at, now)?;
    check_resources(&request.resources, catalogs)?;
    check_tenant(request.tenant.as_deref())?;
    check_grants(request, catalogs)?;
    let origins = check_origins(request.kind, &request.origins, request.accept_shared_suffix, &[])?;
    check_id(request.kind, request.id.as_deref())?;
    Ok(origins)
}

/// Normalizes origins as people write them.
///
/// SECURITY: a pattern that anyone may match, by a name below a suffix that many owners share, is accepted
/// only if the caller accepts that risk, or if it is among those that the token has.
///
/// # Errors
/// [`Error::InvalidRequest`], which names the first that is not an origin or not accepted, or says that there are too
/// many.
pub(crate) fn normalize_origins(
    origins: &[String],
    accepts_shared: bool,
    present: &[OriginPattern],
) -> Result<Vec<OriginPattern>, Error> {
    if origins.len() > MAX_ORIGINS {
        return refuse(format!("A token has at most {MAX_ORIGINS} `origins`, and these are {}.", origins.len()));
    }
    let normalized = origins.iter().map(|origin| normalize_origin(origin)).collect::<Result<Vec<_>, _>>();
    let normalized = normalized.map_err(|cause| Error::InvalidRequest(format!("{cause}.")))?;
    let shared = newly_shared(&normalized, present).next().filter(|_| !accepts_shared);
    match shared {
        Some(pattern) => refuse(format!(
            "Anyone may take a name that matches `{pattern}`, below a suffix that many owners share, and use the token \
             there. Name each site, or accept that risk by `acceptSharedSuffix`."
        )),
        None => Ok(normalized),
    }
}

/// Returns the patterns that anyone may match, and whose risk was not accepted `before`.
pub(crate) fn newly_shared<'a>(
    origins: &'a [OriginPattern],
    before: &'a [OriginPattern],
) -> impl Iterator<Item = &'a OriginPattern> {
    origins.iter().filter(|pattern| is_shared(pattern) && !before.contains(pattern))
}

fn refuse<T>(why: impl Into<String>) -> Result<T, Error> {
    Err(Error::InvalidRequest(why.into()))
}

/// Checks that tokens of this kind are created by themselves.
///
/// # Errors
/// [`Error::InvalidRequest`].
pub(crate) fn check_kind(kind: TokenKind) -> Result<(), Error> {
    match kind {
        TokenKind::Publishable | TokenKind::Secret | TokenKind::Personal | TokenKind::Application => Ok(()),
        _ => refuse(format!(
            "A token of the kind {kind} is not created here: use publishable, secret, personal or application."
        )),
    }
}

/// Checks a name that people gave.
///
/// # Errors
/// [`Error::InvalidRequest`].
pub(super) fn check_name(name: &str) -> Result<(), Error> {
    if (1..=MAX_NAME).contains(&name.chars().count()) {
        hidden::refuse_in("`name`", name)
    } else {
        refuse(format!("The `name` must be 1 to {MAX_NAME} characters."))
    }
}

/// Checks when a token expires.
///
/// # Errors
/// [`Error::InvalidRequest`].
pub(super) fn check_expiry(expires_at: Option<u64>, now: u64) -> Result<(), Error> {
    match expires_at {
        Some(end) if end <= now => refuse("The expiry, `expiresAt`, must be in the future."),
        Some(end) if end > MAX_TIME => refuse("The expiry, `expiresAt`, must be in seconds and before the year 10000."),
        _ => Ok(()),
    }
}

/// Checks the origins of a token of this kind, and returns them as a browser sends them.
///
/// # Errors
/// [`Error::InvalidRequest`].
pub(super) fn check_origins(
    kind: TokenKind,
    origins: &[String],
    accepts_shared: bool,
    present: &[OriginPattern],
) -> Result<Vec<OriginPattern>, Error> {
    match (kind, origins) {
        (TokenKind::Publishable, []) => refuse("A publishable token needs `origins`: the sites that may use it."),
        (TokenKind::Publishable, origins) => normalize_origins(origins, accepts_shared, present),
        (_, []) => Ok(vec![]),
        (_, _) => refuse("Only a publishable token has `origins`: no browser may hold another kind."),
    }
}

/// SECURITY: a limit to a resource whose type occurs in no scope, because it is misspelt, would limit
/// nothing.
fn check_resources(resources: &[Resource], catalogs: &Catalogs) -> Result<(), Error> {
    let types = catalogs.resource_types();
    for Resource { kind, id } in resources {
        if !types.contains(kind.as_str()) {
            let types = types.into_iter().collect::<Vec<_>>().join("`, `");
            return refuse(format!("The `type` of a resource must be one that scopes are about: `{types}`."));
        }
        // Both occur in scopes too, and have the same characters there.
        if format!("{kind}:*:{id}").parse::<Scope>().is_err() {
            return refuse("The `id` of a resource must be 1 to 128 letters, digits, `.`, `_`, `~` and `-`.");
        }
    }
    Ok(())
}

/// Checks the tenant of a new token's grant. A product names its tenants as it likes.
fn check_tenant(tenant: Option<&str>) -> Result<(), Error> {
    match tenant {
        Some(tenant) if !(1..=MAX_NAME).contains(&tenant.chars().count()) => {
            refuse(format!("The `tenant` must be 1 to {MAX_NAME} characters."))
        }
        Some(tenant) => hidden::refuse_in("`tenant`", tenant),
        None => Ok(()),
    }
}

/// Checks the grants of a token for several tenants, which stand alone.
fn check_grants(request: &CreateTokenRequest, catalogs: &Catalogs) -> Result<(), Error> {
    let CreateTokenRequest { scopes, resources, tenant, grants: Some(grants), .. } = request else { return Ok(()) };
    if scopes.is_some() || !resources.is_empty() || tenant.is_some() {
        return refuse("Each of `grants` has its own tenant, scopes and resources: leave those of the token out.");
    }
    grants.iter().try_for_each(|grant| {
        check_resources(&grant.resources, catalogs)?;
        check_tenant(Some(&grant.tenant))
    })
}

/// Returns whether a text can be an id that people choose. It becomes part of paths and command lines: it consists of RFC
/// 3986's unreserved characters, and cannot be mistaken for an option or `..`.
pub(super) fn is_id(id: &str) -> bool {
    let is_plain = id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'~' | b'-'));
    is_plain && id.starts_with(|c: char| c.is_ascii_alphanumeric()) && id.len() <= MAX_ID
}

/// The ids that stand for something else in paths: in those of the API, and in those of the console.
const TAKEN: [&str; 2] = ["self", "new"];

/// Checks an id that the caller chose. It is not a path of Daypass.
fn check_id(kind: TokenKind, id: Option<&str>) -> Result<(), Error> {
    let Some(id) = id else { return Ok(()) };
    if kind != TokenKind::Application {
        return refuse("Only an application token has an `id` of your choice.");
    }
    if is_id(id) && !TAKEN.contains(&id) {
        Ok(())
    } else {
        refuse(format!(
            "The id must be 1 to {MAX_ID} letters, digits, `.`, `_`, `~` and `-`, begin with a letter or digit, and \
             not be `self` or `new`."
        ))
    }
}
