//! Crafter Profile's access tokens as application tokens: their scopes, and the ids that lists show.

use daypass::api::TokenRecord;
use daypass::{Error, Grant, Scope, TokenKind};

/// The scopes of the catalogue `crafter`. An access token has some of them on each of its tenants.
///
/// SECURITY: "every action" means these and no wildcard, since a scope `profile:…` may be another product's.
pub(crate) const SCOPES: [Scope; 6] = [
    Scope::literal("tenant:create"),
    Scope::literal("tenant:read"),
    Scope::literal("tenant:update"),
    Scope::literal("tenant:delete"),
    Scope::literal("profile:manage"),
    Scope::literal("ticket:manage"),
];

/// What a master token has besides: it manages the tokens of its organization.
const MASTER: [Scope; 3] =
    [Scope::literal("token:create"), Scope::literal("token:read"), Scope::literal("token:revoke")];

/// The applications that have a token at first, with whether it is a master token, and its scopes.
pub(crate) const FIRST: [(&str, bool, &[Scope]); 3] =
    [("profile-admin", true, &SCOPES), ("engine", false, &READS_AND_MANAGES), ("social", false, &READS_AND_MANAGES)];
const READS_AND_MANAGES: [Scope; 3] =
    [Scope::literal("tenant:read"), Scope::literal("profile:manage"), Scope::literal("ticket:manage")];

/// A chosen id with fewer bytes can be guessed.
const GUESSABLE: usize = 16;

/// Returns whether a text that is a credential is short enough to be guessed.
pub(crate) fn is_guessable(text: &str) -> bool {
    text.len() < GUESSABLE
}

/// Returns the grant of a master token.
///
/// SECURITY: it is for the token's own organization alone, whatever its tenants are.
pub(crate) fn master_grant(organization: &str) -> Grant {
    Grant { tenant: organization.to_owned(), scopes: MASTER.into_iter().collect(), resources: vec![] }
}

/// Returns whether a token manages the tokens of its organization.
pub(crate) fn is_master(record: &TokenRecord) -> bool {
    let master = master_grant(&record.organization);
    record.grants.iter().any(|grant| grant.covers(&master))
}

/// The last parts of paths that are no token's.
const RESERVED: [&str; 4] = [".", "..", "all", "create"];

/// Requires that a chosen id names its token in every path.
///
/// # Errors
/// [`Error::InvalidRequest`]
pub(crate) fn require_nameable(chosen: &str) -> Result<(), Error> {
    if RESERVED.contains(&chosen) || chosen.ends_with(".json") {
        let why = "The `id` must not be `.`, `..`, `all` or `create`, and not end in `.json`: paths have these.";
        return Err(Error::InvalidRequest(why.into()));
    }
    Ok(())
}

/// Returns whether a token is one of Crafter's, as far as the protocol shows tokens at all: an application token.
pub(crate) fn is_access_token(record: &TokenRecord) -> bool {
    record.kind == TokenKind::Application
}
