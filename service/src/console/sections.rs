//! The parts of the console, as its navigation lists them: [`Section`].

use daypass::api::Role;

/// A part of the console.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    /// The organization's tokens.
    Tokens,
    /// How its tokens are used.
    Use,
    /// Why a request was refused.
    Refusal,
    /// Its users and service accounts.
    Members,
    /// Its applications, as OAuth clients.
    Applications,
    /// The audit trail.
    Audit,
    /// The organization itself, and its limits.
    Organization,
    /// The scopes that exist.
    Catalog,
    /// The service's signing keys.
    Keys,
}

/// What the navigation has of a part: its name, its path, and the least role whose users see it.
const SECTIONS: &[(Section, &str, &str, Role)] = &[
    (Section::Tokens, "Tokens", "tokens", Role::Viewer),
    (Section::Use, "Use", "use", Role::Viewer),
    (Section::Refusal, "Why refused?", "refusal", Role::Viewer),
    (Section::Members, "Members", "members", Role::Viewer),
    (Section::Applications, "Applications", "applications", Role::Viewer),
    (Section::Audit, "Audit", "audit", Role::Admin),
    (Section::Organization, "Organization", "organization", Role::Viewer),
    (Section::Catalog, "Scopes", "scopes", Role::Viewer),
    (Section::Keys, "Signing keys", "keys", Role::Viewer),
];

/// Returns the parts that users with a role see, in their order: each with its name and its path.
pub(super) fn of_role(role: Role) -> impl Iterator<Item = (Section, &'static str, &'static str)> {
    let seen = SECTIONS.iter().filter(move |(.., least)| role >= *least);
    seen.map(|(section, name, path, _)| (*section, *name, *path))
}
